"""A scenario card as data: what is met, how it is staged, and how one tells what came of it.

The fields are those of the scenario cards of Francis et al., "Principles and Guidelines for
Evaluating Social Robot Navigation Algorithms" (2023), Table 3 and Fig. 7. Geometry, paces, time
limits and thresholds are not theirs but our own choice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Literal

from ....core.errors import BadArgument
from ..assignment import AssignedRules, Assignment
from ..crowd.model import CrowdModel
from ..crowd.orca import OrcaSettings
from ..crowd.scripted import Scripted
from ..crowd.sighted import SightedOrca
from ..crowd.visibility import Visibility
from ..log import EpisodeLog
from ..policy import Policy
from ..robot import Body
from ..rule import SweptRules
from ..scenario import Setup
from ..scene import Scene
from .draw import Draw
from .evidence import Evidence

Principle = Literal["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"]

PRINCIPLES: Mapping[Principle, str] = {
    "P1": "Safety",
    "P2": "Comfort",
    "P3": "Legibility",
    "P4": "Politeness",
    "P5": "Social competency",
    "P6": "Agent understanding",
    "P7": "Proactivity",
    "P8": "Contextual appropriateness",
}
"""The principles of the guidelines."""

Criterion = Callable[[Evidence], bool]

TRACKS = ("visible", "invisible", "aware_no_yield", "mixed")
"""The tracks of cards whose people walk of themselves. A recording knows nothing of cards: the
track ``replay`` belongs to recorded crowds."""

AWARE = ("visible", "aware_no_yield")
"""The tracks of cards in which somebody deals with the robot: who does not see it cannot."""

WALKING = OrcaSettings(horizon=3.0, wall_horizon=0.5)
"""How people walk by ORCA here. CrowdNav's horizon of 5 s for walls, of which it has none, makes
people creep wherever one is ahead."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What a card says of an episode.

    Attributes:
        labelled: whether the encounter took place; else the episode does not count for the card.
        ideal: whether it ended as the card wants it.
        failures: each failure mode, and whether it was seen.
    """

    labelled: bool
    ideal: bool
    failures: Mapping[str, bool]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Card:
    """A scenario.

    Attributes:
        name: lower case, words joined by hyphens.
        title: for people.
        purpose: what it is to find out.
        environment: where it plays.
        layout: the geometry, in words and metres.
        role: of the robot.
        task: of the robot.
        behaviour: of the people.
        outcome: the ideal one.
        success: what counts as success, in the guidelines' terms.
        principles: whose quality it shows.
        labelling: when an episode counts, in words; ``label`` is the same in code.
        related: names of cards that are like it.
        source: row or drawing of the guidelines.
        instruction: what the robot is told.
        time_limit: [s].
        people: the most that there are.
        crowd: ``orca`` for people who keep off each other and, on some tracks, off the robot;
            ``scripted`` for people who go and stand where their scripts say.
        tracks: on which it makes sense.
        draw: the start of an episode.
        label: whether the encounter took place, however well it went.
        ideal: whether the ideal outcome came about.
        failures: failure modes by name.
        oracle: a robot that knows the script.
        assignment: how the robot's task is judged where a place is not all; None where it is.
    """

    name: str
    title: str
    purpose: str
    environment: str
    layout: str
    role: str
    task: str
    behaviour: str
    outcome: str
    success: tuple[str, ...]
    principles: tuple[Principle, ...]
    labelling: str
    source: str
    instruction: str
    time_limit: float
    people: int
    draw: Callable[[Draw], Scene]
    label: Criterion
    ideal: Criterion
    failures: Mapping[str, Criterion]
    oracle: Callable[[], Policy]
    crowd: Literal["orca", "scripted"] = "orca"
    tracks: tuple[str, ...] = TRACKS
    related: tuple[str, ...] = ()
    assignment: Callable[[], Assignment] | None = None

    def setup(self, seed: int, body: Body, track: str = "visible", split: str = "test") -> Setup:
        """An episode's scene, crowd and rules.

        Args:
            seed: of the episode.
            body: the robot's.
            track: whether people mind the robot.
            split: ``train``, ``dev`` or ``test``.

        Raises:
            BadArgument: no such split, or a track on which the card makes no sense.
            BadScene: the robot is too large or too slow for it.
        """
        visibility = Visibility.named(track)
        if visibility.track not in self.tracks:
            raise BadArgument(
                f"card '{self.name}' is not played on the track '{track}'; "
                f"it knows {', '.join(self.tracks)}"
            )
        drawn = Draw(
            card=self.name,
            seed=seed,
            split=split,
            body=body,
            track=visibility,
            time_limit=self.time_limit,
            instruction=self.instruction,
        )
        made = self.assignment
        rules = SweptRules() if made is None else AssignedRules(made())
        crowd: CrowdModel = Scripted(track)
        if self.crowd == "orca":
            crowd = SightedOrca(track, WALKING)
        return Setup(scene=self.draw(drawn), crowd=crowd, rules=rules)

    def judge(self, log: EpisodeLog) -> Finding:
        """What came of an episode.

        Args:
            log: of an episode of this card.
        """
        seen = Evidence(log)
        return Finding(
            labelled=bool(self.label(seen)),
            ideal=bool(self.ideal(seen)),
            failures={name: bool(shows(seen)) for name, shows in self.failures.items()},
        )
