"""Procgen: 16 procedurally generated games, easy and hard, on seen and on unseen levels.

The games are EnvPool's native build of Procgen. A level is a number that fixes the level whole.
Train tasks play levels 0 to 199, the standard 200 of the easy mode. Test tasks play levels from
500 up: unseen by agents trained on those 200, on the 250 of offline data sets, and on the
standard 500 of the hard mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, MissingExtra, PolyathlonError
from ..core.specs import Embodiment, Family, TaskSpec
from .observation import ImageSize
from .pixel_world import PixelWorld
from .qt_libraries import preload_qt
from .reference_scores import PROCGEN_EASY, PROCGEN_HARD, PROCGEN_SOURCE

TRAIN_LEVELS = range(200)
"""Levels of the train tasks: the 200 of Cobbe et al. 2020, section 2.2 (easy mode)."""

TEST_LEVELS = range(500, 2**31 - 1)
"""Levels of the test tasks: above the 500 on which hard agents train; level numbers are int32."""

DISTRIBUTIONS = {"easy": PROCGEN_EASY, "hard": PROCGEN_HARD}
"""Difficulty to reference scores."""

SPLITS = {"train": TRAIN_LEVELS, "test": TEST_LEVELS}
"""Split to levels."""

HORIZONS = {"bigfish": 6000, "bossfight": 4000, "leaper": 500, "maze": 500, "plunder": 4000}
"""Timeout of the games that do not have ``DEFAULT_HORIZON`` [steps]; upstream's games' own."""

DEFAULT_HORIZON = 1000
"""Timeout of all other games [steps]."""

NATIVE_SIZE = 64
"""Side of the picture that the games draw [px]."""

ACTION_NAMES = (
    "left-down", "left", "left-up", "down", "noop", "up", "right-down", "right", "right-up",
    "d", "a", "w", "s", "q", "e",
)  # fmt: skip
"""The 15 key combinations of procgen's ``env.py``, in its order."""

INSTRUCTIONS = {
    "bigfish": "Eat fish smaller than you to grow; touching a larger fish ends the game. "
    "Win by becoming the biggest.",
    "bossfight": "Dodge the boss ship's shots and shoot it whenever its shield is down, until it "
    "is destroyed. Hide behind meteors without touching them. Key d fires.",
    "caveflyer": "Fly your ship through the caves to the friendly ship. Up and down thrust, left "
    "and right turn, key d fires. Shoot targets for extra points; touching a target, an enemy or "
    "an obstacle ends the game.",
    "chaser": "Collect every green orb in the maze and keep away from the enemies. A large star "
    "makes them vulnerable for a while, so that you can eat them.",
    "climber": "Climb the platforms and collect the stars on the way up. Touching an enemy ends "
    "the game. Collecting every star wins.",
    "coinrun": "Run and jump to the coin at the far right of the level. Avoid saws, enemies and "
    "lava-filled gaps.",
    "dodgeball": "Hit every enemy with your balls and dodge theirs, then go to the exit. Touching "
    "a wall or an enemy ends the game. Key d throws the way you face.",
    "fruitbot": "Steer the robot through the gaps and collect fruit; anything else costs points, "
    "hitting a wall or a locked gate ends the game. Key d throws a key that opens a gate.",
    "heist": "Steal the gem. Collect each coloured key to open the lock of the same colour that "
    "stands in your way.",
    "jumper": "Find the carrot in the caves; the compass in the corner points to it. You can jump "
    "twice in a row. Touching spikes ends the game.",
    "leaper": "Cross the road between the cars, then the river on the floating logs, and reach "
    "the finish line. A car or the water ends the game.",
    "maze": "Move the mouse through the maze to the cheese.",
    "miner": "Dig through dirt, collect every diamond, then go to the exit. Boulders and diamonds "
    "fall when nothing holds them and can crush you.",
    "ninja": "Jump from ledge to ledge to the mushroom at the far right and avoid the bombs. "
    "Hold up longer to jump higher; keys w, a, d and s throw a star at bombs.",
    "plunder": "Fire cannonballs at enemy ships before time runs out and spare all others: the "
    "picture at the bottom left shows which to hit. Key d fires and costs time.",
    "starpilot": "Fly right through the enemies, shoot them and dodge everything they fire. "
    "Keys d and a fire ahead and behind.",
}
"""What to do, by game."""

EMBODIMENT = Embodiment(id="procgen-keys", kind="discrete", action_names=ACTION_NAMES)
"""Fifteen keys, one at a time; the world waits for the agent."""

OFFERED = ("rgb", "instruction")
"""The games offer no symbolic state."""


def instruction(game: str) -> str:
    """The game's name and what to do in it."""
    return f"Play {game}. {INSTRUCTIONS[game]}"


