"""Tools and cutlery. Sizes are those of ``assets``; thin things are a little thickened.

Forms and colours are of our own design.
"""

from __future__ import annotations

import math

import numpy as np

from .object_mesh import (
    Floats,
    Patch,
    Shape,
    arc,
    box,
    curve,
    ellipsoid,
    flat,
    joined,
    lathe,
    prism,
    ribbon,
    rounded_rectangle,
    shifted,
    tube,
)

SOFT = math.radians(55)
"""Crease of moulded grips [rad]."""


def _along(profile: list[tuple[float, float]], sides: int) -> Patch:
    """A profile of radius and place turned about the x axis."""
    return lathe(profile, sides).turned("y", math.pi / 2)


def hammer() -> Shape:
    """A claw hammer: wooden handle along x, steel head across it at +x."""
    shape = Shape()
    places = [0.0, 0.015, 0.1, 0.13, 0.2, 0.3]
    path = [(x, 0.0, 0.0) for x in places]
    wood = tube(path, [0.0165, 0.018, 0.0145, 0.0165, 0.0115, 0.011], sides=10, height=0.85)
    shape.add(wood, "hickory", "satin", SOFT)
    shape.add(
        tube([(-0.002, 0, 0), (0.1, 0, 0)], [0.0185, 0.0152], sides=10, height=0.85), "scarlet"
    )
    head = [(0.0, -0.066), (0.0148, -0.066), (0.0148, -0.045), (0.0105, -0.04), (0.0105, -0.022)]
    face = lathe([*head, (0.0148, -0.015), (0.0148, 0.014), (0.0, 0.014)], 10)
    steel = face.turned("x", -math.pi / 2).moved(0.31)
    shape.add(steel, "steel", "metal", SOFT)
    for side in (-1, 1):
        claw = ribbon(
            [(0.31, 0.008), (0.312, 0.03), (0.308, 0.05), (0.296, 0.068)],
            [0.024, 0.02, 0.014, 0.005],
        )
        half = prism(claw, 0.002, 0.011, 0.002)
        shape.add(half if side > 0 else half.scaled(z=-1), "steel", "metal")
    return shape


def _screwdriver(grip: str, bands: str, flat_tip: bool, radius: float) -> Shape:
    """A screwdriver along x, its handle at -x."""
    shape = Shape()
    profile = [(0.0, 0.0), (radius * 0.8, 0.0), (radius, 0.006), (radius, 0.07)]
    profile += [(radius * 0.66, 0.082), (radius * 0.66, 0.092), (radius * 0.8, 0.1)]
    grip_patch = _along([*profile, (radius * 0.55, 0.104), (0.0, 0.104)], 10)
    shape.add(grip_patch, grip, "gloss", math.radians(35))
    for number in range(6):
        rib = box(0.05, 0.004, 0.0022).moved(0.04, 0, radius).turned("x", math.tau * number / 6)
        shape.add(rib, bands, "satin")
    cap = _along([(0.0, -0.0005), (radius * 0.84, -0.0005), (radius * 0.9, 0.004)], 12)
    shape.add(cap, bands, "satin")
    shaft = _along([(0.0042, 0.1), (0.0042, 0.2), (0.0, 0.2)], 8)
    shape.add(shaft, "silver", "metal", SOFT)
    if flat_tip:
        tip = prism([(0.196, -0.0042), (0.206, -0.0058), (0.216, -0.004), (0.216, 0.004),
                     (0.206, 0.0058), (0.196, 0.0042)], -0.0016, 0.0016)  # fmt: skip
        shape.add(tip, "steel", "metal")
    else:
        point = _along([(0.0042, 0.196), (0.0036, 0.206), (0.001, 0.215), (0.0, 0.2155)], 8)
        shape.add(point, "shade", "metal", SOFT)
    return shape


def phillips_screwdriver() -> Shape:
    """A screwdriver with a red handle and a pointed tip."""
    return _screwdriver("red", "black", flat_tip=False, radius=0.0148)


def flat_screwdriver() -> Shape:
    """A screwdriver with a yellow handle and a flat tip."""
    return _screwdriver("yellow", "black", flat_tip=True, radius=0.0148)


