"""The scenario cards: encounters of a robot with people, what counts and what is ideal."""

from __future__ import annotations

from collections.abc import Mapping

from ....core.errors import BadArgument, did_you_mean
from . import corner, crossing, crowd, delivery, door, elevator, escort, group, passing, stream
from .declaration import Card

CARDS: Mapping[str, Card] = {
    card.name: card
    for module in (
        passing,
        crossing,
        corner,
        door,
        elevator,
        group,
        escort,
        stream,
        crowd,
        delivery,
    )
    for card in module.CARDS
}
"""Cards by name."""


def card_named(name: str) -> Card:
    """The card of that name.

    Raises:
        BadArgument: there is none.
    """
    if name not in CARDS:
        raise BadArgument(
            f"there is no card '{name}'.{did_you_mean(name, CARDS)} Cards: {', '.join(CARDS)}"
        )
    return CARDS[name]
