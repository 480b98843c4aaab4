"""Makes episodes: any of them by its split and number, in milliseconds, without a file.

An episode is a function of its split and number alone. A home is drawn, then what the
instruction is about, then the words, then where some 34 objects lie. What an instruction names
lies where it says; all the rest lies anywhere. Nothing overlaps, everything can be picked from
where ``nav`` stops for its receptacle, and the goal never holds at the start.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from ...core.errors import BadArgument
from ...core.specs import derive_seed
from .assets import ASSETS, ASSETS_OF, Asset
from .episode import Episode, Placement
from .families import FAMILIES, THINGS, Family, place_by_relation
from .home import Home, home_named
from .layout import Pose, find_layout
from .phrasing import Wording, say
from .rules import Rules
from .scenes import is_within_reach, top_of
from .splits import Split, find_split
from .vocabulary import CATEGORIES, OPEN_AIR

VERSION = 1
"""Of what is drawn; a change of it changes every episode."""

DOUBLED = (1, 2)
"""Least and largest number of categories of which a home has two things, as in the release."""

SPARES = 4
"""Assets of each category that a home knows; an instruction about all of a kind has as many."""

GAP = 0.008
"""Least distance between two things on the same receptacle [m]; of our own design."""

REACH_SLACK = 0.01
"""How far all things keep from the limits of ``pick`` [m] and [rad]."""

MOST_IN_SINK = 3
"""Things in the sink that no instruction wants there; it is small."""

TRIES = 30
"""Spots that are tried for a thing on one receptacle."""

MOST_ATTEMPTS = 1000
"""Draws of one episode before giving up; at worst, for three moves, three in four fail."""

AWAY = Pose(1e3, 1e3)
"""A robot at no place."""

Spot = tuple[float, float, float, float, float]
"""Middle of a footprint in its receptacle's frame, heading there, half its length and width."""


class Stock(msgspec.Struct, frozen=True):
    """What a home owns.

    Attributes:
        assets: ``SPARES`` assets of each category; the first is always there.
        doubled: categories of which the second is there too.
    """

    assets: dict[str, tuple[str, ...]]
    doubled: tuple[str, ...]


def generate(split: str, index: int) -> Episode:
    """An episode by its split and number.

    Args:
        split: a name in ``splits.SPLITS``.
        index: from 0 to below the split's number of episodes.

    Raises:
        UnknownName: no such split.
        BadArgument: the number is outside the split.
    """
    declared = find_split(split)
    if not 0 <= index < declared.episodes:
        raise BadArgument(
            f"langr's split {split} has no episode {index}; they count from 0 to "
            f"{declared.episodes - 1}"
        )
    dice = np.random.default_rng(derive_seed("langr", VERSION, split, index))
    share = declared.share_of(index)
    family, wording = FAMILIES[share.family], declared.wording_of(share)
    for _ in range(MOST_ATTEMPTS):
        episode = _draw(declared, index, family, wording, dice)
        if episode is not None:
            return episode
    raise RuntimeError(f"langr's split {split} allows no episode {index}")


@functools.cache
def stock_of(home: str) -> Stock:
    """What a home owns, the same in all its episodes."""
    dice = np.random.default_rng(derive_seed("langr-stock", VERSION, home))
    assets = {}
    for category in CATEGORIES:
        order = dice.permutation(len(ASSETS_OF[category])).tolist()
        assets[category] = tuple(
            ASSETS_OF[category][order[number % len(order)]] for number in range(SPARES)
        )
    count = int(dice.integers(DOUBLED[0], DOUBLED[1] + 1))
    doubled = dice.choice(len(CATEGORIES), count, replace=False).tolist()
    return Stock(assets, tuple(CATEGORIES[number] for number in sorted(doubled)))


def _draw(
    split: Split, index: int, family: Family, wording: Wording, dice: np.random.Generator
) -> Episode | None:
    """An episode, or None where what was drawn does not go together."""
    home = split.homes[int(dice.integers(len(split.homes)))]
    stock = stock_of(home)
    entities = _entities(split, family, wording, home, stock, dice)
    if entities is None:
        return None
    sentence = wording.sentences[int(dice.integers(len(wording.sentences)))]
    placements = _Table(home_named(home), dice).laid(
        _things(family, entities, stock, dice), MOST_IN_SINK
    )
    if placements is None:
        return None
    episode = Episode(
        id=f"{split.name}-{index:06d}",
        split=split.name,
        source="generated",
        home=home,
        instruction=say(sentence, entities),
        family=family.id,
        goal=family.goal_of(entities),
        objects=placements,
        start=family.start,
        entities=entities,
    )
    return None if _is_done(episode) else episode


def _is_done(episode: Episode) -> bool:
    """Whether the goal holds before the robot has done anything, wherever it begins."""
    rules = Rules(home_named(episode.home), episode)
    rules.begin(AWAY)
    return rules.holds(episode.goal)


