"""What makes a home of rooms: a plant, lamps, pictures; never on a receptacle or in the way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .form import Form
from .furniture import add_blot
from .object_mesh import Patch, lathe, tube

PAINTINGS = 3
"""How many different pictures there are to hang."""

FRAME = (0.62, 0.62)
"""Width and height of pictures on the wall [m]."""


def add_plant(spec: Any, body: Any) -> None:
    """A pot on the floor with long bent leaves."""
    form = Form()
    add_blot(form, (-0.13, -0.13), (0.13, 0.13), grow=0.12)
    pot = [(0.09, 0.0), (0.10, 0.01), (0.135, 0.27), (0.14, 0.29), (0.125, 0.29), (0.12, 0.26)]
    form.patch(lathe(pot, 14), "pot")
    form.patch(lathe([(0.122, 0.262), (0.0, 0.262)], 14), "earth")
    form.solid((-0.13, -0.13, 0.0), (0.13, 0.13, 0.26))
    dice = np.random.default_rng(21)
    for number in range(15):
        turn = number * 2.39996 + dice.uniform(-0.2, 0.2)
        rise = dice.uniform(0.55, 1.0)
        reach = dice.uniform(0.12, 0.28) * (1.25 - 0.6 * rise)
        _add_leaf(form, turn, reach, 0.30 + 0.75 * rise, "leaf" if number % 3 else "sprout")
    form.add(spec, body, "plant")


def _add_leaf(form: Form, turn: float, reach: float, height: float, colour: str) -> None:
    """A blade that bends outwards, seen from both sides."""
    place = np.linspace(0, 1, 6)
    out = 0.02 + reach * place**1.8
    rise = 0.25 + (height - 0.25) * (1 - (1 - place) ** 1.5)
    rise[-1] -= 0.06
    half = 0.055 * np.sin(math.pi * np.clip(place * 0.93 + 0.06, 0, 1)) + 0.004
    cos, sin = math.cos(turn), math.sin(turn)
    middle = np.stack([out * cos, out * sin, rise], axis=1)
    side = np.stack([-sin * half, cos * half, 0 * half], axis=1)
    ridge = middle - np.array([cos, sin, 0]) * 0.012
    points = np.concatenate([ridge - side, middle, ridge + side])
    count = len(place)
    faces = []
    for row in range(count - 1):
        for band in (0, count):
            a, b, c, d = band + row, band + count + row, band + count + row + 1, band + row + 1
            faces += [(a, b, c), (a, c, d)]
    both = np.array([*faces, *(face[::-1] for face in faces)])
    form.patch(Patch(points, both), colour, crease=1.2)


def add_floor_lamp(spec: Any, body: Any) -> None:
    """A tall lamp on three legs with a shade of cloth."""
    form = Form()
    for number in range(3):
        turn = number * math.tau / 3 + 0.5
        foot = (0.19 * math.cos(turn), 0.19 * math.sin(turn), 0.0)
        path = np.array([(0.0, 0.0, 1.25), foot])
        form.patch(tube(path, [0.011, 0.011], sides=6, up=(1.0, 0, 0)), "leg")
    shade = [(0.20, 1.20), (0.15, 1.52)]
    form.patch(lathe(shade, 18), "lamp")
    form.patch(lathe(shade[::-1], 18), "lamp")
    form.add(spec, body, "floor lamp")


def add_pendant(spec: Any, body: Any) -> None:
    """A lamp that hangs from the body's origin."""
    form = Form(ground=False)
    form.patch(
        tube(np.array([(0.0, 0.0, 0.0), (0.0, 0.0, -0.62)]), 0.005, sides=5, up=(1, 0, 0)), "plaque"
    )
    form.patch(lathe([(0.05, -0.025), (0.05, 0.0)], 12), "plaque")
    bell = [(0.19, -0.83), (0.175, -0.74), (0.11, -0.66), (0.03, -0.62), (0.0, -0.62)]
    form.patch(lathe(bell, 18), "throw")
    form.patch(
        lathe([(0.0, -0.64), (0.03, -0.64), (0.105, -0.68), (0.168, -0.75), (0.183, -0.83)], 18),
        "lamp",
    )
    form.patch(lathe([(0.0, -0.80), (0.035, -0.78), (0.04, -0.75), (0.02, -0.70)], 10), "lamp")
    form.add(spec, body, "pendant")


def add_painting(spec: Any, body: Any, number: int) -> None:
    """A framed picture in the body's plane x = 0, that looks to +x.

    Args:
        spec: a ``mujoco.MjSpec``.
        body: one of its bodies; its origin is the picture's middle.
        number: which of the ``PAINTINGS``.
    """
    form = Form(ground=False)
    width, height = FRAME[0] / 2, FRAME[1] / 2
    colour = ("oak", "plaque", "white")[number % 3]
    edge = 0.025
    for low, high in (
        ((-width, -height), (width, -height + edge)),
        ((-width, height - edge), (width, height)),
        ((-width, -height + edge), (-width + edge, height - edge)),
        ((width - edge, -height + edge), (width, height - edge)),
    ):
        form.box((0.002, *low), (0.028, *high), colour, without="x", cell=9)
    corners = [
        (0.012, -width, -height),
        (0.012, width, -height),
        (0.012, width, height),
        (0.012, -width, height),
    ]
    left, right = number / PAINTINGS + 0.004, (number + 1) / PAINTINGS - 0.004
    form.quad(corners, "painting", cell=9, uv=[(left, 0), (right, 0), (right, 1), (left, 1)])
    form.add(spec, body, f"painting {number}")
