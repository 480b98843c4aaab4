"""BabyAI: every level that the minigrid package registers, with its mission in words.

The agent turns and walks in a grid of rooms with doors, keys, balls and boxes, and must do what
the mission says. ``state`` is the symbolic view of the 7 by 7 cells ahead, ``rgb`` a picture of
the whole grid from above or of those cells only.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, MissingExtra
from ..core.specs import USUAL_FIELDS, Embodiment, Family, TaskSpec
from .observation import ImageSize, resize
from .pixel_world import PixelWorld

ACTION_NAMES = ("left", "right", "forward", "pickup", "drop", "toggle", "done")
"""minigrid's ``Actions``, in its order."""

HORIZONS: dict[str, int] = {
    # goto
    "GoToRedBallGrey-v0": 64, "GoToRedBall-v0": 64, "GoToRedBallNoDists-v0": 64,
    "GoToObj-v0": 64, "GoToObjS4-v0": 16, "GoToObjS6-v1": 36, "GoToLocal-v0": 64,
    "GoToLocalS5N2-v0": 25, "GoToLocalS6N2-v0": 36, "GoToLocalS6N3-v0": 36,
    "GoToLocalS6N4-v0": 36, "GoToLocalS7N4-v0": 49, "GoToLocalS7N5-v0": 49,
    "GoToLocalS8N2-v0": 64, "GoToLocalS8N3-v0": 64, "GoToLocalS8N4-v0": 64,
    "GoToLocalS8N5-v0": 64, "GoToLocalS8N6-v0": 64, "GoToLocalS8N7-v0": 64,
    "GoTo-v0": 576, "GoToOpen-v0": 576, "GoToObjMaze-v0": 576, "GoToObjMazeOpen-v0": 576,
    "GoToObjMazeS4R2-v0": 64, "GoToObjMazeS4-v0": 144, "GoToObjMazeS5-v0": 225,
    "GoToObjMazeS6-v0": 324, "GoToObjMazeS7-v0": 441, "GoToImpUnlock-v0": 576,
    "GoToSeq-v0": 2304, "GoToSeqS5R2-v0": 400, "GoToRedBlueBall-v0": 64, "GoToDoor-v0": 441,
    "GoToObjDoor-v0": 576,
    # open
    "Open-v0": 576, "OpenRedDoor-v0": 50, "OpenDoor-v0": 576, "OpenDoorDebug-v0": 576,
    "OpenDoorColor-v0": 576, "OpenDoorLoc-v0": 576, "OpenTwoDoors-v0": 720,
    "OpenRedBlueDoors-v0": 720, "OpenRedBlueDoorsDebug-v0": 720, "OpenDoorsOrderN2-v0": 720,
    "OpenDoorsOrderN4-v0": 720, "OpenDoorsOrderN2Debug-v0": 720,
    "OpenDoorsOrderN4Debug-v0": 720,
    # pickup
    "Pickup-v0": 576, "UnblockPickup-v0": 576, "PickupLoc-v0": 64, "PickupDist-v0": 49,
    "PickupDistDebug-v0": 49, "PickupAbove-v0": 288,
    # putnext
    "PutNextLocal-v0": 128, "PutNextLocalS5N3-v0": 50, "PutNextLocalS6N4-v0": 72,
    "PutNextS4N1-v0": 128, "PutNextS5N2-v0": 200, "PutNextS5N1-v0": 200, "PutNextS6N3-v0": 288,
    "PutNextS7N4-v0": 392, "PutNextS5N2Carrying-v0": 200, "PutNextS6N3Carrying-v0": 288,
    "PutNextS7N4Carrying-v0": 392,
    # unlock
    "Unlock-v0": 576, "UnlockLocal-v0": 576, "UnlockLocalDist-v0": 576, "KeyInBox-v0": 576,
    "UnlockPickup-v0": 72, "UnlockPickupDist-v0": 72, "BlockedUnlockPickup-v0": 576,
    "UnlockToUnlock-v0": 1080,
    # other
    "ActionObjDoor-v0": 441, "FindObjS5-v0": 500, "FindObjS6-v0": 720, "FindObjS7-v0": 980,
    "KeyCorridor-v0": 1080, "KeyCorridorS3R1-v0": 270, "KeyCorridorS3R2-v0": 270,
    "KeyCorridorS3R3-v0": 270, "KeyCorridorS4R3-v0": 480, "KeyCorridorS5R3-v0": 750,
    "KeyCorridorS6R3-v0": 1080, "OneRoomS8-v0": 64, "OneRoomS12-v0": 144, "OneRoomS16-v0": 256,
    "OneRoomS20-v0": 400, "MoveTwoAcrossS5N2-v0": 400, "MoveTwoAcrossS8N9-v0": 1024,
    # synth
    "Synth-v0": 1152, "SynthS5R2-v0": 300, "SynthLoc-v0": 1152, "SynthSeq-v0": 4608,
    "MiniBossLevel-v0": 800, "BossLevel-v0": 4608, "BossLevelNoUnlock-v0": 4608,
}  # fmt: skip
"""Upstream's level to its longest episode [steps].

From ``roomgrid_level.py``: room size squared times rooms times walks that the mission needs, at
most eight (two sentences of two clauses, each to carry one thing to another); or the level's own
constant. An episode with a shorter mission is cut by upstream earlier.
"""

