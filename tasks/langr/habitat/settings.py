"""Where habitat-sim's interpreter and assets are on this machine, and what is missing there."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ....core.errors import BadArgument, PolyathlonError
from ....core.inquiry import ask_program
from ...interpreter import named_interpreters

PYTHON = "POLYATHLON_HABITAT_PYTHON"
"""Environment variable: the interpreter of an environment that has habitat-sim."""

NAME = "habitat"
"""What the interpreter is called among those that ``polyathlon env`` names."""

ASSETS = "POLYATHLON_HABITAT_ASSETS"
"""Environment variable: the folder that habitat's downloader calls ``data``."""

GPU = "POLYATHLON_HABITAT_GPU"
"""Environment variable: number of the GPU that draws; -1 draws without; unset tries 0."""

WORKER = Path(__file__).with_name("worker.py")
"""The program that the interpreter runs."""

PROBE_TIMEOUT = 120.0
"""How long importing habitat-sim and drawing nothing may take [s]; a cold disk is slow."""

MAKE = (
    "conda env create -f environment-habitat.yml && polyathlon env add habitat "
    '--python "$(conda run -n polyathlon-habitat which python)"'
)
"""What to type for the interpreter."""

ADD_PHYSICS = (
    "conda install -n polyathlon-habitat -c conda-forge -c aihabitat "
    + "habitat-sim withbullet headless"
)
"""What to type where habitat-sim was built without physics."""

DOWNLOAD = (
    "conda run -n polyathlon-habitat python -m habitat_sim.utils.datasets_download "
    f'--uids rearrange_task_assets --no-replace --data-path "$PWD/data" '
    f'&& export {ASSETS}="$PWD/data"'
)
"""What to type for the assets."""

PARTS: Mapping[str, str] = {
    "replica_cad/replicaCAD.scene_dataset_config.json": "ReplicaCAD",
    "replica_cad/configs/scenes": "its scenes",
    "objects/ycb/configs": "the YCB objects",
}
"""What the assets must hold; the robot and stored maps are used where they are there."""


class HabitatUnavailable(PolyathlonError):
    """The habitat backend has no interpreter, no assets, or is refused what it asks for."""


def find_python(given: str | None = None) -> str:
    """The interpreter that has habitat-sim: given, else of the variable, else the one named.

    Raises:
        HabitatUnavailable: there is none, or it is not a program.
    """
    named = given or os.environ.get(PYTHON) or named_interpreters().get(NAME)
    if not named:
        raise HabitatUnavailable(
            f"the habitat backend needs an interpreter with habitat-sim; none is named. "
            f"Type: {MAKE}"
        )
    found = shutil.which(os.path.expanduser(named))
    if found is None:
        raise HabitatUnavailable(
            f"the interpreter of habitat is {named}, which is not a program. Type: {MAKE}"
        )
    return found


def find_assets(given: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the assets.

    Raises:
        HabitatUnavailable: none is given, or something is not there.
    """
    named = given or os.environ.get(ASSETS)
    if not named:
        raise HabitatUnavailable(
            f"the habitat backend needs ReplicaCAD and YCB; {ASSETS} is not set. Type: {DOWNLOAD}"
        )
    folder = Path(named).expanduser().absolute()
    missing = [f"{what} ({part})" for part, what in PARTS.items() if not (folder / part).exists()]
    if missing:
        raise HabitatUnavailable(
            f"{ASSETS} is {folder}, which lacks {', '.join(missing)}. Type: {DOWNLOAD}"
        )
    return folder


def find_gpu(python: str) -> int:
    """The number of the device that draws: as the environment says, else 0 where it opens.

    Raises:
        BadArgument: the environment does not say a number.
    """
    named = os.environ.get(GPU)
    if not named:
        return 0 if probe(python, 0).values.get("draws") is True else -1
    try:
        return max(int(named), -1)
    except ValueError:
        raise BadArgument(f"{GPU} is {named!r}; give the number of a GPU, or -1") from None


class Probe(msgspec.Struct, frozen=True):
    """What a throw-away process found.

    Attributes:
        values: what it said; empty where it said nothing.
        trouble: why it said nothing, in a few words.
    """

    values: dict[str, Any] = {}
    trouble: str = ""


@functools.lru_cache(maxsize=8)
def probe(python: str, gpu: int) -> Probe:
    """Tries in a process of its own to draw with habitat-sim; asked once a process.

    Args:
        python: the interpreter.
        gpu: number of the device; -1 for none.
    """
    command = [python, str(WORKER), "--probe", "--gpu", str(gpu)]
    answer = ask_program(command, PROBE_TIMEOUT, environment())
    if answer.trouble:
        return Probe(trouble=answer.trouble)
    return Probe(dict(answer.values), str(answer.values.get("error", "")))


def environment() -> dict[str, str]:
    """The variables of the worker: those of this process, with habitat-sim's chatter turned down.

    Ours for Python's own start would lead another interpreter astray.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    return {"HABITAT_SIM_LOG": "quiet", "MAGNUM_LOG": "quiet", "GLOG_minloglevel": "2", **kept}
