"""The evaluator's side of a cluster: deals episodes, takes what is over, replaces what is lost.

Only the journal remembers: it is the evaluator's own, on its own disk. What a lost node was
playing is dealt again, what it had handed over stays; an evaluator that is lost is started again
and finds in its journal what is still to play.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from ...core import errors
from ...core.episode import EpisodePlan, EpisodeResult, Fault, Outcome
from ...core.errors import AgentFailed, BadArgument, ClusterFailed, MissingExtra, PolyathlonError
from ...core.files import write_atomically
from ...core.journal import Entry
from ...core.manifest import AgentRecord
from ..engine import Work
from ..runner import Deck
from ..workers.slot import Limits, import_path
from .message import (
    Broken,
    Engagement,
    Event,
    Noted,
    Part,
    Played,
    Prepared,
    decode_events,
    encode,
)
from .troupe import LEAVING, Troupe

OURS = ("POLYATHLON_", "MUJOCO_", "PYOPENGL_")
"""Beginnings of the variables that the evaluator hands on to its troupes."""

SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""An empty frame of settings, with which both sides of HTTP/2 begin (RFC 9113, 3.4 and 6.5)."""

GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS
"""What a client of HTTP/2 says first."""

KNOCKING = 10.0
"""How long a cluster's address may take to answer [s]."""

STILLBORN = 3
"""So many troupes in a row that are lost before an episode of theirs is over end the run."""


class Shape(NamedTuple):
    """How the work is cut up.

    Attributes:
        slots: worker processes in all; None for as many as the cluster has cores.
        actor_slots: of each troupe, which share one agent.
        actor_gpus: of each troupe, 0.25 for a quarter of one; None shares out what there is.
    """

    slots: int | None = None
    actor_slots: int = 1
    actor_gpus: float | None = None


