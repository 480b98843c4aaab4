"""MiniWoB++ for Gymnasium: a web page, an instruction, mouse and keyboard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ...core.element import Element, write_elements
from ...core.errors import BadArgument, BrowserFault, DecodeError
from ..observation import (
    MAX_DOM,
    MAX_INSTRUCTION,
    ImageSize,
    observation_space,
    parse_fields,
    parse_image_size,
    resize,
)
from . import served
from .action import make_speech
from .binary import find_browser
from .browser import Browser, lease, release
from .gesture import Gesture
from .hand import Hand, Missed
from .mark import Mark, draw_marks
from .page import Page
from .roster import OFFERED, Chore, chore_of
from .sight import Sight

CLOCKS = ("steps", "wall")
"""What time is: a fixed span a step, or the machine's own."""

REWARDS = ("raw", "discounted")
"""What is rewarded: the page's verdict, or that times the share of the time that is left."""

MODES = ("train", "test")
"""Which words and forms some pages draw from."""

STEP = 100.0
"""Time that a step takes on the deterministic clock [ms]."""

ROUNDING = 1e-9
"""Some pages add up full marks from shares, which falls short of 1 by this much at most."""

EPISODES_A_PAGE = 200
"""Episodes after which a page is opened anew: pages gather what they never let go of."""

DEFAULT_OBSERVATIONS = ("instruction", "dom")
"""Words only: what the language-model agents of the literature see."""

COUNTERS = ("dialogs", "new_tabs", "outside_requests", "navigations")
"""What a page tried and was kept from."""


