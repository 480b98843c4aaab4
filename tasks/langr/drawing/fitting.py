"""The kitchen block with its drawers, and the fridge with its door."""

from __future__ import annotations

from ..home import DRAWER_BOXES, DRAWER_TRAVEL, FRIDGE_OPEN
from ..layout import COUNTER_SURFACE, FRIDGE_SIZE, KITCHEN, KITCHEN_BODY, SINK_SURFACE
from ..vocabulary import DRAWERS
from .sketch import Sketch

PLINTH = 0.10
"""Height of the kitchen's plinth [m]."""

CUPBOARD_FOOT, CUPBOARD_TOP = 1.42, 2.12
"""Of the wall cupboards [m]."""


def add_kitchen(body: Sketch) -> None:
    """Adds the kitchen block to its body, and a sliding body for each drawer.

    The joint of a drawer is named like the drawer and opens along +x [m].
    """
    back, front, low, high = KITCHEN_BODY
    body.shadow((back, low), (front, high))
    body.box((back, low, 0), (front - 0.06, high, PLINTH), "dark_steel")
    _add_carcass(body)
    _add_worktop(body)
    _add_tap(body)
    for drawer in DRAWERS:
        _add_drawer(body, drawer)
    body.box((back - 0.005, low, COUNTER_SURFACE), (back + 0.006, high, CUPBOARD_FOOT), "tiles")
    _add_wall_cupboards(body)
    _add_fixed_fronts(body)


def _add_carcass(body: Sketch) -> None:
    back, front, low, high = KITCHEN_BODY
    top = COUNTER_SURFACE - 0.04
    body.box((back, low, PLINTH), (back + 0.02, high, top), "cupboard_dark")
    body.box((back, low, PLINTH), (front - 0.02, low + 0.02, top), "cupboard")
    body.box((back, high - 0.02, PLINTH), (front - 0.02, high, top), "cupboard")
    body.box((back, low, PLINTH), (front - 0.03, high, PLINTH + 0.02), "inside")
    for y in (-0.32, 0.32):
        body.box((back, y - 0.01, PLINTH), (front - 0.03, y + 0.01, top), "inside")


def _add_worktop(body: Sketch) -> None:
    """Four boxes around the basin, and the basin."""
    back, front, low, high = KITCHEN_BODY
    depth, width = (size / 2 + 0.03 for size in KITCHEN["sink"].size)
    top, under = COUNTER_SURFACE, COUNTER_SURFACE - 0.04
    front += 0.015
    body.box((back, low, under), (front, -width, top), "worktop")
    body.box((back, width, under), (front, high, top), "worktop")
    body.box((back, -width, under), (-depth, width, top), "worktop")
    body.box((depth, -width, under), (front, width, top), "worktop")
    body.box((-depth, -width, SINK_SURFACE - 0.02), (depth, width, SINK_SURFACE), "basin_shade")
    for x in (-depth, depth):
        body.box((x - 0.008, -width, SINK_SURFACE - 0.02), (x + 0.008, width, top + 0.004), "basin")
    for y in (-width, width):
        body.box((-depth, y - 0.008, SINK_SURFACE - 0.02), (depth, y + 0.008, top + 0.004), "basin")
    body.rod((0, 0, SINK_SURFACE), (0, 0, SINK_SURFACE + 0.003), 0.03, "dark_steel")


def _add_tap(body: Sketch) -> None:
    top = COUNTER_SURFACE
    x = -KITCHEN["sink"].size[0] / 2 - 0.09
    body.rod((x, 0, top), (x, 0, top + 0.24), 0.014, "steel")
    body.rod((x, 0, top + 0.235), (x + 0.15, 0, top + 0.245), 0.012, "steel")
    body.rod((x + 0.145, 0, top + 0.245), (x + 0.145, 0, top + 0.20), 0.011, "steel")
    body.rod((x, 0.0, top + 0.05), (x, 0.07, top + 0.09), 0.009, "steel")


def _add_drawer(kitchen: Sketch, drawer: str) -> None:
    """A box open at the top with a front and a handle, on a slide."""
    import mujoco

    x0, x1, y0, y1, z0, z1 = DRAWER_BOXES[drawer]
    body = Sketch(kitchen.spec, kitchen.body.add_body(name=f"drawer {drawer}"), drawer)
    joint = body.body.add_joint()
    joint.name, joint.type = drawer, mujoco.mjtJoint.mjJNT_SLIDE
    joint.axis, joint.range = [1, 0, 0], [0, DRAWER_TRAVEL]
    floor, rim = z0, z1 - 0.03
    body.box((x0, y0 + 0.02, floor - 0.012), (x1, y1 - 0.02, floor), "inside")
    for y in (y0 + 0.02, y1 - 0.032):
        body.box((x0, y, floor), (x1, y + 0.012, rim), "inside")
    body.box((x0, y0 + 0.02, floor), (x0 + 0.012, y1 - 0.02, rim), "inside")
    body.box((x1 - 0.02, y0 + 0.008, z0 - 0.02), (x1 + 0.02, y1 - 0.008, z1 + 0.012), "cupboard")
    middle, height = (y0 + y1) / 2, (z0 + z1) / 2
    reach = min(0.22, (y1 - y0) / 4)
    body.rod(
        (x1 + 0.05, middle - reach, height), (x1 + 0.05, middle + reach, height), 0.009, "steel"
    )
    for y in (middle - reach + 0.02, middle + reach - 0.02):
        body.rod((x1 + 0.02, y, height), (x1 + 0.05, y, height), 0.007, "steel")
    body.finish()


