"""Language Rearrangement for Gymnasium: an instruction, a home, 70 skills, 32 steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.errors import BadArgument, InvalidAction
from ...core.specs import USUAL_FIELDS
from ..observation import ImageSize, observation_space, parse_fields, parse_image_size
from . import narration
from .episode import Episode
from .home import Home
from .layout import Pose
from .library import BACKENDS, SOURCES, Library, make_world
from .planner import FAR
from .rules import Rules
from .subgoals import subgoals
from .symbols import STATE_NAMES, Symbols, state_space
from .vocabulary import SKILL_INDEX, SKILLS
from .world import VIEWS, View, World

HORIZON = 32
"""Longest episode [skills]; ``language_rearrangement.yaml``."""

SUCCESS_REWARD = 10.0
"""For success; ``language_rearrangement.yaml``."""

PROGRESS_REWARD = 5.0
"""For all milestones together; ``language_rearrangement.yaml``."""

MOST_STARTS = 50
"""Start poses that are drawn; as many as habitat-lab draws to find one without a collision."""

INTENDED_PENALTY = 0.05
"""What the released configuration means to take for an invalid skill, and never does."""

DEFAULT_OBSERVATIONS = ("rgb", "instruction")
"""What the published agents see."""

DEFAULT_IMAGE_SIZE = 224
"""Side of the head camera's picture [px]; the released configuration's."""


class LanguageRearrangement(gymnasium.Env[dict[str, Any], np.int64]):
    """One split of Language Rearrangement.

    An action is the number of a skill. A skill whose precondition fails changes nothing and costs
    a step. The episode ends at success, which is judged after every skill, or is cut after 32.
    The reward is 10 at success and 5 for the milestones on the way, each paid once.

    ``info`` holds ``success``, ``skill`` (the name of the last skill), ``valid`` (whether it was
    done) and ``metrics``: ``progress`` (the fraction of milestones reached), ``invalid_actions``,
    ``num_steps``.

    Args:
        split: a name in ``splits.SPLITS``.
        episodes: ``generated`` by this package, or ``official`` for those of the released files,
            once imported.
        backend: ``mujoco`` or ``habitat``.
        observations: some of ``rgb``, ``state`` and ``instruction``.
        image_size: of ``rgb`` and of ``render`` [px].
        render_profile: ``fast`` or ``full``.
        render_mode: ``rgb_array`` or None.
        render_view: what ``render`` shows: ``head``, ``third-person`` or ``top-down``. The
            observation is always the head's.
        invalid_penalty: taken for each invalid skill. 0, as the released task behaves; its
            configuration intends 0.05.
        stale_predicates: judge success with the truth values from before the skill, where its
            precondition looked them up, as the released task does.

    Raises:
        MissingExtra: the backend is not installed.
        BadArgument: a value outside the above.
    """

    skill_index: Mapping[str, int] = SKILL_INDEX
    """The action of each skill by its name, e.g. ``nav(Sofa)``."""

    state_names: Sequence[str] = STATE_NAMES
    """What each number of ``state`` is."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012 - Gymnasium's name

    def __init__(
        self,
        split: str,
        *,
        episodes: str = "generated",
        backend: str = "mujoco",
        observations: Sequence[str] = DEFAULT_OBSERVATIONS,
        image_size: ImageSize = DEFAULT_IMAGE_SIZE,
        render_profile: str = "fast",
        render_mode: str | None = None,
        render_view: View = "head",
        invalid_penalty: float = 0.0,
        stale_predicates: bool = False,
    ) -> None:
        _check_choice("episodes", episodes, SOURCES)
        _check_choice("backend", backend, BACKENDS)
        _check_choice("render_view", render_view, VIEWS)
        _check_choice("render_mode", render_mode, (None, "rgb_array"))
        _check_choice("stale_predicates", stale_predicates, (False, True))
        number = isinstance(invalid_penalty, (int, float)) and invalid_penalty is not True
        if not (number and np.isfinite(invalid_penalty) and invalid_penalty >= 0):
            raise BadArgument(f"invalid_penalty is {invalid_penalty!r}; it is a number from 0 up")
        self._fields = parse_fields(observations, USUAL_FIELDS, "langr")
        self._size = parse_image_size(image_size)
        self.render_mode, self._view = render_mode, render_view
        self._penalty, self._stale = float(invalid_penalty), bool(stale_predicates)
        self.world: World = make_world(backend, self._size, render_profile)
        self._library = Library(split, episodes)
        self.split, self._backend = split, backend
        self.action_space = spaces.Discrete(len(SKILLS))
        self.observation_space = observation_space(self._fields, self._size, state_space())
        self._rules: Rules | None = None
        self._over = True

    # -- what agents beside the environment may look at --------------------------------------

    @property
    def rules(self) -> Rules:
        """The logic and the state of the running episode.

        Raises:
            gymnasium.error.ResetNeeded: no episode has begun.
        """
        if self._rules is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        return self._rules

    @property
    def episode(self) -> Episode:
        """The running episode, with its goal."""
        return self.rules.episode

    @property
    def number_of_episodes(self) -> int:
        """Episodes of this split."""
        return len(self._library)

    def describe(self) -> str:
        """The state in words, for language models; see ``narration``."""
        return narration.describe(self.rules)

    @property
    def render_info(self) -> dict[str, str]:
        """What draws (``backend``, ``profile``, ``device``), and which ``episodes`` these are."""
        if "rgb" not in self._fields and self.render_mode is None:
            return {"backend": "none", "episodes": self._library.origin}
        return {**self.world.info, "episodes": self._library.origin}

    # -- Gymnasium ----------------------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode, with the robot at a random place.

        Args:
            seed: of the start pose, of where things land, and of which episode is played.
            options: ``{"episode": n}`` plays the episode with that number, which counts from 0;
                else the seed draws one.

        Raises:
            BadArgument: there is no such episode, or no such option.
        """
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(len(self._library)))
        number = _asked_for(options, len(self._library))
        episode = self._library[drawn if number is None else number]
        home = self.world.load(episode)
        self._rules = Rules(home, episode, stale_predicates=self._stale)
        self._rules.begin(FAR)
        self._subgoals = subgoals(self._rules) or ()
        self._compile()
        self._place_robot(home)
        self._reached = [reached() for reached in self._milestones]
        self._steps, self._invalid, self._over = 0, 0, False
        return self._observe(), self._info(success=False, skill="", valid=True)

    def _compile(self) -> None:
        """What judges and reads the running episode, from its rules."""
        self._symbols = Symbols(self.rules)
        self._succeeds = self.rules.compile(self.episode.goal)
        self._milestones = [self.rules.compile(predicate) for predicate in self._subgoals]

    def _place_robot(self, home: Home) -> None:
        """Draws where the robot starts: again while the goal of the episode holds there.

        Where somebody is to go somewhere, or to find something, the first draw may be there.
        """
        for _ in range(MOST_STARTS):
            x, y = home.floor[int(self.np_random.integers(len(home.floor)))]
            yaw = float(self.np_random.uniform(-np.pi, np.pi))
            self.rules.begin(Pose(float(x), float(y), yaw))
            if not self._succeeds():
                return

    def __getstate__(self) -> dict[str, Any]:
        """All but what looks into the rules: a copy's would look into the original's."""
        kept = self.__dict__.copy()
        for name in ("_succeeds", "_milestones", "_symbols"):
            kept.pop(name, None)
        return kept

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Takes what ``__getstate__`` gave, and compiles the rest anew."""
        self.__dict__.update(state)
        if self._rules is not None:
            self._compile()

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Does one skill.

        Raises:
            InvalidAction: not a whole number from 0 to 69.
            gymnasium.error.ResetNeeded: no episode is running.
        """
        if self._over or self._rules is None:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        skill = SKILLS[_checked(action)]
        valid = self._rules.apply(skill, self.np_random)
        self._steps += 1
        self._invalid += not valid
        before = sum(self._reached)
        for index, reached in enumerate(self._milestones):
            if not self._reached[index]:
                self._reached[index] = reached()
        success = self._succeeds()
        gained = (sum(self._reached) - before) / max(len(self._milestones), 1)
        reward = PROGRESS_REWARD * gained + SUCCESS_REWARD * success
        reward -= self._penalty * (not valid)
        truncated = not success and self._steps >= HORIZON
        self._over = success or truncated
        return self._observe(), reward, success, truncated, self._info(success, skill.name, valid)

    def render(self) -> NDArray[np.uint8] | None:
        """A fresh picture `[H, W, 3]` of the chosen view, or None without ``render_mode``."""
        if self.render_mode is None:
            return None
        return self.world.draw(self.rules.state, self._view)

    def close(self) -> None:
        """Frees what draws; may be called twice."""
        self.world.close()

    def _observe(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if "rgb" in self._fields:
            seen["rgb"] = self.world.draw(self.rules.state, "head")
        if "state" in self._fields:
            seen["state"] = self._symbols.read()
        if "instruction" in self._fields:
            seen["instruction"] = self.rules.episode.instruction
        return seen

    def _info(self, success: bool, skill: str, valid: bool) -> dict[str, Any]:
        reached = sum(self._reached) / max(len(self._milestones), 1)
        metrics = {
            "progress": reached,
            "invalid_actions": float(self._invalid),
            "num_steps": float(self._steps),
        }
        return {"success": success, "skill": skill, "valid": valid, "metrics": metrics}


def _check_choice(name: str, value: object, known: Sequence[object]) -> None:
    if not any(type(value) is type(one) and value == one for one in known):
        words = ", ".join(str(one) for one in known)
        raise BadArgument(f"{name} is {value!r}; langr tasks know {words}")


def _asked_for(options: Mapping[str, Any] | None, count: int) -> int | None:
    """The number of the episode that is asked for, or None."""
    unknown = [name for name in options or {} if name != "episode"]
    if unknown:
        raise BadArgument(f"langr's reset has no option '{unknown[0]}'; it takes 'episode'")
    number = (options or {}).get("episode")
    if number is None:
        return None
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not 0 <= number < count:
        raise BadArgument(
            f"options['episode'] is {number!r}; it is a whole number from 0 to {count - 1}"
        )
    return int(number)


def _checked(action: Any) -> int:
    whole = isinstance(action, (int, np.integer)) and not isinstance(action, bool)
    if isinstance(action, np.ndarray) and action.shape == () and action.dtype.kind in "iu":
        whole = True
    if not whole or not 0 <= int(action) < len(SKILLS):
        raise InvalidAction(
            f"langr takes a whole number from 0 to {len(SKILLS) - 1}, not {action!r}"
        )
    return int(action)
