"""A troupe without its cluster: what it plays, what it refuses, and how work is cut up."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.cluster import engine
from polyathlon.benchmarks.cluster.engine import Shape
from polyathlon.benchmarks.cluster.message import (
    Broken,
    Engagement,
    Noted,
    Part,
    Played,
    Prepared,
    decode_events,
    encode,
)
from polyathlon.benchmarks.cluster.troupe import Troupe
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import CROWDED, Pool
from polyathlon.benchmarks.workers.slot import Limits, import_path
from polyathlon.cli.player import load_player
from polyathlon.core.episode import EpisodePlan, Fault, Outcome
from polyathlon.core.errors import AgentFailed, BadArgument, ClusterFailed, PolyathlonError
from polyathlon.core.manifest import describe_machine, installed_versions
from polyathlon.core.specs import TaskSpec

WORLDS = Path(__file__).parent / "worlds"


@pytest.fixture
def specs(monkeypatch: pytest.MonkeyPatch) -> dict[str, TaskSpec]:
    monkeypatch.syspath_prepend(str(WORLDS))
    import faulty_worlds

    return {task.id: task for task in faulty_worlds.FAMILY.tasks}


Hiring = Callable[..., Troupe]


@pytest.fixture
def hire(specs: dict[str, TaskSpec]) -> Iterator[Hiring]:
    troupes = []

    def hired(agent: str = "random", **changes: Any) -> Troupe:
        record, _ = load_player("random")
        terms = {
            "agent": agent, "loader": "polyathlon.cli.player:load_player", "record": record,
            "packages": installed_versions(), "machine": describe_machine(),
            "specs": list(specs.values()), "task_kwargs": {task: {} for task in specs},
            "slots": 2, "limits": Limits(), "max_attempts": 2, "on_invalid": "fail",
            "rewards": False, "interpreters": {}, "path": import_path(), "folder": ".",
            "variables": {}, **changes,
        }  # fmt: skip
        troupes.append(Troupe(encode(Engagement(**terms))))
        return troupes[-1]

    yield hired
    for troupe in troupes:
        troupe.leave()


def parts(task: str, count: int, first: int = 0, **terms: Any) -> list[Part]:
    plans = [EpisodePlan(task=task, index=k, seed=k) for k in range(first, first + count)]
    return [Part(plan=plan, **terms) for plan in plans]


def heard(troupe: Troupe, first: list[Part], wanted: int) -> list[Any]:
    """Everything that a troupe says until so many episodes are over, or it is broken."""
    found = decode_events(troupe.exchange(encode(first)))
    deadline = time.monotonic() + 120
    while sum(isinstance(one, Played) for one in found) < wanted:
        assert time.monotonic() < deadline, "waited in vain"
        if any(isinstance(one, Broken) for one in found):
            return found
        found += decode_events(troupe.exchange(encode([])))
    return found


def test_a_troupe_plays_what_the_local_engine_plays(
    hire: Hiring, specs: dict[str, TaskSpec]
) -> None:
    task = "faulty.sound-v0"
    expected = {}
    with Pool(1, Limits()) as pool:
        Runner(
            pool, RandomAgent(), {task: specs[task]}, {task: {}}, 1,
            finished=lambda entry: expected.update({entry.result.plan.index: entry}),
        ).run([part.plan for part in parts(task, 6)])  # fmt: skip
    troupe = hire()
    told = heard(troupe, parts(task, 3), 3)
    told += heard(troupe, parts(task, 3, first=3), 3)  # It has been idle in between.
    played = {one.result.plan.index: one for one in told if isinstance(one, Played)}
    assert any(isinstance(one, Prepared) for one in told)
    assert sorted(played) == sorted(expected) == list(range(6))
    for index, one in played.items():
        assert (one.digest, one.packed) == (expected[index].digest, expected[index].packed)
        assert one.result.end_digest == expected[index].result.end_digest


def test_a_troupe_counts_on_the_cores_it_was_given_alone(hire: Hiring) -> None:
    """On a machine of many cores its neighbours have the others."""
    troupe = hire(slots=1)
    heard(troupe, parts("faulty.sound-v0", 1), 1)
    assert troupe._pool is not None
    assert troupe._pool.patience == CROWDED


def test_films_come_with_their_episode(hire: Hiring, specs: dict[str, TaskSpec]) -> None:
    task = "faulty.sound-v0"
    troupe = hire(task_kwargs={name: {"render_mode": "rgb_array"} for name in specs})
    told = heard(troupe, [*parts(task, 1, film=True), *parts(task, 1, first=1, record=True)], 2)
    films = {one.result.plan.index: one.films for one in told if isinstance(one, Played)}
    assert set(films[0]) == {".png", ".webp", ".strip.webp"}
    assert films[0][".png"].startswith(b"\x89PNG")
    assert films[1] == {}
    assert any(isinstance(one, Noted) and "keeps no log" in one.text for one in told)


def test_faults_of_a_lost_troupe_count(hire: Hiring) -> None:
    lost = (Fault(kind="actor-lost", message="gone"),)
    told = heard(hire(), parts("faulty.raise-v0", 1, faults=lost), 1)
    (one,) = [one.result for one in told if isinstance(one, Played)]
    assert one.outcome is Outcome.INVALID
    assert [fault.kind for fault in one.faults] == ["actor-lost", "env-raised"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"packages": {**installed_versions(), "numpy": "1.0"}}, "instead of 1.0"),
        ({"machine": {**describe_machine(), "processor": "z80"}}, "instead of z80"),
        ({"agent": "straight"}, "the agent 'straight' has path"),
        ({"agent": "no-such-agent"}, "unknown agent 'no-such-agent'"),
    ],
    ids=["packages", "processor", "agent", "none"],
)
def test_a_node_that_differs_is_refused(hire: Hiring, changes: dict[str, Any], words: str) -> None:
    (broken,) = heard(hire(**changes), parts("faulty.sound-v0", 1), 1)
    assert isinstance(broken, Broken)
    assert words in broken.message
    with pytest.raises(PolyathlonError, match="no"):
        raise engine._raised(broken)


def test_what_ends_a_troupe_is_one_of_our_errors() -> None:
    raised = engine._raised(Broken(kind="AgentFailed", message="it broke", traceback="line 1"))
    assert isinstance(raised, AgentFailed)
    assert raised.traceback == "line 1"
    assert isinstance(engine._raised(Broken(kind="BadArgument", message="no")), BadArgument)
    made_of_parts = engine._raised(Broken(kind="UnknownName", message="unknown agent 'x'"))
    assert (type(made_of_parts), str(made_of_parts)) == (PolyathlonError, "unknown agent 'x'")
    foreign = engine._raised(Broken(kind="KeyError", message="KeyError: 1", user=False))
    assert isinstance(foreign, ClusterFailed)


@contextmanager
def answering(says: bytes | None, heard: list[bytes] | None = None) -> Iterator[str]:
    """Somebody at a port, who hears whoever comes, and says that; of ``None`` nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            line, _ = door.accept()
            with line:
                first = line.recv(1024)
                if heard is not None:
                    heard.append(first)
                if says is not None:
                    line.sendall(says)
                    return
                line.recv(1024)

        threading.Thread(target=answer, daemon=True).start()
        yield f"127.0.0.1:{door.getsockname()[1]}"


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""], ids=["web", "nothing"])
def test_who_is_no_cluster_is_told_apart_at_once(says: bytes) -> None:
    with answering(says) as address, pytest.raises(ClusterFailed, match="is no Ray cluster"):
        engine._knock(address)