class _Hand:
    """A troupe as the evaluator knows it: its actor, and what it was given."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor
        self.given: dict[tuple[str, int], Part] = {}


class RayEngine:
    """Plays work on a Ray cluster; use it as a context manager.

    Args:
        address: of the cluster, ``auto`` for the one this machine is part of; empty starts one
            of this machine alone.
        shape: how the work is cut up.
        agent: by which name a troupe loads it.
        loader: ``module:function`` by which it does.
        record: of the agent.
        limits: deadlines.

    Raises:
        MissingExtra: Ray is not installed.
        ClusterFailed: there is no such cluster, or no room in it.
    """

    def __init__(
        self,
        address: str,
        shape: Shape,
        agent: str,
        loader: str,
        record: AgentRecord,
        limits: Limits,
    ) -> None:
        self._agent, self._loader, self._record, self._limits = agent, loader, record, limits
        self._ray = _connect(address)
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        self._troupes, self._slots, self._gpus = _cut(shape, nodes)
        self._hands: list[_Hand] = []
        self._asked: dict[Any, _Hand] = {}
        self._engagement = b""
        self._stillborn = 0

    def play(self, work: Work) -> None:
        """Plays all of it; see :class:`~..engine.Engine`."""
        self._work, self._deck = work, Deck(work.plans)
        self._left = {plan.key for plan in work.plans}
        self._faults: dict[tuple[str, int], list[Fault]] = {}
        self._engagement = encode(self._terms(work))
        wanted = min(self._troupes, -(-len(work.plans) // self._slots))
        while len(self._hands) < wanted:
            self._hire()
        for hand in self._hands:
            if hand not in self._asked.values():
                self._ask(hand)
        while self._left:
            ready, _ = self._ray.wait(list(self._asked), num_returns=1)
            hand = self._asked.pop(ready[0])
            try:
                events = decode_events(self._ray.get(ready[0]))
            except self._ray.exceptions.RayActorError as error:
                self._replace(hand, error)
                continue
            for event in events:
                self._hear(hand, event)
            self._ask(hand)

    def close(self) -> None:
        """Ends every troupe and lets the cluster go."""
        leaving = [hand.actor.leave.remote() for hand in self._hands]
        if leaving:
            self._ray.wait(leaving, num_returns=len(leaving), timeout=LEAVING)
        self._hands, self._asked = [], {}
        self._ray.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _terms(self, work: Work) -> Engagement:
        variables = {name: text for name, text in os.environ.items() if name.startswith(OURS)}
        return Engagement(
            agent=self._agent,
            loader=self._loader,
            record=self._record,
            packages=work.manifest.packages,
            machine=work.manifest.machine,
            specs=list(work.specs.values()),
            task_kwargs=work.task_kwargs,
            slots=self._slots,
            limits=self._limits,
            max_attempts=work.manifest.max_attempts,
            on_invalid=work.on_invalid,
            rewards=work.rewards,
            interpreters=work.interpreters,
            path=import_path(),
            folder=os.getcwd(),
            variables=variables,
        )

    def _hire(self) -> None:
        """Asks for another troupe, wherever there is room; nothing of it is waited for."""
        kind = self._ray.remote(Troupe).options(
            num_cpus=self._slots,
            num_gpus=self._gpus,
            max_restarts=0,
            scheduling_strategy="SPREAD",
        )
        self._hands.append(_Hand(kind.remote(self._engagement)))

    def _ask(self, hand: _Hand) -> None:
        """Gives a troupe what it should have, and asks what is new there.

        It has an episode for each slot and as many to go on with, less towards the end, so that
        none waits in one troupe while another has nothing to do.
        """
        spare = min(self._slots, self._deck.count // max(len(self._hands), 1))
        parts = []
        while len(hand.given) < self._slots + spare:
            standing = next(reversed(hand.given), (None, 0))[0]
            elsewhere = [key[0] for other in self._hands for key in other.given]
            plan = self._deck.deal(standing, elsewhere)
            if plan is None:
                break
            part = self._part(plan)
            hand.given[plan.key] = part
            parts.append(part)
        self._asked[hand.actor.exchange.remote(encode(parts))] = hand

    def _part(self, plan: EpisodePlan) -> Part:
        work, faults = self._work, tuple(self._faults.get(plan.key, ()))
        return Part(
            plan=plan,
            film=bool(work.media(plan)) and not faults,
            record=bool(work.record(plan)),
            faults=faults,
        )

    def _hear(self, hand: _Hand, event: Event) -> None:
        work = self._work
        if isinstance(event, Played):
            self._stillborn = 0
            hand.given.pop(event.result.plan.key, None)
            self._keep(work.media(event.result.plan), event.films)
            self._keep(work.record(event.result.plan), event.records)
            self._finish(Entry(event.result, event.packed, event.digest))
        elif isinstance(event, Prepared):
            work.prepared(work.specs[event.task], event.render_info)
        elif isinstance(event, Noted):
            work.noted(event.text)
        else:
            raise _raised(event)

    def _keep(self, path: str, files: Mapping[str, bytes]) -> None:
        for ending, data in files.items():
            target = Path(path + ending)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, data)

    def _finish(self, entry: Entry) -> None:
        """Hands an episode over, once; a task that cannot be made is given up everywhere."""
        result = entry.result
        if result.plan.key not in self._left:
            return  # It was dealt again and has come twice: both are the same.
        self._left.discard(result.plan.key)
        self._work.finished(entry)
        if result.outcome is Outcome.INVALID and all(
            fault.kind.startswith("startup") for fault in result.faults
        ):
            for plan in self._deck.take_all(result.plan.task):
                self._give_up(plan, result.faults)

    def _give_up(self, plan: EpisodePlan, faults: Sequence[Fault]) -> None:
        self._left.discard(plan.key)
        self._work.finished(
            Entry(
                EpisodeResult(
                    plan=plan, outcome=Outcome.INVALID, attempts=len(faults), faults=tuple(faults)
                )
            )
        )

    def _replace(self, hand: _Hand, error: Exception) -> None:
        """A troupe is lost, with its node or without: what it had is dealt again.

        Raises:
            ClusterFailed: none lives long enough to play anything.
        """
        self._stillborn += 1
        why = " ".join(str(error).split())[:300]
        if self._stillborn >= STILLBORN * max(len(self._hands), 1):
            raise ClusterFailed(
                f"{self._stillborn} actors in a row were lost before an episode of theirs was "
                f"over; finished episodes are kept. The last said: {why}"
            )
        self._work.noted(f"an actor was lost, another takes its place: {why[:160]}")
        self._hands.remove(hand)
        for place, part in enumerate(hand.given.values()):
            faults = self._faults.setdefault(part.plan.key, list(part.faults))
            if place < self._slots:  # Those that came after had not begun.
                faults.append(Fault(kind="actor-lost", message=why))
            if len(faults) >= self._work.manifest.max_attempts:
                self._give_up(part.plan, faults)
            else:
                self._deck.put_back(part.plan)
        self._hire()
        self._ask(self._hands[-1])


def _connect(address: str) -> Any:
    """Ray, connected; it installs handlers of its own, which are put back.

    Raises:
        MissingExtra: it is not installed.
        ClusterFailed: there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Nothing is told to anybody.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("ray", "ray", "ray", kind="engine") from error
    _knock(address)
    # Without an address Ray would look for a cluster that was here, and wait for one that is gone.
    quiet: dict[str, Any] = {
        "address": address or "local", "log_to_driver": False, "logging_level": "ERROR",
        "configure_logging": False,
    }  # fmt: skip
    if not address:
        quiet["include_dashboard"] = False
    try:
        _keeping_handlers(lambda: ray.init(**quiet))
    except Exception as error:  # It raises bare ones too: of a node that does not stand in time.
        told = " ".join(str(error).split())[:300]
        raise ClusterFailed(
            f"no Ray cluster can be reached at '{address or 'this machine'}': {told}"
        ) from error
    return ray