def _add_fixed_fronts(body: Sketch) -> None:
    """Doors below the drawers where there is no drawer."""
    _, front, low, high = KITCHEN_BODY
    for y0, y1, z1 in (
        (low + 0.01, -0.80, 0.47),
        (-0.79, -0.34, 0.47),
        (-0.31, 0.31, 0.27),
        (0.34, 1.06, 0.25),
        (1.07, high - 0.01, 0.25),
    ):
        body.box((front - 0.03, y0, PLINTH + 0.01), (front, y1, z1), "cupboard")
        body.rod(
            (front + 0.02, y1 - 0.05, z1 - 0.14),
            (front + 0.02, y1 - 0.05, z1 - 0.04),
            0.007,
            "steel",
        )
    body.box((front - 0.03, -0.31, 0.50), (front, 0.31, 0.68), "cupboard")


def _add_wall_cupboards(body: Sketch) -> None:
    back, _, low, high = KITCHEN_BODY
    deep = back + 0.32
    body.box((back, low, CUPBOARD_FOOT), (deep - 0.02, high, CUPBOARD_TOP), "cupboard_dark")
    count = 5
    width = (high - low) / count
    for number in range(count):
        y = low + number * width
        body.box(
            (deep - 0.02, y + 0.008, CUPBOARD_FOOT + 0.01),
            (deep, y + width - 0.008, CUPBOARD_TOP - 0.01),
            "cupboard",
        )
        handle = y + (0.06 if number % 2 else width - 0.06)
        body.rod(
            (deep + 0.02, handle, CUPBOARD_FOOT + 0.06),
            (deep + 0.02, handle, CUPBOARD_FOOT + 0.24),
            0.007,
            "steel",
        )
    body.box(
        (deep - 0.10, low + 0.05, CUPBOARD_FOOT - 0.012),
        (deep - 0.05, high - 0.05, CUPBOARD_FOOT),
        "lamp",
    )


def add_fridge(body: Sketch) -> None:
    """Adds the fridge to its body, which stands in its middle, and a body for its door.

    The hinge is named ``fridge`` and opens by a positive angle [rad].
    """
    import mujoco

    depth, width, height = FRIDGE_SIZE[0] / 2, FRIDGE_SIZE[1] / 2, FRIDGE_SIZE[2]
    front = depth - 0.06
    body.shadow((-depth, -width), (depth, width))
    body.box((-depth, -width, 0.04), (-depth + 0.03, width, height), "fridge")
    for y in (-width, width - 0.03):
        body.box((-depth, y, 0.04), (front, y + 0.03, height), "fridge")
    for z in (0.04, height - 0.03):
        body.box((-depth, -width, z), (front, width, z + 0.03), "fridge")
    body.box(
        (-depth + 0.03, -width + 0.03, 0.07),
        (-depth + 0.035, width - 0.03, height - 0.03),
        "fridge_inside",
    )
    for y in (-width + 0.03, width - 0.035):
        body.box((-depth + 0.03, y, 0.07), (front, y + 0.005, height - 0.03), "fridge_inside")
    for z in (0.42, 0.82, 1.18, 1.46):
        body.box(
            (-depth + 0.03, -width + 0.03, z),
            (front - 0.05, width - 0.03, z + 0.015),
            "fridge_inside",
        )
    body.box((-depth + 0.05, -width, 0), (depth - 0.05, width, 0.04), "dark_steel")
    moving = body.body.add_body(name="fridge door", pos=[front, width, 0])
    door = Sketch(body.spec, moving, "fridge door")
    hinge = moving.add_joint()
    hinge.name, hinge.type = "fridge", mujoco.mjtJoint.mjJNT_HINGE
    hinge.axis, hinge.range = [0, 0, 1], [0, FRIDGE_OPEN]
    door.box((0, -2 * width, 0.05), (0.055, 0, height), "fridge")
    door.box((-0.004, -2 * width + 0.03, 0.08), (0, -0.03, height - 0.03), "fridge_inside")
    door.box((0.053, -2 * width, 0.62), (0.057, 0, 0.632), "dark_steel")
    door.rod((0.09, -2 * width + 0.09, 0.8), (0.09, -2 * width + 0.09, 1.4), 0.012, "steel")
    for z in (0.82, 1.38):
        door.rod((0.05, -2 * width + 0.09, z), (0.09, -2 * width + 0.09, z), 0.009, "steel")
    door.finish()
