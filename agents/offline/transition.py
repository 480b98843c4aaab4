"""Transitions in memory, and a sampler that takes one gather a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.trajectory import Trajectory

NARROWEST = 1e-3
"""Least standard deviation an observation is divided by: TD3+BC (arXiv 2106.06860, section 4)."""


class Batch(NamedTuple):
    """Some transitions, a row each.

    Attributes:
        observations: `[B, D]`, normalised.
        actions: `[B, A]` in [-1, 1].
        rewards: `[B]`, scaled.
        next_observations: `[B, D]`, normalised.
        masks: `[B]`: 0 where the world ended, 1 where it went on, truncated or not.
        returns: `[B]`: discounted rewards from here to the end of the episode.
    """

    observations: torch.Tensor
    actions: torch.Tensor
    rewards: torch.Tensor
    next_observations: torch.Tensor
    masks: torch.Tensor
    returns: torch.Tensor


class Frame(NamedTuple):
    """How numbers of the world become numbers that networks like, and back.

    Attributes:
        mean: of the observations, `[D]`.
        scale: what they are divided by, `[D]`.
        low: lower bounds of the actions, `[A]`.
        high: upper bounds of the actions, `[A]`.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def observe(self, states: NDArray[Any]) -> NDArray[np.float32]:
        """Observations of the world `[..., D]`, normalised."""
        scaled = (np.asarray(states, np.float32) - self.mean) / self.scale
        return scaled.astype(np.float32, copy=False)

    def shrink(self, actions: NDArray[Any]) -> NDArray[np.float32]:
        """Actions of the world `[..., A]` on the scale from -1 to 1, clipped to it."""
        half = (self.high - self.low) / 2
        unit = (np.asarray(actions, np.float32) - self.low) / half - 1
        return np.clip(unit, -1, 1).astype(np.float32, copy=False)

    def stretch(self, unit: NDArray[Any]) -> NDArray[np.float32]:
        """Actions from -1 to 1 `[..., A]` as the world takes them."""
        share = (np.clip(np.asarray(unit, np.float32), -1, 1) + 1) / 2
        whole = self.low + share * (self.high - self.low)
        return np.clip(whole, self.low, self.high).astype(np.float32)


def fit_frame(
    trajectories: Iterable[Trajectory],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    normalise: bool,
) -> Frame:
    """The frame of a data set; without ``normalise`` observations stay as they are.

    Raises:
        BadArgument: an action has no bounds, so that there is no scale for it; or there is no
            episode.
    """
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (high > low).all()):
        raise BadArgument("the action space has no bounds; learners need both ends of every action")
    count, mean, spread = 0, np.zeros(1), np.zeros(1)
    for one in trajectories:
        # An episode at a time, so that all are never held twice; two sets of numbers are merged as
        # in Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983.
        states = np.asarray(one.observations["state"], np.float64)
        middle = states.mean(0)
        apart, total = middle - mean, count + len(states)
        inside = np.square(states - middle).sum(0)
        spread = spread + inside + np.square(apart) * (count * len(states) / total)
        mean = mean + apart * (len(states) / total)
        count = total
    if not count:
        raise BadArgument("there is no episode to learn from")
    scale = np.sqrt(spread / count) + NARROWEST
    if not normalise:
        mean, scale = np.zeros_like(mean), np.ones_like(scale)
    return Frame(mean.astype(np.float32), scale.astype(np.float32), low, high)


class Transitions:
    """Every step of some episodes, packed row by row so that a batch is one gather.

    Args:
        trajectories: with the observation ``state``.
        frame: how their numbers are scaled.
        discount: of the returns.
        reward_scale: what rewards are multiplied by.
        reward_shift: what is then added to them.
    """

    def __init__(
        self,
        trajectories: Iterable[Trajectory],
        frame: Frame,
        discount: float,
        reward_scale: float = 1.0,
        reward_shift: float = 0.0,
    ) -> None:
        chosen = list(trajectories)
        if not chosen:
            raise BadArgument("there is no episode to learn from")
        self._frame, self._discount = frame, discount
        self._scale, self._shift = np.float32(reward_scale), np.float32(reward_shift)
        self.starts = [0, *accumulate(one.steps for one in chosen)]
        self.observation_size, self.action_size = len(frame.mean), len(frame.low)
        size, width = self.observation_size, self.action_size
        self._cuts = [size, width, 1, size, 1, 1]
        self._rows = np.empty((self.starts[-1], sum(self._cuts)), np.float32)
        for rows, one in zip(self.episodes(), chosen, strict=True):
            self._fill(rows, one)

    def _fill(self, rows: slice, one: Trajectory) -> None:
        """Writes an episode into its rows."""
        rewards = one.rewards * self._scale + self._shift
        states = self._frame.observe(one.observations["state"])
        parts = np.split(self._rows[rows], np.cumsum(self._cuts[:-1]), axis=1)
        parts[0][:] = states[:-1]
        parts[1][:] = self._frame.shrink(one.actions)
        parts[2][:, 0] = rewards
        parts[3][:] = states[1:]
        parts[4][:, 0] = ~one.terminated
        parts[5][:, 0] = discounted(rewards, self._discount)

    def append(self, one: Trajectory) -> None:
        """Adds an episode, on the same scales."""
        count = len(self)
        past = count + one.steps
        if past > len(self._rows):  # Room for half as many again: copies are few.
            wider = np.empty((max(past, count + count // 2), self._rows.shape[1]), np.float32)
            wider[:count] = self._rows[:count]
            self._rows = wider
        self._fill(slice(count, past), one)
        self.starts.append(past)

    def __len__(self) -> int:
        return self.starts[-1]

    def take(self, places: NDArray[np.int64]) -> Batch:
        """The transitions at some places."""
        # numpy's `take` copies a row at once; torch's indexing took four times as long.
        rows = torch.from_numpy(self._rows.take(places, 0))
        first, actions, rewards, then, masks, returns = torch.split(rows, self._cuts, dim=1)
        return Batch(first, actions, rewards.squeeze(1), then, masks.squeeze(1), returns.squeeze(1))

    def sample(self, size: int, dice: np.random.Generator) -> Batch:
        """So many transitions, drawn uniformly with replacement."""
        return self.take(dice.integers(0, len(self), size))

    def stretches(
        self, size: int, length: int, dice: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """So many stretches of steps that follow each other, from steps drawn uniformly.

        Returns:
            Three arrays `[B, K]`: places for ``take``, the last of the episode again beyond its
            end; the numbers of the steps in their episodes; which of them are before that end.
        """
        starts = np.asarray(self.starts)
        first = dice.integers(0, len(self), size)
        episode = np.searchsorted(starts, first, side="right") - 1
        steps = first[:, None] + np.arange(length)
        last = starts[episode + 1, None] - 1
        return np.minimum(steps, last), steps - starts[episode, None], steps <= last

    def episodes(self) -> Iterator[slice]:
        """The rows of each episode."""
        for first, past in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield slice(first, past)


def discounted(rewards: NDArray[np.float32], discount: float) -> NDArray[np.float32]:
    """Discounted sum of the rewards from each step to the end, `[T]`.

    Nothing is assumed of what comes after a truncated episode: with rewards that are never
    negative the sum is then a lower bound of the return.
    """
    backwards = reversed(rewards.tolist())
    ahead = list(accumulate(backwards, lambda later, reward: reward + discount * later))
    return np.array(ahead[::-1], np.float32)
