"""Everything that is not what was packed is refused in one line, and nothing is written."""

from __future__ import annotations

import contextlib
import json
import struct
import zipfile

import msgspec
import pytest
from forging import ACTIONS, EPISODES, INDEX, MANIFEST, RESULT, dumped, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyathlon.core.errors import SubmissionRefused
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import pack
from polyathlon.leaderboard.validation import validate

# The archive


def tool_zip(path, names, compression=zipfile.ZIP_STORED, attributes=0o100644 << 16):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in names:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = compression, attributes
            archive.writestr(info, data)
    return path


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "/etc/passwd", "runs/../../x", "C:/x", "a/..", "x\\..\\y"]
)
def test_names_that_lead_out(tmp_path, name):
    path = tool_zip(tmp_path / "s.zip", [("submission.json", b"{}"), (name, b"x")])
    assert "leads out of the folder" in refusal(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o120777, 0o040755, 0o010644])
def test_links_folders_and_pipes(tmp_path, mode):
    path = tool_zip(tmp_path / "s.zip", [("link", b"/etc/passwd")], attributes=mode << 16)
    assert "a link, a folder or another thing" in refusal(path)


def test_bombs(tmp_path):
    path = tmp_path / "s.zip"
    tool_zip(path, [(INDEX, b"\0" * (64 << 20))], zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert "compressed" in refusal(path)


def test_a_size_that_is_announced_but_not_there(members, filed):
    path = filed(members)
    whole = bytearray(path.read_bytes())
    entry = whole.index(b"PK\1\2")
    struct.pack_into("<II", whole, entry + 20, 1 << 30, 1 << 30)
    path.write_bytes(whole)
    assert "damaged" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_names(tmp_path):
    path = tool_zip(tmp_path / "s.zip", [(INDEX, b"{}"), (INDEX, b"[]")])
    assert "twice" in refusal(path)


def test_a_tool_s_own_zip_of_the_same_files(members, tmp_path):
    """Times, versions or order of another writer leave room for bytes that nobody looks at."""
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert "s.zip" in refusal(path)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda raw: b"MZ" + raw,
        lambda raw: raw + b"more",
        lambda raw: raw[:-1],
        lambda raw: raw[:-2] + struct.pack("<H", 4) + b"talk",
        lambda raw: b"",
        lambda raw: b"PK\5\6" + b"\0" * 18,
        lambda raw: b"PK\5\6" + b"\xff" * 18,
        lambda raw: raw[:-22] + struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1) + raw[-22:],
    ],
)
def test_what_stands_around_it(members, filed, wrap):
    path = filed(members)
    path.write_bytes(wrap(path.read_bytes()))
    assert refusal(path)


def test_no_file_at_all(tmp_path):
    assert "cannot read" in refusal(tmp_path / "none.zip")
    assert "cannot read" in refusal(tmp_path)


def test_foreign_and_missing_files(members, filed):
    assert "readme.json is no file that" in refusal(filed({**members, "runs/0/readme.json": b""}))
    rest = dict(members)
    del rest[ACTIONS]
    assert "not those that" in refusal(filed(rest))
    assert "no submission.json" in refusal(filed({"a": b""}))
    assert "the most" in refusal(filed({INDEX: b" " * (2 << 20)}))


# JSON


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "nested deeper than 40"),
        (b'{"format": NaN}', "not JSON"),
        (b'{"format": 1e999}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "of format None"),
        (b'{"format":0}', "of format 0, older"),
        (b'{"format":2}', "of format 2, newer"),
        (b'{"format":true}', "of format True"),
        (b'{"format":1}', "missing required field"),
    ],
)
def test_an_index_that_is_none(members, filed, text, words):
    assert words in refusal(filed({**members, INDEX: text}))


@pytest.mark.parametrize("name", [MANIFEST, RESULT, EPISODES])
@pytest.mark.parametrize(
    "text",
    [b"[" * 200_000, b'{"a":' * 300 + b"1" + b"}" * 300, b'{"format":99}', b"null", b"\xff", b""],
)
def test_files_that_are_none(members, filed, rehashed, name, text):
    assert name.rpartition("/")[2].split(".")[0] in refusal(
        filed(rehashed({**members, name: text}))
    )


def test_an_older_manifest_is_not_read_as_a_new_one(members, filed, rehashed):
    manifest = json.loads(members[MANIFEST])
    older = dumped({**manifest, "format": 0})
    words = refusal(filed(rehashed({**members, MANIFEST: older})))
    assert "manifest.json is of format 0, older" in words
    del manifest["metrics"]
    words = refusal(filed(rehashed({**members, MANIFEST: dumped(manifest)})))
    assert "not in its canonical form" in words


@pytest.mark.parametrize("name", [MANIFEST, RESULT, INDEX])
def test_unknown_doubled_and_spaced_fields(members, filed, rehashed, name):
    plain = json.loads(members[name])
    for text in (
        dumped({**plain, "zzz": 1}),
        members[name][:-1] + b',"format":1}',
        json.dumps(plain).encode(),
    ):
        files = {**members, name: text}
        assert refusal(filed(files if name == INDEX else rehashed(files)))


