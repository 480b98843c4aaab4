"""The laser scanner: exact where geometry can be solved by hand, and the same as MuJoCo's rays."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, MissingExtra
from polyathlon.tasks.socialnav import lidar as module
from polyathlon.tasks.socialnav.lidar import RAYS, Lidar

KERNELS = ["numpy", *(["numba"] if importlib.util.find_spec("numba") else [])]

every_kernel = pytest.mark.parametrize("kernel", KERNELS)

ROOM = np.array([[-3, -2, 5, -2], [5, -2, 5, 4], [5, 4, -3, 4], [-3, 4, -3, -2]], float)


def crowded(seed, people=20, walls=40):
    dice = np.random.default_rng(seed)
    discs = np.column_stack([dice.uniform(-7, 7, (people, 2)), dice.uniform(0.1, 0.6, people)])
    pose = (*dice.uniform(-5, 5, 2), dice.uniform(-20, 20))
    return pose, discs, dice.uniform(-9, 9, (walls, 4))


@every_kernel
def test_a_disc_ahead_is_as_far_as_its_surface(kernel):
    found = Lidar(kernel=kernel).scan((1.0, 2.0, math.pi / 2), [[1.0, 5.0, 0.3]])
    assert found[0] == pytest.approx(2.7, abs=1e-12)
    assert found[RAYS // 2] == 10.0
    # It is seen within asin(r / d) of straight ahead, and nowhere else.
    seen = np.flatnonzero(found < 10.0)
    half = math.degrees(math.asin(0.1))
    assert sorted({min(ray, RAYS - ray) for ray in seen.tolist()}) == list(range(int(half) + 1))
    for ray in (3, -3):
        along = 3.0 * math.cos(math.radians(3))
        away = along - math.sqrt(0.3**2 - (3.0 * math.sin(math.radians(3))) ** 2)
        assert found[ray] == pytest.approx(away, abs=1e-12)


@every_kernel
@pytest.mark.parametrize("yaw", [0.003, 0.7, -9.3])
def test_a_room_is_as_far_as_its_walls(kernel, yaw):
    x, y = 0.4, -0.3
    found = Lidar(kernel=kernel, reach=20.0).scan((x, y, yaw), segments=ROOM)
    angles = yaw + math.tau * np.arange(RAYS) / RAYS
    cos, sin = np.cos(angles), np.sin(angles)
    across = np.where(cos > 0, 5 - x, -3 - x) / cos
    along = np.where(sin > 0, 4 - y, -2 - y) / sin
    assert np.abs(found - np.minimum(across, along)).max() < 1e-9


@every_kernel
def test_no_ray_slips_through_a_corner(kernel):
    angles = np.linspace(0, math.tau, 73)
    ring = 3.0 * np.column_stack([np.cos(angles), np.sin(angles)])
    walls = np.hstack([ring[:-1], ring[1:]])
    found = Lidar(kernel=kernel).scan((0.0, 0.0, 0.0), segments=walls)
    assert found.max() <= 3.0 + 1e-9
    assert found.min() >= 3.0 * math.cos(math.pi / 72) - 1e-9


@every_kernel
def test_what_is_out_of_reach_is_not_measured(kernel):
    scanner = Lidar(kernel=kernel, reach=4.0, noise=0.5)
    dice = np.random.default_rng(0)
    found = scanner.scan((0, 0, 0), [[6.0, 0.0, 0.3], [-3.0, 0.0, 0.3]], dice=dice)
    assert found[0] == 4.0
    assert found[180] != 2.7
    assert found.min() >= 0.0
    assert found.max() == 4.0


@every_kernel
def test_the_robot_does_not_see_itself(kernel):
    scanner = Lidar(kernel=kernel)
    bodies = [[0.0, 0.0, 0.25], [2.0, 0.0, 0.3]]
    assert scanner.scan((0, 0, 0), bodies).max() == 0.0
    found = scanner.scan((0, 0, 0), bodies, skip=0)
    assert found[0] == pytest.approx(1.7)
    assert found[90] == 10.0


@every_kernel
def test_a_body_that_is_not_there_is_not_seen(kernel):
    scanner = Lidar(kernel=kernel)
    assert scanner.scan((0, 0, 0), [[np.nan, np.nan, 0.3]]).min() == 10.0
    assert scanner.scan((0, 0, 0)).min() == 10.0


@every_kernel
def test_standing_on_a_wall_is_seen_all_around(kernel):
    found = Lidar(kernel=kernel).scan((0.0, 0.0, 0.3), segments=[[-1.0, 0.0, 1.0, 0.0]])
    assert (found == 0.0).all()


@pytest.mark.skipif(len(KERNELS) < 2, reason="numba is not installed")
@pytest.mark.parametrize("seed", range(40))
def test_both_kernels_agree(seed):
    pose, discs, walls = crowded(seed, people=seed % 25, walls=seed)
    plain = Lidar(kernel="numpy").scan(pose, discs, walls)
    fast = Lidar(kernel="numba").scan(pose, discs, walls)
    assert np.abs(plain - fast).max() <= 1e-9


def test_the_loops_say_the_same_uncompiled():
    for seed in range(6):
        pose, discs, walls = crowded(seed)
        turn = module._turn(RAYS)
        plain = module.scan_numpy(np.array(pose), turn, discs, walls, 10.0)
        assert (
            np.abs(module.scan_loops(np.array(pose), turn, discs, walls, 10.0) - plain).max() < 1e-9
        )


def test_mujoco_finds_the_same():
    mujoco = pytest.importorskip("mujoco")
    compared = 0
    for seed in range(5):
        pose, discs, walls = crowded(seed)
        spec = mujoco.MjSpec()
        for x, y, radius in discs:
            size = [radius, 1.0, 0.0]
            spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=size, pos=[x, y, 0.0])
        for x1, y1, x2, y2 in walls:
            turn = math.atan2(y2 - y1, x2 - x1) / 2
            spec.worldbody.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=[math.hypot(x2 - x1, y2 - y1) / 2, 1e-6, 1.0],
                pos=[(x1 + x2) / 2, (y1 + y2) / 2, 0.0],
                quat=[math.cos(turn), 0.0, 0.0, math.sin(turn)],
            )
        model = spec.compile()
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        angles = pose[2] + math.tau * np.arange(RAYS) / RAYS
        rays = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(RAYS)])
        geoms, away = np.zeros(RAYS, np.int32), np.zeros(RAYS)
        eye = np.array([pose[0], pose[1], 0.0])
        mujoco.mj_multiRay(
            model, data, eye, rays.ravel(), None, 1, -1, geoms, away, RAYS, mujoco.mjMAXVAL
        )
        away[away < 0] = 10.0  # MuJoCo's word for a miss is -1
        ours = Lidar().scan(pose, discs, walls)
        inside = (np.hypot(*(discs[:, :2] - pose[:2]).T) < discs[:, 2]).any()
        if not inside:  # from inside MuJoCo sees the far side, and we see contact
            compared += 1
            assert np.abs(np.minimum(away, 10.0) - ours).max() < 1e-4
    assert compared >= 3


def test_noise_is_as_declared_and_repeats():
    scanner = Lidar(noise=0.02)
    walls = ROOM
    plain = scanner.scan((0, 0, 0), segments=walls)
    thrown = [
        scanner.scan((0, 0, 0), segments=walls, dice=np.random.default_rng(seed))
        for seed in (*range(60), 0)
    ]
    assert np.array_equal(thrown[0], thrown[-1])
    errors = np.array(thrown[:-1]) - plain
    assert errors.std() == pytest.approx(0.02, rel=0.03)
    assert abs(errors.mean()) < 0.001


def test_noise_throws_as_often_whatever_is_in_sight():
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    scanner = Lidar()
    scanner.scan((0, 0, 0), segments=ROOM, dice=one)
    scanner.scan((0, 0, 0), dice=other)
    assert one.random() == other.random()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"rays": 0}, "rays"),
        ({"rays": 1.5}, "rays"),
        ({"reach": 0.0}, "reach"),
        ({"noise": -0.1}, "noise"),
        ({"noise": math.inf}, "noise"),
        ({"kernel": "fortran"}, "kernel"),
    ],
)
def test_scanners_that_are_none(settings, word):
    with pytest.raises(BadArgument, match=f"lidar.{word}"):
        Lidar(**settings)


def test_arrays_of_another_shape():
    with pytest.raises(BadArgument, match=r"discs has the shape \(1, 2\)"):
        Lidar().scan((0, 0, 0), [[1.0, 2.0]])
    with pytest.raises(BadArgument, match="segments has the shape"):
        Lidar().scan((0, 0, 0), segments=[1.0, 2.0, 3.0, 4.0])


def test_numba_is_asked_for_and_not_there(monkeypatch):
    monkeypatch.setattr(module, "compiled", lambda: None)
    with pytest.raises(MissingExtra, match="numba"):
        Lidar(kernel="numba")
    assert Lidar().scan((0, 0, 0), [[2.0, 0.0, 0.5]])[0] == 1.5
