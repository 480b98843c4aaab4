"""A world through the robot's senses: what is scanned, what is drawn, and that it repeats."""

from __future__ import annotations

import math

import numpy as np
import pytest

from polyathlon.tasks import rendering
from polyathlon.tasks.socialnav.crowd.scripted import Scripted
from polyathlon.tasks.socialnav.drawing.gait import GO, NONE
from polyathlon.tasks.socialnav.floor import Floor
from polyathlon.tasks.socialnav.lidar import Lidar
from polyathlon.tasks.socialnav.log import Goal
from polyathlon.tasks.socialnav.onlooker import Onlooker, plan_of
from polyathlon.tasks.socialnav.painter import Painter
from polyathlon.tasks.socialnav.robot import BODIES
from polyathlon.tasks.socialnav.scene import Person, Scene
from polyathlon.tasks.socialnav.world import World

try:
    rendering.select_backend()
except rendering.RenderingUnavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)
pytest.importorskip("mujoco")


def at(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float64)


def staged() -> World:
    """A room with a pillar; one person comes along it, one stands and shows the way."""
    floor = Floor(
        discs=at(2.0, 1.5, 0.3)[None],
        outline=np.array([[-1, -2], [9, -2], [9, 2], [-1, 2]], float),
    )
    guide = {"signal": "go", "distance": 50.0}
    scene = Scene(
        body=BODIES["medium"],
        start=at(0.0, 0.0),
        goal=Goal(pos=at(8.0, 0.0)),
        floor=floor,
        people=(
            Person(start=at(6.0, 0.5), goal=at(1.0, 0.5), speed=1.0),
            Person(start=at(4.0, -1.3), goal=at(4.0, -1.0), script="gesture", settings=guide),
        ),
    )
    world = World(Scripted())
    world.reset(scene, 0)
    return world


@pytest.fixture
def onlooker():
    painter = Painter((64, 64))
    yield Onlooker(painter, Lidar(noise=0.0))
    painter.close()


def test_the_plan_is_the_scenes(onlooker):
    plan = plan_of(staged().scene)
    assert len(plan.segments()) == 4
    assert [(thing.kind, thing.length) for thing in plan.things] == [("pillar", 0.6)]
    assert plan_of(staged().scene).look == plan.look


def test_a_person_walks_by_the_distance_they_have_gone(onlooker):
    world = staged()
    onlooker.reset(world, 3)
    before = onlooker.sight(world)
    assert before.walked.tolist() == [0.0, 0.0]
    for _ in range(10):
        world.step(at(0.0, 0.0))
        onlooker.step(world)
    after = onlooker.sight(world)
    gone = math.dist(after.places[0], before.places[0])
    assert gone > 0.5
    assert after.walked[0] == pytest.approx(gone)
    assert abs(after.headings[0]) == pytest.approx(math.pi, abs=0.05)
    assert before.signs[0] == NONE
    assert after.signs[1] == GO
    assert after.time == pytest.approx(1.0)


def test_the_scanner_and_the_depth_agree(onlooker):
    world = staged()
    onlooker.reset(world, 3)
    _, depth = onlooker.rgb_and_depth(world)
    scan = onlooker.scan(world)
    assert scan.dtype == np.float32
    middle = depth[31:33]
    for ray in (-36, -25, 25):  # walls, and no pictures on them near there
        column = 31.5 - 32 * math.tan(math.radians(ray))
        # Of a flat surface it is the inverse that is even along a row.
        seen = 1 / np.interp(column, np.arange(64), 1 / middle[0])
        assert seen == pytest.approx(scan[ray] * math.cos(math.radians(ray)), abs=0.03)
    assert scan[180] == pytest.approx(1.0)
    pillar = round(math.degrees(math.atan2(1.5, 2.0)))
    assert scan[pillar] == pytest.approx(math.hypot(2.0, 1.5) - 0.3, abs=0.01)


def test_the_same_episode_is_seen_the_same():
    shots = []
    for _ in range(2):
        world, painter = staged(), Painter((64, 64))
        onlooker = Onlooker(painter, Lidar(noise=0.02))
        onlooker.reset(world, 5)
        seen = [onlooker.scan(world)]
        for _ in range(4):
            world.step(at(0.4, 0.1))
            onlooker.step(world)
            seen += [onlooker.scan(world), onlooker.rgb(world), onlooker.rgb(world, "top-down")]
        shots.append(seen)
        painter.close()
    assert all(np.array_equal(one, other) for one, other in zip(*shots, strict=True))
    assert not np.array_equal(shots[0][2], shots[0][-2])
