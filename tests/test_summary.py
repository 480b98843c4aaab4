from __future__ import annotations

import json
import random

import jsonschema
import msgspec
import pytest

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Fault, Outcome, TraceRef
from polyathlon.core.errors import BadArgument, JournalCorrupt, RunDirectoryError
from polyathlon.core.journal import Entry, Journal
from polyathlon.core.manifest import AgentRecord, Manifest, write_manifest
from polyathlon.core.specs import Benchmark, Embodiment, Group, TaskSpec, derive_seed, digest_of
from polyathlon.leaderboard import contracts
from polyathlon.leaderboard.intervals import wilson
from polyathlon.leaderboard.summary import read_result, summarise, write_result

REACH, PUSH, PONG = "arm.reach-v1", "arm.push-v1", "game.pong-v1"


def manifest_of(tasks=(REACH, PUSH, PONG), episodes=4, **changes):
    specs = tuple(
        TaskSpec(
            id=task,
            entry_point="nowhere:Nothing",
            embodiment=Embodiment(id="none", kind="discrete"),
            instruction=f"do {task}",
            max_episode_steps=10,
            score="return" if task == PONG else "success",
            floor=-20.0 if task == PONG else 0.0,
            ceiling=20.0 if task == PONG else 1.0,
        )
        for task in tasks
    )
    benchmark = Benchmark(
        id="trio", title="Three", tasks=tuple(tasks), episodes_per_task=episodes, **changes
    )
    return Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=specs,
        agent=AgentRecord(name="someone", path="some:One", dialect="native"),
        max_attempts=3,
        packages={"polyathlon": "0.1.0"},
    )


def episode(task, index, *, success=True, reward=1.0, score=None, **fields):
    return EpisodeResult(
        plan=EpisodePlan(task=task, index=index, seed=derive_seed("trio", 0, task, index)),
        outcome=Outcome.SUCCESS if success else Outcome.FAILURE,
        total_reward=reward,
        score=float(success) if score is None else score,
        steps=fields.pop("steps", 5),
        wall_time=fields.pop("wall_time", 0.1),
        **fields,
    )


def spoiled(task, index, *kinds):
    return EpisodeResult(
        plan=EpisodePlan(task=task, index=index, seed=derive_seed("trio", 0, task, index)),
        outcome=Outcome.INVALID,
        attempts=len(kinds),
        faults=tuple(Fault(kind=kind, message="/where/it/broke") for kind in kinds),
    )


def trio():
    """Reach 3 of 4; push 1 of 3 and one invalid; pong returns -20, 0, 10, 20."""
    return [
        *(episode(REACH, i, success=i > 0, metrics={"at_end": i / 2}) for i in range(4)),
        *(episode(PUSH, i, success=i == 1, attempts=1 + (i == 1)) for i in range(3)),
        spoiled(PUSH, 3, "worker-died", "step-timeout", "worker-died"),
        *(
            episode(PONG, i, success=False, reward=reward, score=(reward + 20) / 40)
            for i, reward in enumerate((-20.0, 0.0, 10.0, 20.0))
        ),
    ]


def test_figures_of_a_worked_example():
    result = summarise(manifest_of(), trio())
    reach, push, pong = result.tasks
    assert (reach.success.value, reach.n, reach.n_valid, reach.coverage) == (0.75, 4, 4, 1.0)
    assert (reach.success.low, reach.success.high) == wilson(3, 4)
    assert reach.metrics == {"at_end": 0.75}
    assert (push.n_valid, push.n_invalid, push.coverage) == (3, 1, 0.75)
    assert push.success.value == pytest.approx(1 / 3)
    assert (push.attempts, push.retried) == (7, 1)
    assert pong.mean_return == 2.5
    assert pong.score.value == pytest.approx((0 + 0.5 + 0.75 + 1) / 4)
    assert pong.score_iqm.value == pytest.approx((0.5 + 0.75) / 2)
    assert pong.score.low < pong.score.value < pong.score.high

    overall = result.overall
    assert (overall.tasks, overall.n, overall.n_valid, overall.n_invalid) == (3, 12, 11, 1)
    assert overall.success.value == pytest.approx(4 / 11)
    assert overall.task_success.value == pytest.approx((0.75 + 1 / 3 + 0) / 3)
    assert overall.score.value == pytest.approx((0.75 + 1 / 3 + 0.5625) / 3)
    assert [family.name for family in result.families] == ["arm", "game"]
    assert result.families[0].success.value == pytest.approx(4 / 7)
    assert [(bad.task, bad.index, bad.faults) for bad in result.invalid] == [
        (PUSH, 3, ("worker-died", "step-timeout", "worker-died"))
    ]