def _entities(
    split: Split,
    family: Family,
    wording: Wording,
    home: str,
    stock: Stock,
    dice: np.random.Generator,
) -> dict[str, str] | None:
    """What the blanks stand for.

    Things that are named are the only ones of their kind, so that no instruction is ambiguous.
    """
    entities = dict(wording.fixed)
    if wording.relation:
        place = place_by_relation(wording.relation, find_layout(home))
        if place is None:
            return None
        entities["B"] = place
    if any(entities.get(blank) in stock.doubled for blank in THINGS):
        return None
    known = [name for name in split.categories or family.categories if name not in stock.doubled]
    bystanders = ("O",) if wording.bystander else ()
    for blank in (*family.sources, *bystanders):
        if blank not in entities:
            rest = [name for name in known if name not in entities.values()]
            entities[blank] = rest[int(dice.integers(len(rest)))]
    choices = dict.fromkeys(family.sources.values(), family.source_places)
    choices |= dict.fromkeys(family.targets, family.target_places)
    choices |= dict.fromkeys(("R",) if wording.bystander else (), OPEN_AIR)
    choices |= wording.places
    for blank, places in choices.items():
        if blank not in entities:
            entities[blank] = places[int(dice.integers(len(places)))]
    apart = (*family.apart, *((("R", "B"),) if wording.bystander else ()))
    if any(entities[one] == entities[other] for one, other in apart):
        return None
    return entities


def _things(
    family: Family, entities: Mapping[str, str], stock: Stock, dice: np.random.Generator
) -> list[tuple[Asset, str | None]]:
    """All that lies in the home, and on what where the instruction says so; that first."""
    where = {entities[blank]: entities[source] for blank, source in family.sources.items()}
    if "O" in entities:
        where[entities["O"]] = entities["R"]
    several = family.instances != (1, 1)
    named: list[tuple[Asset, str | None]] = []
    others: list[tuple[Asset, str | None]] = []
    for category in CATEGORIES:
        count = 2 if category in stock.doubled else 1
        if several and category == entities["X"]:
            count = int(dice.integers(family.instances[0], family.instances[1] + 1))
        for number in range(count):
            place = where.get(category)
            if place is not None and number and not family.gathered:
                free = [name for name in OPEN_AIR if name != entities["B"]]
                place = free[int(dice.integers(len(free)))]
            thing = ASSETS[stock.assets[category][number]]
            (others if place is None else named).append((thing, place))
    # The larger come first, while there is room for them.
    others.sort(key=lambda entry: -entry[0].radius)
    return named + others


class _Table:
    """What lies on the receptacles of a home, one thing after another.

    Args:
        home: its geometry.
        dice: what draws.
    """

    def __init__(self, home: Home, dice: np.random.Generator) -> None:
        self._home, self._dice = home, dice
        self._taken: dict[str, list[Spot]] = {name: [] for name in OPEN_AIR}

    def laid(
        self, things: Sequence[tuple[Asset, str | None]], most_in_sink: int
    ) -> tuple[Placement, ...] | None:
        """Where everything lies, sorted by asset; None where something finds no room."""
        found = []
        for asset, place in things:
            for receptacle in [place] if place else self._anywhere(most_in_sink):
                spot = self._spot(asset, receptacle)
                if spot is not None:
                    self._taken[receptacle].append(spot)
                    found.append(self._placement(asset, receptacle, spot))
                    break
            else:
                return None
        return tuple(sorted(found, key=lambda placement: placement.asset))

    def _anywhere(self, most_in_sink: int) -> Iterator[str]:
        """All receptacles in random order, but for a sink that is full."""
        for number in self._dice.permutation(len(OPEN_AIR)).tolist():
            if OPEN_AIR[number] != "sink" or len(self._taken["sink"]) < most_in_sink:
                yield OPEN_AIR[number]

    def _spot(self, asset: Asset, receptacle: str) -> Spot | None:
        """Room for a thing on a receptacle, or None."""
        box, stand = self._home.receptacles[receptacle], self._home.stands[receptacle]
        half_depth, half_width, _ = top_of(box)
        length, width = asset.footprint[0] / 2, asset.footprint[1] / 2
        for u, v, turn in self._dice.uniform(-1.0, 1.0, (TRIES, 3)).tolist():
            yaw = turn * math.pi
            cos, sin = abs(math.cos(yaw)), abs(math.sin(yaw))
            free_depth = half_depth - length * cos - width * sin
            free_width = half_width - length * sin - width * cos
            if free_depth < 0 or free_width < 0:
                continue
            spot = (u * free_depth, v * free_width, yaw, length, width)
            point = box.point(spot[0] / box.half[0], spot[1] / box.half[1], 0.0)
            if is_within_reach(stand, point, REACH_SLACK) and not any(
                overlap(spot, other) for other in self._taken[receptacle]
            ):
                return spot
        return None

    def _placement(self, asset: Asset, receptacle: str, spot: Spot) -> Placement:
        box = self._home.receptacles[receptacle]
        x, y, _ = box.point(spot[0] / box.half[0], spot[1] / box.half[1], 0.0)
        half = (box.yaw + spot[2]) / 2
        return Placement(
            asset=asset.name,
            position=(round(x, 4), round(y, 4), round(top_of(box)[2] + asset.rest, 4)),
            rotation=(round(math.cos(half), 6), 0.0, 0.0, round(math.sin(half), 6)),
            receptacle=receptacle,
        )


def overlap(one: Spot, other: Spot, gap: float = GAP) -> bool:
    """Whether two footprints come nearer than a gap: no axis of either keeps them apart."""
    dx, dy = other[0] - one[0], other[1] - one[1]
    far = math.hypot(one[3], one[4]) + math.hypot(other[3], other[4]) + gap
    if dx * dx + dy * dy > far * far:
        return False
    cos, sin = abs(math.cos(other[2] - one[2])), abs(math.sin(other[2] - one[2]))
    for own, their in ((one, other), (other, one)):
        ahead, aside = math.cos(own[2]), math.sin(own[2])
        if abs(dx * ahead + dy * aside) > own[3] + their[3] * cos + their[4] * sin + gap:
            return False
        if abs(dy * ahead - dx * aside) > own[4] + their[3] * sin + their[4] * cos + gap:
            return False
    return True
