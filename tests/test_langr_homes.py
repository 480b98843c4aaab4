"""LangR's own homes: furnished sensibly, and everything in them within reach."""

import itertools
import math

import numpy as np
import pytest

from polyathlon.tasks.langr import families, scenes
from polyathlon.tasks.langr.home import home_named, outlines
from polyathlon.tasks.langr.layout import PIECES
from polyathlon.tasks.langr.shells import SHELLS
from polyathlon.tasks.langr.vocabulary import NAVIGABLE, OPEN_AIR

pytest.importorskip("scipy")

PLANS = (*scenes.TRAINING_PLANS, *scenes.EVALUATION_PLANS)
HOMES = tuple(scenes.layouts())


def corners(outline):
    """Points over a rectangle, its corners and edges among them."""
    pose, depth, width = outline
    x, y = (grid.reshape(-1) for grid in np.meshgrid(*[np.linspace(-1, 1, 15)] * 2))
    cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
    return np.stack(
        [
            pose.x + x * depth * cos - y * width * sin,
            pose.y + x * depth * sin + y * width * cos,
        ],
        axis=1,
    )


def inside(points, outline):
    """Which points are within a rectangle."""
    pose, depth, width = outline
    dx, dy = points[:, 0] - pose.x, points[:, 1] - pose.y
    cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
    return (np.abs(dx * cos + dy * sin) < depth) & (np.abs(dy * cos - dx * sin) < width)


def on_floor(shell, points):
    rooms = np.array(shell.rooms)[:, None]
    return ((points >= rooms[..., :2]) & (points <= rooms[..., 2:])).all(-1).any(0)


def behind(pose, name, away):
    """A point behind the middle of a piece's back."""
    back = PIECES[name].body[0] - away
    return np.array([[pose.x + back * math.cos(pose.yaw), pose.y + back * math.sin(pose.yaw)]])


def aside(here, there):
    """How far a thing is out of a piece's middle line [rad]."""
    return abs(math.remainder(math.atan2(there.y - here.y, there.x - here.x) - here.yaw, math.tau))


def test_there_are_eighty_homes_and_no_two_alike():
    assert scenes.homes_of(PLANS) == HOMES
    assert len(HOMES) == 80
    seen = {(layout.shell, str(layout.pieces)) for layout in scenes.layouts().values()}
    assert len(seen) == 80


def test_the_data_is_what_the_design_makes():
    assert scenes.design() == list(scenes.layouts().values())


def test_evaluation_has_a_plan_of_its_own():
    assert len(scenes.TRAINING_PLANS) == 3
    assert not set(scenes.TRAINING_PLANS) & set(scenes.EVALUATION_PLANS)
    plans = {SHELLS[plan].rooms for plan in PLANS}
    assert len(plans) == len(PLANS)


@pytest.mark.parametrize("plan", PLANS)
def test_openings_are_in_outer_walls_and_free_of_the_kitchen(plan):
    shell = SHELLS[plan]
    around = outlines(scenes.layouts()[f"{plan}_00"])
    block = np.concatenate([corners(around["kitchen"]), corners(around["fridge"])])
    for opening in shell.openings:
        x, y = opening.centre
        ends, middle = [], np.array([x, y])
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            beyond = np.array([[x + 0.05 * dx, y + 0.05 * dy]])
            if not on_floor(shell, beyond)[0]:
                along = np.array([-dy, dx]) * opening.width / 2
                ends.append([middle - along, middle + along])
        assert len(ends) == 1, opening
        assert on_floor(shell, np.array(ends[0])).all(), opening
        assert np.hypot(*(block - middle).T).min() > opening.width / 2, opening


@pytest.mark.parametrize("home", HOMES)
def test_furniture_stands_on_the_floor_and_apart(home):
    layout = scenes.layouts()[home]
    shell, around = SHELLS[layout.shell], outlines(layout)
    assert set(layout.pieces) == set(PIECES)
    for outline in around.values():
        assert on_floor(shell, corners(outline)).all()
        for x0, y0, x1, y1 in shell.partitions:
            x, y = corners(outline).T
            assert not ((x > x0) & (x < x1) & (y > y0) & (y < y1)).any()
    for one, other in itertools.permutations(around.values(), 2):
        if one is not other:
            assert not inside(corners(one), other).any()


@pytest.mark.parametrize("home", HOMES)
def test_the_sofa_looks_at_the_television_which_backs_a_wall(home):
    layout = scenes.layouts()[home]
    shell, stand, sofa = SHELLS[layout.shell], layout.pieces["TvStnd1"], layout.pieces["Sofa"]
    assert not on_floor(shell, behind(stand, "TvStnd1", 0.12))[0]
    assert aside(sofa, stand) < math.radians(45)
    assert aside(stand, sofa) < math.radians(25)
    assert 1.8 < math.hypot(sofa.x - stand.x, sofa.y - stand.y) < 3.6


@pytest.mark.parametrize("home", HOMES)
def test_everything_is_within_reach(home):
    geometry, layout = home_named(home), scenes.layouts()[home]
    for place in NAVIGABLE:
        stand, point = geometry.stands[place], geometry.reference(place)
        assert math.hypot(point[0] - stand.x, point[1] - stand.y) <= 1.4, place
    for name in OPEN_AIR:
        box, stand = geometry.receptacles[name], geometry.stands[name]
        # ``place`` lets go within 0.8 of the box, and ``generate`` checks each thing.
        for u, v in itertools.product(np.linspace(-0.8, 0.8, 5), repeat=2):
            x, y, _ = box.point(u, v, 0.0)
            turn = math.remainder(math.atan2(y - stand.y, x - stand.x) - stand.yaw, math.tau)
            assert math.hypot(x - stand.x, y - stand.y) <= 1.5, name
            assert abs(turn) <= 1.0, name
    for room in SHELLS[layout.shell].rooms:  # no room is cut off
        low, high = np.array(room[:2]), np.array(room[2:])
        assert ((geometry.floor > low) & (geometry.floor < high)).all(1).any()


@pytest.mark.parametrize("plan", PLANS)
def test_relations_between_places_are_true(plan):
    layout = scenes.layouts()[f"{plan}_03"]
    geometry, kitchen = home_named(layout.id), layout.kitchen

    def along(name):
        """How far to the right of the sink, seen from the front [m]."""
        x, y, _ = geometry.receptacles[name].centre
        return (y - kitchen.y) * math.cos(kitchen.yaw) - (x - kitchen.x) * math.sin(kitchen.yaw)

    assert along("counter_left") < along("sink") < along("counter_right")
    for relation in ("between-counters", "beside-left-counter", "beside-right-counter"):
        assert families.place_by_relation(relation, layout) == "sink"
    fridge = geometry.fridge.centre
    counters = sorted(
        ("counter_left", "counter_right"),
        key=lambda name: math.dist(geometry.receptacles[name].centre[:2], fridge[:2]),
    )
    found = [families.place_by_relation(name, layout) for name in ("by-fridge", "away-from-fridge")]
    assert found == counters


def test_the_sofa_is_named_by_the_television_only_where_it_faces_it():
    layout = scenes.layouts()["annex_00"]
    assert families.place_by_relation("facing-television", layout) == "Sofa"
    turned = dict(layout.pieces)
    sofa = turned["Sofa"]
    turned["Sofa"] = type(sofa)(sofa.x, sofa.y, sofa.yaw + math.pi)
    away = type(layout)(
        id="x", shell="annex", kitchen=layout.kitchen, fridge=layout.fridge, pieces=turned
    )
    assert families.place_by_relation("facing-television", away) is None