UNSOLVED_BY_BOT = frozenset(
    {
        "KeyInBox-v0",
        "PutNextS5N2Carrying-v0",
        "PutNextS6N3Carrying-v0",
        "PutNextS7N4Carrying-v0",
        "OpenDoorsOrderN2Debug-v0",
        "OpenDoorsOrderN4Debug-v0",
        "UnlockToUnlock-v0",
    }
)
"""Levels that upstream's bot does not solve every time.

``baby_ai_bot.py`` names the first four. In the next two, opening the later door first fails the
mission at once (``verifier.py``, strict), which the bot does not plan for. In the last, it goes
round in circles on a third of the grids (13 of 40 counted).
"""

GEA_LEVELS = frozenset((
    "GoToRedBallGrey", "GoToRedBall", "GoToRedBallNoDists", "GoToObj", "GoToObjS4",
    "GoToLocalS8N7", "GoToRedBlueBall", "GoToDoor", "Open", "OpenRedDoor", "OpenDoorColor",
    "OpenDoorLoc", "OpenTwoDoors", "OpenRedBlueDoors", "Pickup", "PickupLoc", "PickupDist",
))  # fmt: skip
"""The 17 levels of GEA's evaluation; tag ``gea17``."""

EMBODIMENT = Embodiment(
    id="babyai-agent", kind="discrete", action_names=ACTION_NAMES, frame="agent"
)
"""Turns by a quarter, steps by a cell; the world waits for the agent."""

INSTRUCTION = "Do what the mission of the episode says."
"""Stands for the mission, which differs by episode."""

DEFAULT_OBSERVATIONS = ("state", "instruction")
"""Symbols and words: the setting of the BabyAI literature, and the cheap one."""

DEFAULT_IMAGE_SIZE = 224
"""Side of ``rgb`` [px]."""

VIEW_CELLS = 7
"""Side of the agent's view [cells]."""

MIN_TILE = 8
"""Smallest side at which a cell is drawn [px]; smaller pictures are averaged down."""

CODE_BOUNDS = (10, 5, 2)
"""Largest code of object, colour and door state in minigrid's ``constants.py``."""

VIEWS = ("full", "partial")
"""What ``rgb`` can show."""


def state_space() -> spaces.Box:
    """Symbolic view `[7, 7, 3]` flattened, then the direction one-hot `[4]`: float32 `[151]`."""
    high = np.concatenate([np.tile(CODE_BOUNDS, VIEW_CELLS**2), np.ones(4)]).astype(np.float32)
    return spaces.Box(np.zeros_like(high), high, dtype=np.float32)