@pytest.mark.parametrize(
    ("headline", "aggregation", "value"),
    [
        ("success", "mean", 4 / 11),
        ("score", "mean", (0.75 + 1 / 3 + 0.5625) / 3),
        ("success", "iqm", (0.75 + 1 / 3 + 0) / 3),
        ("score", "iqm", (0.75 + 1 / 3 + 0.5625) / 3),
    ],
)
def test_the_benchmark_names_its_headline(headline, aggregation, value):
    manifest = manifest_of(headline=headline, aggregation=aggregation)
    found = summarise(manifest, trio()).headline
    assert (found.metric, found.aggregation) == (headline, aggregation)
    assert found.value == pytest.approx(value)
    assert found.low < found.value < found.high


def test_order_and_speed_change_nothing():
    first = summarise(manifest_of(), trio())
    shuffled = trio()
    random.Random(3).shuffle(shuffled)
    assert summarise(manifest_of(), shuffled) == first
    slower = [
        msgspec.structs.replace(one, wall_time=9.0, attempts=one.attempts + 1) for one in shuffled
    ]
    again = summarise(manifest_of(), slower)
    assert again.episodes_digest == first.episodes_digest
    assert again.headline == first.headline
    assert again.overall.score_iqm == first.overall.score_iqm


def test_the_digest_ignores_where_actions_lie_and_sees_which_they_are():
    def digest(offset, actions):
        trace = TraceRef(offset=offset, length=3, digest=actions * 64)
        return summarise(
            manifest_of(), [episode(REACH, 0, trace=trace)]
        ).episodes_digest  # fmt: skip

    assert digest(0, "a") == digest(77, "a")
    assert digest(0, "a") != digest(0, "b")


@pytest.mark.parametrize(
    "change", [{"total_reward": 2.0}, {"steps": 6}, {"score": 0.5}, {"reward_digest": "f" * 64}]
)
def test_the_digest_sees_every_change_of_an_episode(change):
    plain = episode(REACH, 0)
    changed = msgspec.structs.replace(plain, **change)
    one, other = (summarise(manifest_of(), [each]) for each in (plain, changed))
    assert one.episodes_digest != other.episodes_digest


def test_invalid_episodes_enter_no_score():
    without = [one for one in trio() if one.valid]
    assert summarise(manifest_of(), trio()).overall.score == (
        summarise(manifest_of(), without).overall.score
    )


@pytest.mark.parametrize("played", [[], [spoiled(REACH, 0, "worker-died")]])
def test_no_valid_episode_means_no_figure(played):
    result = summarise(manifest_of(), played)
    assert result.headline.value is None
    for summary in (result.overall, *result.families, *result.tasks):
        assert summary.success.value is summary.score.value is summary.mean_return is None
        assert summary.score_iqm.low is summary.score_iqm.high is None
        assert (summary.n_valid, summary.coverage) == (0, 0.0)


def test_one_episode_a_task_gives_no_bootstrap_interval():
    """It cannot show how the task's episodes differ; the Wilson interval needs no such thing."""
    played = [episode(task, 0) for task in (REACH, PUSH, PONG)]
    overall = summarise(manifest_of(), played).overall
    assert overall.score.value == 1.0
    assert overall.score.low is overall.score.high is None
    assert (overall.success.low, overall.success.high) == wilson(3, 3)


@pytest.mark.parametrize(
    ("stray", "words"),
    [
        (episode("arm.pull-v1", 0), "arm.pull-v1 episode 0, which the benchmark 'trio'"),
        (episode(REACH, 4), "episode 4, which the benchmark"),
        (episode(REACH, 0), f"{REACH} episode 0 occurs twice"),
    ],
)
def test_foreign_and_doubled_episodes_are_refused(stray, words):
    with pytest.raises(JournalCorrupt, match=words):
        summarise(manifest_of(), [*trio(), stray])


def test_result_on_disk(tmp_path):
    result = summarise(manifest_of(), trio())
    assert read_result(tmp_path) is None
    path = write_result(tmp_path, result)
    assert path.name == "result.json"
    assert read_result(tmp_path) == result
    before = path.read_bytes()
    write_result(tmp_path, summarise(manifest_of(), reversed(trio())))
    assert path.read_bytes() == before
    assert "/where/it/broke" not in path.read_text()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not a result"),
        (b'{"format": 2}', "format 2, this version reads up to 1"),
        (b'{"format": 1, "unheard": 0}', "is not a result"),
        (b"[" * 100_000, "is not a result"),
    ],
)
def test_a_broken_result_is_named(tmp_path, content, words):
    (tmp_path / "result.json").write_bytes(content)
    with pytest.raises(RunDirectoryError, match=words):
        read_result(tmp_path)


