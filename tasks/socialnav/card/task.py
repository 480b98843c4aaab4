"""The cards and crowds as tasks: one line of data each."""

from __future__ import annotations

from ....core.specs import SENSES, Embodiment, TaskSpec
from . import CARDS
from .declaration import Card

ROBOT = Embodiment(
    id="socialnav-omni",
    kind="continuous",
    action_names=("vx", "vy"),
    action_units=("m/s", "m/s"),
    frame="world",
    control_hz=10.0,
    low=(-1.0, -1.0),
    high=(1.0, 1.0),
)
"""The holonomic robot of the cards, ``omni``: 0.25 m in radius, 1 m/s, 1 m/s^2."""

TRACKS = {
    "visible": "",
    "invisible": "-invisible",
    "aware_no_yield": "-no-yield",
    "mixed(0.5)": "-mixed",
}
"""Tracks on which cards are played, and what a task's name ends in; ``mixed`` with even odds."""

ROOM = __name__.rpartition(".card.")[0]


def _task(name: str, about: str, seconds: float, track: str, tags: tuple[str, ...]) -> TaskSpec:
    return TaskSpec(
        id=f"socialnav.{name}{TRACKS.get(track, '')}-v1",
        entry_point=f"{ROOM}.environment:SocialNavigation",
        embodiment=ROBOT,
        instruction=about,
        max_episode_steps=round(seconds * ROBOT.control_hz) if ROBOT.control_hz else 0,
        kwargs={"scenario": name, "robot": "omni", "track": track},
        observations=SENSES,
        default_observations=("state",),
        renderer="mujoco",
        oracle=f"{ROOM}.card.solver:make_oracle",
        # It counts on people who make room; of others it is not known to win most episodes.
        oracle_solves=track in ("visible", "replay"),
        tags=tags,
    )


def _on_tracks(card: Card) -> tuple[TaskSpec, ...]:
    """A card on every track on which it makes sense."""
    return tuple(
        _task(card.name, card.instruction, card.time_limit, track, _tags(card, track))
        for track in TRACKS
        if track.partition("(")[0] in card.tracks
    )


def _tags(card: Card, track: str) -> tuple[str, ...]:
    groups = ["socialnav-card" if track == "visible" else "socialnav-card-track"]
    groups += ["socialnav-table3"] * ("Table 3" in card.source)
    groups += ["socialnav-fig7"] * ("Fig. 7" in card.source)
    groups += [f"socialnav-{card.purpose.replace(' ', '-')}"]
    return (*groups, *(f"socialnav-{principle}" for principle in card.principles))


TASKS = (
    *(task for card in CARDS.values() for task in _on_tracks(card)),
    _task(
        "dense-crowd",
        "Go through a dense crowd to the goal.",
        60.0,
        "visible",
        ("socialnav-crowd",),
    ),
    _task(
        "recorded-crowd",
        "Go through people who were recorded, and cannot make way.",
        60.0,
        "replay",
        ("socialnav-crowd",),
    ),
)
"""27 cards on their tracks, and two crowds.

``settings={"split": "train"}`` gives the episodes to learn from.
"""