class BabyAILevel(PixelWorld):
    """One BabyAI level; the mission of the episode is its instruction.

    ``reward`` is upstream's: ``1 - 0.9 * steps / limit`` at success, else 0. ``info["success"]`` is
    the verdict of upstream's verifier of instructions.

    Args:
        level: upstream's id without ``BabyAI-``, e.g. ``GoToLocal-v0``.
        view: ``full`` shows the whole grid from above, with the agent's view lit; ``partial``
            shows the agent's view only, as it sees it. The picture keeps its proportions and is
            centred on black.
        observations: some of ``rgb``, ``state`` and ``instruction``.
        image_size: of ``rgb`` and of ``render`` [px].
        render_profile: accepted as by every task; the level draws its own pixels.
        render_mode: ``rgb_array`` or None.

    Raises:
        MissingExtra: minigrid is not installed.
        BadArgument: a value outside the above.
    """

    def __init__(
        self,
        level: str,
        *,
        view: str = "full",
        observations: Sequence[str] = DEFAULT_OBSERVATIONS,
        image_size: ImageSize = DEFAULT_IMAGE_SIZE,
        render_profile: str = "fast",
        render_mode: str | None = None,
    ) -> None:
        if level not in HORIZONS:
            raise BadArgument(f"babyai has no level {level!r}; see: polyathlon list babyai")
        if view not in VIEWS:
            raise BadArgument(f"view is {view!r}; babyai tasks know {' and '.join(VIEWS)}")
        self._offer(
            "babyai",
            actions=len(ACTION_NAMES),
            observations=observations,
            offered=USUAL_FIELDS,
            image_size=image_size,
            render_profile=render_profile,
            render_mode=render_mode,
            state_space=state_space(),
        )
        self.level, self.view = level, view
        self._upstream = _upstream_spec(level)
        self.world: Any = None
        self._seen: Mapping[str, Any] = {}
        self._verdict = "continue"
        self._return, self._over = 0.0, True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Generates a grid and a mission.

        Upstream's object is made anew (under 0.1 ms): some of its versions let one episode's
        rooms into the next. What it prints of rejected missions is kept from standard output.
        """
        super().reset(seed=seed, options=options)
        with contextlib.redirect_stdout(io.StringIO()):
            self.world = gymnasium.envs.registration.load_env_creator(self._upstream.entry_point)(
                **self._upstream.kwargs
            )
            self._seen, _ = self.world.reset(seed=int(self.np_random.integers(2**31)))
        self._listen_to_verifier()
        self._return, self._over = 0.0, False
        return self._observe(), {"success": False, "metrics": {"return": 0.0}}

    def _listen_to_verifier(self) -> None:
        """Keeps the verdict that upstream's step asks for; asking it again would move it on."""
        ask, self._verdict = self.world.instrs.verify, "continue"

        def verify(action: int) -> str:
            self._verdict = str(ask(action))
            return self._verdict

        self.world.instrs.verify = verify

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Turns, walks or handles something.

        Raises:
            BadArgument: the action is not in the action space, or the episode is over.
        """
        index = self._checked_action(action)
        if self._over:
            raise BadArgument(f"the episode of {self.level} is over; call reset before step")
        self._seen, gained, terminated, truncated, _ = self.world.step(index)
        reward = float(gained)
        self._return += reward
        self._over = bool(terminated or truncated)
        info = {"success": self._verdict == "success", "metrics": {"return": self._return}}
        return self._observe(), reward, bool(terminated), bool(truncated), info

    def close(self) -> None:
        """Lets go of the world."""
        self.world, self._over = None, True

    def _words(self) -> str:
        return str(self.world.mission)

    def _state(self) -> NDArray[np.float32]:
        state = np.zeros(VIEW_CELLS**2 * 3 + 4, np.float32)
        state[:-4] = self._seen["image"].reshape(-1)
        state[-4 + int(self._seen["direction"])] = 1.0
        return state

    def _picture(self) -> NDArray[np.uint8]:
        height, width = self.image_size
        full = self.view == "full"
        rows, columns = (self.world.height, self.world.width) if full else (VIEW_CELLS, VIEW_CELLS)
        fitting = min(height // rows, width // columns)
        frame = np.asarray(
            self.world.get_frame(
                highlight=full, tile_size=max(fitting, MIN_TILE), agent_pov=not full
            ),
            np.uint8,
        )
        if fitting < MIN_TILE:
            scale = min(height / frame.shape[0], width / frame.shape[1], 1.0)
            frame = resize(
                frame, (max(int(frame.shape[0] * scale), 1), max(int(frame.shape[1] * scale), 1))
            )
        canvas = np.zeros((height, width, 3), np.uint8)
        top, left = (height - frame.shape[0]) // 2, (width - frame.shape[1]) // 2
        canvas[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
        return canvas


class _PatientStack(list[Any]):
    """The bot's stack of subgoals, which loses patience with a bot that goes round in circles.

    On rare grids (some of ``UnlockToUnlock``) upstream's bot replans for ever without acting.
    Every turn of its loop reads the stack, so reads without an action in between are counted.
    """

    limit = 1000
    """Reads for one action; a bot that gets somewhere needs a few dozen."""

    reads = 0

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        if self.reads > self.limit:
            raise RuntimeError(f"the bot replans without acting ({self.limit} subgoals)")
        return super().__getitem__(index)


class BotOracle:
    """Upstream's scripted solver, which plans in the grid itself.

    Attributes:
        fault: why the bot gave up on this episode, or an empty text. It then says ``done``,
            which changes nothing, until the episode ends.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self._env: Any = env.unwrapped
        self._bot: Any = None
        self._last: int | None = None
        self.fault = ""

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """Reads the mission of the new episode."""
        from minigrid.utils.baby_ai_bot import BabyAIBot

        self.fault, self._last = "", None
        self._bot = BabyAIBot(self._env.world)  # type: ignore[no-untyped-call]
        self._bot.stack = _PatientStack(self._bot.stack)

    def act(self, observation: Mapping[str, Any]) -> np.int64:
        """The bot's next action."""
        if not self.fault:
            self._bot.stack.reads = 0
            try:
                self._last = int(self._bot.replan(self._last))
            except Exception as error:
                # The bot states what it cannot handle with assertions and errors of many types.
                self.fault = f"{type(error).__name__}: {error}"
        return np.int64(ACTION_NAMES.index("done") if self.fault else self._last or 0)


