"""The scripted solver: a planner that knows the goal, and plans again when surprised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from ...core.errors import BadArgument
from .environment import LanguageRearrangement
from .planner import Step, plan
from .vocabulary import NAVIGABLE, SKILL_INDEX, SKILLS

IDLE = SKILL_INDEX[f"nav({NAVIGABLE[0]})"]
"""What is done where no plan is found; it is always valid and disturbs nothing."""


class PlannerOracle:
    """Plays any episode, generated or official, in either world.

    Args:
        env: a :class:`LanguageRearrangement`, wrapped or not.

    Attributes:
        fault: why it gave up on this episode, or an empty text.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        inner = env.unwrapped
        if not isinstance(inner, LanguageRearrangement):
            raise BadArgument(f"LangR's planner cannot play {type(inner).__name__}")
        self._env = inner
        self._steps: list[Step] = []
        self.fault = ""

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """Forgets the episode before."""
        self._steps, self.fault = [], ""

    def act(self, observation: Mapping[str, Any]) -> np.int64:
        """The next skill; looks at the home's state, not at its argument."""
        if not self._steps or not self._is_as_planned(self._steps[0]):
            found = plan(self._env.rules)
            self.fault = "no plan leads to the goal" if found is None else ""
            self._steps = found or [Step(IDLE if found is None else self._lingering())]
        return np.int64(self._steps.pop(0).action)

    def _lingering(self) -> int:
        """A skill after which the goal, which holds already, still does."""
        rules = self._env.rules
        for action, skill in enumerate(SKILLS):
            trial = rules.fork()
            if trial.apply(skill, np.random.default_rng(0)) and trial.holds(rules.episode.goal):
                return action
        return IDLE

    def _is_as_planned(self, step: Step) -> bool:
        """Whether a step still does what it was planned for.

        Where things land when they are placed is drawn by the environment, so that the plan's
        guess may be off.
        """
        rules, skill = self._env.rules, SKILLS[step.action]
        if step.takes is not None:
            return rules.can_pick(skill.target) == step.takes
        return rules.is_valid(skill)


def make_oracle(env: gymnasium.Env[Any, Any]) -> PlannerOracle:
    """The oracle of a Language Rearrangement task."""
    return PlannerOracle(env)
