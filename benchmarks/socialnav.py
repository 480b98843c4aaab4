"""Benchmarks of social navigation: every card on every track, and published protocols of crowds."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.specs import Benchmark, Group, TaskSpec
from ..tasks import catalogue

TRACKS = {
    "visible": "people make room for the robot as for each other",
    "invisible": "people do not see the robot",
    "aware_no_yield": "people stop before the robot and do not make room",
    "mixed(0.5)": "every other person sees the robot",
}
"""By value of ``track``, what people do."""

NAMES = {track: track.partition("(")[0].replace("_", "-") for track in TRACKS}
"""What the groups of tracks are called."""


def socialnav() -> Benchmark:
    """Every scenario card on every track on which it makes sense.

    Summed up by track and by card. Its headline is the success of the episodes in which the
    encounter took place; what people may have felt is in no headline, but under the principles.
    """
    specs = catalogue.match("tag:socialnav-card,tag:socialnav-card-track")
    tracks = tuple(
        Group(name=NAMES[track], title=about, tasks=_of(specs, "track", track))
        for track, about in TRACKS.items()
    )
    words = {spec.kwargs["scenario"]: spec.instruction for spec in specs}
    cards = tuple(
        Group(name=card, title=about, tasks=_of(specs, "scenario", card))
        for card, about in words.items()
    )
    return Benchmark(
        id="socialnav",
        title="Social navigation, every scenario card on every track",
        tasks=tuple(spec.id for spec in specs),
        episodes_per_task=20,
        groups=(*tracks, *cards),
        compared=tuple(group.name for group in tracks),
    )


def crowdnav() -> Benchmark:
    """CrowdNav's 500 test cases: five people who do not see the robot, and a circle."""
    return Benchmark(
        id="socialnav-crowdnav",
        title="CrowdNav, circle crossing, five people, robot invisible",
        tasks=("socialnav.crowdnav-circle-v1",),
        episodes_per_task=500,
        task_kwargs={"track": "invisible"},
    )


def crowdnavpp() -> Benchmark:
    """CrowdNav++'s 250 test cases: twenty people who do not see the robot."""
    return Benchmark(
        id="socialnav-crowdnavpp",
        title="CrowdNav++, twenty people, robot invisible",
        tasks=("socialnav.crowdnavpp-v1",),
        episodes_per_task=250,
        task_kwargs={"track": "invisible"},
    )


def _of(specs: Iterable[TaskSpec], argument: str, value: str) -> tuple[str, ...]:
    """Ids of the tasks in which an argument has a value."""
    return tuple(spec.id for spec in specs if spec.kwargs[argument] == value)
