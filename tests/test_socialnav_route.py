"""Shortest ways for a disc, against lengths that geometry gives."""

import math

import numpy as np
import pytest

from polyathlon.core.errors import BadScene
from polyathlon.tasks.socialnav.floor import Floor, is_inside, turns_left
from polyathlon.tasks.socialnav.route import planner, shortest

RADIUS = 0.25
BLOCK = Floor(polygons=(np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]),))


def around_corner(dx: float, dy: float, radius: float) -> tuple[float, float]:
    """Length of the line that touches a circle, and the angle by which it is off the x axis."""
    away = math.hypot(dx, dy)
    return math.sqrt(away**2 - radius**2), math.atan2(dy, dx) + math.asin(radius / away)


def test_straight_on_an_open_floor() -> None:
    route = shortest(Floor(), 0.3, (0.0, 0.0), (3.0, 4.0))
    assert route.length == 5.0
    assert route.points.tolist() == [[0.0, 0.0], [3.0, 4.0]]


def test_around_a_block() -> None:
    # From further down, so that over the top is the shorter way by a clear margin.
    line, turn = around_corner(2.0, 0.9, RADIUS)
    due = 2 * (line + RADIUS * turn) + 2.0
    route = shortest(BLOCK, RADIUS, (-3.0, 0.1), (3.0, 0.1))
    assert route.length == pytest.approx(due, abs=1e-9)
    assert (BLOCK.clearance(route.points) > RADIUS - 1e-3).all()
    drawn = np.hypot(*np.diff(route.points, axis=0).T).sum()
    assert drawn == pytest.approx(route.length, abs=1e-3)
    assert (route.points[:, 1] >= 0.1 - 1e-9).all()


def test_around_a_round_thing() -> None:
    floor = Floor(discs=np.array([[0.0, 0.0, 0.75]]))
    line = math.sqrt(3.0**2 - 1.0)
    turn = math.pi - 2 * math.acos(1.0 / 3.0)
    route = shortest(floor, RADIUS, (-3.0, 0.0), (3.0, 0.0))
    assert route.length == pytest.approx(2 * line + turn, abs=1e-9)


def test_between_two_round_things_crosses_over() -> None:
    floor = Floor(discs=np.array([[0.0, -1.0, 0.9], [4.0, 1.0, 0.9]]))
    ways = shortest(floor, 0.1, (-3.0, -1.5), (7.0, 1.5))
    assert (floor.clearance(ways.points) > 0.1 - 2e-3).all()
    assert ways.length > math.hypot(10.0, 3.0)


def test_around_the_end_of_a_thin_wall() -> None:
    floor = Floor(walls=np.array([[0.0, 9.0, 0.0, 0.5]]))
    line, turn = around_corner(2.0, 2.5, RADIUS)
    route = shortest(floor, RADIUS, (-2.0, 3.0), (2.0, 3.0))
    assert route.length == pytest.approx(2 * (line + RADIUS * turn), abs=1e-9)
    assert route.points[:, 1].min() == pytest.approx(0.5 - RADIUS, abs=1e-3)


@pytest.mark.parametrize(("gap", "passes"), [(0.52, True), (0.5, True), (0.48, False)])
def test_a_gap_lets_through_what_fits(gap: float, passes: bool) -> None:
    outline = np.array([[-4.0, -3.0], [4.0, -3.0], [4.0, 3.0], [-4.0, 3.0]])
    walls = np.array([[0.0, -3.0, 0.0, -gap / 2], [0.0, gap / 2, 0.0, 3.0]])
    floor = Floor(walls=walls, outline=outline)
    if passes:
        assert shortest(floor, RADIUS, (-2.0, 0.0), (2.0, 0.0)).length == pytest.approx(4.0)
        assert shortest(floor, RADIUS, (-2.0, 1.0), (2.0, 1.0)).length > 4.0
    else:
        with pytest.raises(BadScene, match=r"goal \(2.00, 1.00\) cannot be reached"):
            shortest(floor, RADIUS, (-2.0, 1.0), (2.0, 1.0))


