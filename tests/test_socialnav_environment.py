"""Social navigation for Gymnasium: what is seen, what is done, and what is refused."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest

import polyathlon.tasks
from polyathlon.core.errors import BadArgument, InvalidAction
from polyathlon.tasks import catalogue
from polyathlon.tasks.socialnav.crowd.scripted import Scripted
from polyathlon.tasks.socialnav.environment import SocialNavigation
from polyathlon.tasks.socialnav.floor import Floor
from polyathlon.tasks.socialnav.log import Goal
from polyathlon.tasks.socialnav.oracle import make_oracle
from polyathlon.tasks.socialnav.percept import Percept, in_sight, state_names
from polyathlon.tasks.socialnav.robot import BODIES
from polyathlon.tasks.socialnav.scene import Person, Scene
from polyathlon.tasks.socialnav.world import World


def at(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float64)


def make(scenario: str = "circle", **changes: Any) -> SocialNavigation:
    settings = {"people": 6} if scenario == "circle" else {}
    return SocialNavigation(scenario, settings=settings, **changes)


def seen(state: np.ndarray, most: int) -> dict[str, float]:
    return dict(zip(state_names(most), state.tolist(), strict=True))


def staged(**changes: Any) -> World:
    given: dict[str, Any] = {
        "body": BODIES["medium"], "start": at(1, 1), "yaw": math.pi / 2,
        "goal": Goal(pos=at(1, 5)),
        "people": (
            Person(start=at(1, 4), goal=at(1, 0), speed=1.0, velocity=at(0, -1), group=2),
            Person(start=at(-1, 1), goal=at(-1, 1), speed=1.0, yaw=0.0),
            Person(start=at(9, 1), goal=at(9, 9)),
        ),
    }  # fmt: skip
    world = World(Scripted())
    world.reset(Scene(**{**given, **changes}).checked(), 0)
    return world


def test_state_is_what_the_robot_sees_along_its_heading() -> None:
    world = staged()
    percept = Percept(3, reach=5.0)
    percept.reset(world)
    state = seen(percept.read(world), 3)
    robot = [state[name] for name in ("goal_distance", "goal_sin", "goal_cos", "velocity_0")]
    assert robot == pytest.approx([4.0, 0.0, 1.0, 0.0])
    assert (state["v_max"], state["radius"], state["time_left"]) == (1.0, 0.25, 60.0)
    near = [state[f"person_0_{name}"] for name in ("x", "y", "radius", "group")]
    assert near == pytest.approx([0.0, 2.0, 0.3, -1.0])  # on its left
    # Looks along the world's x, which is to the robot's right.
    assert (state["person_0_heading_sin"], state["person_0_heading_cos"]) == pytest.approx((-1, 0))
    far = [state[f"person_1_{name}"] for name in ("x", "y", "vx", "vy", "group")]
    assert far == pytest.approx([3.0, 0.0, -1.0, 0.0, 2.0])
    assert [state[f"seen_{i}"] for i in range(3)] == [1.0, 1.0, 0.0]
    assert state["person_2_x"] == 0.0


def test_the_nearest_are_kept_where_places_are_few() -> None:
    world = staged()
    percept = Percept(1)
    percept.reset(world)
    state = seen(percept.read(world), 1)
    assert state["person_0_y"] == pytest.approx(2.0)
    assert len(state) == 9 + 8 + 1


def test_a_field_of_view_leaves_out_what_is_beside() -> None:
    world = staged()
    percept = Percept(3, field=math.pi / 2)
    percept.reset(world)
    state = seen(percept.read(world), 3)
    assert state["person_0_x"] == pytest.approx(3.0)
    assert state["seen_1"] == 0.0


def test_walls_hide_people() -> None:
    floor = Floor(walls=at(0, 0, 0, 3)[None], discs=at(1, 2.5, 0.2)[None])
    assert in_sight(floor, at(1, 1), np.array([[-1.0, 1], [1, 4], [2, 4], [-3, -4]])).tolist() == [
        False, False, True, True,
    ]  # fmt: skip
    world = staged(floor=Floor(walls=at(0, 0, 0, 3)[None]))
    percept = Percept(3)
    percept.reset(world)
    state = seen(percept.read(world), 3)
    assert state["person_0_x"] == pytest.approx(3.0)
    assert state["seen_2"] == 0.0


@pytest.mark.parametrize("robot", ["omni", "medium"])
def test_actions_have_the_robot_s_bounds(robot: str) -> None:
    env = make(robot=robot)
    low, high = env.action_space.low.tolist(), env.action_space.high.tolist()
    assert (low, high) == (([-1, -1], [1, 1]) if robot == "omni" else ([0, -1.5], [1, 1.5]))
    env.reset(seed=1)
    for _ in range(5):
        env.step(np.array([1.0, 0.0], np.float32))
    assert math.hypot(*env.world.robot.vel) == pytest.approx(0.5)  # 1 m/s^2


@pytest.mark.parametrize(("robot", "count"), [("omni", 81), ("medium", 15)])
def test_a_discrete_robot_chooses_from_a_list(robot: str, count: int) -> None:
    env = make(robot=robot, actions="discrete")
    assert env.action_space == gymnasium.spaces.Discrete(count)
    assert env.velocities[0].tolist() == [0.0, 0.0]
    assert len({tuple(row) for row in env.velocities.round(9).tolist()}) == count
    env.reset(seed=0)
    place = env.world.robot.pos
    env.step(0)
    assert np.array_equal(env.world.robot.pos, place)
    with pytest.raises(InvalidAction, match=f"from 0 to {count - 1}, not {count}"):
        env.step(count)


def test_a_discrete_oracle_wins_too() -> None:
    env = make("crowdnav-circle", actions="discrete")
    oracle = make_oracle(env)
    won = []
    for seed in range(4):
        observation, info = env.reset(seed=seed)
        oracle.reset(observation, info)
        over = False
        while not over:
            observation, _, terminated, truncated, info = env.step(oracle.act(observation))
            over = terminated or truncated
        won.append(info["success"])
    assert sum(won) >= 3


def test_oracles_refuse_what_they_cannot_play() -> None:
    with pytest.raises(BadArgument, match="cannot play"):
        make_oracle(polyathlon.tasks.make("babyai.go-to-local"))
    env = make(robot="medium")
    observation, info = env.reset(seed=0)
    with pytest.raises(BadArgument, match="holonomic"):
        make_oracle(env).reset(observation, info)


@pytest.mark.parametrize("action", [[0.0], [0.0, math.nan], [0.0, math.inf], "left", None])
def test_a_bad_action_is_refused(action: Any) -> None:
    env = make()
    env.reset(seed=0)
    with pytest.raises(InvalidAction, match="2 finite numbers"):
        env.step(action)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scenario": "crowdnav"}, "Did you mean 'crowdnav"),
        ({"track": "seen"}, "there is no track 'seen'"),
        ({"robot": "medum"}, "Did you mean 'medium'"),
        ({"scenario": "crowdnavpp", "robot": "omni"}, "whose robot is 'crowdnav'"),
        ({"actions": "words"}, "actions is 'words'"),
        ({"people": 0}, "people is 0"),
        ({"sensor_range": -1.0}, "sensor_range is -1.0"),
        ({"field_of_view": 7.0}, "field_of_view 7.0"),
        ({"render_mode": "human"}, "render_mode is 'human'"),
        ({"observations": ("sound",)}, "'sound' is not one of them"),
    ],
)
def test_a_bad_argument_is_one_line(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadArgument, match=words) as caught:
        make(**{"scenario": "circle", **changes})
    assert "\n" not in str(caught.value)


def test_episodes_have_numbers_where_the_protocol_has_cases() -> None:
    env = make("crowdnav-circle")
    one, _ = env.reset(seed=1, options={"episode": 7})
    other, _ = env.reset(seed=2, options={"episode": 7})
    assert np.array_equal(one["state"], other["state"])
    with pytest.raises(BadArgument, match="from 0 to 499"):
        env.reset(seed=0, options={"episode": 500})
    with pytest.raises(BadArgument, match="no option 'case'"):
        env.reset(seed=0, options={"case": 1})
    with pytest.raises(BadArgument, match="draws its episodes from the seed"):
        make().reset(seed=0, options={"episode": 1})


def test_steps_outside_an_episode_are_refused() -> None:
    env = make()
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(2, np.float32))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.log()


@pytest.mark.parametrize("track", ["visible", "invisible", "aware_no_yield", "mixed(0.5)"])
def test_the_log_is_what_happened(track: str) -> None:
    env = make(track=track, robot="medium")
    _, info = env.reset(seed=4)
    length, over, steps = 0.0, False, 0
    while not over and steps < 40:
        place = env.world.robot.pos
        _, _, terminated, truncated, info = env.step(np.array([0.8, 0.3], np.float32))
        length += math.hypot(*(env.world.robot.pos - place))
        over, steps = terminated or truncated, steps + 1
    log = env.log()
    assert log.steps == steps + 1
    assert log.t[-1] == pytest.approx(0.1 * steps)
    assert log.meta["track"] == track
    assert np.array_equal(log.robot.pos[-1], env.world.robot.pos)
    assert info["metrics"]["path_length"] == pytest.approx(length)
    steps_taken = np.diff(log.robot.pos, axis=0) / 0.1
    np.testing.assert_allclose(log.robot.vel[1:], steps_taken, atol=1e-9)
    human_steps = np.diff(log.humans.pos, axis=0) / 0.1
    np.testing.assert_allclose(log.humans.vel[1:], human_steps, atol=1e-9)
    assert log.robot.kinematics == "differential"
    assert len(log.robot.cmd[0]) == 2


def test_the_plan_shows_everybody() -> None:
    env = catalogue.build(
        catalogue.find("socialnav.crowdnavpp"), render_mode="rgb_array", render_view="plan"
    )
    env.reset(seed=0)
    picture = env.render()
    assert picture.shape == (256, 256, 3)
    orange = (np.abs(picture.astype(int) - (222, 108, 44)).max(axis=-1) < 30).sum()
    grey = (np.abs(picture.astype(int) - (142, 150, 160)).max(axis=-1) < 30).sum()
    assert orange > 10
    assert grey > 15 * orange


@pytest.mark.parametrize(
    "task",
    ["crowdnav-circle", "object-handover", "join-group", "recorded-crowd", "narrow-doorway",
     "crowd-navigation-mixed"],
)  # fmt: skip
def test_a_copy_goes_the_same_way_and_leaves_the_original_alone(task: str) -> None:
    env = catalogue.build(catalogue.find(f"socialnav.{task}")).unwrapped
    env.reset(seed=4)
    for _ in range(11):
        env.step(np.array([0.3, 0.1], np.float32))
    twins = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    before = env.log()
    courses = []
    for one in (*twins, env):
        course = []
        for _ in range(12):
            seen, reward, ended, late, info = one.step(np.array([0.2, -0.2], np.float32))
            course.append((seen["state"].tobytes(), reward))
            if ended or late:
                assert info["metrics"]
                break
        courses.append(course)
        assert one.log().steps == before.steps + len(course)
        assert one is env or env.log().steps == before.steps
    assert courses[0] == courses[1] == courses[2]


@pytest.mark.parametrize(
    ("scenario", "kwargs", "words"),
    [
        ("frontal-approach", {"settings": {"time_limit": 1}}, "has no setting 'time_limit'"),
        ("frontal-approach", {"settings": {"card": "blind-corner"}}, "has no setting 'card'"),
        ("crowdnav-circle", {"settings": {"people": 10}}, "It takes: none"),
        ("crowdnav-circle", {"track": "replay"}, "is played on visible"),
        ("recorded-crowd", {"track": "mixed(0.5)", "robot": "omni"}, "is played on replay"),
    ],
)
def test_what_a_scenario_does_not_take(scenario: str, kwargs: dict[str, Any], words: str) -> None:
    with pytest.raises(BadArgument, match=words):
        SocialNavigation(scenario, **kwargs)


@pytest.mark.parametrize(("task", "sign"), [("leading", 1.0), ("following", -1.0)])
def test_a_task_that_can_no_longer_be_done_is_not_out_of_time(task: str, sign: float) -> None:
    """The leader who leaves the other behind, and the follower who drives into a wall."""
    env = catalogue.build(catalogue.find(f"socialnav.{task}"))
    env.reset(seed=0)
    world = env.unwrapped.world
    while True:
        way = world.goal.pos - world.robot.pos
        action = sign * way / max(float(np.hypot(*way)), 1e-6)
        _, _, ended, late, info = env.step(action.astype(np.float32))
        if ended or late:
            break
    assert (ended, late, info["success"]) == (True, False, False)
    assert info["metrics"]["timeout"] == 0.0
    assert info["metrics"]["success_goal"] == 0.0
    assert world.log().events[-1].kind == "failed"