def test_a_reward_that_is_not_finite_is_refused():
    with pytest.raises(BadArgument, match="total_reward is inf"):
        summarise(manifest_of(), [episode(REACH, 0, reward=float("inf"))])


@pytest.mark.parametrize("name", contracts.CONTRACTS)
def test_schema_files_are_up_to_date(name):
    """Repaired by: python -m polyathlon.leaderboard.contracts"""
    assert (contracts.FOLDER / f"{name}.json").read_bytes() == contracts.render(name)


def validator(name):
    schema = json.loads((contracts.FOLDER / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_run_on_disk_fits_the_schemas(tmp_path):
    manifest, (packed, digest) = manifest_of(), pack_actions([0, 1, 2])
    write_manifest(tmp_path, manifest)
    with Journal(tmp_path) as journal:
        journal.append(Entry(one, packed, digest) if one.valid else Entry(one) for one in trio())
    write_result(tmp_path, summarise(manifest, trio()))
    validator("manifest-v1").validate(json.loads((tmp_path / "manifest.json").read_text()))
    validator("result-v1").validate(json.loads((tmp_path / "result.json").read_text()))
    lines = (tmp_path / "episodes.jsonl").read_text().splitlines()
    assert len(lines) == 12
    for line in lines:
        validator("episode-v1").validate(json.loads(line))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("unheard",), 1),
        (("overall", "unheard"), 1),
        (("overall", "coverage"), 1.5),
        (("overall", "n"), -1),
        (("episodes_digest",), "abc"),
        (("format",), 2),
    ],
)
def test_the_schema_is_strict(tmp_path, path, value):
    plain = json.loads(write_result(tmp_path, summarise(manifest_of(), trio())).read_text())
    spot = plain
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    assert not validator("result-v1").is_valid(plain)


def test_a_task_without_success_or_reference_enters_no_score():
    """Its return is shown; a nought that means nothing must not pull the others down."""
    manifest = manifest_of(tasks=(REACH, PONG), episodes=2)
    bare = msgspec.structs.replace(manifest.tasks[1], score="none")
    manifest = msgspec.structs.replace(manifest, tasks=(manifest.tasks[0], bare))
    played = [episode(REACH, index) for index in range(2)]
    for index in range(2):
        one = episode(PONG, index, success=False, reward=7.0)
        played.append(msgspec.structs.replace(one, score=None))
    result = summarise(manifest, played)
    assert (result.overall.n_valid, result.overall.coverage) == (4, 1.0)
    assert (result.overall.success.value, result.overall.success.n) == (1.0, 2)
    assert (result.overall.score.value, result.overall.score.n) == (1.0, 2)
    pong = result.tasks[1]
    assert pong.mean_return == 7.0
    assert pong.score.value is pong.success.value is pong.success.low is None


ARM = Group(name="arm", title="what the arm does", tasks=(REACH, PUSH))


def test_groups_are_summed_up_and_one_is_the_headline():
    manifest = manifest_of(groups=(ARM,), headline_group="arm")
    played = [episode(REACH, n) for n in range(4)]
    played += [episode(PUSH, n, success=n < 2) for n in range(4)]
    played += [episode(PONG, n, success=False, score=0.5) for n in range(4)]
    result = summarise(manifest, played)
    assert [one.name for one in result.groups] == ["arm"]
    assert result.groups[0].success.value == 0.75
    assert (result.headline.group, result.headline.value, result.headline.n) == ("arm", 0.75, 8)
    assert (result.headline.low, result.headline.high) == wilson(6, 8)
    assert result.overall.success.value == 0.5


def test_a_group_of_foreign_tasks_is_refused():
    with pytest.raises(BadArgument, match=r"foreign task 'arm\.lift-v1'"):
        manifest_of(groups=(Group(name="arm", title="", tasks=("arm.lift-v1",)),))
    with pytest.raises(BadArgument, match="names no task"):
        manifest_of(groups=(Group(name="arm", title="", tasks=()),))
    with pytest.raises(BadArgument, match="no group 'leg'"):
        manifest_of(groups=(ARM,), headline_group="leg")


def test_a_manifest_from_outside_with_a_foreign_group_is_refused():
    plain = msgspec.to_builtins(manifest_of(groups=(ARM,)))
    plain["benchmark"]["groups"][0]["tasks"] = ["arm.lift-v1"]
    with pytest.raises(msgspec.ValidationError, match="foreign task"):
        msgspec.convert(plain, Manifest)


def test_declaring_no_groups_leaves_the_digest_as_it_was():
    plain = msgspec.to_builtins(manifest_of().benchmark)
    del plain["groups"], plain["headline_group"], plain["compared"]
    assert manifest_of().benchmark_digest == digest_of(plain)
    assert manifest_of(groups=(ARM,)).benchmark_digest != manifest_of().benchmark_digest