def test_a_place_in_a_wall_is_refused() -> None:
    with pytest.raises(BadScene, match=r"\(-1.10, 0.00\) is 0.100 m from the nearest wall"):
        shortest(BLOCK, RADIUS, (-1.1, 0.0), (3.0, 0.0))
    with pytest.raises(BadScene, match="cannot stand"):
        shortest(BLOCK, RADIUS, (-3.0, 0.0), (0.0, 0.0))


def test_many_distances_are_those_of_the_ways() -> None:
    dice = np.random.default_rng(0)
    walls = np.array([[-2.0, -2.0, -2.0, 1.0], [0.5, -1.0, 0.5, 3.0], [2.0, -3.0, 2.5, 0.0]])
    floor = Floor(walls=walls, polygons=BLOCK.polygons)
    places = dice.uniform(-4, 4, (60, 2))
    places = places[floor.clearance(places) > RADIUS]
    found = planner(floor, RADIUS).distances(places, (3.5, 0.5))
    due = [shortest(floor, RADIUS, place, (3.5, 0.5)).length for place in places]
    np.testing.assert_allclose(found, due, atol=1e-9)
    back = [shortest(floor, RADIUS, (3.5, 0.5), place).length for place in places]
    np.testing.assert_allclose(found, back, atol=1e-9)


def test_shorter_than_any_way_on_a_fine_grid() -> None:
    """Against an independent search: eight-connected Dijkstra on a grid is never shorter."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    floor = Floor(
        walls=np.array([[-1.0, -2.0, -1.0, 1.5], [1.0, -1.5, 1.0, 2.0]]),
        outline=np.array([[-3.0, -2.0], [3.0, -2.0], [3.0, 2.0], [-3.0, 2.0]]),
    )
    xs, ys = np.linspace(-3, 3, 121), np.linspace(-2, 2, 81)
    grid = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1)
    free = floor.clearance(grid) >= RADIUS
    number = np.arange(free.size).reshape(free.shape)
    rows, columns, lengths = [], [], []
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
        here = (slice(0, 121 - dx), slice(max(0, -dy), 81 - max(0, dy)))
        there = (slice(dx, 121), slice(max(0, dy), 81 + min(0, dy)))
        both = free[here] & free[there]
        rows.append(number[here][both])
        columns.append(number[there][both])
        lengths.append(np.full(both.sum(), 0.05 * math.hypot(dx, dy)))
    graph = coo_array(
        (np.concatenate(lengths), (np.concatenate(rows), np.concatenate(columns))),
        shape=(free.size, free.size),
    ).tocsr()
    start, goal = number[20, 20], number[100, 60]
    coarse = dijkstra(graph, directed=False, indices=start)[goal]
    exact = shortest(floor, RADIUS, grid[20, 20], grid[100, 60]).length
    assert exact < coarse < 1.09 * exact


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("walls", [[0.0, 0.0, 1.0]], r"walls has the shape \(1, 3\)"),
        ("walls", [[0.0, 0.0, 1.0, math.nan]], "not finite"),
        ("polygons", (np.zeros((2, 2)),), r"polygons\[0\] has the shape"),
        ("discs", [[0.0, 0.0, 0.0]], "not positive"),
        ("outline", "here", "not an array of numbers"),
    ],
)
def test_a_bad_floor_is_refused(field: str, value: object, words: str) -> None:
    with pytest.raises(BadScene, match=words):
        Floor(**{field: value})


def test_inside_and_turning() -> None:
    ring = BLOCK.polygons[0]
    assert turns_left(ring)
    assert not turns_left(ring[::-1])
    assert is_inside([[0.0, 0.0], [2.0, 0.0], [0.0, -1.5]], ring).tolist() == [True, False, False]
    assert BLOCK.clearance([(0.0, 0.5), (3.0, 1.0)]).tolist() == [-0.5, 2.0]
    assert Floor().clearance((0.0, 0.0)) == np.inf
