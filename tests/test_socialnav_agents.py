"""The robots of social navigation that learn nothing: what they read, and that it helps."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest

from polyathlon.agents import AGENTS
from polyathlon.agents.socialnav import view as reading
from polyathlon.agents.socialnav.view import read_view
from polyathlon.core.errors import BadArgument
from polyathlon.core.specs import Brief, TaskSpec
from polyathlon.tasks import catalogue
from polyathlon.tasks.socialnav import percept
from polyathlon.tasks.socialnav.environment import SocialNavigation
from polyathlon.tasks.socialnav.policy import OrcaRobot

pytest.importorskip("pyrvo")
pytest.importorskip("shapely")

BASELINES = ("orca", "social-force", "dwa")
CROWDS = (
    "socialnav.crowdnav-circle",
    "socialnav.perpendicular-traffic-invisible",
    "socialnav.parallel-traffic-invisible",
)


def brief(spec: TaskSpec, env: gymnasium.Env[Any, Any]) -> Brief:
    return Brief(
        instruction=spec.instruction,
        embodiment=spec.embodiment,
        action_space=env.action_space,
        max_episode_steps=spec.max_episode_steps,
        agent_seed=1,
    )


def episodes(name: str, task: str, count: int, **kwargs: Any) -> Iterator[dict[str, Any]]:
    """What is said at the end of each of some episodes."""
    spec, agent = catalogue.find(task), AGENTS[name]()
    fields = agent.observations
    env = catalogue.build(spec, observations=fields, assessed=False, **kwargs)
    for number in range(count):
        options = {"episode": number} if spec.numbered_episodes else None
        seen, info = env.reset(seed=number, options=options)
        agent.reset([0], [brief(spec, env)])
        over = False
        while not over:
            action = agent.act([seen], [0])[0]
            assert env.action_space.contains(action)
            seen, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        yield info


def test_the_layout_is_the_tasks_own() -> None:
    assert reading.ROBOT == percept.ROBOT
    assert reading.PERSON == percept.PERSON
    names = percept.state_names(2)
    assert names[: len(reading.ROBOT)] == reading.ROBOT
    first = len(reading.ROBOT)
    assert names[first : first + 8] == tuple(f"person_0_{name}" for name in reading.PERSON)
    assert names[-2:] == ("seen_0", "seen_1")


@pytest.mark.parametrize("robot", ["omni", "medium"])
def test_a_view_is_what_the_world_holds(robot: str) -> None:
    env = SocialNavigation("circle", robot=robot, observations=("state", "lidar"))
    seen, _ = env.reset(seed=5)
    forward = np.array([0.3, 0.5] if robot == "omni" else [0.5, 0.4], np.float32)
    for _ in range(12):
        seen, *_ = env.step(forward)
    world, drives = env.world, robot == "medium"
    found = read_view(seen, drives)
    yaw = world.robot.yaw if drives else 0.0
    turn = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
    assert found.goal == pytest.approx(turn @ (world.goal.pos - world.robot.pos), abs=1e-4)
    assert found.velocity == pytest.approx(turn @ world.robot.vel, abs=1e-4)
    assert (found.fastest, found.radius) == (1.0, 0.25)
    people = world.crowd.walkers
    order = np.hypot(*(people.pos - world.robot.pos).T).argsort(kind="stable")[: len(found.people)]
    assert found.people == pytest.approx((people.pos - world.robot.pos)[order] @ turn.T, abs=1e-4)
    assert found.walking == pytest.approx(people.vel[order] @ turn.T, abs=1e-4)
    # An open field: whatever the scanner meets is one of the people.
    assert len(found.people) == 10
    assert not len(found.walls)


def test_walls_are_what_the_scan_shows_besides_people() -> None:
    spec = catalogue.find("socialnav.frontal-approach")
    env = catalogue.build(spec, observations=("state", "lidar"), lidar={"noise": 0.0})
    seen, _ = env.reset(seed=1)
    world = env.unwrapped.world  # type: ignore[attr-defined]
    walls = read_view(seen, drives=False).walls + world.robot.pos
    assert len(walls) > 100
    away = world.scene.floor.clearance(walls)
    assert np.abs(away).max() < 1e-3


@functools.cache
def collided(agent: str) -> float:
    """How many of some episodes end in a collision."""
    return sum(info["metrics"]["collided"] for task in CROWDS for info in episodes(agent, task, 4))


@pytest.mark.parametrize("name", BASELINES)
def test_each_is_safer_than_going_straight(name: str) -> None:
    assert collided("straight") >= 10
    assert collided(name) <= 5


def test_without_the_distance_it_is_crowdnavs_orca() -> None:
    """The same decisions as the reference robot that sees the world, but for single precision."""
    env = SocialNavigation("crowdnav-circle", track="invisible", assessed=False)
    spec, agent, due = catalogue.find("socialnav.crowdnav-circle"), AGENTS["orca-crowdnav"](), 0
    seen, _ = env.reset(seed=0, options={"episode": 3})
    agent.reset([0], [brief(spec, env)])
    reference, over = OrcaRobot(), False
    reference.reset(env.world)
    while not over:
        action = agent.act([seen], [0])[0]
        assert action == pytest.approx(reference.velocity(env.world), abs=2e-3)
        seen, _, terminated, truncated, _ = env.step(action)
        over, due = terminated or truncated, due + 1
    assert due > 10


@pytest.mark.parametrize("name", ["straight", *BASELINES])
def test_they_drive_robots_on_wheels(name: str) -> None:
    body = catalogue.find("socialnav.frontal-approach").embodiment
    env = SocialNavigation(
        "circle", robot="medium", observations=("state", "lidar"), settings={"people": 3}
    )
    assert isinstance(env.action_space, gymnasium.spaces.Box)
    from msgspec.structs import replace

    wheeled = replace(body, id="wheels", action_names=("v", "omega"), frame="robot")
    spec = replace(catalogue.find("socialnav.frontal-approach"), embodiment=wheeled)
    agent = AGENTS[name]()
    seen, _ = env.reset(seed=2)
    agent.reset([0], [brief(spec, env)])
    start = float(seen["state"][0])
    for _ in range(25):
        seen, _, terminated, truncated, _ = env.step(agent.act([seen], [0])[0])
        if terminated or truncated:
            break
    assert float(seen["state"][0]) < start - 0.5


def test_what_is_not_a_robot_among_people_is_refused() -> None:
    toy = catalogue.find("socialnav.frontal-approach")
    env = catalogue.build(toy, actions="discrete")
    with pytest.raises(BadArgument, match="gives velocities"):
        AGENTS["orca"]().reset([0], [brief(toy, env)])
    with pytest.raises(BadArgument, match=r"reads the state of socialnav tasks.* given 39"):
        read_view({"state": np.zeros(39)}, drives=False)
    with pytest.raises(BadArgument, match="given 0"):
        read_view({"rgb": np.zeros((8, 8, 3))}, drives=False)
