from __future__ import annotations

import itertools
import json

import jsonschema
import msgspec
import pytest

from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome
from polyathlon.core.errors import BadArgument, JournalCorrupt, RunDirectoryError
from polyathlon.core.journal import Entry, Journal, read_journal
from polyathlon.core.manifest import AgentRecord, Manifest, read_manifest, write_manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec
from polyathlon.leaderboard import contracts
from polyathlon.leaderboard.assembly import build_board
from polyathlon.leaderboard.board import write_board
from polyathlon.leaderboard.recount import difference
from polyathlon.leaderboard.summary import summarise, write_result

TASKS = ("arm.reach-v1", "game.pong-v1")
EPISODES = 4


@pytest.fixture
def play(tmp_path):
    """Writes a run: so many successes of each task, and a result.json beside them."""

    def write(name, wins, *, agent=None, played=EPISODES, ceiling=10.0, title="Two", skew=0.0):
        specs = tuple(
            TaskSpec(
                id=task,
                entry_point="nowhere:Nothing",
                embodiment=Embodiment(id="none", kind="discrete"),
                instruction="",
                max_episode_steps=10,
                score="return" if task == TASKS[1] else "success",
                ceiling=ceiling if task == TASKS[1] else 1.0,
            )
            for task in TASKS
        )
        benchmark = Benchmark(id="pair", title=title, tasks=TASKS, episodes_per_task=EPISODES)
        manifest = Manifest(
            benchmark=benchmark,
            benchmark_digest=benchmark.digest(),
            tasks=specs,
            agent=AgentRecord(name=agent or name, path="some:One", dialect="native"),
            max_attempts=3,
            packages={"polyathlon": "0.1.0", "numpy": "2"},
            created="2026-01-01T00:00:00Z",
        )
        directory = tmp_path / name
        directory.mkdir()
        write_manifest(directory, manifest)
        with Journal(directory) as journal:
            for spec, index in itertools.product(specs, range(played)):
                won, reward = index < wins, float(index)
                result = EpisodeResult(
                    plan=EpisodePlan(
                        task=spec.id, index=index, seed=benchmark.seed_of(spec.id, index)
                    ),
                    outcome=Outcome.SUCCESS if won else Outcome.FAILURE,
                    total_reward=reward,
                    score=spec.normalise(reward, won) + skew,
                    steps=index,
                )
                journal.append([Entry(result)])
        write_result(directory, summarise(manifest, read_journal(directory)))
        return directory

    return write


def test_rows_are_ranked_and_the_incomplete_are_not(play):
    runs = [play("low", 1), play("cut", 3, played=3), play("high", 3), play("tie", 3, agent="a")]
    (group,) = build_board(runs).groups
    assert [(row.agent.name, row.rank) for row in group.rows] == [
        ("a", 1),
        ("high", 1),
        ("low", 3),
        ("cut", None),
    ]
    first, cut = group.rows[0], group.rows[-1]
    assert first.headline.value == 0.75
    assert first.headline.low < 0.75 < first.headline.high
    assert (cut.n, cut.n_valid, cut.coverage) == (8, 6, 0.75)
    assert first.tasks["game.pong-v1"].score.value == pytest.approx(0.15)
    assert first.families["arm"].success.value == 0.75
    assert (first.polyathlon, first.packages) == ("0.1.0", {"numpy": "2"})
    assert (first.status, first.created) == ("self-reported", "2026-01-01T00:00:00Z")


def test_every_order_gives_the_same_bytes(play, tmp_path):
    runs = [play("one", 1), play("two", 2), play("other", 2, title="Another")]
    written = set()
    for number, order in enumerate(itertools.permutations(runs)):
        path = tmp_path / f"board-{number}.json"
        write_board(path, build_board(order))
        written.add(path.read_bytes())
    assert len(written) == 1


def test_other_programmes_are_never_ranked_together(play):
    """Another declaration of the benchmark, or of a task's ceiling alone, is another group."""
    board = build_board([play("a", 1), play("b", 2, title="Another"), play("c", 3, ceiling=5.0)])
    assert [[row.rank for row in group.rows] for group in board.groups] == [[1], [1], [1]]
    assert len({group.benchmark_digest for group in board.groups}) == 2
    assert len({group.tasks_digest for group in board.groups}) == 2


