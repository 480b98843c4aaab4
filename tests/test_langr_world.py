"""Homes drawn with MuJoCo: what is drawn is where the state says, and nothing else is."""

import itertools
import math

import msgspec
import numpy as np
import pytest

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr.assets import ASSETS
from polyathlon.tasks.langr.drawing.arrangement import arrange
from polyathlon.tasks.langr.drawing.camera import HEAD
from polyathlon.tasks.langr.drawing.stage import compiled
from polyathlon.tasks.langr.drawing.wall import find_walls, is_inside
from polyathlon.tasks.langr.episode import Episode, Placement
from polyathlon.tasks.langr.expression import Predicate
from polyathlon.tasks.langr.generator import generate
from polyathlon.tasks.langr.home import home_named
from polyathlon.tasks.langr.layout import PIECES, Pose, find_layout, replica_layouts
from polyathlon.tasks.langr.mujoco_world import MujocoWorld
from polyathlon.tasks.langr.rules import Rules
from polyathlon.tasks.langr.scenes import layouts
from polyathlon.tasks.langr.shells import SHELLS
from polyathlon.tasks.langr.vocabulary import DRAWERS
from polyathlon.tasks.langr.world import VIEWS, HomeState

HOME = "terrace_00"
SIDE = 96


def empty_state(base: Pose) -> HomeState:
    return HomeState(
        base=base,
        positions=[],
        rotations=[],
        held=None,
        fridge=0.0,
        drawers=dict.fromkeys(DRAWERS, 0.0),
    )


def holding(home: str, *assets: str) -> tuple[Episode, HomeState]:
    """An episode with some things in the middle of the brown table, seen from its stand."""
    geometry = home_named(home)
    box = geometry.receptacles["Tbl2"]
    x, y, z = box.centre
    top = z - box.half[2] + 0.025
    objects = tuple(
        Placement(asset=asset, position=(x, y, top + ASSETS[asset].rest), receptacle="Tbl2")
        for asset in assets
    )
    episode = Episode(
        id="0",
        split="train",
        source="generated",
        home=home,
        instruction="",
        family="f0917e29",
        goal=Predicate("not_holding"),
        objects=objects,
    )
    rules = Rules(geometry, episode)
    rules.begin(geometry.stands["Tbl2"])
    return episode, rules.state


def pixel(base: Pose, point: tuple[float, float, float]) -> tuple[float, float]:
    """Row and column, as fractions, at which the head camera sees a point."""
    (ex, ey, ez), (tx, ty, tz) = HEAD
    cos, sin = math.cos(base.yaw), math.sin(base.yaw)
    dx, dy = point[0] - base.x, point[1] - base.y
    local = np.array([dx * cos + dy * sin - ex, dy * cos - dx * sin - ey, point[2] - ez])
    ahead = np.array([tx - ex, ty - ey, tz - ez])
    ahead /= np.linalg.norm(ahead)
    left = np.array([0.0, 1.0, 0.0])
    up = np.cross(ahead, left)
    depth = local @ ahead
    return 0.5 - 0.5 * (local @ up) / depth, 0.5 - 0.5 * (local @ left) / depth


@pytest.fixture(scope="module")
def world():
    made = MujocoWorld((SIDE, SIDE))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("asset", "channel"),
    [("013_apple", 0), ("057_racquetball", 2), ("065-e_cups", 1), ("017_orange", 0)],
)
def test_an_object_is_drawn_where_the_state_says(world, asset, channel):
    episode, state = holding(HOME, asset)
    world.load(episode)
    there = world.draw(state, "head").astype(int)
    row, column = pixel(state.base, state.positions[0])
    away = msgspec.structs.replace(state, positions=[(state.positions[0][0], -50.0, 0.0)])
    gone = world.draw(away, "head").astype(int)
    changed = np.argwhere(np.abs(there - gone).sum(axis=2) > 60)
    assert len(changed) >= 6
    assert np.abs(changed.mean(axis=0) / SIDE - (row, column)).max() < 0.03
    seen = there[tuple(changed.T)].mean(axis=0)
    assert seen.argmax() == channel


def test_the_same_state_is_the_same_picture(world):
    episode = generate("train", 0)
    rules = Rules(world.load(episode), episode)
    rules.begin(rules.home.stands["Sofa"])
    for view in VIEWS:
        first = world.draw(rules.state, view)
        again = world.draw(rules.state, view)
        assert np.array_equal(first, again)
        assert not np.shares_memory(first, again)
        assert first.std() > 20


@pytest.mark.parametrize("home", [*replica_layouts(), *list(layouts())[::18]])
def test_every_home_can_be_seen_from_its_places(world, home):
    episode, state = holding(home, "013_apple")
    geometry = world.load(episode)
    for place in ("sink", "Sofa", "Tbl1"):
        state.base = geometry.stands[place]
        assert world.draw(state, "head").std() > 12
    assert world.draw(state, "top-down").std() > 20


