"""Cards, dense crowds and recordings as scenarios: what a task is made of."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument, BadScene
from ..crowd.replay import FRAME_RATES, Recording, Replay, read_obsmat
from ..crowd.sighted import SightedOrca
from ..crowd.visibility import Visibility
from ..log import Goal
from ..robot import Body
from ..rule import SweptRules
from ..scenario import Scenario, Setup
from ..scene import Scene
from ..world import World
from . import CARDS, card_named
from .crowd import milling
from .declaration import WALKING
from .draw import Draw

Floats = NDArray[np.float64]

DENSITIES = (0.1, 0.3, 0.5)
"""Of dense crowds [1/m^2]."""

WORDS = "Go through the crowd to the goal."

LONGEST = 1e5
"""A time limit that is never reached while people are recorded [s]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CardScenario(Scenario):
    """Episodes of a card.

    Args:
        card: its name.
        split: ``train``, ``dev`` or ``test``.
    """

    settable = ("split",)

    card: str = "frontal-approach"
    split: str = "test"
    people: int = 0

    def __post_init__(self) -> None:
        """Takes from the card what it declares."""
        card = card_named(self.card)
        object.__setattr__(self, "people", card.people)
        object.__setattr__(self, "time_limit", card.time_limit)

    def setup(self, case: int, dice: np.random.Generator, body: Body, track: str) -> Setup:
        """An episode; the dice give its seed."""
        return CARDS[self.card].setup(int(dice.integers(2**53)), body, track, self.split)

    def finding(self, world: World) -> Mapping[str, float]:
        """What the card says of an episode: ``labelled``, ``ideal``, and each failure, 0 or 1."""
        found = CARDS[self.card].judge(world.log())
        failures = {f"failure_{name}": float(seen) for name, seen in found.failures.items()}
        return {"labelled": float(found.labelled), "ideal": float(found.ideal), **failures}


