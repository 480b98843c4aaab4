"""The scheduler at sizes that nobody has at hand: a discrete-event model with measured times.

Slots step worlds, policies answer batches, one evaluator deals, hands over and records. Each takes
times that were measured here; what is asked is which of the three is busy all the time first.
"""

from __future__ import annotations

import heapq
import random
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import measure
from measure import Work

from polyathlon.benchmarks.cluster.message import Played, decode_events, encode
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome
from polyathlon.core.journal import Entry, Journal


class Costs(NamedTuple):
    """Measured times of one kind of work.

    Attributes:
        step: of the world [s].
        think: of a policy for a batch of one [s].
        each: and for each further one [s].
        hand: for each step that is handed over to a policy and back [s].
        record: of the evaluator for each episode [s].
        steps: of an episode.
    """

    step: float
    think: float
    each: float
    hand: float
    record: float
    steps: int


class Fleet(NamedTuple):
    """Slots, and the actors that share them; ``alone`` is the local engine: it records as well."""

    slots: int
    actors: int
    alone: bool


EVENTS = 300_000
"""So many are simulated, and at least twenty of each slot."""


STEPPED, NEXT = -1, -2
"""Kinds of events: a world has stepped, an episode begins; else the number of an actor."""


class _Model:
    """Slots step; an actor takes all that wait, one batch after the other; one evaluator records.

    What the evaluator has not recorded yet holds up the slot's next episode.
    """

    def __init__(self, costs: Costs, fleet: Fleet, seed: int) -> None:
        self.costs, self.fleet, self._dice = costs, fleet, random.Random(seed)
        self._waiting: list[list[int]] = [[] for _ in range(fleet.actors)]
        self._extra = [0.0] * fleet.actors
        self._idle = [True] * fleet.actors
        self._events: list[tuple[float, int, int, tuple[int, ...]]] = []
        self._evaluator = self.recording = self.acting = self.handing = 0.0
        self.steps = self._number = 0

    def run(self) -> float:
        """Simulates; how much time went by [s]."""
        left = [self._dice.randrange(1, self.costs.steps + 1) for _ in range(self.fleet.slots)]
        for slot in range(self.fleet.slots):
            self._at(self._dice.uniform(0, self.costs.step), STEPPED, (slot,))
        now = 0.0
        for _ in range(max(EVENTS, 20 * self.fleet.slots)):
            now, _, actor, slots = heapq.heappop(self._events)
            if actor == NEXT:
                self._arrive(now, slots[0])
            elif actor == STEPPED:
                self.steps += 1
                left[slots[0]] -= 1
                if left[slots[0]] <= 0:
                    left[slots[0]] = self.costs.steps
                    begins = self._record(now, slots[0] % self.fleet.actors)
                    self._at(begins, NEXT, slots)
                else:
                    self._arrive(now, slots[0])
            else:
                self._idle[actor] = True
                for slot in slots:
                    took = self.costs.step * self._dice.uniform(0.8, 1.2)
                    self._at(now + took, STEPPED, (slot,))
                self._act(now, actor)
        return now

    def _record(self, now: float, actor: int) -> float:
        self.recording += self.costs.record
        if self.fleet.alone:
            self._extra[actor] += self.costs.record
            return now
        self._evaluator = max(self._evaluator, now) + self.costs.record
        return self._evaluator

    def _arrive(self, now: float, slot: int) -> None:
        actor = slot % self.fleet.actors
        self._waiting[actor].append(slot)
        self._act(now, actor)

    def _act(self, now: float, actor: int) -> None:
        batch = tuple(self._waiting[actor])
        if not batch or not self._idle[actor]:
            return
        self._waiting[actor], self._idle[actor] = [], False
        thinking = self.costs.think + self.costs.each * (len(batch) - 1)
        handing = self.costs.hand * len(batch) + self._extra[actor]
        self._extra[actor] = 0.0
        self.acting += thinking
        self.handing += handing
        self._at(now + thinking + handing, actor, batch)

    def _at(self, when: float, kind: int, who: tuple[int, ...]) -> None:
        self._number += 1
        heapq.heappush(self._events, (when, self._number, kind, who))


def simulate(costs: Costs, fleet: Fleet, seed: int = 0) -> dict[str, float]:
    """Steps a second, and the shares of time for which worlds, actors and evaluator are busy."""
    model = _Model(costs, fleet, seed)
    took = model.run()
    return {
        "steps/s": model.steps / took,
        "worlds": model.steps * costs.step / took / fleet.slots,
        "thinking": model.acting / took / fleet.actors,
        "handing": model.handing / took / fleet.actors,
        "recording": model.recording / took,
    }


THINKING = {"a small network": (2e-4, 2e-6), "a large model": (6e-2, 4e-3)}
"""What a policy takes for one, and for each further one of a batch [s]: given, not measured. The
large one is what is published of vision-language-action models on one card."""

STEPS = 300
"""Of an episode."""


def measured() -> dict[str, Costs]:
    """Step, hand-over and record times of this machine, with policies as they are given."""
    works = {
        "numbers": Work("metaworld.reach-v3", {"observations": ("state",)}, 2000, ""),
        "pictures": Work("metaworld.reach-v3", {"observations": ("rgb",), "image_size": 128},
                         300, ""),
    }  # fmt: skip
    steps = {name: 1 / measure.bare(work) for name, work in works.items()}
    hands = {"numbers": 0, "pictures": 224}
    hand = {name: 1e-6 * measure.harness_cost(1, image)[1] for name, image in hands.items()}
    record = _recording()
    return {
        f"{policy}, {name}": Costs(steps[name], *times, hand[name], record, STEPS)
        for name, (policy, times) in zip(works, THINKING.items(), strict=True)
    }


def _recording(count: int = 2000) -> float:
    """Of the evaluator, for an episode that comes from an actor [s]."""
    plans = [EpisodePlan(task="metaworld.reach-v3", index=k, seed=k) for k in range(count)]
    events = encode([Played(result=_result(one), packed=bytes(4000)) for one in plans])
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder)) as journal:
        begun = time.perf_counter()
        for event in decode_events(events):
            assert isinstance(event, Played)
            journal.append([Entry(event.result, event.packed, event.digest)])
        return (time.perf_counter() - begun) / count


def _result(one: EpisodePlan) -> EpisodeResult:
    return EpisodeResult(
        plan=one, outcome=Outcome.SUCCESS, score=1.0, steps=STEPS, reward_digest="b" * 64,
        start_digest="c" * 64, end_digest="d" * 64, wall_time=1.25,
    )  # fmt: skip


FLEETS = (
    Fleet(2, 1, True), Fleet(16, 1, True), Fleet(128, 1, True), Fleet(128, 8, False),
    Fleet(1000, 10, False), Fleet(10_000, 100, False),
)  # fmt: skip


def scaling() -> list[tuple[Any, ...]]:
    """A row a fleet: steps a second, the share of time of each part, and the busiest."""
    rows = []
    for name, costs in measured().items():
        for fleet in FLEETS:
            told = simulate(costs, fleet)
            rate = told.pop("steps/s")
            where = "in the evaluator" if fleet.alone else f"in {fleet.actors} actors"
            rows.append((
                f"{name}: {fleet.slots:,} slots {where}", f"{rate:,.0f}",
                *(f"{share:.0%}" for share in told.values()), max(told, key=lambda k: told[k]),
            ))  # fmt: skip
    return rows