def scissors() -> Shape:
    """Scissors a little open: two blades of steel, two loops of orange plastic."""
    shape = Shape()
    for side in (-1, 1):
        half: list[tuple[Patch, str, str]] = []
        blade = [(-0.014, -0.0065), (0.02, -0.0095), (0.1, -0.001), (0.104, 0.0035)]
        outline = np.array([*blade, (0.02, 0.0068), (-0.014, 0.006)])
        half.append((prism(outline, 0.0, 0.0034), "silver", "metal"))
        neck = ribbon([(-0.006, 0.0), (-0.03, 0.003), (-0.048, 0.009)], [0.014, 0.012, 0.012])
        half.append((prism(neck, -0.0022, 0.0062, 0.0015), "scarlet", "satin"))
        loop = np.column_stack([arc(1, 0, 345, 23) * (0.026, 0.0155), np.zeros(24)])
        ring = tube(loop[::2], 0.0052, sides=5, closed=True, height=0.95)
        half.append((ring.turned("z", -0.32).moved(-0.071, 0.0185, 0.002), "scarlet", "satin"))
        for patch, colour, finish in half:
            lifted = patch.moved(z=0.0008) if side > 0 else patch.scaled(y=-1, z=-1)
            turned = lifted.turned("z", side * -0.12)
            shape.add(turned, colour, finish, SOFT if colour == "scarlet" else math.radians(30))
    pin = lathe([(0.0055, -0.0045), (0.0055, 0.005), (0.004, 0.0062), (0.0, 0.0064)], 10)
    shape.add(pin, "charcoal", "metal")
    return shape


def padlock() -> Shape:
    """A brass padlock that lies on its back, its steel shackle to +x."""
    shape = Shape()
    body = rounded_rectangle(0.036, 0.053, 0.007, 2)
    shape.add(prism(body, -0.0135, 0.0135, 0.0025), "brass", "satin", math.radians(50))
    for place in (-0.011, 0.011):
        line = box(0.0016, 0.043, 0.0006).moved(place, 0, 0.0137)
        shape.add(line, "dark brass", "matt")
    hole = flat(arc(0.0055, 0, 320, 8)).moved(0.001, 0, 0.0142)
    slot = flat([(-0.01, -0.0024), (0.001, -0.0024), (0.001, 0.0024), (-0.01, 0.0024)])
    shape.add(joined([hole, slot.moved(z=0.0142)]), "black", "matt")
    turn = shifted(arc(0.0175, -90, 90, 8), 0.0325, 0)
    bow = np.concatenate([[(0.01, -0.0175)], turn, [(0.01, 0.0175)]])
    path = np.column_stack([bow, np.full(len(bow), 0.004)])
    shape.add(tube(path, 0.006, sides=6), "silver", "metal", SOFT)
    return shape


def clamp(length: float, width: float, height: float) -> Shape:
    """A spring clamp that lies flat: black jaws to +x with orange tips, handles to -x.

    Args:
        length: along x [m].
        width: across the handles [m].
        height: of its thickest part [m].
    """
    shape = Shape()
    thick = width * 0.14
    share = np.array(
        [(-0.46, 0.44), (-0.24, 0.3), (-0.06, 0.1), (0.1, 0.27), (0.3, 0.3), (0.46, 0.07)]
    )
    widths = np.array([1.0, 1.15, 1.5, 1.2, 1.05, 0.8]) * thick
    line = curve(share * (length, width), 2)
    spread = np.interp(np.linspace(0, 5, len(line)), np.arange(6), widths)
    arm = prism(ribbon(line, spread.tolist()), -height * 0.4, height * 0.4)
    grip = ribbon(line[:2] + (line[0] - line[1]) * 0.15, thick * 1.25)
    tip = rounded_rectangle(thick * 1.5, thick * 1.1, thick * 0.3, 1)
    for side in (-1, 1):
        shape.add(arm.scaled(y=side), "charcoal", "satin", SOFT)
        part = prism(grip, -height * 0.5, height * 0.5)
        shape.add(part.scaled(y=side), "orange", "satin", SOFT)
        part = prism(tip, -height * 0.5, height * 0.5, height * 0.1)
        part = part.moved(length * 0.455, thick * 0.62)
        shape.add(part.scaled(y=side), "orange", "satin", SOFT)
    ring = lathe([(thick * 0.8, -height * 0.5), (thick * 0.8, height * 0.5), (0, height * 0.5)], 12)
    shape.add(ring.moved(-length * 0.06), "silver", "metal")
    return shape