class MiniWoB(gymnasium.Env[dict[str, Any], Any]):
    """One MiniWoB++ task on its own page, in the headless browser that this process shares.

    ``info`` holds ``success`` (the page's raw reward reached the task's threshold), ``problem``
    (why the last action did nothing, or an empty text), ``reason`` (what the page says of its
    verdict), and ``metrics``: ``raw_reward``, ``discounted_reward``, ``seconds`` [s] on the
    episode's clock, ``malformed`` (actions that mean nothing), ``missed`` (actions with nothing
    to act on), and what the page was kept from: ``dialogs``, ``new_tabs``, ``outside_requests``,
    ``navigations``.

    Args:
        task: the package's name, e.g. ``click-test``.
        action_space: ``text``, ``element``, ``coordinate`` or ``grid``.
        observations: some of ``rgb``, ``instruction`` and ``dom``.
        image_size: of ``rgb`` and of ``render`` [px]; by default the task's own, 210 high and 160
            wide, of flights 667 and 375. Actions are in the task's own pixels whatever the size.
        render_profile: accepted as by every task; the browser draws its own pixels.
        render_mode: ``rgb_array`` or None.
        reward: ``raw`` or ``discounted``.
        clock: ``steps``: time moves by ``step_ms`` with every action and never else; ``wall``:
            the machine's clock, as upstream.
        step_ms: see ``clock`` [ms].
        time_scale: what the task's own time limit is multiplied with.
        data_mode: ``train`` or ``test``.

    Raises:
        MissingExtra: the package is not installed.
        BrowserMissing: no browser was found.
        BadArgument: a value outside the above.
    """

    # Films show what was done, which the agent's own pictures do not.
    metadata = {  # noqa: RUF012 - Gymnasium's name
        "render_modes": ["rgb_array"],
        "render_fps": 2,
        "film": {"of": "render", "side": 420, "strip": True},
    }

    def __init__(
        self,
        task: str,
        *,
        action_space: str = "text",
        observations: Sequence[str] = DEFAULT_OBSERVATIONS,
        image_size: ImageSize | None = None,
        render_profile: str = "fast",
        render_mode: str | None = None,
        reward: str = "raw",
        clock: str = "steps",
        step_ms: float = STEP,
        time_scale: float = 1.0,
        data_mode: str = "train",
    ) -> None:
        self._chore: Chore = chore_of(task)
        _check("render_profile", render_profile, ("fast", "full"))
        _check("render_mode", render_mode, (None, "rgb_array"))
        _check("reward", reward, REWARDS)
        _check("clock", clock, CLOCKS)
        _check("data_mode", data_mode, MODES)
        _check_number("step_ms", step_ms, 1.0, 60_000.0)
        _check_number("time_scale", time_scale, 0.01, 10_000.0)
        self.task, self.render_mode = task, render_mode
        self.fields = parse_fields(observations, OFFERED, "miniwob")
        self.image_size = parse_image_size(self._chore.size if image_size is None else image_size)
        self._reward, self._mode = reward, data_mode
        self._still = clock == "steps"
        self._span, self._scale = float(step_ms), float(time_scale)
        self.speech = make_speech(action_space, self._chore.size)
        self.action_space = self.speech.space
        self.observation_space = observation_space(self.fields, self.image_size, None)
        served.root()
        self.render_info = {"backend": find_browser().name, "profile": render_profile}
        self._browser: Browser | None = None
        self._page: Page | None = None
        self._played = 0
        self._sight = Sight()
        self._picture: NDArray[np.uint8] | None = None
        self._marks: tuple[Mark, ...] = ()
        self._counts: dict[str, float] = {}
        self._over = True

    @property
    def elements(self) -> tuple[Element, ...]:
        """What stands on the page now, as ``dom`` says it in writing."""
        return self._sight.elements

    @property
    def instruction(self) -> str:
        """What the page asks for, letter by letter."""
        return self._sight.utterance

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begins an episode. The seed is that of the page's own generator, as upstream's is.

        Raises:
            BrowserFault: the browser died or hangs; the next reset takes a new one.
        """
        super().reset(seed=seed)
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        try:
            page = self._fresh_page()
            page.counts.clear()
            self._take(page.begin(seed, self._mode, self._scale))
        except BrowserFault:
            self._let_go()
            raise
        self._played += 1
        self._marks = ()
        self._counts = dict.fromkeys(("malformed", "missed"), 0.0)
        self._over = False
        return self._observe(), self._info("")

    def _fresh_page(self) -> Page:
        """The page, opened if there is none, and loaded anew where the task or its age asks so."""
        if self._browser is not None and not self._browser.alive:
            self._let_go()
        if self._page is None:
            self._browser = lease()
            filmed = "rgb" in self.fields
            self._page = Page(self._browser, self._chore.size, self._still, filmed)
            self.render_info["device"] = self._browser.version
            self._played = 0
        if self._played % (1 if self._chore.reload else EPISODES_A_PAGE) == 0:
            self._page.load(self.task)
        return self._page

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Does one gesture, lets time pass, and looks.

        Raises:
            InvalidAction: the action is not in the action space.
            BadArgument: the episode is over.
            BrowserFault: the browser died or hangs.
        """
        if self._over or self._page is None:
            raise BadArgument(f"the episode of miniwob.{self.task} is over; call reset before step")
        problem = ""
        try:
            gesture = self.speech.read(action)
        except DecodeError as error:
            gesture, problem = Gesture("wait"), str(error)
            self._counts["malformed"] += 1
        try:
            problem = self._do(self._page, gesture) or problem
            self._take(self._page.advance(self._span))
        except BrowserFault:
            self._let_go()
            raise
        self._over = self._sight.done
        info = self._info(problem)
        reward = info["metrics"][f"{self._reward}_reward"]
        return self._observe(), reward, self._over, False, info

    def _do(self, page: Page, gesture: Gesture) -> str:
        hand = Hand(page)
        try:
            hand.do(gesture, {element.ref: element for element in self.elements})
        except Missed as miss:
            self._counts["missed"] += 1
            return str(miss)
        except DecodeError as error:
            self._counts["malformed"] += 1
            return str(error)
        finally:
            self._marks = hand.marks
        return ""

    def _take(self, sight: Sight) -> None:
        self._sight, self._picture = sight, None

    def _observe(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if "instruction" in self.fields:
            seen["instruction"] = plain(self.instruction)[:MAX_INSTRUCTION]
        if "dom" in self.fields:
            seen["dom"] = write_elements(self.elements, MAX_DOM)
        if "rgb" in self.fields:  # At last: the browser draws it in the meantime.
            seen["rgb"] = resize(self._screen(), self.image_size)
        return {field: seen[field] for field in self.fields}

    def _screen(self) -> NDArray[np.uint8]:
        """The screen in its own size, taken once a step and only if somebody looks."""
        if self._picture is None:
            if self._page is None:
                raise gymnasium.error.ResetNeeded("call reset() first")
            self._picture = self._page.picture()
        return self._picture

    def _info(self, problem: str) -> dict[str, Any]:
        sight = self._sight
        raw, discounted = (sight.raw, sight.reward) if sight.done else (0.0, 0.0)
        counts = self._page.counts if self._page is not None else {}
        return {
            "success": sight.done and raw >= self._chore.threshold - ROUNDING,
            "problem": problem,
            "reason": sight.reason,
            "metrics": {
                "raw_reward": raw,
                "discounted_reward": discounted,
                "seconds": sight.seconds,
                **self._counts,
                **{name: float(counts.get(name, 0)) for name in COUNTERS},
            },
        }

    def render(self) -> NDArray[np.uint8] | None:
        """The screen with the last gesture drawn in, `[H, W, 3]`; None without ``render_mode``."""
        if not self.render_mode:
            return None
        return draw_marks(self._screen(), self._marks, self.image_size)

    def close(self) -> None:
        """Closes the page, and the browser with the last page; may be called twice."""
        self._let_go()

    def _let_go(self) -> None:
        self._over = True
        page, self._page = self._page, None
        browser, self._browser = self._browser, None
        if page is not None:
            page.close()
        if browser is not None:
            release(browser)


def plain(text: str) -> str:
    """Printable ASCII: every other letter as JSON would escape it."""
    return "".join(one if " " <= one <= "~" else json.dumps(one)[1:-1] for one in text)


def _check(name: str, value: Any, known: Sequence[Any]) -> None:
    if value not in known:
        raise BadArgument(f"{name} is {value!r}; miniwob tasks know {', '.join(map(repr, known))}")


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise BadArgument(f"{name} is {value!r}; it is a number from {low:g} to {high:g}")
