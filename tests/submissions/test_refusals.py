"""Everything that is not what was packed is refused in one line, and nothing is written."""

from __future__ import annotations

import contextlib
import itertools
import json
import struct
import zipfile
import zlib

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import Outcome
from polyathlon.core.errors import SubmissionRefused
from polyathlon.core.journal import GENESIS, _link
from polyathlon.core.metric import MetricSpec, MetricTable
from polyathlon.core.specs import Group
from polyathlon.leaderboard import plausibility, validation
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import pack
from polyathlon.leaderboard.summary import summarise
from polyathlon.leaderboard.validation import validate

EPISODES = "runs/0/episodes.jsonl"
ACTIONS = "runs/0/actions.bin"
MANIFEST = "runs/0/manifest.json"
RESULT = "runs/0/result.json"
INDEX = "submission.json"


replace = msgspec.structs.replace
LENGTH = MetricSpec(key="length", title="length of the way")


def refusal(path):
    """The one line that says why; nothing may appear beside the file."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(SubmissionRefused) as caught:
        validate(path)
    words = str(caught.value)
    assert words.isprintable()
    assert words.startswith(str(path))
    assert sorted(path.parent.iterdir()) == before
    return words


def chained(lines):
    """Lines linked anew, as a forger would."""
    chain, out = GENESIS, b""
    for line in lines:
        episode = line[line.index(b'"episode":') + len(b'"episode":') : -1]
        chain = _link(chain, episode)
        out += b'{"chain":"' + chain.encode() + b'","episode":' + episode + b"}\n"
    return out


def dumped(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


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


# Figures


def test_a_changed_digit_anywhere_in_the_result(members, filed, rehashed):
    """Every digit of every figure, one after the other, with the hashes made anew."""
    text = members[RESULT]
    digits = [at for at, byte in enumerate(text) if byte in b"0123456789"]
    for at in digits[:: max(1, len(digits) // 40)]:
        changed = bytearray(text)
        changed[at] = ord("1") if text[at] != ord("1") else ord("2")
        files = rehashed({**members, RESULT: bytes(changed)})
        try:
            stated = json.loads(bytes(changed))
        except ValueError:  # A leading zero.
            stated = None
        if stated is not None and close(stated, json.loads(text)):
            continue  # The last digits of a double: another processor's order of adding.
        assert "result.json" in refusal(filed(files))


def close(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9, abs=1e-9)
    return type(one) is type(other) and one == other


def test_what_would_take_hours_to_count(packed, filed, monkeypatch):
    """Groups are summed up by themselves, and figures are held for every episode."""
    benchmark = packed.manifest.benchmark
    groups = tuple(Group(name=f"g{n}", title="", tasks=benchmark.tasks) for n in range(3))
    grouped = replace(benchmark, groups=groups)
    monkeypatch.setattr(validation, "MOST_GROUPS", 2)
    monkeypatch.setattr(validation, "MOST_DECLARED", 7)
    for change, words in (
        ({"benchmark": grouped, "benchmark_digest": grouped.digest()}, "3 groups of tasks"),
        ({"metrics": {"babyai": MetricTable(metrics=(LENGTH,))}}, "1 figures of 8 episodes"),
    ):
        manifest = replace(packed.manifest, **change)
        run = replace(packed, manifest=manifest, result=summarise(manifest, packed.results))
        assert words in refusal(filed(pack("Agent", [run])))


def test_a_figure_that_does_not_follow_is_named(members, filed, rehashed):
    result = json.loads(members[RESULT])
    result["overall"]["success"]["value"] = 1.0
    result["headline"]["value"] = 1.0
    words = refusal(filed(rehashed({**members, RESULT: dumped(result)})))
    assert "headline.value is 1.0, the episodes give" in words
    assert "overall.success.value is 1.0, the episodes give" in words


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            MetricTable(metrics=(LENGTH,), shown=("width",)),
            "names 'width', which it does not declare",
        ),
        (MetricTable(metrics=(LENGTH,), counts_by="width"), "names 'width'"),
        (MetricTable(metrics=(replace(LENGTH, weight="width"),)), "names 'width'"),
        (MetricTable(metrics=(LENGTH, LENGTH)), "declares a figure twice"),
    ],
)
def test_figures_that_are_named_and_not_declared(packed, filed, table, words):
    manifest = replace(packed.manifest, metrics={"babyai": table})
    run = replace(packed, manifest=manifest, result=summarise(manifest, packed.results))
    found = refusal(filed(pack("Agent", [run])))
    assert "manifest.json: metrics.babyai" in found
    assert words in found


# Episodes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda lines: lines[:-1],
            "nothing stands where the plan has babyai.open-v0 episode 3",
        ),
        (lambda lines: lines[1:], "babyai.go-to-obj-v0 episode 1 stands where the plan has"),
        (lambda lines: [*lines, lines[-1]], "stands where the plan has nothing more"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "in the plan's order"),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "in the plan's order"),
        (lambda lines: [], "nothing stands where the plan has babyai.go-to-obj-v0 episode 0"),
    ],
)
def test_episodes_dropped_doubled_and_reordered(members, filed, rehashed, change, words):
    lines = members[EPISODES].splitlines()
    files = rehashed({**members, EPISODES: chained(change(lines))})
    assert words in refusal(filed(files))


def test_a_broken_chain(members, filed, rehashed):
    lines = members[EPISODES].splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"outcome":"failure"', b'"outcome":"success"', 1)
    words = refusal(filed(rehashed({**members, EPISODES: b"".join(lines)})))
    assert "line 3" in words or "line 1" in words


def first_only(changed):
    """Changes the first episode, and leaves the others."""
    counter = itertools.count()
    return lambda one: changed(one) if next(counter) == 0 else one


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: replace(one, steps=one.steps - 1), "actions for"),
        (lambda one: replace(one, steps=10**6), "steps where the task has at most"),
        (lambda one: replace(one, steps=0), "0 steps"),
        (lambda one: replace(one, attempts=3), "3 attempts with 0 faults"),
        (lambda one: replace(one, wall_time=-1.0), "cannot be"),
        (lambda one: replace(one, wall_time=1e200), "cannot be"),
        (lambda one: replace(one, times={"policy": -1.0}), "cannot be"),
        (lambda one: replace(one, total_reward=-1e300), "a figure beyond 1e+100"),
        (lambda one: replace(one, metrics={"length": 1e200}), "a figure beyond 1e+100"),
        (lambda one: replace(one, trace=None), "without actions"),
        (lambda one: replace(one, start_digest="x"), "a digest that is none"),
        (lambda one: replace(one, instruction="go\u202e"), "cannot be seen"),
        (lambda one: replace(one, instruction="go " * 30_000), "90000 letters"),
        (lambda one: replace(one, metrics={f"m{n}": 0.0 for n in range(2000)}), "further figures"),
        (lambda one: replace(one, spent={"a\u200bb": 1.0}), "cannot be seen"),
        (lambda one: replace(one, outcome=Outcome.INVALID), "invalid episode"),
    ],
)  # fmt: skip
def test_episodes_that_cannot_be(forged, filed, change, words):
    assert words in refusal(filed(forged(first_only(change))))


def test_an_episode_from_another_seed(packed, filed, members, rehashed):
    one = packed.results[0]
    line = members[EPISODES].splitlines()[0].replace(str(one.plan.seed).encode(), b"7")
    lines = [line, *members[EPISODES].splitlines()[1:]]
    words = refusal(filed(rehashed({**members, EPISODES: chained(lines)})))
    assert "episodes.jsonl: babyai.go-to-obj-v0 episode 0 was played from seed 7" in words


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity", b'"1"', b"null"])
def test_rewards_that_are_no_numbers(members, filed, rehashed, number):
    lines = members[EPISODES].splitlines()
    head, _, tail = lines[0].partition(b'"total_reward":')
    lines[0] = head + b'"total_reward":' + number + tail[tail.index(b",") :]
    assert "line 1" in refusal(filed(rehashed({**members, EPISODES: chained(lines)})))


def test_actions_of_another_kind(packed, filed):
    """A block that unpacks to objects, to far too much, or to another number of actions."""
    first = packed.results[0]
    bomb = zlib.compress(b"\0" * (80 << 20))
    blocks = [
        (bomb, "0" * 64),
        (packed.actions[: first.trace.length] + b"x", first.trace.digest),
        pack_actions([0] * (first.steps + 1)),
        pack_actions([]),
    ]
    for block, digest in blocks:
        shift = len(block) - first.trace.length
        results = [
            replace(
                one,
                trace=replace(one.trace, offset=one.trace.offset + (shift if one != first else 0)),
            )
            for one in packed.results
        ]
        trace = replace(first.trace, length=len(block), digest=digest)
        results[0] = replace(first, trace=trace)
        run = replace(
            packed,
            results=tuple(results),
            actions=block + packed.actions[first.trace.length :],
            result=summarise(packed.manifest, results),
        )
        assert "actions" in refusal(filed(pack("Agent", [run])))


def test_actions_that_unpack_to_too_much_together(members, filed, monkeypatch):
    monkeypatch.setattr(plausibility, "LARGEST_TRACES", 1000)
    assert "actions unpack to more than" in refusal(filed(members))


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