def wrench() -> Shape:
    """An adjustable wrench of steel: a long handle, and two jaws at +x."""
    shape = Shape()
    handle = shifted(rounded_rectangle(0.15, 0.023, 0.011, 4), -0.025, 0)
    shape.add(prism(handle, -0.005, 0.005, 0.0015), "steel", "metal")
    groove = shifted(rounded_rectangle(0.095, 0.011, 0.005, 3), -0.033, 0)
    shape.add(flat(groove).moved(z=0.0054), "charcoal", "metal")
    eye = flat(shifted(arc(0.0055, 0, 330, 11), -0.09, 0)).moved(z=0.0054)
    shape.add(eye, "black", "matt")
    head = np.array(
        [(0.042, -0.012), (0.06, -0.029), (0.085, -0.031), (0.109, -0.023), (0.108, -0.0135),
         (0.08, -0.0125), (0.074, 0.014), (0.062, 0.017), (0.042, 0.012)]
    )  # fmt: skip
    shape.add(prism(head, -0.006, 0.006, 0.0015), "steel", "metal", math.radians(25))
    jaw = np.array(
        [(0.064, 0.0085), (0.083, 0.0085), (0.107, 0.0105), (0.109, 0.0175), (0.09, 0.0265),
         (0.064, 0.0245)]
    )  # fmt: skip
    shape.add(prism(jaw, -0.0053, 0.0053, 0.0015), "silver", "metal", math.radians(25))
    screw = lathe([(0.0055, -0.009), (0.0055, 0.009), (0.0, 0.009)], 10).turned("y", math.pi / 2)
    shape.add(screw.moved(0.061, 0.008), "charcoal", "metal")
    return shape


def drill() -> Shape:
    """A cordless drill on its side: orange body along x, black grip and battery towards -y."""
    shape = Shape()
    body = curve([(-0.075, 0.05), (-0.082, 0.067), (-0.07, 0.084), (0.0, 0.0875), (0.04, 0.082)], 2)
    outline = np.concatenate([body, [(0.043, 0.05), (0.02, 0.042), (-0.05, 0.04)]])
    shape.add(prism(outline, -0.026, 0.026, 0.009), "orange", "satin", SOFT)
    stripe = box(0.06, 0.012, 0.0535).moved(-0.02, 0.066)
    shape.add(stripe, "black", "satin")
    grip = [(-0.052, 0.05), (-0.008, 0.05), (-0.016, 0.0), (-0.022, -0.06), (-0.064, -0.06)]
    shape.add(prism([*grip, (-0.058, 0.0)], -0.018, 0.018, 0.005), "charcoal", "matt", SOFT)
    trigger = prism([(-0.01, 0.04), (0.008, 0.038), (0.002, 0.016), (-0.014, 0.018)], -0.008, 0.008)
    shape.add(trigger, "red", "satin")
    battery = shifted(rounded_rectangle(0.094, 0.036, 0.008, 2), -0.033, -0.0745)
    shape.add(prism(battery, -0.027, 0.027, 0.005), "black", "satin", SOFT)
    band = shifted(rounded_rectangle(0.096, 0.009, 0.003, 1), -0.033, -0.0625)
    shape.add(prism(band, -0.0273, 0.0273, 0.003), "orange", "satin")
    chuck = [(0.0, 0.038), (0.019, 0.04), (0.021, 0.052), (0.019, 0.066), (0.011, 0.079)]
    shape.add(_along([*chuck, (0.0, 0.08)], 14).moved(y=0.065), "charcoal", "metal", SOFT)
    ring = _along([(0.0225, 0.041), (0.0225, 0.048)], 14).moved(y=0.065)
    shape.add(ring, "steel", "metal")
    bit = _along([(0.0036, 0.078), (0.0032, 0.104), (0.0, 0.107)], 6).moved(y=0.065)
    shape.add(bit, "silver", "metal")
    return shape


def spatula() -> Shape:
    """A slotted turner: blade and shaft of steel, its blade at +x, and a dark handle."""
    shape = Shape()
    blade: list[Patch] = []
    for place in (-0.0345, -0.0117, 0.0117, 0.0345):
        bar = ribbon([(0.08, place * 0.72), (0.17, place)], [0.0115, 0.0135])
        blade.append(prism(bar, 0.0, 0.004))
    for x, span in ((0.076, 0.062), (0.168, 0.083)):
        blade.append(prism(shifted(rounded_rectangle(0.017, span, 0.005, 2), x, 0), 0.0, 0.004))
    shape.add(joined(blade).moved(z=-0.0145), "silver", "metal")
    rod = curve([(0.08, 0, -0.011), (0.066, 0, -0.008), (0.03, 0, 0.006), (-0.06, 0, 0.0095)], 2)
    shape.add(tube(rod, 0.0048, sides=6, up=(0, 1, 0)), "silver", "metal", SOFT)
    grip_path = [(-0.04, 0, 0.0085), (-0.055, 0, 0.0065), (-0.12, 0, 0.004), (-0.165, 0, 0.002)]
    grip = tube([*grip_path, (-0.174, 0, 0.0015)], [0.007, 0.0095, 0.0105, 0.0115, 0.008], sides=8)
    shape.add(grip, "charcoal", "satin", SOFT)
    eye = tube([(-0.152, 0, 0.012), (-0.163, 0, 0.0118)], 0.0028, sides=6)
    shape.add(eye, "silver", "metal")
    return shape


