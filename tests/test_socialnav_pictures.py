"""What is drawn of people and rooms: where it is, how large, how far, and always the same."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from PIL import Image

from polyathlon.core.errors import BadArgument
from polyathlon.tasks import rendering
from polyathlon.tasks.observation import DEPTH_REACH
from polyathlon.tasks.socialnav import plot
from polyathlon.tasks.socialnav.canvas import TIMES, tone_at
from polyathlon.tasks.socialnav.drawing import furniture, gait, model
from polyathlon.tasks.socialnav.drawing.figure import LIMBS, SHIN
from polyathlon.tasks.socialnav.drawing.space import Plan, Space
from polyathlon.tasks.socialnav.drawing.wardrobe import dress
from polyathlon.tasks.socialnav.lidar import Lidar
from polyathlon.tasks.socialnav.log import EpisodeLog, Event, Goal, RobotTrack, Thing, Tracks
from polyathlon.tasks.socialnav.painter import EYE, FIELD, Painter, Sight

try:
    rendering.select_backend()
except rendering.RenderingUnavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)
pytest.importorskip("mujoco")

SIDE = 84
OPEN = Plan(people=np.array([[0.0, 0.0], [8.0, 0.0]]))


def ring(corners: int, radius: float, turn: float = 0.0) -> np.ndarray:
    angles = turn + math.tau * np.arange(corners) / corners
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def one(x: float, y: float, yaw: float = math.pi, **more) -> Sight:
    """A robot at the origin that looks along x, and somebody."""
    return Sight(robot=(0.0, 0.0, 0.0), places=np.array([[x, y]]), headings=np.array([yaw]), **more)


@pytest.fixture(scope="module")
def painter():
    made = Painter((SIDE, SIDE))
    yield made
    made.close()


def person(painter: Painter, sight: Sight) -> np.ndarray:
    """Which pixels somebody changes, shadows left out: those that are nearer than without."""
    empty = Sight(robot=sight.robot, places=np.full_like(sight.places, np.nan))
    return painter.depth(empty) - painter.depth(sight) > 0.05


# -- the robot's camera -----------------------------------------------------------------------


def test_somebody_ahead_changes_the_picture_where_they_are(painter):
    painter.load(OPEN, 1)
    empty = painter.draw(Sight(robot=(0.0, 0.0, 0.0)))
    ahead = painter.draw(one(3.0, 0.0))
    changed = np.abs(ahead.astype(int) - empty).sum(axis=2) > 40
    assert 100 < changed.sum() < 1500
    _, columns = np.nonzero(changed)
    assert abs(columns.mean() - SIDE / 2) < 3
    assert not changed[:, :20].any()
    left = painter.draw(one(3.0, 1.5)).astype(int) - empty
    _, columns = np.nonzero(np.abs(left).sum(axis=2) > 40)
    # Half of the field is 45 degrees: 1.5 m aside at 3 m is a quarter of the picture.
    assert columns.mean() == pytest.approx(SIDE / 4, abs=3)


def test_somebody_behind_is_not_seen(painter):
    painter.load(OPEN, 1)
    assert np.array_equal(painter.draw(one(-2.0, 0.0)), painter.draw(Sight(robot=(0.0, 0.0, 0.0))))


def test_nearer_is_larger_and_as_tall_as_a_person(painter):
    painter.load(OPEN, 1)
    sizes = []
    for away in (2.0, 4.0, 8.0):
        seen = person(painter, one(away, 0.0))
        rows, _ = np.nonzero(seen)
        sizes.append(int(seen.sum()))
        # A pixel at this distance is so high; the head is at 1.75 m, the eye at 0.75 m.
        pixel = 2 * away * math.tan(math.radians(FIELD / 2)) / SIDE
        assert (SIDE / 2 - rows.min()) * pixel == pytest.approx(1.75 - EYE, abs=1.5 * pixel)
    assert sizes[0] > 2.5 * sizes[1] > 6 * sizes[2] > 0


def test_depth_of_somebody_is_their_distance(painter):
    painter.load(OPEN, 1)
    for away in (1.5, 3.0, 6.0):
        sight = one(away, 0.0)
        depth = painter.depth(sight)[person(painter, sight)]
        assert away - 0.30 < depth.min() < away
        assert np.median(depth) == pytest.approx(away, abs=0.2)


@pytest.mark.parametrize("corners", [4, 6, 9])
@pytest.mark.parametrize("yaw", [0.1, 2.0])
def test_depth_of_walls_is_their_geometry(painter, corners, yaw):
    radius = {4: 1.5, 6: 2.0, 9: 3.0}[corners]  # sides short enough to carry no pictures
    outline = ring(corners, radius, 0.3)
    x, y = 0.2, -0.15
    painter.load(Plan(outline=outline, people=np.array([[x, y]])), 0)
    depth = painter.depth(Sight(robot=(x, y, yaw)))
    walls = np.hstack([outline, np.roll(outline, -1, axis=0)])
    edge = math.tan(math.radians(FIELD / 2))
    bearings = np.arctan(edge * (1 - 2 * (np.arange(SIDE) + 0.5) / SIDE))
    truth = np.array(
        [
            Lidar(rays=1, reach=20.0).scan((x, y, yaw + angle), segments=walls)[0]
            for angle in bearings.tolist()
        ]
    ) * np.cos(bearings)
    for row in (SIDE // 2 - 1, SIDE // 2):
        assert np.abs(depth[row] - truth).max() < 0.02


def test_depth_of_the_floor_is_its_geometry(painter):
    painter.load(OPEN, 0)
    depth = painter.depth(Sight(robot=(0.0, 0.0, 0.5)))
    rows = np.arange(SIDE)
    below = np.tan(math.radians(FIELD / 2)) * (2 * (rows + 0.5) / SIDE - 1)
    near = rows[(below > 0) & (EYE / np.maximum(below, 1e-9) < DEPTH_REACH)]
    truth = EYE / below[near]
    assert np.abs(depth[near].mean(axis=1) / truth - 1).max() < 0.01
    assert np.abs(depth[near[truth < 2]] - truth[truth < 2, None]).max() < 0.02
    assert depth.max() == np.float32(DEPTH_REACH)
    assert depth.dtype == np.float32


def test_a_wall_hides_and_a_door_shows(painter):
    there = Sight(robot=(0.0, 0.0, 0.0), places=np.array([[3.5, 0.0]]), headings=np.array([0.0]))
    box = np.array([[-1, -2, 5, -2], [5, -2, 5, 2], [5, 2, -1, 2], [-1, 2, -1, -2]], float)
    for gap, seen in ((0.0, False), (1.2, True)):
        wall = np.array([[2, -2, 2, -gap / 2], [2, gap / 2, 2, 2]], float)
        plan = Plan(walls=np.concatenate([box, wall]), people=np.array([[0.0, 0.0], [3.5, 0.0]]))
        painter.load(plan, 1)
        assert bool(person(painter, there).any()) == seen
        depth = painter.depth(there)
        assert depth[SIDE // 2, 4] == pytest.approx(2.0, abs=0.02)  # thin: people on both sides


def test_things_are_drawn_within_their_outline(painter):
    painter.load(OPEN, 0)
    empty = painter.depth(Sight(robot=(0.0, 0.0, 0.0)))
    for kind in furniture.MAKERS:
        thing = Thing(
            id=0, pos=np.array([3.0, 0.0]), yaw=np.array(0.0), length=0.8, width=1.0, kind=kind
        )
        painter.load(Plan(people=OPEN.people, things=(thing,)), 0)
        depth = painter.depth(Sight(robot=(0.0, 0.0, 0.0)))
        changed = empty - depth > 0.05
        assert changed.sum() > 20, kind
        assert 2.58 < depth[changed].min() < 3.4, kind
        # Seen from 2.6 m, half a metre to each side.
        _, columns = np.nonzero(changed)
        assert np.abs(columns + 0.5 - SIDE / 2).max() < SIDE / 2 * 0.5 / 2.6 + 1.5, kind


def test_things_go_where_they_are_put(painter):
    thing = Thing(id=0, pos=np.array([3.0, 0.0]), length=0.8, width=0.5, kind="cart")
    painter.load(Plan(people=OPEN.people, things=(thing,)), 0)
    start = painter.draw(Sight(robot=(0.0, 0.0, 0.0)))
    same = painter.draw(Sight(robot=(0.0, 0.0, 0.0), things=np.array([[3.0, 0.0, 0.0]])))
    gone = painter.draw(Sight(robot=(0.0, 0.0, 0.0), things=np.array([[3.0, 1.5, 0.7]])))
    assert np.array_equal(start, same)
    assert not np.array_equal(start, gone)


def test_floor_and_walls_flow_when_the_robot_moves(painter):
    outline = np.array([[-2, -1.5], [8, -1.5], [8, 1.5], [-2, 1.5]], float)
    painter.load(Plan(outline=outline), 0)
    before = painter.draw(Sight(robot=(0.0, 0.0, 0.0))).astype(int)
    after = painter.draw(Sight(robot=(0.1, 0.0, 0.0))).astype(int)
    moved = np.abs(after - before).sum(axis=2) > 12
    assert moved[SIDE * 3 // 4 :].mean() > 0.15
    assert before[SIDE * 3 // 4 :].std() > 5


# -- the same, and other sizes ----------------------------------------------------------------


def crowd(count: int, seed: int = 0) -> Sight:
    dice = np.random.default_rng(seed)
    return Sight(
        robot=(-7.0, 0.0, 0.0),
        places=dice.uniform(-6, 6, (count, 2)),
        headings=dice.uniform(-3, 3, count),
        speeds=dice.uniform(0, 1.5, count),
        walked=dice.uniform(0, 9, count),
        signs=dice.integers(0, 3, count),
        ways=dice.uniform(-3, 3, count),
        time=1.3,
    )


def test_the_same_state_is_the_same_picture(painter):
    painter.load(OPEN, 12, seed=4)
    sight = crowd(12)
    for view in model.VIEWS:
        first, again = painter.draw(sight, view), painter.draw(sight, view)
        assert np.array_equal(first, again)
        assert not np.shares_memory(first, again)
        assert first.std() > 15
    first = painter.draw(sight)
    other = Painter((SIDE, SIDE))
    other.load(Plan(outline=ring(4, 3.0)), 3)
    other.draw(Sight(robot=(0.0, 0.0, 1.0)))
    other.load(OPEN, 12, seed=4)  # what it showed before leaves nothing behind
    assert np.array_equal(other.draw(sight), first)
    copied = copy.deepcopy(other)
    other.close()
    assert np.array_equal(copied.draw(sight), first)
    copied.close()


def test_picture_and_depth_belong_together(painter):
    painter.load(OPEN, 12)
    picture, depth = painter.both(crowd(12))
    assert np.array_equal(picture, painter.draw(crowd(12)))
    assert np.array_equal(depth, painter.depth(crowd(12)))


def test_clothes_follow_the_seed_alone(painter):
    painter.load(OPEN, 1, seed=1)
    first = painter.draw(one(2.0, 0.0))
    painter.load(OPEN, 1, seed=2)
    assert not np.array_equal(painter.draw(one(2.0, 0.0)), first)
    painter.load(OPEN, 1, seed=1)
    assert np.array_equal(painter.draw(one(2.0, 0.0)), first)
    assert dress(7, 3) == dress(7, 3) != dress(7, 4)
    assert len({dress(0, number) for number in range(50)}) == 50


def test_an_empty_world_is_drawn(painter):
    painter.load(Plan(), 0)
    for view in model.VIEWS:
        assert painter.draw(Sight(robot=(0.0, 0.0, 0.0)), view).std() > 5


def test_a_hundred_people_are_drawn():
    painter = Painter((64, 96))
    painter.load(OPEN, 100)
    sight = crowd(100)
    picture, depth = painter.both(sight)
    assert picture.shape == (64, 96, 3)
    assert (depth < DEPTH_REACH).mean() > 0.5
    fewer = Sight(
        robot=sight.robot, places=np.where(np.arange(100)[:, None] < 1, sight.places, np.nan)
    )
    assert not np.array_equal(painter.draw(fewer), picture)
    painter.close()


def test_one_model_serves_many_layouts(painter):
    painter.load(Plan(outline=ring(4, 3.0)), 4)
    painter.draw(Sight(robot=(0.0, 0.0, 0.0)))
    compiled = model.compiled.cache_info().misses
    for corners in (3, 4, 5, 8):
        painter.load(Plan(outline=ring(corners, 3.0), look=corners), 4)
        painter.draw(Sight(robot=(0.0, 0.0, 0.0)))
    assert model.compiled.cache_info().misses == compiled


def test_views_from_outside_show_the_robot(painter):
    painter.load(OPEN, 0, goal=(4.0, 1.0, 0.3))
    for view in ("third-person", "top-down"):
        here = painter.draw(Sight(robot=(0.0, 0.0, 0.0)), view)
        there = painter.draw(Sight(robot=(0.5, 0.0, 0.4)), view)
        assert not np.array_equal(here, there)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: p.draw(one(1.0, 0.0), "sideways"), "view is 'sideways'"),
        (lambda p: p.draw(crowd(3)), "3 people, the episode that was loaded has 1"),
        (lambda p: Painter((84, 84), eye=9.0), "from 0.2 to 2 m"),
        (lambda p: Painter((84, 84)).draw(one(1.0, 0.0)), "load"),
    ],
)
def test_what_cannot_be_drawn(painter, call, words):
    painter.load(OPEN, 1)
    with pytest.raises(BadArgument, match=words):
        call(painter)


# -- rooms and people -------------------------------------------------------------------------


def test_walls_around_people_make_a_room():
    square = np.array([[0, 0, 4, 0], [4, 0, 4, 3], [4, 3, 0, 3], [0, 3, 0, 0]], float)
    inside, outside = np.array([[1.0, 1.0]]), np.array([[9.0, 9.0]])
    assert Space(Plan(walls=square, people=inside)).closed
    assert not Space(Plan(walls=square, people=outside)).closed
    assert not Space(Plan(walls=square[:3], people=inside)).closed
    room = Space(Plan(walls=square, people=inside))
    assert room.sides(square[0]) == (True, False)
    assert Space(Plan(walls=square, people=outside)).sides(square[0]) == (False, True)
    assert room.reached([[2.0, 1.5], [2.0, -0.5], [50.0, 0.0]]).tolist() == [True, False, False]


def test_walls_that_close_nothing_stand_in_a_hall():
    two = np.array([[0, 1, 9, 1], [0, -1, 9, -1]], float)
    block = np.array([[3, 3], [4, 3], [4, 4], [3, 4]], float)
    inside = np.array([[1.0, 0.0]])

    def setting(**layout):
        plan = Plan(people=inside, **layout)
        return plan.setting(Space(plan))

    assert setting(walls=two) == "hall"
    assert setting(outline=np.array([[0, -1], [9, -1], [9, 1], [0, 1]], float)) == "room"
    assert setting(solids=(block,)) == "square"
    assert setting(solids=(block,), indoors=True) == "hall"
    assert setting(walls=two, indoors=False) == "square"


def test_solids_are_solid(painter):
    block = np.array([[3, -1], [4, -1], [4, 1], [3, 1]], float)
    painter.load(Plan(solids=(block,), people=np.array([[0.0, 0.0], [6.0, 0.0]])), 1)
    sight = one(6.0, 0.0)
    assert painter.depth(sight)[SIDE // 2, SIDE // 2] == pytest.approx(3.0, abs=0.02)
    assert not person(painter, sight).any()


def test_soles_stand_on_the_floor_and_limbs_hang_together():
    count = 40
    dice = np.random.default_rng(1)
    places, headings = dice.uniform(-5, 5, (count, 2)), dice.uniform(-3, 3, count)
    at, turns = gait.pose(
        places, headings, dice.uniform(0, 1.6, count), dice.uniform(0, 5, count),
        dice.integers(0, 3, count), dice.uniform(-3, 3, count), 0.4,
    )  # fmt: skip
    assert at.shape == (count, len(LIMBS), 3)
    assert np.allclose(np.linalg.norm(turns, axis=2), 1.0)
    scale = np.array([model_size(n) for n in range(count)])
    down = np.array([0.0, 0.0, -1.0])
    soles = [
        at[:, limb] + turned(turns[:, limb], down) * (SHIN * scale)[:, None] for limb in (5, 6)
    ]
    lowest = np.minimum(soles[0][:, 2], soles[1][:, 2])
    assert np.abs(lowest).max() < 1e-9
    knees = at[:, 1] + turned(turns[:, 1], down) * (0.43 * scale)[:, None]
    assert np.abs(knees - at[:, 5]).max() < 1e-9


def model_size(number: int) -> float:
    from polyathlon.tasks.socialnav.drawing.figure import SIZES

    return float(SIZES[number % len(SIZES)])


def turned(turns: np.ndarray, vector: np.ndarray) -> np.ndarray:
    w, part = turns[:, :1], turns[:, 1:]
    side = np.cross(part, np.broadcast_to(vector, part.shape))
    return vector + 2 * (w * side + np.cross(part, side))


def test_those_who_stand_keep_still_and_signs_raise_a_hand():
    still = gait.pose(
        np.zeros((3, 2)), np.zeros(3), np.zeros(3), np.array([0.0, 0.3, 0.6]),
        np.array([gait.NONE, gait.WAIT, gait.GO]), np.array([0.0, 0.0, -1.2]), 0.0,
    )  # fmt: skip
    hands = still[0][:, 7:, 2] / [[model_size(n)] for n in range(3)]
    assert hands[0] == pytest.approx([1.12, 1.12], abs=0.01)  # elbows
    assert hands[1, 1] > 1.25
    assert hands[2, 1] > 1.3
    assert hands[2, 0] == pytest.approx(1.12, abs=0.01)  # it points to the right with the right


# -- plots ------------------------------------------------------------------------------------


def episode(**more) -> EpisodeLog:
    steps = 61
    t = np.arange(steps) * 0.1
    way = np.column_stack([np.linspace(-3, 3, steps), np.zeros(steps)])
    people = np.zeros((steps, 3, 2))
    people[:, 0] = np.column_stack([np.linspace(3, -3, steps), np.full(steps, 1.0)])
    people[:, 1:] = [[0.0, -1.6], [0.9, -1.6]]
    valid = np.ones((steps, 3), bool)
    valid[40:, 0] = False
    return EpisodeLog(
        t=t,
        robot=RobotTrack(
            pos=way,
            yaw=np.zeros(steps),
            vel=np.gradient(way, 0.1, axis=0),
            omega=np.zeros(steps),
            radius=0.25,
            goal=Goal(pos=np.array([3.0, 0.0])),
        ),
        humans=Tracks(
            id=np.arange(3),
            pos=people,
            yaw=np.zeros((steps, 3)),
            vel=np.gradient(people, 0.1, axis=0),
            radius=np.full(3, 0.3),
            valid=valid,
            group_id=np.array([-1, 5, 5]),
        ),
        **more,
    )


def near(picture: np.ndarray, tone: tuple[int, int, int], within: int = 24) -> np.ndarray:
    """Rows and columns of pixels of nearly this colour, `[N, 2]`."""
    return np.argwhere(np.abs(picture.astype(int) - tone).max(axis=2) <= within)


def test_a_plot_has_time_as_colour():
    picture = plot.trajectories(episode(), (300, 400), title="")
    middle = slice(100, 200)
    early, late = near(picture[:, :120], TIMES[0]), near(picture[:, 280:], TIMES[-1], 30)
    assert len(early) > 20
    assert len(late) > 20
    assert picture[middle].std() > 10
    assert tone_at(-1.0) == TIMES[0]
    assert tone_at(2.0) == TIMES[-1]


def test_collisions_and_groups_are_marked():
    plain = plot.trajectories(episode(), (300, 400))
    events = (Event(t=3.0, kind="collision_human", other_id=0),)
    hit = plot.trajectories(episode(events=events), (300, 400), title="at the goal, 6.0 s")
    assert not len(near(plain, plot.HURT, 12))
    marks = near(hit, plot.HURT, 12)
    assert len(marks) > 10
    assert marks[:, 1].mean() == pytest.approx(200, abs=4)  # half of the way
    before = plot.trajectories(episode(events=events), (300, 400), upto=20)
    assert not len(near(before, plot.HURT, 12))
    veiled = near(plain, (217, 211, 232), 12)
    assert len(veiled) > 30


def test_walls_and_things_are_where_the_log_says():
    thing = Thing(id=0, pos=np.array([0.0, 2.0]), length=2.0, width=0.5, kind="table")
    walls = np.array([[-3.5, -3.0, 3.5, -3.0]])
    picture = plot.trajectories(episode(objects=(thing,), walls=walls), (300, 400))
    below, above = near(picture[:260], plot.WALL), near(picture[30:], plot.THING, 8)
    assert below[:, 0].mean() > 200
    assert np.ptp(below[:, 1]) > 200
    assert above[:, 0].mean() + 30 < 100


def test_a_plot_of_one_step_and_of_any_size():
    for size in ((40, 40), (96, 200), (500, 160)):
        assert plot.trajectories(episode(), size).shape == (*size, 3)
    first = plot.trajectories(episode(), upto=0)
    assert near(first, plot.ROBOT).size
    with pytest.raises(BadArgument, match="upto is 61"):
        plot.trajectories(episode(), upto=61)


def test_a_film_keeps_its_frame_and_ends_with_the_plot(tmp_path):
    pictures = plot.film(episode(), (120, 160), frames=7)
    assert len(pictures) == 7
    assert np.array_equal(pictures[-1], plot.trajectories(episode(), (120, 160)))
    for name, kind in (("film.gif", "GIF"), ("film.webp", "WEBP")):
        plot.save_film(tmp_path / name, pictures, seconds=0.7)
        with Image.open(tmp_path / name) as stored:
            assert stored.format == kind
            assert stored.n_frames == 7
            assert stored.size == (160, 120)
    with pytest.raises(BadArgument, match=r"\.gif or \.webp"):
        plot.save_film(tmp_path / "film.mp4", pictures)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.gif", "film.webp"]


def test_a_contact_sheet_has_a_cell_for_each():
    sheet = plot.contact_sheet([(f"card {n}", episode()) for n in range(5)], 3, (100, 120))
    assert sheet.shape == (2 * 106 + 6, 3 * 126 + 6, 3)
    assert (sheet[112:, 264:] == 226).all()  # the sixth is left empty
    assert sheet[6:106, 6:126].std() > 10
    with pytest.raises(BadArgument, match="at least one"):
        plot.contact_sheet([])


def test_an_outcome_in_words():
    assert plot.outcome(episode()) == "6.0 s"
    events = (Event(t=1.0, kind="collision_wall"), Event(t=6.0, kind="goal"))
    assert plot.outcome(episode(events=events)) == "at the goal, 1 collision, 6.0 s"
