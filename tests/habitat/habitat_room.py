"""What the tests of the bridge to habitat-sim share: an episode, names of assets, processes."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from polyathlon.tasks.langr.episode import Episode, Placement
from polyathlon.tasks.langr.expression import Predicate
from polyathlon.tasks.langr.habitat.bridge import Deadlines
from polyathlon.tasks.langr.habitat.world import HabitatWorld

STAND_IN = Path(__file__).parent.parent / "worlds" / "habitat_stand_in.py"
SCENE, OTHER = "v3_sc3_staging_00", "v3_sc3_staging_01"
APPLE, BALL, MUG = "013_apple", "056_tennis_ball", "025_mug"
SHORT = Deadlines(hello=30, load=30, draw=30)


def episode(home: str = SCENE, things: tuple[str, ...] = (APPLE, MUG, BALL)) -> Episode:
    return Episode(
        id="0",
        split="scene",
        source="official",
        home=home,
        instruction="Bring an apple to the brown table.",
        family="f0917e29",
        goal=Predicate("not_holding"),
        objects=tuple(
            # On the stand-in's black table.
            Placement(asset=asset, position=(1.0 + 0.1 * index, -3.0, 0.75), receptacle="Tbl1")
            for index, asset in enumerate(things)
        ),
    )


Make = Callable[..., HabitatWorld]


def pid_of(world: object) -> int:
    assert isinstance(world, HabitatWorld)
    assert world._bridge is not None
    return world._bridge.pid


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def load_stand_in() -> ModuleType:
    if str(STAND_IN.parent) not in sys.path:  # It imports its neighbour.
        sys.path.append(str(STAND_IN.parent))
    spec = importlib.util.spec_from_file_location("habitat_stand_in", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