def _knock(address: str) -> None:
    """Says at once that nobody listens, or somebody else, which Ray says after minutes.

    Raises:
        ClusterFailed: nobody does, or no server of HTTP/2, which Ray's are.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return  # "auto", or nothing.
    try:
        where = (host.removeprefix("ray://"), int(port))
        with socket.create_connection(where, KNOCKING) as line:
            line.sendall(GREETING)
            head = line.recv(len(SETTINGS), socket.MSG_WAITALL)
    except (OSError, OverflowError) as error:
        raise ClusterFailed(
            f"no Ray cluster can be reached at '{address}': {error}. Start one with: "
            "ray start --head"
        ) from None
    if head[3:4] != SETTINGS[3:4] and os.environ.get("RAY_USE_TLS", "0") == "0":
        raise ClusterFailed(
            f"what listens at '{address}' is no Ray cluster; its address is what ray start --head "
            "says, with port 6379 unless another was given"
        )


def _keeping_handlers(action: Callable[[], Any]) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    action()
    if threading.current_thread() is threading.main_thread():
        for number, handler in before.items():
            signal.signal(number, handler)


def _cut(shape: Shape, nodes: Sequence[Mapping[str, float]]) -> tuple[int, int, float]:
    """Troupes, slots of each, and the share of a GPU that each has.

    No more troupes than find room: one that never stands would keep its episodes for ever.

    Args:
        shape: how the work is to be cut up.
        nodes: what each node has, as Ray says it.

    Raises:
        ClusterFailed: there is no room for one of them.
        BadArgument: the shape makes no sense.
    """
    if shape.actor_slots < 1 or (shape.slots is not None and shape.slots < 1):
        raise BadArgument("--slots and --actor-slots must be at least 1")
    if shape.actor_gpus is not None and not 0 <= shape.actor_gpus <= 64:
        raise BadArgument(f"--actor-gpus is {shape.actor_gpus}; it is a share of one, or a few")
    slots = min(shape.actor_slots, shape.slots or shape.actor_slots)
    wanted = -(-shape.slots // slots) if shape.slots else None
    share = shape.actor_gpus
    if share is None:
        share = _even_share(nodes, slots, wanted)
    room = sum(_room(node, slots, share) for node in nodes)
    if room < 1:
        have = ", ".join(f"{n.get('CPU', 0):g} cores and {n.get('GPU', 0):g} GPUs" for n in nodes)
        raise ClusterFailed(
            f"no node of the cluster has room for an actor with {slots} slots"
            + (f" and {share:g} GPUs" if share else "")
            + f"; they have {have}"
        )
    return min(wanted or room, room), slots, share


def _room(node: Mapping[str, float], slots: int, share: float) -> int:
    """How many troupes a node can have, each with so many slots and such a share of a GPU."""
    room = int(node.get("CPU", 0)) // slots
    return min(room, int(node.get("GPU", 0) / share + 1e-9)) if share else room


def _even_share(nodes: Sequence[Mapping[str, float]], slots: int, wanted: int | None) -> float:
    """The largest share of a GPU, up to a whole one, with which there are as many troupes.

    Where some nodes have GPUs and others have none, troupes go to those that have.
    """
    able = [node for node in nodes if node.get("GPU") and _room(node, slots, 0)]
    most = sum(_room(node, slots, 0) for node in able)
    shares = {
        min(1.0, node["GPU"] / count)
        for node in able
        for count in range(1, _room(node, slots, 0) + 1)
    }
    for share in sorted(shares, reverse=True):
        if sum(_room(node, slots, share) for node in able) >= min(wanted or most, most):
            return int(1e4 * share) / 1e4  # Ray counts in ten-thousandths.
    return 0.0


def _raised(event: Broken) -> PolyathlonError:
    """The error that ended a troupe, as one of ours."""
    if event.kind == "AgentFailed":
        return AgentFailed(event.message, event.traceback)
    kind = getattr(errors, event.kind, None)
    if isinstance(kind, type) and issubclass(kind, PolyathlonError):
        try:
            return kind(event.message)
        except TypeError:  # One that makes its words of parts.
            pass
    if event.user:
        return PolyathlonError(event.message)
    return ClusterFailed(f"an actor failed: {event.message}")
