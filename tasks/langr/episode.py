"""An episode of Language Rearrangement as data: what to do, in which home, with what where."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from .assets import ASSETS
from .expression import Goal, Predicate


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """One object at the start of an episode.

    Attributes:
        asset: which of the 81 assets, e.g. ``056_tennis_ball``.
        position: of its origin, x, y, z [m], z up from the floor.
        rotation: unit quaternion w, x, y, z.
        receptacle: what it lies on.
    """

    asset: str
    position: tuple[float, float, float]
    rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    receptacle: str


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction in one home.

    Attributes:
        id: unique in its split.
        split: the split it belongs to, by the paper's name, e.g. ``context``.
        source: ``generated`` by this package or from the ``official`` files.
        home: id of the layout, e.g. ``v3_sc3_staging_00``.
        instruction: what the agent reads.
        family: the id of its instruction family, e.g. ``f0917e29``.
        goal: what must hold for success.
        objects: sorted by asset; the instances of an asset are numbered in this order.
        start: predicates about the fridge that are made true at the start.
        entities: what the blanks of the instruction stand for, hidden ones included.
    """

    id: str
    split: str
    source: Literal["generated", "official"]
    home: str
    instruction: str
    family: str
    goal: Goal
    objects: tuple[Placement, ...]
    start: tuple[Predicate, ...] = ()
    entities: dict[str, str] = {}


def instance_names(assets: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the objects: the asset and its count, e.g. ``056_tennis_ball_:0000``."""
    counts: dict[str, int] = {}
    names = []
    for asset in assets:
        counts[asset] = counts.get(asset, -1) + 1
        names.append(f"{asset}_:{counts[asset]:04d}")
    return tuple(names)


def instances_of(assets: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Names of the objects of each category, in the order in which a skill tries them."""
    found: dict[str, list[str]] = {}
    for name, asset in sorted(zip(instance_names(assets), assets, strict=True)):
        found.setdefault(ASSETS[asset].category, []).append(name)
    return {category: tuple(names) for category, names in found.items()}


INSTANCE = re.compile(r"_:\d{4}$")
"""The end of an instance's name."""
