"""What the robot's camera sees, and views from behind and above, drawn with MuJoCo.

Nothing is simulated here: where everybody is comes from outside. One compiled model serves all
layouts; see ``drawing.stage``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.stopwatch import RENDERING
from ..observation import DEPTH_REACH
from .drawing import scenery
from .drawing.model import VIEWS
from .drawing.space import Plan
from .drawing.stage import Stage
from .drawing.wardrobe import dress

Floats = NDArray[np.float64]

View = Literal["head", "third-person", "top-down"]

EYE = 0.75
"""Height of the robot's camera [m]: between those of small and of tall indoor robots, 0.6 to
0.88."""

FIELD = 90.0
"""Its horizontal field of view [deg]."""


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """Where everybody is at one moment.

    Attributes:
        robot: x, y [m] and heading [rad].
        places: of people, `[N, 2]` [m]; who is not there has NaN.
        headings: `[N]` [rad].
        speeds: `[N]` [m/s]; they stand where it is left out.
        walked: the distance that each has gone, `[N]` [m], the phase of their steps; where it is
            left out, the phase follows from the place.
        signs: `[N]`, of ``gait.NONE``, ``WAIT`` and ``GO``.
        ways: the direction in the world that a ``GO`` shows, `[N]` [rad]; ahead if left out.
        things: poses x, y, heading of the layout's things, `[K, 3]`; where they began, if left
            out.
        time: since the start [s]; hands wave by it.
    """

    robot: tuple[float, float, float]
    places: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    headings: Floats = field(default_factory=_none)
    speeds: Floats = field(default_factory=_none)
    walked: Floats = field(default_factory=_none)
    signs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    ways: Floats = field(default_factory=_none)
    things: Floats = field(default_factory=_none)
    time: float = 0.0


class Painter:
    """Draws one layout at a time.

    Args:
        image_size: height and width of pictures [px].
        profile: a name in ``rendering.PROFILES``.
        eye: height of the robot's camera [m].
        field_of_view: its horizontal field of view [deg].
    """

    def __init__(
        self,
        image_size: tuple[int, int] = (84, 84),
        profile: str = "fast",
        eye: float = EYE,
        field_of_view: float = FIELD,
    ) -> None:
        if not (0.2 <= eye <= 2.0 and 10.0 <= field_of_view <= 150.0):
            raise BadArgument(
                f"the camera is at {eye!r} m with a field of {field_of_view!r} degrees; "
                "it is from 0.2 to 2 m above the floor, with a field of 10 to 150 degrees"
            )
        self._size, self._profile = image_size, profile
        self._eye, self._field = float(eye), float(field_of_view)
        self._stage: Stage | None = None
        self._plan: Plan | None = None
        self._arguments: dict[str, Any] = {}

    @property
    def info(self) -> Mapping[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        if self._stage is not None and self._stage.info:
            return self._stage.info
        from ..rendering import select_backend

        return {"backend": select_backend(), "profile": self._profile}

    def load(
        self,
        plan: Plan,
        people: int,
        seed: int = 0,
        *,
        radius: float = 0.25,
        goal: tuple[float, float, float] | None = None,
    ) -> None:
        """Takes another episode; its first picture dresses the model.

        Args:
            plan: the layout.
            people: how many there ever are.
            seed: chooses what they look like.
            radius: of the robot [m].
            goal: x, y and tolerance of the robot's goal [m], where there is one to be shown. The
                robot's own camera does not see it.
        """
        self._plan = plan
        self._arguments = {"people": people, "seed": seed, "radius": radius, "goal": goal}
        if self._stage is not None:
            self._dress()

    @RENDERING.counts
    def draw(self, sight: Sight, view: View = "head") -> NDArray[np.uint8]:
        """A fresh picture `[H, W, 3]`.

        Raises:
            BadArgument: no episode was loaded, no such view, or the sight is of another episode.
            RenderingUnavailable: no backend opens.
        """
        stage = self._ready(sight, view)
        return stage.renderer(view).render(stage.data)

    def depth(self, sight: Sight, view: View = "head") -> NDArray[np.float32]:
        """How far all is along the camera's axis, fresh `[H, W]` [m]; at most ``DEPTH_REACH``.

        Raises:
            BadArgument: as for ``draw``.
            RenderingUnavailable: no backend opens.
        """
        return self.both(sight, view)[1]

    def both(
        self, sight: Sight, view: View = "head"
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Picture and depth of the same moment, drawn once.

        Raises:
            BadArgument: as for ``draw``.
            RenderingUnavailable: no backend opens.
        """
        stage = self._ready(sight, view)
        picture, depth = stage.renderer(view).render_both(stage.data)
        return picture, np.minimum(depth, np.float32(DEPTH_REACH))

    def _ready(self, sight: Sight, view: str) -> Stage:
        if self._plan is None:
            raise BadArgument("no episode is loaded; call load(plan, people) first")
        if view not in VIEWS:
            raise BadArgument(f"view is {view!r}; choose one of: {', '.join(VIEWS)}")
        if len(sight.places) > self._arguments["people"]:
            raise BadArgument(
                f"the sight has {len(sight.places)} people, the episode that was loaded has "
                f"{self._arguments['people']}"
            )
        if self._stage is None:
            self._dress()
        assert self._stage is not None
        self._stage.show(sight, view)
        return self._stage

    def _dress(self) -> None:
        assert self._plan is not None
        wanted = self._arguments
        built = scenery.build(self._plan, wanted["radius"], self._eye, wanted["goal"])
        if self._stage is None or not self._stage.fits(built.count, wanted["people"]):
            self.close()
            self._stage = Stage(
                built.count, wanted["people"], self._size, self._profile, self._eye, self._field
            )
        outfits = [dress(wanted["seed"], number) for number in range(wanted["people"])]
        self._stage.dress(built, outfits)

    def close(self) -> None:
        """Frees the renderers; may be called twice."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None

    def __getstate__(self) -> dict[str, Any]:
        """All but what draws: a copy opens renderers of its own."""
        return {**self.__dict__, "_stage": None}
