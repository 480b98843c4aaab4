"""The sofa and the rug in front of it; both of our own design."""

from __future__ import annotations

from typing import Any

from ..layout import PIECES
from .form import Form

RUG = (1.5, 2.3)
"""Depth and width of the rug [m]."""


def build_sofa(form: Form) -> None:
    """Two seats with loose cushions, round arms, and a throw over one of them."""
    low, high, half = PIECES["Sofa"].body
    seat = PIECES["Sofa"].surface
    arm = 0.13
    inner = half - arm
    form.box((low, -half, 0.05), (high - 0.03, half, 0.17), "sofa", round_=0.02)
    form.box((low, -half, 0.08), (low + 0.14, half, 0.70), "sofa", round_=0.06)
    for side in (-1, 1):
        y0, y1 = sorted((side * inner, side * half))
        form.box((low + 0.02, y0, 0.07), (high, y1, 0.50), "sofa", round_=0.06)
        y0, y1 = sorted((side * 0.004, side * (inner - 0.002)))
        form.box((low + 0.12, y0, 0.14), (high + 0.0, y1, seat), "sofa", round_=0.035)
        form.box(
            (low + 0.11, y0 + 0.01, seat - 0.02),
            (low + 0.265, y1 - 0.01, 0.66),
            "sofa",
            round_=0.06,
        )
        for x in (low + 0.09, high - 0.1):
            y = side * (half - 0.1)
            form.box((x - 0.025, y - 0.025, 0.0), (x + 0.025, y + 0.025, 0.07), "leg")
    _add_throw(form, low, high, half, arm)


def _add_throw(form: Form, low: float, high: float, half: float, arm: float) -> None:
    """A blanket that hangs over the left arm on both sides."""
    x0, x1 = low + 0.30, high - 0.20
    y0, y1 = -half - 0.012, -half + arm + 0.012
    form.box((x0, y0, 0.485), (x1, y1, 0.513), "throw", round_=0.013, solid=False)
    form.box((x0, y0 - 0.002, 0.16), (x1, y0 + 0.014, 0.505), "throw", round_=0.006, solid=False)
    form.box((x0, y1 - 0.014, 0.30), (x1, y1 + 0.002, 0.505), "throw", round_=0.006, solid=False)


def add_rug(spec: Any, body: Any) -> None:
    """A rug around the body's origin; it is thinner than a step and blocks nothing."""
    form = Form()
    depth, width = RUG[0] / 2, RUG[1] / 2
    corners = [(-depth, -width), (depth, -width), (depth, width), (-depth, width)]
    uv = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    form.quad([(x, y, 0.010) for x, y in corners], "rug", cell=99, uv=uv)
    form.add(spec, body, "rug")