def test_the_result_file_may_be_missing(play):
    run = play("a", 2)
    before = build_board([run])
    (run / "result.json").unlink()
    assert build_board([run]) == before


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("headline", "value"), 0.99, r"headline\.value is 0\.99, the episodes give 0\.5"),
        (("overall", "n_valid"), 9, r"overall\.n_valid is 9, the episodes give 8"),
        (("tasks", 0, "success", "high"), 0.9, r"tasks\[0\]\.success\.high is 0\.9"),
        (("agent", "name"), "b", "agent.name is b"),
        (("invalid",), [], ""),
    ],
)
def test_a_result_that_does_not_follow_is_named(play, path, value, words):
    run = play("a", 2)
    plain = json.loads((run / "result.json").read_text())
    spot = plain
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    (run / "result.json").write_text(json.dumps(plain))
    if not words:
        assert build_board([run]).groups[0].rows[0].rank == 1
        return
    with pytest.raises(RunDirectoryError, match=words) as caught:
        build_board([run])
    assert str(run) in str(caught.value)


def test_a_score_that_does_not_follow_from_the_reward_is_named(play):
    run = play("a", 2, skew=0.1)
    with pytest.raises(RunDirectoryError, match=r"arm\.reach-v1 episode 0 states a score of 1\.1"):
        build_board([run])


def test_a_changed_journal_is_refused(play):
    run = play("a", 2)
    journal = run / "episodes.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"failure"', b'"success"', 1))
    with pytest.raises(JournalCorrupt, match="line 3"):
        build_board([run])


@pytest.mark.parametrize("change", ["digest", "tasks"])
def test_a_manifest_that_contradicts_itself_is_refused(play, change):
    run = play("a", 2)
    manifest = read_manifest(run)
    changed = {"digest": {"benchmark_digest": "0" * 64}, "tasks": {"tasks": manifest.tasks[:1]}}
    write_manifest(run, msgspec.structs.replace(manifest, **changed[change]))
    words = {"digest": "benchmark_digest", "tasks": "does not declare the tasks"}
    with pytest.raises(RunDirectoryError, match=words[change]):
        build_board([run])


def test_a_run_is_given_once(play):
    run, copy = play("a", 2), play("b", 2, agent="a")
    with pytest.raises(BadArgument, match="is the same run as"):
        build_board([run, run])
    with pytest.raises(BadArgument, match="agent 'a', the same episodes"):
        build_board([run, copy])
    with pytest.raises(BadArgument, match="at least one run"):
        build_board([])


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not a run"):
        build_board([tmp_path])


def test_the_file_fits_its_schema_and_replaces_only_a_board(play, tmp_path):
    board, path = build_board([play("a", 2)]), tmp_path / "leaderboard.json"
    write_board(path, board)
    write_board(path, board)
    schema = json.loads((contracts.FOLDER / "leaderboard-v1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_text()))
    assert msgspec.json.decode(path.read_bytes(), type=type(board)) == board
    path.write_text("my notes")
    with pytest.raises(RunDirectoryError, match="is not a leaderboard"):
        write_board(path, board)
    assert path.read_text() == "my notes"


@pytest.mark.parametrize(
    ("stated", "counted", "words"),
    [
        ({"a": 1.0}, {"a": 1.0 + 1e-12}, ""),
        ({"a": [1, {"b": 2.0}]}, {"a": [1, {"b": 2.1}]}, "a[1].b is 2.0, the episodes give 2.1"),
        ({"a": [1]}, {"a": [1, 2]}, "a has 1 entries, the episodes give 2"),
        ({}, {"a": 1}, "a is missing"),
        ({"a": 1}, {}, "a is unknown"),
        ({"a": True}, {"a": 1}, "a is True, the episodes give 1"),
        ({"a": None}, {"a": 0.0}, "a is None, the episodes give 0.0"),
    ],
)
def test_differences_in_words(stated, counted, words):
    assert difference(stated, counted) == words
