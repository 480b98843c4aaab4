"""AndroidControl for Gymnasium: recorded courses on phones, played again step by step.

Teacher-forced: whatever is done, the next screen is the recorded one, and every step is judged by
every protocol (:mod:`.protocol`) against what was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ...core.command import CommandSpace
from ...core.errors import BadArgument, DecodeError, InvalidAction
from ..observation import (
    MAX_DOM,
    MAX_INSTRUCTION,
    ImageSize,
    observation_space,
    parse_fields,
    parse_image_size,
)
from .action import FORMS, LONGEST, UiAction, format_command, parse_command
from .generator import SPLITS
from .library import SOURCES, Library
from .mark import marked
from .protocol import PROTOCOLS, Step, Tally, Verdict
from .screen import Episode, Screen, describe, in_ascii, picture

OFFERED = ("rgb", "instruction", "dom")
DEFAULT_OBSERVATIONS = ("rgb", "instruction")

DEFAULT_IMAGE_SIZE = (800, 360)
"""Height and width of the picture [px]: a third of the commonest screen."""

LEVELS = ("high", "low")
"""What is told: the goal alone, or the goal and what the next step is to do."""

SCROLLS = ("content", "finger")
"""What a direction is said of: what comes into sight, as recorded, or where the finger goes."""

OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}


class AndroidControl(gymnasium.Env[dict[str, Any], str]):
    """One split of AndroidControl, with goals of one level.

    An action is a command (:mod:`.action`). What means none is a wrong step, and
    ``info["trouble"]`` says why. The reward of a right step is one over the number of steps, so
    that the return is the episode's step accuracy under ``protocol``; the episode succeeds if all
    of its steps are right.

    ``info`` holds ``success``, ``trouble``, ``right`` (of the last step, by protocol) and
    ``metrics``: the figures of the episode so far by every protocol, see :class:`.protocol.Tally`.

    Args:
        split: a name in ``generator.SPLITS``.
        level: ``high`` tells the goal, ``low`` also what the next step is to do.
        episodes: ``generated`` by this package, or ``official`` once imported.
        protocol: the one that reward and success go by, of ``protocol.PROTOCOLS``.
        scrolls: whether a direction is that of the ``content`` that comes into sight, as the
            dataset has it, or that of the ``finger``, its opposite.
        closing_status: whether the last screen is shown as well, on which ``status("complete")``
            is right. No published protocol asks for that.
        observations: some of ``rgb``, ``instruction`` and ``dom``.
        image_size: of ``rgb`` and of ``render`` [px]; the screen is squeezed into it.
        render_profile: accepted as by every task; screens are pictures already.
        render_mode: ``rgb_array`` or None. ``render`` shows the screen that was acted on last,
            with what was done and, framed, what should have been.

    Raises:
        BadArgument: a value outside the above, or the official episodes are not there.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "render_modes": ["rgb_array"],
        "render_fps": 1,
        "film": {"of": "render", "side": 480, "strip": True},
    }

    def __init__(
        self,
        split: str,
        level: str,
        *,
        episodes: str = "generated",
        protocol: str = "gea-v1",
        scrolls: str = "content",
        closing_status: bool = False,
        observations: Sequence[str] = DEFAULT_OBSERVATIONS,
        image_size: ImageSize = DEFAULT_IMAGE_SIZE,
        render_profile: str = "fast",
        render_mode: str | None = None,
    ) -> None:
        for name, value, known in (
            ("split", split, tuple(SPLITS)), ("level", level, LEVELS),
            ("episodes", episodes, SOURCES), ("protocol", protocol, tuple(PROTOCOLS)),
            ("scrolls", scrolls, SCROLLS), ("closing_status", closing_status, (False, True)),
            ("render_profile", render_profile, ("fast", "full")),
            ("render_mode", render_mode, (None, "rgb_array")),
        ):  # fmt: skip
            _check_choice(name, value, known)
        self._fields = parse_fields(observations, OFFERED, "androidcontrol")
        self._size = parse_image_size(image_size)
        self.render_mode = render_mode
        self._low, self._protocol = level == "low", protocol
        self._finger, self._closing = scrolls == "finger", closing_status
        self._library = Library(split, episodes)
        self.split = split
        self.action_space = CommandSpace(FORMS, LONGEST)
        self.observation_space = observation_space(self._fields, self._size, None)
        self._episode: Episode | None = None
        self._last: tuple[Step, Verdict] | None = None
        self._step, self._steps, self._over = 0, 0, True
        self._tally = Tally(0)

    @property
    def render_info(self) -> dict[str, str]:
        """What draws, and which ``episodes`` these are."""
        return {"backend": "pillow", "episodes": self._library.origin}

    @property
    def episode(self) -> Episode:
        """The running episode, with what was done in it.

        Raises:
            gymnasium.error.ResetNeeded: no episode has begun.
        """
        if self._episode is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        return self._episode

    @property
    def answer(self) -> str:
        """The command that was recorded for the step that is due."""
        action = self._recorded(self._step)
        if self._finger and action.kind == "scroll":
            action = UiAction(kind="scroll", argument=OPPOSITE[action.argument])
        return format_command(action)

    # -- Gymnasium ----------------------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode.

        Args:
            seed: draws which.
            options: ``{"episode": n}`` plays the one with that number, which counts from 0.

        Raises:
            BadArgument: there is no such episode, or no such option.
        """
        number = _asked_for(options, len(self._library), self.split)
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(len(self._library)))
        self._episode = self._library[drawn if number is None else number]
        self._steps = len(self._episode.actions) + self._closing
        self._tally = Tally(self._steps)
        self._step, self._over = 0, False
        self._last = None
        return self._observe(), {"success": False, "trouble": "", "right": {}, "metrics": {}}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Judges a command, and shows the next recorded screen.

        Raises:
            InvalidAction: not a text of the action space.
            gymnasium.error.ResetNeeded: no episode is running.
        """
        if self._over:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        if not isinstance(action, str) or not self.action_space.contains(action):
            raise InvalidAction(
                f"androidcontrol takes a command of at most {LONGEST} printable ASCII characters, "
                f"not {action!r:.60}"
            )
        said, trouble = self._understand(action)
        step = Step(said=said, recorded=self._recorded(self._step), screen=self._screen)
        verdicts = self._tally.add(step)
        self._last = step, verdicts[self._protocol]
        self._step += 1
        self._over = self._step >= self._steps
        right = verdicts[self._protocol].right
        info = {
            "success": self._over and self._tally.right(self._protocol) == self._steps,
            "trouble": trouble,
            "right": {name: verdict.right for name, verdict in verdicts.items()},
            "metrics": self._tally.figures(),
        }
        return self._observe(), right / self._steps, self._over, False, info

    def render(self) -> NDArray[np.uint8] | None:
        """The last deed, drawn on its screen, `[H, W, 3]`; None without ``render_mode``."""
        if self.render_mode is None:
            return None
        if self._last is None:
            return picture(self._screen, self._size)
        return marked(*self._last, self._size)

    @property
    def _screen(self) -> Screen:
        """The screen that is shown: after the last step, the one at the end."""
        screens = self.episode.screens
        return screens[min(self._step, len(screens) - 1)]

    def _recorded(self, step: int) -> UiAction:
        actions = self.episode.actions
        return (
            actions[step] if step < len(actions) else UiAction(kind="status", argument="complete")
        )

    def _understand(self, text: str) -> tuple[UiAction | None, str]:
        try:
            said = parse_command(text)
        except DecodeError as error:
            return None, str(error)
        if self._finger and said.kind == "scroll":
            said = UiAction(kind="scroll", argument=OPPOSITE[said.argument])
        return said, ""

    def _observe(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if "rgb" in self._fields:
            seen["rgb"] = picture(self._screen, self._size)
        if "instruction" in self._fields:
            seen["instruction"] = self._instruction()
        if "dom" in self._fields:
            seen["dom"] = describe(self._screen, MAX_DOM)
        return seen

    def _instruction(self) -> str:
        episode = self.episode
        text = in_ascii(episode.goal)
        if self._low and self._step < len(episode.step_instructions):
            text += f"\nNext step: {in_ascii(episode.step_instructions[self._step])}"
        return text if len(text) <= MAX_INSTRUCTION else text[: MAX_INSTRUCTION - 3] + "..."


def _check_choice(name: str, value: object, known: Sequence[object]) -> None:
    if not any(type(value) is type(one) and value == one for one in known):
        words = ", ".join(str(one) for one in known)
        raise BadArgument(f"{name} is {value!r:.60}; androidcontrol tasks know {words}")


def _asked_for(options: Mapping[str, Any] | None, count: int, split: str) -> int | None:
    """The number of the episode that is asked for, or None."""
    if options is not None and not isinstance(options, Mapping):
        raise BadArgument(f"reset's options are {options!r:.60}; they are a dictionary or None")
    unknown = [name for name in options or {} if name != "episode"]
    if unknown:
        raise BadArgument(
            f"androidcontrol's reset has no option '{unknown[0]}'; it takes 'episode'"
        )
    number = (options or {}).get("episode")
    if number is None:
        return None
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not 0 <= number < count:
        raise BadArgument(
            f"options['episode'] is {number!r}; it is a whole number from 0 to {count - 1}: "
            f"androidcontrol's split '{split}' has {count} episodes here"
        )
    return int(number)
