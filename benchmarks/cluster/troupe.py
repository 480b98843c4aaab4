"""What plays on a node: an agent, its slots, and the loop of the local engine around them.

It is a Ray actor, but knows nothing of Ray. Episodes come in and events go out as bytes; a thread
of its own plays, so that asking what is new never waits for an episode to end.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...core.episode import EpisodePlan
from ...core.errors import AgentFailed, ClusterFailed, PolyathlonError
from ...core.journal import Entry
from ...core.manifest import AgentRecord, describe_machine, installed_versions
from ...core.memory import keep_freed_memory
from ...core.protocols import Agent
from ...core.registry import load_object
from ...core.specs import TaskSpec
from ..runner import Deck, Runner
from ..workers.pool import Pool
from .message import (
    Broken,
    Engagement,
    Event,
    Noted,
    Part,
    Played,
    Prepared,
    decode_engagement,
    decode_parts,
    encode,
)

LISTENING = 1.0
"""How long a question waits for something new [s]."""

ENDING = 0.5
"""How long an episode that is being played when all is over has to end by itself [s]."""

LEAVING = 5.0
"""How long a troupe may take to close its workers [s]; it takes them two at most."""


class LiveDeck(Deck):
    """A deck to which episodes are added while it is played."""

    def __init__(self) -> None:
        super().__init__([])
        self._coming: queue.SimpleQueue[Sequence[EpisodePlan] | None] = queue.SimpleQueue()
        self._closed = False

    def add(self, plans: Sequence[EpisodePlan]) -> None:
        """Adds episodes, from any thread."""
        self._coming.put(plans)

    def close(self) -> None:
        """Deals no more, from any thread; what is left is not played."""
        self._closed = True
        self._coming.put(None)

    def await_more(self) -> bool:
        """Waits for episodes; False when no others come."""
        plans = self._coming.get()
        for plan in plans or ():
            self.append(plan)
        return not self._closed

    def deal(self, standing: str | None, elsewhere: Sequence[str]) -> EpisodePlan | None:
        """The next episode for a slot; see :class:`Deck`."""
        self._take_in()
        return None if self._closed else super().deal(standing, elsewhere)

    def take_all(self, task: str) -> list[EpisodePlan]:
        """Removes and returns what is left of a task."""
        self._take_in()
        return super().take_all(task)

    def _take_in(self) -> None:
        while not self._coming.empty():
            plans = self._coming.get()
            if plans is None:
                self._coming.put(None)  # For whoever waits for more.
                return
            for plan in plans:
                self.append(plan)


class Troupe:
    """Plays what it is given.

    Args:
        engagement: an :class:`Engagement`, as bytes.
    """

    def __init__(self, engagement: bytes) -> None:
        self._engagement = decode_engagement(engagement)
        self._deck = LiveDeck()
        self._parts: dict[tuple[str, int], Part] = {}
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._folder = tempfile.TemporaryDirectory(prefix="polyathlon-")
        self._pool: Pool | None = None
        # Workers die with the thread that started them: it lives as long as they may.
        self._thread = threading.Thread(target=self._work, name="troupe", daemon=True)
        self._thread.start()

    def exchange(self, parts: bytes) -> bytes:
        """Takes episodes, and tells what is new once something is, or after a while."""
        coming = decode_parts(parts)
        self._parts.update((part.plan.key, part) for part in coming)
        if coming:
            self._deck.add([part.plan for part in coming])
        told: list[Event] = []
        with contextlib.suppress(queue.Empty):
            told.append(self._events.get(timeout=LISTENING))
            while True:
                told.append(self._events.get_nowait())
        return encode(told)

    def leave(self) -> None:
        """Ends the workers; whoever asks has what was over, and plays the rest again."""
        self._deck.close()
        self._thread.join(ENDING)
        if self._thread.is_alive() and self._pool is not None:
            self._pool.kill()  # Its loop hears so, is dealt nothing more, and closes the rest.
        self._thread.join(LEAVING)
        self._folder.cleanup()

    def _work(self) -> None:
        try:
            self._play()
        except AgentFailed as error:
            self._events.put(
                Broken(kind="AgentFailed", message=str(error), traceback=error.traceback)
            )
        except PolyathlonError as error:
            self._events.put(Broken(kind=type(error).__name__, message=str(error)))
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
            lines = "".join(traceback.format_exception(error))
            self._events.put(
                Broken(kind="ClusterFailed", message=told, traceback=lines, user=False)
            )

    def _play(self) -> None:
        order = self._engagement
        _settle_in(order)
        agent = _load(order)
        close = getattr(agent, "close", None)
        with (
            contextlib.ExitStack() as held,
            # Ray has given it a core a slot; whoever looks instead of sleeping takes a neighbour's.
            Pool(order.slots, order.limits, order.interpreters, cores=order.slots) as pool,
        ):
            if callable(close):
                held.callback(close)  # Such as a connection to whoever serves it.
            self._pool = pool
            runner = Runner(
                pool,
                agent,
                {spec.id: spec for spec in order.specs},
                order.task_kwargs,
                order.max_attempts,
                finished=self._finished,
                prepared=self._prepared,
                noted=lambda text: self._events.put(Noted(text=text)),
                media=self._film,
                on_invalid=order.on_invalid,
                record=self._record,
                rewards=order.rewards,
                faults=lambda plan: self._parts[plan.key].faults,
            )
            while self._deck.await_more():
                runner.run(self._deck)

    def _prepared(self, spec: TaskSpec, render_info: Mapping[str, str]) -> None:
        self._events.put(Prepared(task=spec.id, render_info=render_info))

    def _film(self, plan: EpisodePlan) -> str:
        return self._path("media", plan) if self._parts[plan.key].film else ""

    def _record(self, plan: EpisodePlan) -> str:
        return self._path("records", plan) if self._parts[plan.key].record else ""

    def _path(self, kind: str, plan: EpisodePlan) -> str:
        return str(Path(self._folder.name) / kind / f"{plan.task}-{plan.index}")

    def _finished(self, entry: Entry) -> None:
        plan = entry.result.plan
        self._events.put(
            Played(
                result=entry.result, packed=entry.packed, digest=entry.digest,
                films=_take_files(self._path("media", plan)),
                records=_take_files(self._path("records", plan)),
            )
        )  # fmt: skip
        del self._parts[plan.key]


def _take_files(path: str) -> dict[str, bytes]:
    """Whatever has been written under a name, by ending; it is removed."""
    found = {}
    stem = Path(path)
    for file in stem.parent.glob(f"{stem.name}.*") if stem.parent.is_dir() else ():
        found[file.name.removeprefix(stem.name)] = file.read_bytes()
        file.unlink()
    return found


def _settle_in(order: Engagement) -> None:
    """Makes this process one as the evaluator's, and refuses a node on which scores may differ.

    Raises:
        ClusterFailed: the node has other versions, or is of another kind.
    """
    keep_freed_memory()
    os.environ.update(order.variables)
    sys.path += [entry for entry in order.path if entry not in sys.path]
    with contextlib.suppress(OSError):
        os.chdir(order.folder)
    here, there = dict(installed_versions()), order.packages
    machine = describe_machine()
    for name in ("system", "processor"):
        here[name], there = machine[name], {**there, name: order.machine.get(name, "")}
    differing = [
        f"{name} {here.get(name, 'none')} instead of {there.get(name, 'none')}"
        for name in sorted({*here, *there})
        if here.get(name) != there.get(name)
    ]
    if differing:
        raise ClusterFailed(
            f"the node {os.uname().nodename} has {', '.join(differing)}; a run is played with the "
            "same everywhere: install the evaluator's on every node"
        )


def _load(order: Engagement) -> Agent | None:
    """The agent; it must be the evaluator's.

    Raises:
        ClusterFailed: on this node it is another.
    """
    loaded: tuple[AgentRecord, Agent | None] = load_object(order.loader)(order.agent)
    record, agent = loaded
    for field in ("path", "dialect", "observations", "source_digest", "settings"):
        here, there = getattr(record, field), getattr(order.record, field)
        if here != there:
            raise ClusterFailed(
                f"on the node {os.uname().nodename} the agent '{order.agent}' has {field} "
                f"{here!r:.80} instead of {there!r:.80}; install the same one on every node"
            )
    return agent
