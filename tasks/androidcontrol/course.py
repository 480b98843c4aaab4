"""A course through screens: what is shown, what is done there, and how that is said."""

from __future__ import annotations

import numpy as np

from .action import UiAction, from_record, to_record
from .drawing.sheet import HEIGHT, WIDTH, Sheet
from .screen import Episode, Screen

SPREAD = 0.22
"""How far from its middle an element is touched, as a share of its width and height: people do
not hit the middle."""


class Course:
    """An episode in the making.

    Args:
        dice: of the places that are touched.
    """

    def __init__(self, dice: np.random.Generator) -> None:
        self.dice = dice
        self._screens: list[Screen] = []
        self._actions: list[UiAction] = []
        self._words: list[str] = []

    def tap(self, sheet: Sheet, key: str, words: str) -> None:
        """Touches an element."""
        self._do(sheet, UiAction(kind="click", place=self._place(sheet, key)), words)

    def press(self, sheet: Sheet, key: str, words: str) -> None:
        """Touches an element for long."""
        self._do(sheet, UiAction(kind="long_press", place=self._place(sheet, key)), words)

    def scroll(self, sheet: Sheet, direction: str, words: str) -> None:
        """Moves what is in sight: down shows what is further down."""
        self._do(sheet, UiAction(kind="scroll", argument=direction), words)

    def write(self, sheet: Sheet, text: str, words: str) -> None:
        """Types into what has the keyboard."""
        self._do(sheet, UiAction(kind="input_text", argument=text), words)

    def open(self, sheet: Sheet, app: str) -> None:
        """Opens an app by its name."""
        self._do(sheet, UiAction(kind="open_app", argument=app), f"Open the {app} app")

    def back(self, sheet: Sheet, words: str = "Go back to the previous screen") -> None:
        """Goes back."""
        self._do(sheet, UiAction(kind="navigate_back"), words)

    def leave(self, sheet: Sheet, words: str = "Go to the home screen") -> None:
        """Goes to the home screen."""
        self._do(sheet, UiAction(kind="navigate_home"), words)

    def wait(self, sheet: Sheet, words: str = "Wait until the page has loaded") -> None:
        """Waits for something."""
        self._do(sheet, UiAction(kind="wait"), words)

    def end(self, sheet: Sheet, number: int, goal: str) -> Episode:
        """The finished episode, whose last screen is this."""
        return Episode(
            number=number,
            goal=goal,
            screens=(*self._screens, sheet.screen()),
            actions=tuple(self._actions),
            step_instructions=tuple(self._words),
        )

    def _do(self, sheet: Sheet, action: UiAction, words: str) -> None:
        self._screens.append(sheet.screen())
        self._actions.append(action)
        self._words.append(words)

    def _place(self, sheet: Sheet, key: str) -> tuple[float, float]:
        left, top, right, bottom = sheet.places[key]
        across, down = 0.5 + self.dice.uniform(-SPREAD, SPREAD, 2)
        place = ((left + across * (right - left)) / WIDTH, (top + down * (bottom - top)) / HEIGHT)
        # To whole pixels, as the dataset has them.
        whole = to_record(UiAction(kind="click", place=place), WIDTH, HEIGHT)
        placed = from_record(whole, WIDTH, HEIGHT).place
        assert placed is not None
        return placed