class ProcgenGame(PixelWorld):
    """One Procgen game: one level an episode, drawn from the split by the seed.

    ``info["success"]`` is upstream's own ``prev_level_complete`` at the end of the episode.
    ``info["metrics"]`` has ``over_rmax``, the total reward over R_max, beside which the task's
    score is min-max normalised: publications use either.

    Args:
        game: name of the game.
        distribution: ``easy`` or ``hard``.
        split: ``train`` or ``test``.
        observations: some of ``rgb`` and ``instruction``.
        image_size: of ``rgb`` and of ``render`` [px].
        render_profile: accepted as by every task; the games draw their own pixels.
        render_mode: ``rgb_array`` or None.

    Raises:
        MissingExtra: EnvPool or Qt's libraries are not installed.
        BadArgument: a value outside the above.
    """

    def __init__(
        self,
        game: str,
        distribution: str = "easy",
        split: str = "train",
        *,
        observations: Sequence[str] = OFFERED,
        image_size: ImageSize = NATIVE_SIZE,
        render_profile: str = "fast",
        render_mode: str | None = None,
    ) -> None:
        for value, known in ((game, INSTRUCTIONS), (distribution, DISTRIBUTIONS), (split, SPLITS)):
            if value not in known:
                raise BadArgument(f"procgen tasks know {', '.join(known)}; not {value!r}")
        self._offer(
            "procgen",
            actions=len(ACTION_NAMES),
            observations=observations,
            offered=OFFERED,
            image_size=image_size,
            render_profile=render_profile,
            render_mode=render_mode,
        )
        self.game, self.levels = game, SPLITS[split]
        self._r_max = DISTRIBUTIONS[distribution][game].ceiling
        self._instruction = instruction(game)
        self._upstream_id = f"{game.capitalize()}{distribution.capitalize()}-v0"
        self._envpool = import_envpool()
        self._pool: Any = None
        self._pixels = np.zeros((3, NATIVE_SIZE, NATIVE_SIZE), np.uint8)
        self._return = 0.0
        self._over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draws a level and starts it.

        A pool of one level is made anew for every episode (under 1 ms): nothing can be left over
        from the episode before, and the pool can never run on into another level.
        """
        super().reset(seed=seed, options=options)
        level = int(self.np_random.integers(self.levels.start, self.levels.stop))
        self._pool = self._envpool.make(
            self._upstream_id,
            env_type="gymnasium",
            num_envs=1,
            num_threads=1,
            seed=0,
            num_levels=1,
            start_level=level,
        )
        pixels, _ = self._pool.reset()
        self._pixels, self._return, self._over = pixels[0], 0.0, False
        return self._observe(), {"success": False, "metrics": self._metrics(), "level": level}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Holds one key combination for one frame.

        Raises:
            BadArgument: the action is not in the action space, or the episode is over.
        """
        key = np.array([self._checked_action(action)], np.int32)
        if self._over:
            raise BadArgument(f"the episode of {self.game} is over; call reset before step")
        pixels, rewards, terminated, truncated, info = self._pool.step(key)
        self._pixels = pixels[0]
        # Upstream's rewards are float32; its decimals are meant, not their nearest float32.
        reward = round(float(rewards[0]), 6)
        self._return += reward
        ended, cut = bool(terminated[0]), bool(truncated[0])
        self._over = ended or cut
        complete = self._over and bool(info["prev_level_complete"][0])
        told = {"success": complete, "metrics": self._metrics()}
        return self._observe(), reward, ended, cut and not ended, told

    def close(self) -> None:
        """Ends the pool and its thread."""
        self._pool, self._over = None, True

    def _metrics(self) -> dict[str, float]:
        return {"return": self._return, "over_rmax": self._return / self._r_max}

    def _picture(self) -> NDArray[np.uint8]:
        return np.ascontiguousarray(self._pixels.transpose(1, 2, 0))

    def _words(self) -> str:
        return self._instruction


def import_envpool() -> Any:
    """EnvPool with its Procgen ready to be made.

    Raises:
        MissingExtra: EnvPool is not installed.
        PolyathlonError: Qt's libraries are not there, or do not fit.
    """
    try:
        preload_qt()
    except OSError as error:
        raise MissingExtra("procgen", "procgen", "PyQt5-Qt5") from error
    try:
        import envpool
        import envpool.procgen
    except ModuleNotFoundError as error:
        raise MissingExtra("procgen", "procgen", error.name or "envpool") from error
    if not hasattr(envpool.procgen, "ProcgenEnvSpec"):
        raise PolyathlonError(
            "EnvPool's Procgen cannot load Qt 5. "
            'Type: pip install --force-reinstall "polyathlon[procgen]"'
        )
    return envpool


def _task(game: str, distribution: str, split: str) -> TaskSpec:
    reference = DISTRIBUTIONS[distribution][game]
    return TaskSpec(
        id=f"procgen.{game}-{distribution}-{split}-v0",
        entry_point=f"{__name__}:{ProcgenGame.__name__}",
        embodiment=EMBODIMENT,
        instruction=instruction(game),
        max_episode_steps=HORIZONS.get(game, DEFAULT_HORIZON),
        kwargs={"game": game, "distribution": distribution, "split": split},
        observations=OFFERED,
        default_observations=OFFERED,
        score="return",
        success_rule="end",
        floor=reference.floor,
        ceiling=reference.ceiling,
        reference_source=PROCGEN_SOURCE,
        tags=(distribution, split, f"procgen-{distribution}-{split}"),
        no_op=ACTION_NAMES.index("noop"),
    )


TASKS = tuple(
    _task(game, distribution, split)
    for game in INSTRUCTIONS
    for distribution in DISTRIBUTIONS
    for split in SPLITS
)
"""16 games, easy and hard, train and test: 64 tasks."""

FAMILY = Family(
    name="procgen",
    title="16 procedurally generated games, seen and unseen levels",
    extra="procgen",
    packages=("envpool", "PyQt5"),
    tasks=TASKS,
    upstream="Procgen (Cobbe et al. 2020), as built into EnvPool",
)