# Names


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "a&amp;b", "bell\x07", "esc\x1b[31m", "evil\u202egnp.exe",
     "zero\u200bwidth", "two\nlines", "\u05d0\u05d1", "\u0627\u0628", "\ue000", "e\u0301", "", " ",
     "a" * 81, "\u2066x\u2069", "soft\u00adhyphen", "filler\u3164", "\u2800", "joiner\u034f",
     "selector\ufe0f", "a" + 5 * "\u0489"],
)  # fmt: skip
def test_names(members, filed, name):
    index = json.loads(members[INDEX])
    for field in ("name", "author"):
        changed = json.loads(members[INDEX])
        if field == "name":
            changed["name"] = name
        else:
            changed["card"]["authors"] = [name]
        refusal(filed({**members, INDEX: dumped(changed)}))
    index["name"] = "Größe 道 2"
    assert validate(filed({**members, INDEX: dumped(index)})).submission.name == "Größe 道 2"


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a\\b", "C:x", "<b>", "a/\u05d0", "a/ b"])
def test_names_of_weights(members, filed, name):
    index = json.loads(members[INDEX])
    index["weights"] = [{"name": name, "sha256": "0" * 64, "size": 1}]
    assert "weights" in refusal(filed({**members, INDEX: dumped(index)}))
    index["weights"][0]["name"] = "layers/0/größe.bin"
    assert validate(filed({**members, INDEX: dumped(index)})).submission.weights


def test_a_time_is_one(members, filed, rehashed):
    manifest = json.loads(members[MANIFEST])
    changed = dumped({**manifest, "created": "<b>now</b>"})
    assert "no time in UTC" in refusal(filed(rehashed({**members, MANIFEST: changed})))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://x", 'https://x"onload="', "x"])
def test_addresses(members, filed, url):
    index = json.loads(members[INDEX])
    index["card"]["url"] = url
    assert "url" in refusal(filed({**members, INDEX: dumped(index)}))


def test_names_in_the_manifest(members, filed, rehashed):
    for place in (("agent", "name"), ("benchmark", "title"), ("benchmark", "id")):
        manifest = json.loads(members[MANIFEST])
        manifest[place[0]][place[1]] = "<img src=x>"
        words = refusal(filed(rehashed({**members, MANIFEST: dumped(manifest)})))
        assert "HTML" in words or "benchmark_digest" in words


def test_arguments_are_words(packed, filed):
    benchmark = msgspec.structs.replace(
        packed.manifest.benchmark, task_kwargs={"scene": "../scene.xml"}
    )
    manifest = msgspec.structs.replace(
        packed.manifest, benchmark=benchmark, benchmark_digest=benchmark.digest()
    )
    run = msgspec.structs.replace(packed, manifest=manifest)
    assert "only words and numbers" in refusal(filed(pack("Agent", [run])))


# Mutation


def test_every_flipped_byte_is_noticed(members, filed):
    """Every 97th byte here; ``python tests/proofs submission-flips`` flips a thousand anywhere."""
    path = filed(members)
    honest = path.read_bytes()
    for at in range(0, len(honest), 1 + len(honest) // 97):
        changed = bytearray(honest)
        changed[at] ^= 1 + at % 255
        path.write_bytes(changed)
        assert refusal(path)
    path.write_bytes(honest)
    assert validate(path)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "double", "insert", "swap"]),
        st.sampled_from([INDEX, MANIFEST, EPISODES, ACTIONS, RESULT]),
        st.integers(0, 10**6),
        st.integers(1, 40),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=3,
)


def mutated(data, operation, at, length, new):
    at %= max(1, len(data))
    chunk = data[at : at + length]
    if operation == "flip":
        return data[:at] + bytes(byte ^ new[0] for byte in chunk) + data[at + length :]
    if operation == "cut":
        return data[:at] + data[at + length :]
    if operation == "double":
        return data[:at] + chunk + data[at:]
    if operation == "insert":
        return data[:at] + new + data[at:]
    return data[:at] + data[at + length : at + 2 * length] + chunk + data[at + 2 * length :]


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(operations=OPERATIONS, hashed=st.booleans())
def test_fuzz(members, filed, rehashed, operations, hashed):
    """Whatever becomes of the files: accepted only where they still say the same, else one line."""
    files = dict(members)
    for operation, name, at, length, new in operations:
        files[name] = mutated(files[name], operation, at, length, new)
    if hashed and files[INDEX] == members[INDEX]:
        files = rehashed(files)
    path = filed(files)
    if files == members:
        validate(path)
    elif files[INDEX] == members[INDEX]:
        refusal(path)
    else:
        with contextlib.suppress(SubmissionRefused):
            checked = validate(path)
            # Only words that the submitter is free to choose.
            assert {**files, INDEX: b""} == {**members, INDEX: b""}
            assert checked.runs[0].result.headline.value is not None


def test_the_archive_holds_what_was_written():
    raw = write_archive({"a": b"", "b/c": b"xyz"})
    assert raw.count(b"PK\1\2") == 2
