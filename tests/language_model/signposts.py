"""Small worlds of two bodies, with pictures and states, and demonstrations of them."""

from __future__ import annotations

import gymnasium
import numpy as np
from gymnasium import spaces

from polyathlon.agents.gea.demonstration import DemoSet
from polyathlon.agents.lm.stage import World
from polyathlon.core.specs import Brief, Embodiment, TaskSpec
from polyathlon.core.trajectory import Trajectory

WALKER = Embodiment(id="walker", kind="discrete", action_names=("turn left", "turn right", "wait"))

SLIDER = Embodiment(
    id="slider",
    kind="continuous",
    action_names=("x", "y"),
    action_units=("1", "1"),
    low=(-1.0, -1.0),
    high=(1.0, 1.0),
)

CLERK = Embodiment(id="clerk", kind="text")

STEPS = 4


def task_of(body: Embodiment) -> TaskSpec:
    """The declaration of a body's world."""
    return TaskSpec(
        id=f"signposts.{body.id}-v0",
        entry_point="signposts:Signposts",
        embodiment=body,
        instruction="follow the sign",
        max_episode_steps=STEPS,
    )


class Signposts(gymnasium.Env):
    """Every step shows a sign; whoever does as it says is rewarded.

    A walker sees a picture that is dark or bright, a slider two numbers.
    """

    def __init__(self, body: Embodiment) -> None:
        self.body = body
        discrete = body.kind == "discrete"
        self.action_space = spaces.Discrete(3) if discrete else spaces.Box(-1, 1, (2,), np.float32)
        self.observation_space = spaces.Dict({})

    def reset(self, *, seed=None, options=None):
        """A new row of signs."""
        super().reset(seed=seed)
        self.count = self.right = 0
        return self._sign(), {"success": False}

    def _sign(self):
        self.side = int(self.np_random.integers(2))
        return sign(self.body, self.side)

    def step(self, action):
        """Follows a sign, or does not."""
        if self.body.kind == "discrete":
            reward = float(action == self.side)
        else:
            reward = 1.0 - float(np.abs(np.asarray(action) - (2 * self.side - 1)).mean())
        self.right += reward > 0.5
        self.count += 1
        over = self.count == STEPS
        return self._sign(), reward, over, False, {"success": over and self.right == STEPS}


def sign(body: Embodiment, side: int) -> dict[str, object]:
    """What is seen of a sign: to the left (0) or to the right (1)."""
    if body.kind == "continuous":
        return {"state": np.array([side, 1 - side], np.float32), "instruction": "go there"}
    picture = np.full((16, 16, 3), 255 * side, np.uint8)
    return {"rgb": picture, "instruction": f"follow the sign of the {body.id}"}


def demonstrations(episodes: int = 60, bodies=(WALKER, SLIDER, CLERK)) -> list[DemoSet]:
    """Episodes in which every sign is followed."""
    dice = np.random.default_rng(0)
    sets = []
    for body in bodies:
        found = []
        for _ in range(episodes):
            sides = dice.integers(2, size=STEPS + 1)
            seen = [sign(body, int(side)) for side in sides]
            done = sides[:-1]
            actions = {
                "discrete": done.astype(np.int64),
                "continuous": np.repeat(2.0 * done[:, None] - 1, len(body.action_names), 1).astype(
                    np.float32
                ),
                "text": np.array([f'click("{"right" if side else "left"}")' for side in done]),
            }[body.kind]
            ends = np.arange(STEPS) == STEPS - 1
            fields = {
                name: np.stack([one[name] for one in seen])
                for name in seen[0]
                if name != "instruction"
            }
            found.append(
                Trajectory(
                    fields,
                    actions,
                    np.zeros(STEPS, np.float32),
                    ends,
                    np.zeros(STEPS, bool),
                    instruction=str(seen[0]["instruction"]),
                )
            )
        sets.append(
            DemoSet(name=body.id, body=body, instruction="follow the sign", episodes=tuple(found))
        )
    return sets


def make_worlds(bodies):
    """What makes worlds of those bodies in turn."""

    def make(count, fields):
        kinds = [bodies[number % len(bodies)] for number in range(count)]
        return [World(Signposts(body), task_of(body)) for body in kinds]

    return make


def brief_of(body: Embodiment, seed: int = 0) -> Brief:
    """The brief of an episode."""
    space = spaces.Text(100, charset='abcdefghijklmnopqrstuvwxyz()" ')
    return Brief(
        instruction=str(sign(body, 0)["instruction"]),
        embodiment=body,
        agent_seed=seed,
        action_space=space if body.kind == "text" else Signposts(body).action_space,
        max_episode_steps=STEPS,
    )
