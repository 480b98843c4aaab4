"""The movable furniture: two tables, a sofa, a TV stand and a chair, each in its own frame.

Frame and measures are ``layout``'s: origin on the floor, +x to the front, surfaces at the heights
that the official episodes give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..layout import PIECES
from .sketch import Sketch


def add_piece(body: Sketch, name: str) -> None:
    """Draws a piece of furniture.

    Args:
        body: of the piece.
        name: a name in ``PIECES``.
    """
    low, high, half = PIECES[name].body
    body.shadow((low, -half), (high, half))
    BUILDERS[name](body)


def _black_table(body: Sketch) -> None:
    """Low, black, with a thick top and block legs."""
    low, high, half = PIECES["Tbl1"].body
    top = PIECES["Tbl1"].surface
    body.box((low, -half, top - 0.05), (high, half, top), "black_wood")
    body.box(
        (low + 0.05, -half + 0.05, top - 0.12), (high - 0.05, half - 0.05, top - 0.05), "black_leg"
    )
    for x in (low + 0.08, high - 0.08):
        for y in (-half + 0.08, half - 0.08):
            body.box((x - 0.04, y - 0.04, 0), (x + 0.04, y + 0.04, top - 0.05), "black_leg")


def _brown_table(body: Sketch) -> None:
    """High, of brown wood, with tapering legs and a frieze."""
    low, high, half = PIECES["Tbl2"].body
    top = PIECES["Tbl2"].surface
    body.box((low, -half, top - 0.035), (high, half, top), "brown_wood")
    body.box(
        (low + 0.06, -half + 0.06, top - 0.11), (high - 0.06, half - 0.06, top - 0.035), "brown_leg"
    )
    for x, lean_x in ((low + 0.09, -0.03), (high - 0.09, 0.03)):
        for y, lean_y in ((-half + 0.09, -0.03), (half - 0.09, 0.03)):
            body.limb((x, y, top - 0.06), (x + lean_x, y + lean_y, 0.03), 0.03, "brown_leg")


def _sofa(body: Sketch) -> None:
    low, high, half = PIECES["Sofa"].body
    seat = PIECES["Sofa"].surface
    body.box((low, -half, 0.06), (high - 0.02, half, seat - 0.10), "sofa_dark")
    for side in (-1, 1):
        y0, y1 = sorted((side * 0.01, side * (half - 0.13)))
        body.box((low + 0.22, y0, seat - 0.10), (high, y1, seat), "sofa")
        body.limb(
            (low + 0.24, side * 0.03, seat + 0.12),
            (low + 0.24, side * (half - 0.17), seat + 0.12),
            0.1,
            "sofa",
        )
        body.box((low + 0.10, y0, seat), (low + 0.24, y1, seat + 0.34), "sofa")
        arm = sorted((side * (half - 0.13), side * half))
        body.box((low, arm[0], 0.06), (high - 0.01, arm[1], seat + 0.18), "sofa_dark")
        body.limb(
            (low + 0.04, side * (half - 0.065), seat + 0.18),
            (high - 0.05, side * (half - 0.065), seat + 0.18),
            0.065,
            "sofa_dark",
        )
        for x in (low + 0.08, high - 0.1):
            body.rod(
                (x, side * (half - 0.1), 0), (x, side * (half - 0.1), 0.06), 0.025, "brown_leg"
            )
    body.box((low, -half, 0.06), (low + 0.12, half, seat + 0.44), "sofa_dark")
    for y, lean in ((-half + 0.24, 0.06), (half - 0.24, -0.06)):
        body.ball((low + 0.26, y + lean, seat + 0.16), (0.07, 0.17, 0.16), "cushion")


def _tv_stand(body: Sketch) -> None:
    low, high, half = PIECES["TvStnd1"].body
    top = PIECES["TvStnd1"].surface
    body.box((low, -half, top - 0.03), (high, half, top), "stand")
    body.box((low, -half, 0.08), (low + 0.02, half, top - 0.03), "stand_dark")
    for y in (-half, -0.25, 0.23, half - 0.02):
        body.box((low, y, 0.08), (high - 0.01, y + 0.02, top - 0.03), "stand_dark")
    body.box((low, -half, 0.08), (high - 0.01, half, 0.10), "stand_dark")
    for y0, y1 in ((-half + 0.03, -0.26), (0.26, half - 0.03)):
        body.box((high - 0.02, y0, 0.11), (high, y1, top - 0.04), "stand")
        body.rod(
            (high, (y0 + y1) / 2 - 0.06, 0.30), (high, (y0 + y1) / 2 + 0.06, 0.30), 0.008, "steel"
        )
    body.box((low + 0.1, -0.17, 0.10), (high - 0.1, 0.17, 0.17), "robot_dark")
    for x in (low + 0.06, high - 0.08):
        for y in (-half + 0.08, half - 0.08):
            body.rod((x, y, 0), (x, y, 0.08), 0.02, "black_leg")
    # The screen hangs over the back edge, so that nothing on the stand stands in it.
    back = low - 0.03
    body.box((back - 0.03, -0.56, top + 0.18), (back + 0.01, 0.56, top + 0.84), "robot_dark")
    body.box((back + 0.01, -0.53, top + 0.21), (back + 0.016, 0.53, top + 0.81), "screen")
    body.rod((back - 0.015, 0, top - 0.2), (back - 0.015, 0, top + 0.2), 0.03, "robot_dark")


def _chair(body: Sketch) -> None:
    low, high, half = PIECES["Chr1"].body
    seat = PIECES["Chr1"].surface
    body.box((low, -half, seat - 0.05), (high, half, seat), "chair")
    body.box(
        (low + 0.02, -half + 0.02, seat - 0.08),
        (high - 0.02, half - 0.02, seat - 0.05),
        "chair_dark",
    )
    for x in (low + 0.03, high - 0.03):
        for y in (-half + 0.03, half - 0.03):
            body.limb((x, y, seat - 0.06), (x * 1.12, y * 1.12, 0.02), 0.018, "brown_leg")
    for y in (-half + 0.04, half - 0.04):
        body.limb((low + 0.02, y, seat), (low - 0.04, y, seat + 0.42), 0.017, "brown_leg")
    body.box(
        (low - 0.06, -half + 0.01, seat + 0.2), (low - 0.02, half - 0.01, seat + 0.44), "chair"
    )


BUILDERS: Mapping[str, Callable[[Sketch], None]] = MappingProxyType(
    {
        "Tbl1": _black_table,
        "Tbl2": _brown_table,
        "Sofa": _sofa,
        "TvStnd1": _tv_stand,
        "Chr1": _chair,
    }
)
"""Who builds each piece."""


RUG_SIZE = (1.5, 2.2)
"""Depth and width of the rug [m]."""


def add_rug(body: Sketch) -> None:
    """A rug around the body's origin; it lies flat and blocks nothing."""
    x, y, z = RUG_SIZE[0] / 2, RUG_SIZE[1] / 2, 0.003
    corners = [(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)]
    body.quad(corners, [(0, 0), (1, 0), (1, 1), (0, 1)], "rug")
