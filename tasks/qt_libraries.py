"""Makes Qt 5 loadable where the system has none, from the libraries of a Python wheel.

EnvPool's Procgen draws with Qt 5's Core and Gui libraries and names them without a path. Loaded
into the process beforehand, under their own names, they satisfy it.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
from pathlib import Path

LIBRARIES = (
    "libicudata.so.56",
    "libicuuc.so.56",
    "libicui18n.so.56",
    "libQt5Core.so.5",
    "libQt5Gui.so.5",
)
"""In the order of their dependence on each other; ICU 56 is what the wheel's Qt is built with."""


@functools.cache
def preload_qt() -> str:
    """Loads Qt 5 Core and Gui into this process, once.

    Returns:
        Where they come from: ``wheel`` or ``system``.

    Raises:
        OSError: neither the wheel ``PyQt5-Qt5`` nor the system has them.
    """
    folder = wheel_folder()
    if folder is not None:
        for name in LIBRARIES:
            ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
        return "wheel"
    for name in LIBRARIES[-2:]:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    return "system"


def wheel_folder() -> Path | None:
    """The folder of Qt libraries in the wheel ``PyQt5-Qt5``, or None without that wheel."""
    found = importlib.util.find_spec("PyQt5")
    if found is None or found.submodule_search_locations is None:
        return None
    for place in found.submodule_search_locations:
        folder = Path(place) / "Qt5" / "lib"
        if all((folder / name).is_file() for name in LIBRARIES):
            return folder
    return None
