"""Atari 2600: every single-player game whose ROM ale-py ships, by the protocol of Machado et al.

Sticky actions, the full set of 18 actions, four frames an action without pooling, game over as
the only end, and a cap of 108,000 frames (Machado et al. 2018, section 4 and table 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, MissingExtra
from ..core.specs import USUAL_FIELDS, Embodiment, Family, TaskSpec
from .observation import ImageSize
from .pixel_world import PixelWorld
from .reference_scores import ATARI, ATARI_SOURCE

GAMES: tuple[str, ...] = (
    "adventure", "air_raid", "alien", "amidar", "assault", "asterix", "asteroids", "atlantis",
    "atlantis2", "backgammon", "bank_heist", "basic_math", "battle_zone", "beam_rider", "berzerk",
    "blackjack", "bowling", "boxing", "breakout", "carnival", "casino", "centipede",
    "chopper_command", "crazy_climber", "crossbow", "darkchambers", "defender", "demon_attack",
    "donkey_kong", "double_dunk", "earthworld", "elevator_action", "enduro", "entombed", "et",
    "fishing_derby", "flag_capture", "freeway", "frogger", "frostbite", "galaxian", "gopher",
    "gravitar", "hangman", "haunted_house", "hero", "human_cannonball", "ice_hockey", "jamesbond",
    "journey_escape", "kaboom", "kangaroo", "keystone_kapers", "king_kong", "klax", "koolaid",
    "krull", "kung_fu_master", "laser_gates", "lost_luggage", "mario_bros", "miniature_golf",
    "montezuma_revenge", "mr_do", "ms_pacman", "name_this_game", "othello", "pacman", "phoenix",
    "pitfall", "pitfall2", "pong", "pooyan", "private_eye", "qbert", "riverraid", "road_runner",
    "robotank", "seaquest", "sir_lancelot", "skiing", "solaris", "space_invaders", "space_war",
    "star_gunner", "superman", "surround", "tennis", "tetris", "tic_tac_toe_3d", "time_pilot",
    "trondead", "turmoil", "tutankham", "up_n_down", "venture", "video_checkers", "video_chess",
    "video_cube", "video_pinball", "wizard_of_wor", "word_zapper", "yars_revenge", "zaxxon",
)  # fmt: skip
"""ALE's names of its games. Four more ROMs are shipped that only two players can play."""

GEA_GAMES = frozenset((
    "alien", "amidar", "assault", "asterix", "atlantis", "bank_heist", "battle_zone",
    "beam_rider", "boxing", "breakout", "centipede", "chopper_command", "crazy_climber",
    "demon_attack", "double_dunk", "enduro", "fishing_derby", "freeway", "frostbite", "gopher",
    "gravitar", "hero", "ice_hockey", "jamesbond", "kangaroo", "krull", "kung_fu_master",
    "ms_pacman", "name_this_game", "phoenix", "pong", "qbert", "riverraid", "road_runner",
    "robotank", "seaquest", "space_invaders", "star_gunner", "time_pilot", "up_n_down",
    "video_pinball", "wizard_of_wor", "yars_revenge", "zaxxon",
))  # fmt: skip
"""The 44 games of GEA's evaluation; tag ``gea44``."""

TITLES = {
    "atlantis2": "Atlantis II", "battle_zone": "Battlezone", "beam_rider": "Beamrider",
    "darkchambers": "Dark Chambers", "earthworld": "Swordquest: Earthworld", "et": "E.T.",
    "hero": "H.E.R.O.", "jamesbond": "James Bond 007", "kaboom": "Kaboom!",
    "koolaid": "Kool-Aid Man", "mario_bros": "Mario Bros.",
    "montezuma_revenge": "Montezuma's Revenge", "mr_do": "Mr. Do!", "ms_pacman": "Ms. Pac-Man",
    "pacman": "Pac-Man", "pitfall": "Pitfall!", "pitfall2": "Pitfall II", "qbert": "Q*bert",
    "riverraid": "River Raid", "star_gunner": "Stargunner",
    "tic_tac_toe_3d": "3-D Tic-Tac-Toe", "trondead": "Tron: Deadly Discs",
    "up_n_down": "Up 'n Down", "wizard_of_wor": "Wizard of Wor",
    "yars_revenge": "Yars' Revenge",
}  # fmt: skip
"""Titles that ALE's names do not spell."""

