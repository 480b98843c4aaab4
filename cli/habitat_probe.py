"""Whether the ``habitat`` backend of the langr tasks works here, and what to type where not."""

from __future__ import annotations

import os
import time

from ..core.errors import PolyathlonError
from ..tasks.interpreter import named_interpreters
from ..tasks.langr.habitat import settings
from .check import Check


def check_habitat() -> Check:
    """Whether an interpreter with habitat-sim and the assets are named, and whether it draws.

    ``absent`` where neither is named, which is how most machines are. Once one is, somebody means
    to use it, and whatever else is missing is ``broken``.
    """
    begun = time.monotonic()
    try:
        named = settings.NAME in named_interpreters() or os.environ.get(settings.PYTHON)
        if not (named or os.environ.get(settings.ASSETS)):
            told = f"no interpreter is named for it, and {settings.ASSETS} is not set"
            return _check("absent", told, settings.MAKE, begun)
        python = settings.find_python()
    except PolyathlonError as error:
        return _check("broken", _first_sentence(error), settings.MAKE, begun)
    try:
        settings.find_assets()
    except PolyathlonError as error:
        return _check("broken", _first_sentence(error), settings.DOWNLOAD, begun)
    try:
        gpu = settings.find_gpu(python)
    except PolyathlonError as error:
        return _check("broken", str(error), f"unset {settings.GPU}", begun)
    found = settings.probe(python, gpu)
    versions = {name: str(value) for name, value in found.values.items()}
    if found.trouble or found.values.get("draws") is not True:
        told = found.trouble or "it drew nothing"
        return _check("broken", f"{python}: {told}", settings.MAKE, begun, versions)
    if found.values.get("bullet") is not True:
        told = f"the habitat-sim of {python} has no physics, so nothing opens"
        return _check("broken", told, settings.ADD_PHYSICS, begun, versions)
    told = f"habitat-sim {versions.get('habitat_sim')} on Python {versions.get('python')} draws "
    told += f"on GPU {gpu}" if gpu >= 0 else "without a GPU"
    return _check("ok", told, "", begun, versions)


def _first_sentence(error: Exception) -> str:
    return str(error).partition(" Type: ")[0].rstrip(".")


def _check(
    state: str, detail: str, remedy: str, begun: float, values: dict[str, str] | None = None
) -> Check:
    return Check(
        group="backend",
        name="habitat",
        state=state,  # type: ignore[arg-type]
        detail=detail,
        remedy=remedy,
        seconds=round(time.monotonic() - begun, 3),
        values=values or {},
    )
