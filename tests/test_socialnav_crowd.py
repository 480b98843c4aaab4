"""Crowds: reproducible to the bit, blind where they should be, and on their way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, BadLog, BadScene
from polyathlon.tasks.socialnav.crowd import make_crowd
from polyathlon.tasks.socialnav.crowd.kernel import advance_numpy, force_loops, loops, move_loops
from polyathlon.tasks.socialnav.crowd.replay import Recording, Replay, read_obsmat
from polyathlon.tasks.socialnav.crowd.social_force import SocialForce
from polyathlon.tasks.socialnav.crowd.visibility import MARGIN, Visibility, halted
from polyathlon.tasks.socialnav.dice import Dice
from polyathlon.tasks.socialnav.floor import Floor
from polyathlon.tasks.socialnav.force import HELBING_2000
from polyathlon.tasks.socialnav.log import Goal
from polyathlon.tasks.socialnav.robot import BODIES
from polyathlon.tasks.socialnav.rule import SweptRules
from polyathlon.tasks.socialnav.scene import Person, Scene
from polyathlon.tasks.socialnav.world import World

MODELS = ("orca", "social_force")
FAR = np.array([90.0, 90.0])
STILL = np.zeros(2)


def ring(count: int, radius: float, seed: int = 0) -> tuple[Person, ...]:
    turn = np.arange(count) * 2 * np.pi / count
    turn += np.random.default_rng(seed).uniform(-0.1, 0.1, count)
    places = radius * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return tuple(Person(start=place, goal=-place, speed=1.0) for place in places)


def scene(people: tuple[Person, ...], **changes: Any) -> Scene:
    given: dict[str, Any] = {
        "body": BODIES["crowdnav"], "start": np.array([-6.5, 0.3]),
        "goal": Goal(pos=np.array([6.5, 0.3])), "people": people,
    }  # fmt: skip
    return Scene(**{**given, **changes})


def walked(model: str, track: str, way: tuple[float, float] = (1.0, 0.0), seed: int = 5) -> Any:
    world = World(make_crowd(model, track=track), SweptRules(ends_on_contact=False))
    world.reset(scene(ring(8, 4.0)), seed)
    for _ in range(80):
        world.step(np.array(way))
    return world.log()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("track", ["visible", "invisible", "aware_no_yield", "mixed(0.5)"])
def test_same_seed_same_walk_to_the_bit(model: str, track: str) -> None:
    one, other = walked(model, track), walked(model, track)
    for name in ("pos", "vel", "yaw"):
        assert np.array_equal(getattr(one.humans, name), getattr(other.humans, name))
        assert np.array_equal(getattr(one.robot, name), getattr(other.robot, name))
    assert one.events == other.events


def meeting(model: str, dither: float, seed: int) -> np.ndarray:
    """Two who come exactly towards each other, after 20 s, `[2, 2]` [m]."""
    places = np.array([[-3.0, 0.0], [3.0, 0.0]])
    people = tuple(Person(start=place, goal=-place, speed=1.0) for place in places)
    crowd = make_crowd(model, track="invisible", dither=dither)
    crowd.reset(scene(people), Dice(seed))
    for _ in range(200):
        pos, _ = crowd.step(FAR, STILL, 0.1)
    return pos


def test_a_little_dither_lets_two_pass_who_meet_head_on() -> None:
    stuck = meeting("orca", 0.0, 0)
    assert np.abs(stuck).max() < 0.5
    passed = [meeting("orca", 0.01, seed) for seed in range(3)]
    for places in passed:
        assert places[0, 0] > 2.9
        assert places[1, 0] < -2.9
    assert not np.array_equal(passed[0], passed[1])


@pytest.mark.parametrize("model", MODELS)
def test_the_blind_walk_as_if_there_were_no_robot(model: str) -> None:
    here, there = walked(model, "invisible"), walked(model, "invisible", (-1.0, 0.0))
    assert np.array_equal(here.humans.pos, there.humans.pos)
    seen = walked(model, "visible")
    assert not np.array_equal(here.humans.pos, seen.humans.pos)
    assert not here.humans.aware_of_robot.any()
    assert seen.humans.aware_of_robot.all()


@pytest.mark.parametrize("model", MODELS)
def test_in_a_mixed_crowd_some_make_room(model: str) -> None:
    log = walked(model, "mixed(0.5)")
    aware = log.humans.aware_of_robot
    assert 0 < aware.sum() < len(aware)
    assert walked(model, "mixed(0)").humans.aware_of_robot.sum() == 0
    assert np.array_equal(walked(model, "mixed(1)").humans.pos, walked(model, "visible").humans.pos)


def test_others_throw_the_same_dice_when_one_is_added() -> None:
    """Whether someone is aware depends on their own number alone."""
    few = Visibility.named("mixed(0.5)").aware(5, Dice(3))
    many = Visibility.named("mixed(0.5)").aware(9, Dice(3))
    assert np.array_equal(few, many[:5])


@pytest.mark.parametrize("model", [*MODELS, "scripted"])
def test_who_does_not_yield_stops_before_the_robot(model: str) -> None:
    person = Person(start=np.array([3.0, 0.0]), goal=np.array([-9.0, 0.0]), speed=1.0)
    standing = scene((person,), start=np.zeros(2), goal=Goal(pos=np.array([9.0, 0.0])))
    world = World(make_crowd(model, track="aware_no_yield"), SweptRules())
    world.reset(standing, 0)
    for _ in range(100):
        assert not world.step(STILL).over
    assert 0 <= world.verdict.gap < 0.1
    assert world.log().humans.aware_of_robot.all()


def test_the_visible_robot_is_gone_around() -> None:
    for model in MODELS:
        person = Person(start=np.array([3.0, 0.05]), goal=np.array([-3.0, 0.05]), speed=1.0)
        world = World(make_crowd(model, track="visible"), SweptRules())
        world.reset(scene((person,), start=np.zeros(2), goal=Goal(pos=np.array([9.0, 0.0]))), 0)
        for _ in range(120):
            assert not world.step(STILL).over
        assert world.crowd.walkers.pos[0, 0] < -2.5


def test_twenty_cross_a_circle_by_the_social_force() -> None:
    pytest.importorskip("numba")  # a minute without
    reached = []
    for seed in range(5):
        crowd = SocialForce("invisible")
        crowd.reset(scene(ring(20, 6.0, seed)), Dice(seed))
        first, least = np.full(20, np.nan), np.inf
        for step in range(600):
            pos, _ = crowd.step(FAR, STILL, 0.1)
            there = np.hypot(*(pos - crowd.walkers.goal).T) < 0.3
            first[there & np.isnan(first)] = 0.1 * (step + 1)
            apart = np.hypot(*(pos[:, None] - pos[None]).transpose(2, 0, 1))
            least = min(least, float(apart[np.triu_indices(20, 1)].min()))
        assert least > 0.6
        reached.append(first)
    assert np.isfinite(reached).all()
    assert np.median(reached) == pytest.approx(23.3, abs=1.0)


def test_the_two_kernels_agree() -> None:
    pytest.importorskip("numba")
    walls = np.array([[-7.0, -7.0, 7.0, -7.0], [-7.0, 7.0, 7.0, 7.0]])
    ends = []
    for kernel in ("numpy", "numba"):
        crowd = SocialForce("visible", kernel=kernel)
        crowd.reset(scene(ring(20, 6.0), floor=Floor(walls=walls)), Dice(1))
        for step in range(150):
            robot = np.array([-6.5 + 0.08 * step, 0.3])
            pos, _ = crowd.step(robot, np.array([0.8, 0.0]), 0.1)
        assert crowd.kernel == kernel
        ends.append(pos)
    assert np.abs(ends[0] - ends[1]).max() < 1e-6


def test_the_loops_say_what_the_arrays_say() -> None:
    """Without numba: one step of the plain Python that it would compile, walls and touch."""
    dice = np.random.default_rng(2)
    pos = dice.uniform(-1.5, 1.5, (9, 2))
    vel, radius = dice.normal(0, 1, (9, 2)), np.full(9, 0.3)
    wish, fastest = dice.normal(0, 1, (8, 2)), np.full(8, 1.3)
    walls = np.array([[-1.0, -1.0, 1.0, -1.0], [0.5, 0.5, 0.5, 0.5]])
    one, two = (pos.copy(), vel.copy()), (pos.copy(), vel.copy())
    rest = (radius, wish, fastest, walls, 0.04, 2, HELBING_2000)
    advance_numpy(*one, *rest)
    loops(force_loops, move_loops)(*two, *rest)
    np.testing.assert_allclose(one[0], two[0], atol=1e-12)
    np.testing.assert_allclose(one[1], two[1], atol=1e-11)


@pytest.mark.parametrize("model", MODELS)
def test_people_walk_round_walls(model: str) -> None:
    walls = np.array([[0.0, -6.0, 0.0, -0.9], [0.0, 0.9, 0.0, 6.0]])
    outline = np.array([[-6.0, -6.0], [6.0, -6.0], [6.0, 6.0], [-6.0, 6.0]])
    people = (
        Person(start=np.array([-3.0, 4.0]), goal=np.array([3.0, 4.0])),
        Person(start=np.array([-5.0, -4.5]), goal=np.array([3.0, -3.0]), leaves=True),
    )
    floor = Floor(walls=walls, outline=outline)
    played = scene(
        people, floor=floor, start=np.array([-5.0, 0.0]), goal=Goal(pos=np.array([-5.0, 1.0]))
    )
    world = World(make_crowd(model, track="invisible"), SweptRules())
    world.reset(played.checked(), 0)
    for _ in range(140):
        world.step(STILL)
    log = world.log()
    here = log.humans.valid[..., None] & np.isfinite(log.humans.pos)
    assert floor.clearance(log.humans.pos[here.all(axis=-1)]).min() > 0.25
    assert np.isfinite(log.humans.reached_t).all()
    assert log.humans.valid[:, 0].all()
    assert not log.humans.valid[-1, 1]


def scripted(person: Person, *others: Person, **changes: Any) -> World:
    world = World(make_crowd("scripted"), SweptRules(ends_on_contact=False))
    world.reset(scene((person, *others), **changes), 0)
    return world


def walker(**script: Any) -> Person:
    name = script.pop("script")
    return Person(
        start=np.zeros(2), goal=np.array([0.0, 8.0]), speed=1.0, script=name, settings=script
    )


@pytest.mark.parametrize(
    ("script", "robot", "metres"),
    [
        ({"script": "stand"}, (-6.5, 0.0), 0.0),
        ({"script": "stand", "until": 1.0}, (-6.5, 0.0), 1.0),
        ({"script": "yield", "distance": 9.0}, (-6.5, 0.0), 0.0),
        ({"script": "yield", "distance": 9.0, "share": 0.0}, (-6.5, 0.0), 2.0),
        ({"script": "yield", "distance": 9.0, "patience": 0.5}, (-6.5, 0.0), 1.5),
        ({"script": "gesture", "signal": "wait"}, (-6.5, 0.0), 2.0),
        ({"script": "gesture", "signal": "go", "distance": 9.0}, (-6.5, 0.0), 0.0),
        ({"script": "group"}, (-6.5, 0.0), 0.0),
        ({"script": "lead", "gap": 4.0}, (-6.5, 0.0), 0.0),
        ({"script": "lead", "gap": 9.0}, (-6.5, 0.0), 2.0),
        ({"script": "doorway", "centre": (0.0, 1.0)}, (0.0, 1.9), 0.0),
    ],
)  # fmt: skip
def test_scripts(script: dict[str, Any], robot: tuple[float, float], metres: float) -> None:
    world = scripted(walker(**script), start=np.array(robot))
    command = np.array([1e-3, 0.0]) if robot[0] else STILL
    for _ in range(20):
        world.step(command)
    assert world.crowd.walkers.pos[0, 1] == pytest.approx(metres, abs=0.12)


def test_who_is_blocked_in_a_doorway_backs_off_and_then_goes_on() -> None:
    doorway = walker(script="doorway", centre=(0.0, 1.0), blocked=1.0)
    world = scripted(doorway, start=np.array([0.0, 1.9]))
    for _ in range(60):
        world.step(STILL)
    assert world.crowd.walkers.pos[0, 1] == pytest.approx(-1.0, abs=0.02)
    for _ in range(60):
        world.step(np.array([1.0, 0.0]))
    assert world.crowd.walkers.pos[0, 1] > 1.0


def test_a_follower_keeps_its_distance() -> None:
    world = scripted(walker(script="follow", distance=1.5), start=np.array([2.0, 0.0]))
    for _ in range(60):
        world.step(np.array([0.5, 0.0]))
    assert np.hypot(*(world.robot.pos - world.crowd.walkers.pos[0])) == pytest.approx(1.5, abs=0.6)


def test_a_queue_closes_up_and_stays_apart() -> None:
    head = Person(start=np.array([0.0, 3.0]), goal=np.array([0.0, 3.0]), script="stand")
    second = walker(script="queue", behind=1, gap=0.4)
    world = scripted(second, head)
    for _ in range(60):
        world.step(STILL)
    assert world.crowd.walkers.pos[0, 1] == pytest.approx(3.0 - 1.0, abs=0.02)


def test_gestures_are_shown_while_the_robot_is_near() -> None:
    world = scripted(walker(script="gesture", signal="wait"), start=np.array([-2.0, 0.0]))
    assert world.crowd.walkers.gesture_of(0) == 0
    world.step(STILL)
    assert world.crowd.walkers.gesture_of(0) == 1


def test_bad_scripts_tracks_and_models_are_named() -> None:
    with pytest.raises(BadScene, match=r"no script 'yields' for people\. Did you mean 'yield'"):
        scripted(walker(script="yields"))
    with pytest.raises(BadScene, match="no setting 'dist'"):
        scripted(walker(script="yield", dist=1))
    with pytest.raises(BadScene, match="'wait' or 'go'"):
        scripted(walker(script="gesture", signal="stop"))
    with pytest.raises(BadArgument, match=r"no track 'visibel'\. Did you mean 'visible'"):
        make_crowd("orca", track="visibel")
    for bad in ("mixed(2)", "mixed(x)"):
        with pytest.raises(BadArgument, match="a probability from 0 to 1"):
            make_crowd("orca", track=bad)
    with pytest.raises(BadArgument, match="Did you mean 'orca'"):
        make_crowd("orka")
    with pytest.raises(BadArgument, match="kernel is 'c'"):
        SocialForce(kernel="c")


OBSMAT = """\
780 1 8.46 0 3.59 1.67 0 0.17
786 1 9.10 0 3.66 1.62 0 0.21
786 2 1.00 0 5.00 0.00 0 1.00
792 1 9.74 0 3.76 1.60 0 0.24
792 2 1.00 0 5.40 0.00 0 1.00
798 2 1.00 0 5.80 0.00 0 1.00
"""


def test_recorded_people_walk_again(tmp_path: Path) -> None:
    (tmp_path / "obsmat.txt").write_text(OBSMAT)
    recording = read_obsmat(tmp_path / "obsmat.txt", 15.0)
    assert recording.id.tolist() == [1, 2]
    assert recording.t[1] == pytest.approx([0.4, 0.8, 1.2])
    world = World(Replay(recording), SweptRules())
    world.reset(scene(()), 0)
    for _ in range(13):
        world.step(STILL)
    log = world.log()
    assert log.humans.id.tolist() == [1, 2]
    assert log.humans.pos[2, 0] == pytest.approx([8.46 + 0.32, 3.59 + 0.035])
    assert log.humans.valid[:, 0].tolist() == [True] * 9 + [False] * 5
    assert log.humans.valid[:, 1].tolist() == [False] * 4 + [True] * 9 + [False]
    assert log.humans.vel[6, 1] == pytest.approx([0.0, 1.0])
    part = recording.window(0.4, 0.4)
    assert [len(t) for t in part.t] == [2, 2]
    assert part.t[0][0] == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3\n", "has 3 columns"),
        ("a b\n", "is not an obsmat file"),
        (OBSMAT + "798 3 nan 0 1 0 0 0\n", "row 7: a number is not finite"),
        (OBSMAT + "798 2 1 0 1 0 0 0\n", "person 2 is twice in one frame"),
    ],
)
def test_a_bad_recording_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "obsmat.txt").write_text(text)
    with pytest.raises(BadLog, match=words):
        read_obsmat(tmp_path / "obsmat.txt", 15.0)


def test_recorded_people_cannot_be_told_to_react() -> None:
    nobody = Recording(np.zeros(0, np.int64), (), ())
    with pytest.raises(BadScene, match="cannot react"):
        Replay(nobody, track="visible")


def test_rvo2_is_nowhere_else_than_the_people() -> None:
    """Between two times at which it is told, single precision must not lead it astray."""
    crowd = make_crowd("orca", track="visible")
    crowd.reset(scene(ring(12, 5.0)), Dice(0))
    robot, worst = np.array([-6.5, 0.3]), 0.0
    for _ in range(150):
        pos, _ = crowd.step(robot, np.array([0.8, 0.0]), 0.1)
        robot = robot + np.array([0.08, 0.0])
        held = [crowd._seeing._rvo.get_agent_position(i).to_tuple() for i in range(12)]
        worst = max(worst, float(np.abs(pos - held).max()))
    assert worst < 1e-5


def test_people_who_do_not_yield_stop_clearly_before_a_robot_that_stands() -> None:
    pos, robot, radius = np.array([[2.0, 0.0]]), np.zeros(2), np.array([0.3])
    for _ in range(400):
        vel = halted(pos, np.array([[-1.0, 0.0]]), radius, robot, 0.3)
        pos = pos + 0.1 * vel
    gap = float(pos[0, 0]) - 0.6
    assert gap == pytest.approx(MARGIN, abs=1e-6)
