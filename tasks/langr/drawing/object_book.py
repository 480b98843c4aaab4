"""Upright books: a coloured cover around pale pages. Forms and colours are of our own design."""

from __future__ import annotations

import math

from .object_mesh import Shape, arc, box, flat, panel, prism, ribbon, strip

BOARD = 0.0028
"""Thickness of a cover [m]."""


def book(
    width: float, thickness: float, height: float, cover: str, ink: str, motif: str = "frame"
) -> Shape:
    """A book that stands on z = 0, its covers across y and its spine at -x.

    Args:
        width: from spine to fore edge [m].
        thickness: across both covers [m].
        height: of the covers [m].
        cover: their colour.
        ink: colour of title and bands.
        motif: what is on the covers: ``frame``, ``disc`` or ``stripe``.
    """
    shape = Shape()
    half = thickness / 2
    for side in (-1, 1):
        board = box(width * 0.97, BOARD, height).moved(width * 0.015, side * (half - BOARD / 2))
        shape.add(board.moved(z=height / 2), cover, "matt")
    spine = [(0.1 * width, half - BOARD / 2), (0.02 * width, half - BOARD / 2)]
    spine += [(0.0, half * 0.45), (0.0, -half * 0.45)]
    spine += [(0.02 * width, -half + BOARD / 2), (0.1 * width, -half + BOARD / 2)]
    back = prism(ribbon(spine, BOARD), 0.0, height)
    shape.add(back.moved(-width / 2 + BOARD / 2), cover, "matt", math.radians(70))
    pages = box(width * 0.93, thickness - 2 * BOARD, height - 0.008)
    shape.add(pages.moved(width * 0.005, 0, height / 2 - 0.0005), "paper", "matt")
    leaves = [-0.3, 0.0, 0.3]
    for place in leaves:
        line = panel(width * 0.93, thickness * 0.02).moved(width * 0.005, place * thickness)
        shape.add(line.moved(z=height - 0.0042), "ivory", "matt")
    _print(shape, width, half, height, ink, motif)
    for low in (0.1, 0.84):
        band = box(BOARD, thickness * 0.62, height * 0.05)
        shape.add(
            band.moved(-width / 2 - 0.0006 + BOARD / 2, 0, height * (low + 0.03)), ink, "matt"
        )
    return shape


def _print(shape: Shape, width: float, half: float, height: float, ink: str, motif: str) -> None:
    """The title and the motif, on both covers."""
    fields = [panel(width * 0.66, height * 0.11).moved(0, height * 0.78)]
    if motif == "disc":
        fields.append(flat(arc(width * 0.27, 0, 337.5, 15)).moved(0, height * 0.38))
    elif motif == "stripe":
        fields.append(panel(width * 0.66, height * 0.03).moved(0, height * 0.66))
        fields.append(panel(width * 0.88, height * 0.16).moved(0, height * 0.2))
    else:
        fields.append(panel(width * 0.44, height * 0.03).moved(0, height * 0.66))
        corners = ((-0.36, -0.2), (0.36, -0.2), (0.36, 0.2), (-0.36, 0.2))
        ring = strip([(x * width, y * height, 0.0) for x, y in corners], 0.006)
        fields.append(ring.moved(0, height * 0.34))
    for field in fields:
        front = field.turned("x", math.pi / 2).moved(width * 0.02, -half - 0.0006)
        shape.add(front, ink, "matt")
        shape.add(front.moved(-width * 0.02).turned("z", math.pi).moved(width * 0.02), ink, "matt")
