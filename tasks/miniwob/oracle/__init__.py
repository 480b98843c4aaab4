"""Scripted solvers: a function a task, written against the elements of its page.

An oracle is a generator. It is called with a :class:`View` and yields one gesture a step; after
each, the view shows the page as it then is::

    def click_button(view):
        yield click(view.find(tag="button", text=view.quoted[0]).ref)

``ORACLES`` maps the package's name of a task to its function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium

from ....core.errors import BadArgument
from ..environment import MiniWoB
from ..gesture import Gesture, wait
from .drag import DRAGS
from .form import FORMS
from .message import MESSAGES
from .pane import PANES
from .setting import SETTINGS
from .single import SINGLES
from .view import Oracle, View

ORACLES: Mapping[str, Oracle] = {**SINGLES, **FORMS, **PANES, **MESSAGES, **DRAGS, **SETTINGS}
"""Every oracle by the name of its task."""


class Solver:
    """Plays a task by its oracle, in whichever action space the environment has.

    Args:
        env: a :class:`MiniWoB`, wrapped or not.

    Raises:
        BadArgument: another environment, or a task without oracle.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        inner = env.unwrapped
        if not isinstance(inner, MiniWoB) or inner.task not in ORACLES:
            raise BadArgument(f"no oracle of miniwob plays {getattr(inner, 'task', inner)}")
        self._env = inner
        self._course: Iterator[Gesture] = iter(())

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """Reads the page of the new episode."""
        self._course = ORACLES[self._env.task](View(self._env))

    def act(self, observation: Mapping[str, Any]) -> Any:
        """The next gesture as an action; waits once there is nothing left to do."""
        return self._env.speech.say(next(self._course, wait()))
