"""Where the browser is: a function that looks, and an error that says what to type."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ...core.errors import PolyathlonError

VARIABLE = "POLYATHLON_CHROMIUM"
"""Environment variable that names the browser's program."""

INSTALLED = (
    Path("/usr/lib/chromium/chromium-headless-shell"),
    Path("/usr/lib/chromium-browser/headless_shell"),
)
"""Headless shells behind their launchers: a launcher stays as a process of its own."""

NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "headless_shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
"""Names on the PATH, the headless shell first: it starts in a third of the time, holds half the
memory, and keeps no profile on the disk."""

DOWNLOADED = (
    "chromium_headless_shell-*/chrome-*/*headless*shell",
    "chromium_headless_shell-*/chrome-*/headless_shell",
    "chromium-*/chrome-linux*/chrome",
)
"""Patterns in the cache in which Playwright keeps its browsers."""


BROWSER_REMEDY = "apt-get install -y chromium-headless-shell"
"""What brings a browser, on Debian and Ubuntu."""


class BrowserMissing(PolyathlonError):
    """No Chromium on this machine; says how to get one."""

    def __init__(self, trouble: str = "the miniwob tasks need a Chromium, none was found") -> None:
        self.trouble = trouble
        super().__init__(
            f"{trouble}. As root type: {BROWSER_REMEDY} (or chromium, where there is none of that "
            f"name); or name the program of one in {VARIABLE}"
        )


def find_browser() -> Path:
    """The program of a Chromium: the one that is named, else the first in the usual places.

    Raises:
        BrowserMissing: there is none, or the one named in ``POLYATHLON_CHROMIUM`` is no program.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise BrowserMissing(f"{VARIABLE} is {named!r}, which is not a program")
        return Path(found)
    for path in INSTALLED:
        if os.access(path, os.X_OK):
            return path
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    return _downloaded()


def _downloaded() -> Path:
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    for pattern in DOWNLOADED:
        for path in sorted(cache.glob(pattern), reverse=True):
            if os.access(path, os.X_OK):
                return path
    raise BrowserMissing()


def is_headless_shell(program: Path) -> bool:
    """Whether it is the headless shell, which needs no profile, rather than a whole browser."""
    return "headless" in program.name