ACTION_NAMES = (
    "noop", "fire", "up", "right", "left", "down", "up-right", "up-left", "down-right",
    "down-left", "up-fire", "right-fire", "left-fire", "down-fire", "up-right-fire",
    "up-left-fire", "down-right-fire", "down-left-fire",
)  # fmt: skip
"""ALE's ``Action`` 0 to 17: every position of the joystick, with and without its button."""

REPEAT_ACTION_PROBABILITY = 0.25
"""Chance, each frame, that the console keeps the action of the frame before (Machado et al.)."""

FRAME_SKIP = 4
"""Frames that an action is held, the last of which is seen; frames are not pooled."""

MAX_FRAMES = 108_000
"""Frames of the longest episode: half an hour at 60 Hz (Machado et al.)."""

RAM_SIZE = 128
"""Bytes of the console's memory."""

EMBODIMENT = Embodiment(
    id="atari-joystick",
    kind="discrete",
    action_names=ACTION_NAMES,
    control_hz=15.0,
)
"""One joystick with one button, moved every fourth of 60 frames a second."""

DEFAULT_OBSERVATIONS = ("rgb", "instruction")
"""What a human player has."""


def title(game: str) -> str:
    """A game's name for people."""
    return TITLES.get(game, game.replace("_", " ").title())


def instruction(game: str) -> str:
    """What to do in a game."""
    return f"Play the Atari 2600 game {title(game)} and score as many points as you can."


class AtariGame(PixelWorld):
    """One game on an emulated console; an episode is one game until game over.

    The console itself is deterministic and starts every game alike: what the seed determines is
    when actions stick. The dice for that are thrown here, by ALE's rule, because ALE's own dice
    run on from one episode to the next unless the ROM is loaded again, which takes 18 times as
    long as a reset. The start is restored from a saved state, for a bare reset of a few games
    (Tennis, Assault, ...) depends on what was played before.

    ``info["success"]`` holds at the end of an episode whose total reward is at least the human
    reference's; never where there is none (tag ``no-reference``), where only ``return`` tells.
    ``info["metrics"]`` has ``return``, ``lives`` and, with a reference, ``human_normalised`` and
    ``gea_normalised``, the absolute value of the former, which rewards playing worse than random.

    Args:
        game: ALE's name of the game.
        repeat_action_probability: chance that an action sticks, each frame.
        frame_skip: frames an action.
        full_action_space: all 18 actions; otherwise those that ALE lists as useful in the game,
            which is another body than the task's.
        max_frames: frames until the episode is truncated.
        observations: some of ``rgb``, ``state`` (the 128 bytes of memory) and ``instruction``.
        image_size: of ``rgb`` and of ``render`` [px]; None for the game's own, 210 by 160 for
            most.
        render_profile: accepted as by every task; the console draws its own pixels.
        render_mode: ``rgb_array`` or None.

    Raises:
        MissingExtra: ale-py is not installed.
        BadArgument: a value outside the above.
    """

    def __init__(
        self,
        game: str,
        *,
        repeat_action_probability: float = REPEAT_ACTION_PROBABILITY,
        frame_skip: int = FRAME_SKIP,
        full_action_space: bool = True,
        max_frames: int = MAX_FRAMES,
        observations: Sequence[str] = DEFAULT_OBSERVATIONS,
        image_size: ImageSize | None = None,
        render_profile: str = "fast",
        render_mode: str | None = None,
    ) -> None:
        if game not in GAMES:
            raise BadArgument(f"atari has no game {game!r}; see: polyathlon list atari")
        if not 0.0 <= repeat_action_probability < 1.0 or frame_skip < 1 or max_frames < 1:
            raise BadArgument(
                "atari tasks need 0 <= repeat_action_probability < 1, frame_skip >= 1 and "
                f"max_frames >= 1, not {repeat_action_probability}, {frame_skip}, {max_frames}"
            )
        self.game = game
        self._ale = _load_game(game)
        self._start = self._ale.cloneState(include_rng=True)
        self._actions = _action_set(self._ale, full_action_space)
        self._offer(
            "atari",
            actions=len(self._actions),
            observations=observations,
            offered=USUAL_FIELDS,
            image_size=self._ale.getScreenDims() if image_size is None else image_size,
            render_profile=render_profile,
            render_mode=render_mode,
            state_space=spaces.Box(0.0, 255.0, (RAM_SIZE,), np.float32),
        )
        self._sticky, self._skip, self._max_frames = (
            repeat_action_probability,
            frame_skip,
            max_frames,
        )
        self._instruction, self._reference = instruction(game), ATARI.get(game)
        self._held: Any = self._actions[0]
        self._frames, self._return, self._over = 0, 0.0, True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Switches the console off and on."""
        super().reset(seed=seed, options=options)
        self._ale.restoreState(self._start)
        self._ale.reset_game()
        self._held = self._actions[0]
        self._frames, self._return, self._over = 0, 0.0, False
        return self._observe(), {"success": False, "metrics": self._metrics()}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Holds an action for ``frame_skip`` frames, unless the one before sticks.

        Raises:
            BadArgument: the action is not in the action space, or the episode is over.
        """
        wanted = self._actions[self._checked_action(action)]
        if self._over:
            raise BadArgument(f"the game of {self.game} is over; call reset before step")
        reward, terminated = 0.0, False
        for stuck in self.np_random.random(self._skip) < self._sticky:
            if not stuck:
                self._held = wanted
            reward += float(self._ale.act(self._held))
            self._frames += 1
            terminated = bool(self._ale.game_over())
            if terminated:
                break
        self._return += reward
        truncated = not terminated and self._frames >= self._max_frames
        self._over = terminated or truncated
        success = (
            self._over and self._reference is not None and self._return >= self._reference.ceiling
        )
        info = {"success": success, "metrics": self._metrics()}
        return self._observe(), reward, terminated, truncated, info

    def close(self) -> None:
        """Ends the game; the console goes with the object."""
        self._over = True

    def _metrics(self) -> dict[str, float]:
        metrics = {"return": self._return, "lives": float(self._ale.lives())}
        if self._reference is not None:
            metrics["human_normalised"] = self._reference.normalise(self._return)
            metrics["gea_normalised"] = self._reference.absolute(self._return)
        return metrics

    def _picture(self) -> NDArray[np.uint8]:
        return np.asarray(self._ale.getScreenRGB(), np.uint8)

    def _state(self) -> NDArray[np.float32]:
        return np.asarray(self._ale.getRAM(), np.float32)

    def _words(self) -> str:
        return self._instruction


