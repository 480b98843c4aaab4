"""What a page tells of itself when it is looked at."""

from __future__ import annotations

import msgspec

from ...core.element import Element
from ...core.errors import BrowserFault


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand on a page, as ``script/page.js`` says it.

    Attributes:
        utterance: what the page asks for, letter by letter.
        elements: what stands on it, parents before their children.
        done: the episode is over.
        raw: the page's verdict, once it is.
        reward: that times the share of the time that was left.
        reason: what the page says of its verdict.
        ready: whether all of it is there; a page within a page may be late.
        seconds: time of the episode [s].
    """

    utterance: str = ""
    elements: tuple[Element, ...] = ()
    done: bool = False
    raw: float = 0.0
    reward: float = 0.0
    reason: str = ""
    ready: bool = True
    seconds: float = 0.0


_DECODER = msgspec.json.Decoder(Sight)


def read_sight(told: str) -> Sight:
    """The sight that a page tells of in JSON.

    Raises:
        BrowserFault: it tells something else.
    """
    try:
        return _DECODER.decode(told)
    except msgspec.DecodeError as error:
        raise BrowserFault(f"the page does not say how things stand: {error}") from error