def make_oracle(env: gymnasium.Env[Any, Any]) -> BotOracle:
    """The oracle of a BabyAI environment, which may be wrapped."""
    return BotOracle(env)


def task_name(level: str) -> str:
    """The name of a level in a task id: ``GoToLocalS8N7-v0`` is ``go-to-local-s8n7-v0``.

    A new word begins at a capital that lower-case letters follow, and at a run of sizes.
    """
    name, _, version = level.rpartition("-v")
    words = re.findall(r"[A-Z][a-z]+|(?:[A-Z][0-9]+)+", name)
    return "-".join(word.lower() for word in words) + f"-v{version}"


def _upstream_spec(level: str) -> Any:
    """How minigrid registers a level.

    Raises:
        MissingExtra: minigrid is not installed.
        BadArgument: the installed minigrid has no such level.
    """
    # pygame, which minigrid imports, greets on standard output.
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        import minigrid  # noqa: F401  registers its levels
    except ModuleNotFoundError as error:
        raise MissingExtra("babyai", "babyai", error.name or "minigrid") from error
    try:
        return gymnasium.spec(f"BabyAI-{level}")
    except gymnasium.error.Error as error:
        raise BadArgument(f"the installed minigrid has no level {level!r}; upgrade it") from error


def _tags(level: str) -> tuple[str, ...]:
    return ("gea17",) if level.rpartition("-v")[0] in GEA_LEVELS else ()


TASKS = tuple(
    TaskSpec(
        id=f"babyai.{task_name(level)}",
        entry_point=f"{__name__}:{BabyAILevel.__name__}",
        embodiment=EMBODIMENT,
        instruction=INSTRUCTION,
        max_episode_steps=horizon,
        kwargs={"level": level},
        default_observations=DEFAULT_OBSERVATIONS,
        oracle=f"{__name__}:{make_oracle.__name__}",
        oracle_solves=level not in UNSOLVED_BY_BOT,
        tags=_tags(level),
    )
    for level, horizon in HORIZONS.items()
)
"""Every level, in upstream's order."""

FAMILY = Family(
    name="babyai",
    title="Instructions in grid worlds, 96 levels",
    extra="babyai",
    packages=("minigrid",),
    tasks=TASKS,
    upstream="BabyAI (Chevalier-Boisvert et al. 2019), as shipped with minigrid",
)