def test_things_that_are_not_in_the_episode_are_not_drawn(world):
    episode, state = holding(HOME, "013_apple")
    nothing = msgspec.structs.replace(episode, objects=())
    world.load(nothing)
    bare = world.draw(empty_state(state.base), "head")
    world.load(episode)
    assert not np.array_equal(world.draw(state, "head"), bare)
    world.load(nothing)
    assert np.array_equal(world.draw(empty_state(state.base), "head"), bare)


def test_what_is_held_is_in_view(world):
    episode = generate("train", 1)
    rules = Rules(world.load(episode), episode)
    rules.begin(Pose(*rules.home.floor[len(rules.home.floor) // 2], 0.0))
    before = world.draw(rules.state, "head").astype(int)
    rules.state.held = next(
        index for index, name in enumerate(rules.objects) if name.startswith("013_apple")
    )
    rules._carry()
    after = world.draw(rules.state, "head").astype(int)
    changed = np.argwhere(np.abs(after - before).sum(axis=2) > 60)
    assert len(changed) > SIDE * SIDE / 200
    assert changed[:, 1].min() > SIDE / 2  # at the right; the middle stays free


@pytest.mark.parametrize("door", ["fridge", *DRAWERS])
def test_doors_move_in_the_picture(world, door):
    episode, state = holding(HOME, "013_apple")
    home = world.load(episode)
    x, y, _ = home.reference("fridge_push_point" if door == "fridge" else door)
    stand = home.stands["fridge_push_point" if door == "fridge" else door]
    # Two steps back, so that the whole door is in view.
    away = math.atan2(stand.y - y, stand.x - x)
    state.base = Pose(stand.x + 0.9 * math.cos(away), stand.y + 0.9 * math.sin(away), stand.yaw)
    closed = world.draw(state, "head").astype(int)
    if door == "fridge":
        state.fridge = 1.22
    else:
        state.drawers[door] = 0.45
    opened = world.draw(state, "head").astype(int)
    assert (np.abs(opened - closed).sum(axis=2) > 30).mean() > 0.01


def test_two_worlds_in_one_process_do_not_disturb_each_other(world):
    one, state = holding("terrace_00", "013_apple")
    other, elsewhere = holding("annex_03", "018_plum")
    world.load(one)
    before = world.draw(state, "head")
    second = MujocoWorld((SIDE, SIDE))
    second.load(other)
    assert second.draw(elsewhere, "head").std() > 12
    assert np.array_equal(world.draw(state, "head"), before)
    second.close()
    assert np.array_equal(world.draw(state, "head"), before)


def test_all_homes_share_a_model(world):
    episode, state = holding("terrace_00", "013_apple")
    world.load(episode)
    first = world.draw(state, "top-down")
    model = world._stage.model
    for home in ("terrace_11", "annex_02", "v3_sc0_staging_03"):
        episode, state = holding(home, "013_apple")
        world.load(episode)
        assert not np.array_equal(world.draw(state, "top-down"), first)
        assert world._stage.model is model


def test_several_of_one_asset_are_drawn(world):
    episode, state = holding(HOME, *["013_apple"] * 5)
    world.load(episode)
    x, y, z = state.positions[0]
    cos, sin = math.cos(state.base.yaw), math.sin(state.base.yaw)
    apart = [(x - side * sin, y + side * cos, z) for side in (-0.4, -0.2, 0.0, 0.2, 0.4)]
    state.positions = apart
    picture = world.draw(state, "head").astype(int)
    for number in range(5):
        state.positions = [p if n != number else (x, y, -9.0) for n, p in enumerate(apart)]
        without = world.draw(state, "head").astype(int)
        changed = np.argwhere(np.abs(without - picture).sum(axis=2) > 60)
        row, column = pixel(state.base, apart[number])
        assert np.abs(changed.mean(axis=0) / SIDE - (row, column)).max() < 0.03


def test_closing_twice_is_fine():
    made = MujocoWorld((32, 32))
    episode, state = holding(HOME, "013_apple")
    made.load(episode)
    made.draw(state, "head")
    assert made.info["profile"] == "fast"
    made.close()
    made.close()
    assert made.draw(state, "head").shape == (32, 32, 3)  # it opens again when asked
    made.close()


@pytest.mark.parametrize("name", SHELLS)
def test_walls_go_once_around_a_shell(name):
    """Each wall begins where another ends, and the outline holds the rooms' area."""
    walls = find_walls(SHELLS[name])
    assert sorted(wall.start for wall in walls) == sorted(wall.end for wall in walls)
    twice = sum(w.start[0] * w.end[1] - w.end[0] * w.start[1] for w in walls)
    # Seen from inside from left to right, the walls run clockwise around the rooms.
    assert -twice / 2 == pytest.approx(_area(SHELLS[name].rooms))
    for wall in walls:
        (x, y), (nx, ny) = wall.start, wall.inward
        ax, ay = wall.along
        probe = (x + 0.05 * ax + 0.05 * nx, y + 0.05 * ay + 0.05 * ny)
        assert any(a < probe[0] < c and b < probe[1] < d for a, b, c, d in SHELLS[name].rooms)


def _area(rooms):
    xs = sorted({value for room in rooms for value in room[::2]})
    ys = sorted({value for room in rooms for value in room[1::2]})
    total = 0.0
    for x0, x1 in itertools.pairwise(xs):
        for y0, y1 in itertools.pairwise(ys):
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            if any(a < x < c and b < y < d for a, b, c, d in rooms):
                total += (x1 - x0) * (y1 - y0)
    return total


def test_surfaces_are_as_high_as_the_layout_says():
    """Things lie on what is drawn: the highest point of each piece under its receptacle."""
    import mujoco

    model = compiled(())
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    for name, piece in PIECES.items():
        body = model.body(name).id
        heights = []
        first, count = model.body_geomadr[body], model.body_geomnum[body]
        for geom in range(first, first + count):
            mesh = model.geom_dataid[geom]
            start, number = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
            points = model.mesh_vert[start : start + number] @ data.geom_xmat[geom].reshape(3, 3).T
            points = points + data.geom_xpos[geom]
            inside = (np.abs(points[:, 0]) < piece.receptacle[0] / 2 + 0.04) & (
                np.abs(points[:, 1]) < piece.receptacle[1] / 2 + 0.04
            )
            heights += points[inside & (points[:, 2] <= piece.surface + 0.004), 2].tolist()
        assert max(heights) == pytest.approx(piece.surface, abs=0.004), name


def test_the_layout_of_a_home_that_is_not_there():
    with pytest.raises(LookupError, match="Did you mean 'terrace_00'"):
        find_layout("terace_00")


def test_what_is_out_of_view_is_left_out_without_a_trace(world):
    """Leaving out what the camera cannot see changes no pixel."""
    episode = generate("train", 5)
    home = world.load(episode)
    rules = Rules(home, episode)
    dice = np.random.default_rng(0)
    world.draw(rules.state, "head")
    for view in VIEWS:
        for x, y in dice.choice(home.floor, 6):
            rules.state.base = Pose(float(x), float(y), float(dice.uniform(-3, 3)))
            lean = world.draw(rules.state, view)
            drawn = int((world._stage.model.geom_group == 0).sum())
            world._stage._shadowed = True  # then everything is drawn
            whole = world.draw(rules.state, view)
            assert (world._stage.model.geom_group == 0).sum() >= drawn
            world._stage._shadowed = False
            assert np.array_equal(lean, whole)


@pytest.mark.parametrize("home", [*replica_layouts(), *list(layouts())[::18]])
def test_decoration_is_in_nobodys_way(home):
    layout, geometry = find_layout(home), home_named(home)
    shell = SHELLS[layout.shell]
    found = arrange(layout, shell, geometry)
    for name in {"plant", "floor lamp"} & found.keys():
        x, y = found[name].x, found[name].y
        assert is_inside(shell, x, y)
        assert min(math.hypot(s.x - x, s.y - y) for s in geometry.stands.values()) > 0.7
        assert not any(box.contains((x, y, box.centre[2])) for box in geometry.receptacles.values())


def test_an_episode_with_more_of_an_asset_than_any_before(world):
    """The model grows, and stays grown."""
    few, state = holding(HOME, "018_plum")
    world.load(few)
    world.draw(state, "head")
    many, crowd = holding(HOME, *["018_plum"] * 6)
    world.load(many)
    world.draw(crowd, "head")
    model = world._stage.model
    world.load(few)
    world.draw(state, "head")
    assert world._stage.model is model


def test_a_state_of_another_episode_is_refused(world):
    episode, state = holding(HOME, "018_plum")
    world.load(episode)
    with pytest.raises(BadArgument, match="load"):
        world.draw(empty_state(state.base), "head")


@pytest.mark.parametrize("view", VIEWS)
def test_the_full_profile_draws_shadows(view):
    episode = generate("train", 2)
    pictures = []
    for profile in ("fast", "full"):
        made = MujocoWorld((SIDE, SIDE), profile)
        rules = Rules(made.load(episode), episode)
        rules.begin(rules.home.stands["Tbl1"])
        pictures.append(made.draw(rules.state, view).astype(int))
        made.close()
    assert np.abs(pictures[0] - pictures[1]).mean() > 2