def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "KNOCKING", 0.2)
    with answering(None) as address, pytest.raises(ClusterFailed, match="timed out"):
        engine._knock(address)


def test_who_speaks_as_ray_does_is_let_through() -> None:
    heard: list[bytes] = []
    with answering(engine.SETTINGS + b"more", heard) as address:
        engine._knock(address)
    assert heard == [engine.GREETING]


BIG, MIXED = {"CPU": 32.0, "GPU": 4.0}, [{"CPU": 8.0}, {"CPU": 8.0, "GPU": 2.0}]
ODD = [{"CPU": 30.0}] * 4


@pytest.mark.parametrize(
    ("shape", "nodes", "cut"),
    [
        (Shape(), [{"CPU": 8.0}], (8, 1, 0.0)),
        (Shape(slots=3), [{"CPU": 8.0}], (3, 1, 0.0)),
        (Shape(slots=64), [{"CPU": 8.0}], (8, 1, 0.0)),
        (Shape(slots=8, actor_slots=4), [BIG], (2, 4, 1.0)),
        (Shape(actor_slots=2), [{"CPU": 16.0, "GPU": 2.0}], (8, 2, 0.25)),
        (Shape(actor_gpus=0.5), [{"CPU": 16.0, "GPU": 2.0}], (4, 1, 0.5)),
        (Shape(actor_gpus=1.0), [BIG, BIG], (8, 1, 1.0)),
        (Shape(actor_gpus=0.0), [{"CPU": 2.0, "GPU": 2.0}], (2, 1, 0.0)),
        (Shape(slots=1, actor_slots=4), [{"CPU": 2.0}], (1, 1, 0.0)),
        (Shape(actor_slots=8), ODD, (12, 8, 0.0)),  # Not 15: three fit on each node.
        (Shape(actor_slots=2), [{}, {"CPU": 1.0}, {"CPU": 2.0}], (1, 2, 0.0)),
        (Shape(), MIXED, (8, 1, 0.25)),
        (Shape(slots=2), MIXED, (2, 1, 1.0)),
        (Shape(actor_gpus=0.0), MIXED, (16, 1, 0.0)),
        (Shape(actor_slots=3), [{"CPU": 9.0, "GPU": 1.0}], (3, 3, 0.3333)),
        (Shape(), [{"CPU": 4.0, "GPU": 1.0}, {"CPU": 4.0, "GPU": 4.0}], (8, 1, 0.25)),
    ],
)
def test_work_is_cut_to_the_room_there_is_on_each_node(
    shape: Shape, nodes: list[dict[str, float]], cut: tuple[int, int, float]
) -> None:
    assert engine._cut(shape, nodes) == cut


def test_no_room_and_nonsense_are_refused() -> None:
    two = [{"CPU": 2.0}]
    with pytest.raises(ClusterFailed, match="room for an actor with 4 slots; they have 2 cores"):
        engine._cut(Shape(actor_slots=4), two)
    with pytest.raises(ClusterFailed, match="with 2 slots"):
        engine._cut(Shape(actor_slots=2), [{"CPU": 1.0}] * 3)
    with pytest.raises(ClusterFailed, match=r"and 0\.5 GPUs"):
        engine._cut(Shape(actor_gpus=0.5), two)
    with pytest.raises(BadArgument, match="at least 1"):
        engine._cut(Shape(slots=0), two)
    with pytest.raises(BadArgument, match="--actor-gpus"):
        engine._cut(Shape(actor_gpus=-1.0), two)


def test_what_travels_comes_back_as_it_was() -> None:
    sent = parts("faulty.sound-v0", 2, film=True)
    assert msgspec.msgpack.decode(encode(sent), type=list[Part]) == sent


def test_without_ray_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PolyathlonError, match=r'pip install "polyathlon\[ray\]"'):
        engine._connect("")