@dataclasses.dataclass(frozen=True, kw_only=True)
class DenseCrowd(Scenario):
    """A square full of people who go about, as dense as SocNavBench's recordings at their densest.

    Args:
        density: people a square metre, at most 0.5.
        split: ``train``, ``dev`` or ``test``.
    """

    settable = ("density", "split")

    density: float = 0.3
    split: str = "test"
    people: int = 0

    def __post_init__(self) -> None:
        """Refuses densities at which nobody could walk."""
        if not 0 < self.density <= DENSITIES[-1]:
            raise BadArgument(f"density is {self.density!r}; it is above 0 and at most 0.5 [1/m^2]")
        # The largest square is 13.2 m wide.
        object.__setattr__(self, "people", round(self.density * 13.2**2) + 1)

    def setup(self, case: int, dice: np.random.Generator, body: Body, track: str) -> Setup:
        """An episode; the dice give its seed."""
        drawn = self._draw(int(dice.integers(2**53)), body, track)
        scene = milling(drawn, self.density)
        return Setup(scene=scene, crowd=SightedOrca(track, WALKING), rules=SweptRules())

    def _draw(self, seed: int, body: Body, track: str) -> Draw:
        return Draw(
            card="dense-crowd",
            seed=seed,
            split=self.split,
            body=body,
            track=Visibility.named(track),
            time_limit=self.time_limit,
            instruction=WORDS,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordedCrowd(Scenario):
    """A robot among people who were recorded; they cannot react to it.

    Each episode is a stretch of the recording that begins somewhere, and the robot crosses the
    place between two opposite sides.

    Args:
        recording: path of an ``obsmat.txt`` of ETH or UCY, a copy of your own; empty for a crowd
            that was simulated for the purpose.
        frame_rate: of its frame numbers, see ``crowd.replay.FRAME_RATES`` [1/s].
    """

    settable = ("recording", "frame_rate")
    tracks = ("replay",)

    recording: str = ""
    frame_rate: float = FRAME_RATES["eth"]
    people: int = 0

    def __post_init__(self) -> None:
        """Reads the recording."""
        longest = max(len(one.id) for one in self._windows())
        object.__setattr__(self, "people", longest)

    def setup(self, case: int, dice: np.random.Generator, body: Body, track: str) -> Setup:
        """An episode; recorded people mind no robot, whatever the track."""
        record = _recorded(self.recording, self.frame_rate)
        last = max(float(times[-1]) for times in record.t) - self.time_limit
        begin = float(dice.uniform(0.0, max(last, 0.0)))
        window = record.window(begin, self.time_limit)
        places = np.concatenate([*record.pos])
        start, goal = _crossing(places, window, body, dice)
        scene = Scene(
            body=body,
            start=start,
            goal=Goal(pos=goal, pos_tol=0.3),
            yaw=float(np.arctan2(*(goal - start)[::-1])),
            time_limit=self.time_limit,
            instruction=WORDS,
            meta={"scenario": "recorded-crowd", "begin": begin, "recording": self.recording},
        )
        return Setup(scene=scene.checked(), crowd=Replay(window), rules=SweptRules())

    def _windows(self) -> list[Recording]:
        record = _recorded(self.recording, self.frame_rate)
        end = max(float(times[-1]) for times in record.t)
        begins = np.arange(0.0, max(end - self.time_limit, 0.0) + 1.0, self.time_limit / 2)
        # An episode begins anywhere: twice the stretch holds whatever it may see.
        return [record.window(float(begin), 2 * self.time_limit) for begin in begins]


def _crossing(
    places: Floats, window: Recording, body: Body, dice: np.random.Generator
) -> tuple[Floats, Floats]:
    """A start that nobody is near at the start, and a goal on the other side, each `[2]` [m]."""
    low, high = places.min(axis=0), places.max(axis=0)
    now = [pos[0] for t, pos in zip(window.t, window.pos, strict=True) if t[0] < 0.5]
    for _ in range(1000):
        axis, way = int(dice.integers(2)), int(dice.integers(2))
        ends = [dice.uniform(low, high), dice.uniform(low, high)]
        ends[0][axis], ends[1][axis] = (low, high)[way][axis], (high, low)[way][axis]
        start = np.asarray(ends[0])
        if not now or (np.hypot(*(np.array(now) - start).T) > body.radius + 1.3).all():
            return start, np.asarray(ends[1])
    raise BadScene("the recording leaves no place to start from; its people stand everywhere")


@functools.lru_cache(maxsize=4)
def _recorded(path: str, frame_rate: float) -> Recording:
    return read_obsmat(Path(path), frame_rate) if path else simulated()


def simulated(seed: int = 0, duration: float = 90.0) -> Recording:
    """A crowd that goes about a square by ORCA, recorded every 0.4 s as ETH's and UCY's are.

    Args:
        seed: of the crowd.
        duration: of the recording [s].
    """
    from ..robot import BODIES

    scenario = DenseCrowd(density=DENSITIES[0], split="train", time_limit=duration + 1.0)
    setup = scenario.setup(0, np.random.default_rng(seed), BODIES["omni"], "invisible")
    world = World(setup.crowd, SweptRules(ends_on_contact=False))
    world.reset(setup.scene, seed)
    seen = [world.crowd.walkers.pos]
    while world.time < duration:
        world.step(np.zeros(2))
        if world.steps % 4 == 0:
            seen.append(world.crowd.walkers.pos)
    tracks, times = np.array(seen), np.arange(len(seen), dtype=np.float64) * 0.4
    people = range(tracks.shape[1])
    return Recording(
        np.arange(len(people)), (times,) * len(people), tuple(tracks[:, one] for one in people)
    )


OWN: Mapping[str, Callable[..., Scenario]] = {
    **{name: functools.partial(CardScenario, card=name) for name in CARDS},
    "dense-crowd": DenseCrowd,
    "recorded-crowd": RecordedCrowd,
}
"""These scenarios by name."""