def _hollow(points: Floats) -> Floats:
    """The spoon's bowl: an ellipse that narrows towards the handle."""
    narrow = 1 - 0.22 * np.clip(-points[:, 0] / 0.03, -0.4, 1)
    return np.column_stack([points[:, 0], points[:, 1] * narrow, points[:, 2]])


def spoon() -> Shape:
    """A spoon of steel, its bowl to +x."""
    shape = Shape()
    bowl = [(0.0, 0.0), (0.4, 0.0008), (0.75, 0.0045), (1.0, 0.011), (0.96, 0.0125)]
    outside = lathe(bowl, 18).scaled(0.034, 0.022)
    inside = lathe([(0.96, 0.0125), (0.7, 0.0068), (0.35, 0.0035), (0.0, 0.0028)], 18)
    for patch, colour in ((outside, "silver"), (inside.scaled(0.034, 0.022), "shade")):
        shape.add(patch.bent(_hollow).moved(0.064), colour, "metal", SOFT)
    heights = curve([(0.037, 0.0095), (0.02, 0.0155), (-0.04, 0.0155), (-0.098, 0.006)], 3)
    path = np.column_stack([heights[:, 0], np.zeros(len(heights)), heights[:, 1]])
    widths = np.interp(path[:, 0], [-0.098, -0.085, -0.03, 0.02, 0.037], [6, 9, 7, 5.5, 7]) / 1000
    shape.add(_strap(path, widths, 0.0065), "silver", "metal", SOFT)
    return shape


def _strap(path: Floats, widths: Floats, thickness: float) -> Patch:
    """A flat bar along a path in the plane y = 0, by its half width at each point [m]."""
    corners = []
    for (x, _, z), half in zip(path, widths, strict=True):
        corners += [(x, half, z - thickness / 2), (x, half, z + thickness / 2)]
        corners += [(x, -half, z + thickness / 2), (x, -half, z - thickness / 2)]
    count = len(path)
    faces = []
    for row in range(count - 1):
        for side in range(4):
            a, b = 4 * row + side, 4 * row + (side + 1) % 4
            c, d = b + 4, a + 4
            faces += [(a, b, c), (a, c, d)]
    last = 4 * (count - 1)
    faces += [(0, 2, 1), (0, 3, 2), (last, last + 1, last + 2), (last, last + 2, last + 3)]
    patch = Patch(np.array(corners, np.float64), np.array(faces, np.int64))
    # The way may lead either way along x: turn the faces out.
    return patch if path[-1][0] > path[0][0] else Patch(patch.points, patch.faces[:, ::-1])


def knife() -> Shape:
    """A table knife: blade of steel to +x, dark handle."""
    shape = Shape()
    edge = [(-0.012, -0.0075), (0.02, -0.0105), (0.07, -0.0115), (0.095, -0.009), (0.106, -0.0005)]
    back = [(0.1065, 0.003), (0.1, 0.0072), (0.05, 0.0078), (-0.012, 0.0065)]
    shape.add(prism(np.array([*edge, *back]), -0.0024, 0.0024), "silver", "metal")
    bevel = [(0.015, -0.0098), (0.07, -0.0113), (0.095, -0.0088), (0.1, -0.004), (0.015, -0.004)]
    shape.add(flat(np.array(bevel)).moved(z=0.0028), "white", "metal")
    handle = tube(
        [(-0.107, 0, 0), (-0.1, 0, 0), (-0.05, 0, 0), (-0.012, 0, 0)],
        [0.008, 0.0108, 0.0098, 0.0085],
        sides=8,
        height=0.68,
    )
    shape.add(handle, "charcoal", "satin", SOFT)
    for x in (-0.085, -0.055, -0.025):
        shape.add(ellipsoid(0.003, 0.003, 0.0076, 3, 6).moved(x), "silver", "metal")
    return shape