def _load_game(game: str) -> Any:
    """A console with a game in it, whose own dice are never thrown.

    Raises:
        MissingExtra: ale-py is not installed.
        BadArgument: it does not ship that game.
    """
    try:
        import ale_py
        from ale_py import roms
    except ModuleNotFoundError as error:
        raise MissingExtra("atari", "atari", error.name or "ale-py") from error
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    ale.setInt("random_seed", 0)
    ale.setFloat("repeat_action_probability", 0.0)
    path = roms.get_rom_path(game)
    if path is None:
        raise BadArgument(f"the installed ale-py has no game {game!r}; upgrade it")
    ale.loadROM(path)
    return ale


def _action_set(ale: Any, full: bool) -> list[Any]:
    """ALE's actions, in order. The full set is the same for every game.

    ALE lists only nine as legal in Skiing and Lost Luggage; it takes the other nine all the same.
    """
    if full:
        import ale_py

        return [ale_py.Action(index) for index in range(len(ACTION_NAMES))]
    return list(ale.getMinimalActionSet())


def _task(game: str) -> TaskSpec:
    reference = ATARI.get(game)
    return TaskSpec(
        id=f"atari.{game.replace('_', '-')}-v5",
        entry_point=f"{__name__}:{AtariGame.__name__}",
        embodiment=EMBODIMENT,
        instruction=instruction(game),
        max_episode_steps=MAX_FRAMES // FRAME_SKIP,
        kwargs={
            "game": game,
            "repeat_action_probability": REPEAT_ACTION_PROBABILITY,
            "frame_skip": FRAME_SKIP,
            "full_action_space": True,
            "max_frames": MAX_FRAMES,
        },
        default_observations=DEFAULT_OBSERVATIONS,
        score="return" if reference else "none",
        success_rule="end",
        floor=reference.floor if reference else 0.0,
        ceiling=reference.ceiling if reference else 1.0,
        reference_source=ATARI_SOURCE if reference else "",
        tags=(
            "human-reference" if reference else "no-reference",
            *(("gea44",) if game in GEA_GAMES else ()),
        ),
    )


TASKS = tuple(_task(game) for game in GAMES)
"""One task a game: 104, 57 of which have published human scores."""

FAMILY = Family(
    name="atari",
    title="Atari 2600, 104 games",
    extra="atari",
    packages=("ale_py",),
    tasks=TASKS,
    upstream="Arcade Learning Environment (Bellemare et al. 2013; Machado et al. 2018)",
)
