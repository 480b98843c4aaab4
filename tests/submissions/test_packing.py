"""The same run is the same file, whatever the slots; what is no whole run is not packed."""

from __future__ import annotations

import json
import shutil
import zipfile

import jsonschema
import msgspec
import pytest

from polyathlon.cli import main
from polyathlon.core.errors import BadArgument, RunDirectoryError, SubmissionRefused
from polyathlon.core.journal import Journal, read_journal
from polyathlon.leaderboard import contracts
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import Card, pack, pack_run, weigh
from polyathlon.leaderboard.validation import actions_of, validate


def timeless(run):
    return [
        msgspec.structs.replace(one, wall_time=0.0, times={}, trace=None) for one in run.results
    ]


def test_the_same_run_gives_the_same_bytes(run, members):
    assert write_archive(pack("Uniform play", [pack_run(run)])) == write_archive(members)


def test_other_slots_leave_the_same_evidence(packed, played, tmp_path):
    alone = pack_run(played(tmp_path / "one", slots=1))
    assert timeless(alone) == timeless(packed)
    assert alone.actions == packed.actions
    assert alone.result.episodes_digest == packed.result.episodes_digest


def test_a_packed_run_is_valid_and_an_ordinary_zip(members, packed, filed):
    path = filed(members)
    checked = validate(path)
    assert checked.submission.name == "Uniform play"
    assert checked.runs[0] == packed
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == dict(members)
    first = packed.results[0]
    assert len(actions_of(checked.runs[0], first)) == first.steps


def test_the_index_fits_its_schema(members):
    schema = json.loads((contracts.FOLDER / "submission-v1.json").read_text())
    index = json.loads(members["submission.json"])
    jsonschema.Draft202012Validator(schema).validate(index)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**index, "more": 1})


def test_weights_go_in_by_hash_alone(packed, filed, tmp_path):
    folder = tmp_path / "weights"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.safetensors").write_bytes(b"abc")
    (folder / "deep" / "b.json").write_bytes(b"{}")
    card = Card(authors=("Ada Łovelace",), url="https://example.org/x", parameters=3)
    path = filed(pack("Agent", [packed], card, weigh(folder)))
    submission = validate(path).submission
    assert [(one.name, one.size) for one in submission.weights] == [
        ("a.safetensors", 3),
        ("deep/b.json", 2),
    ]
    assert submission.weights[0].sha256.startswith("ba7816bf")  # SHA-256 of abc, FIPS 180-2
    assert submission.card == card
    assert weigh(folder / "a.safetensors")[0] == submission.weights[0]
    with pytest.raises(BadArgument, match="no such file"):
        weigh(folder / "c")


def test_a_run_that_is_not_finished_is_not_packed(run, tmp_path):
    unfinished = tmp_path / "unfinished"
    shutil.copytree(run, unfinished)
    lines = (unfinished / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    (unfinished / "episodes.jsonl").write_bytes(b"".join(lines[:-1]))
    (unfinished / "result.json").unlink()
    with pytest.raises(RunDirectoryError, match="lacks 1 of its 8 episodes"):
        pack_run(unfinished)


def test_a_result_that_does_not_follow_is_not_packed(run, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(run, changed)
    text = (changed / "result.json").read_text()
    (changed / "result.json").write_text(text.replace('"n_valid": 8', '"n_valid": 7'))
    with pytest.raises(RunDirectoryError, match="n_valid is 7, the episodes give 8"):
        pack_run(changed)


def test_a_torn_line_is_no_evidence(run, packed, tmp_path):
    torn = tmp_path / "torn"
    shutil.copytree(run, torn)
    with open(torn / "episodes.jsonl", "ab") as file:
        file.write(b'{"chain":"ab')
    assert pack_run(torn) == packed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda run: [run, run], "of the same programme"),
        (lambda run: [], "from 1 to 64 runs"),
    ],
)
def test_runs_belong_together(packed, change, words):
    with pytest.raises(BadArgument, match=words):
        pack("Agent", change(packed))


def test_runs_are_of_one_agent(packed):
    manifest, benchmark = packed.manifest, packed.manifest.benchmark
    other = msgspec.structs.replace(benchmark, id="other")
    agent = msgspec.structs.replace(manifest.agent, name="somebody else")
    changed = msgspec.structs.replace(
        manifest, benchmark=other, benchmark_digest=other.digest(), agent=agent
    )
    with pytest.raises(BadArgument, match="of several agents, 'random' and 'somebody else'"):
        pack("Agent", [packed, msgspec.structs.replace(packed, manifest=changed)])


@pytest.mark.parametrize("name", ["<b>x</b>", "a\nb", "a\u202eb", "", "x" * 81, " x"])
def test_a_name_that_no_board_shows_is_not_packed(packed, name):
    with pytest.raises((SubmissionRefused, BadArgument)):
        pack(name, [packed])


def test_the_journal_a_pack_reads_is_left_as_it_was(run):
    before = (run / "episodes.jsonl").read_bytes(), (run / "actions.bin").read_bytes()
    pack_run(run)
    with Journal(run) as journal:
        journal.open()
    assert before == ((run / "episodes.jsonl").read_bytes(), (run / "actions.bin").read_bytes())
    assert len(read_journal(run)) == 8


def ended(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["leaderboard", *map(str, arguments)])
    return caught.value.code, capsys.readouterr()


def test_the_commands(run, tmp_path, capsys):
    out, card = tmp_path / "one.zip", tmp_path / "card.json"
    card.write_text('{"authors": ["Ada"], "licence": "Apache-2.0"}')
    command = ["pack", run, "--name", "Uniform play", "--out", out, "--card", card]
    code, told = ended(command, capsys)
    assert code == 0, told.err
    first = out.read_bytes()
    assert ended(command, capsys)[0] == 0
    assert out.read_bytes() == first
    code, told = ended(["validate", out], capsys)
    assert code == 0
    assert "every figure follows from its episodes" in told.out
    out.write_bytes(first[:-1])
    code, told = ended(["validate", out], capsys)
    assert (code, told.out) == (2, "")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ('{"author": "Ada"}', "unknown field `author`"),
        ('{"url": "http://x"}', "url"),
        ("not json", "is not a card"),
        ('{"description": "a\\u202eb"}', "cannot be seen"),
    ],
)
def test_cards_that_are_none(run, tmp_path, capsys, card, words):
    (tmp_path / "card.json").write_text(card)
    out = tmp_path / "one.zip"
    command = ["pack", run, "--name", "A", "--out", out, "--card", tmp_path / "card.json"]
    code, told = ended(command, capsys)
    assert code == 2
    assert words in told.err
    assert not out.exists()


def test_what_is_no_submission_is_not_written_over(run, tmp_path, capsys):
    out = tmp_path / "notes.txt"
    out.write_text("my notes")
    code, told = ended(["pack", run, "--name", "A", "--out", out], capsys)
    assert code == 2
    assert "left as it is" in told.err
    assert out.read_text() == "my notes"
