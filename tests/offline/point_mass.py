"""A world of one body on a plane, fast enough to learn in within a test, and data made in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from polyathlon.core.trajectory import Trajectory

STEPS, SPEED = 25, 0.1

Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def play(act: Act, dice: np.random.Generator) -> Trajectory:
    """One episode: get from anywhere to the middle, and lose your distance from it at each step."""
    state = dice.uniform(-1, 1, 2).astype(np.float32)
    states, actions, rewards = [state], [], []
    for _ in range(STEPS):
        action = np.clip(act(state), -1, 1).astype(np.float32)
        state = state + np.float32(SPEED) * action
        states.append(state)
        actions.append(action)
        rewards.append(-np.linalg.norm(state))
    ends = np.zeros(STEPS, bool)
    cut = ends.copy()
    cut[-1] = True
    return Trajectory(
        {"state": np.stack(states)}, np.stack(actions), np.array(rewards, np.float32), ends, cut
    )


class Plane:
    """The same world, step by step, as a learner practises in it."""

    def reset(self, *, seed: int) -> tuple[dict[str, NDArray[np.float32]], dict[str, bool]]:
        dice = np.random.default_rng(seed)
        self._state, self._steps = dice.uniform(-1, 1, 2).astype(np.float32), 0
        return {"state": self._state}, {"success": False}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, NDArray[np.float32]], float, bool, bool, dict[str, bool]]:
        self._state = self._state + np.float32(SPEED) * action
        self._steps += 1
        reward = -float(np.linalg.norm(self._state))
        return {"state": self._state}, reward, False, self._steps == STEPS, {"success": False}


def towards_the_middle(state: NDArray[np.float32]) -> NDArray[np.float32]:
    return -state / SPEED


def mixed_data(episodes: int, seed: int, good: float = 0.3) -> list[Trajectory]:
    """Of every three steps about one leads to the middle, the others away from it."""
    dice = np.random.default_rng(seed)

    def act(state: NDArray[np.float32]) -> NDArray[np.float32]:
        wanted = towards_the_middle(state) if dice.random() < good else 0.5 * np.sign(state)
        return (wanted + dice.normal(0, 0.2, 2)).astype(np.float32)

    return [play(act, dice) for _ in range(episodes)]
