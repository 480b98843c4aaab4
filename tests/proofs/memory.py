"""Memory while importing: a child process converts some episodes, and says its greatest need.

Run as a program, it is the child: ``python memory.py FAMILY SOURCE DATA LIMIT``.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROWS = 281
"""Of an episode of the standard kitchen, that of the reset included."""


class Need(NamedTuple):
    """What an import took.

    Attributes:
        episodes: that were imported.
        size: of their arrays [B].
        peak: greatest resident memory of the process [B].
        idle: the same of a process that has imported all modules and nothing else [B].
    """

    episodes: int
    size: int
    peak: int
    idle: int


def need(folder: Path, episodes: int, side: int = 64, rows: int = ROWS, limit: int = 0) -> Need:
    """Writes episodes of the standard kitchen with pictures, and imports them in a process.

    Args:
        folder: for both; files of an earlier call are kept.
        episodes: how many.
        side: of the pictures [px].
        rows: of an episode.
        limit: of the memory that the process may ask for, beyond what it needs at rest [B];
            0 for none.
    """
    source, size = folder / f"demos-{episodes}", 0
    source.mkdir(parents=True, exist_ok=True)
    for number in range(episodes):
        dice = np.random.default_rng(number)
        columns = {
            "action": dice.uniform(-1, 1, (rows, 9)).astype(np.float32),
            "proprio": dice.uniform(-1, 1, (rows, 9)).astype(np.float32),
            "extra_image_camera_12_rgb": dice.integers(0, 256, (rows, side, side, 3), np.uint8),
            "reward microwave": np.zeros(rows, np.float32),
        }
        size += sum(array.nbytes for array in columns.values())
        np.savez(source / f"{number}.npz", **columns)
    peak = _run(str(source), str(folder / f"data-{episodes}"), str(limit))
    return Need(episodes, size, peak, _run())


def _run(*arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-P", __file__, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the import failed: {done.stderr[-2000:]}")
    return int(done.stdout)


def _child(arguments: list[str]) -> int:
    from polyathlon.tasks.dataset.episode_group import import_h5py
    from polyathlon.tasks.dataset.official_import import import_path

    import_h5py()
    if arguments:
        source, data, limit = arguments
        if int(limit):
            most = int(limit) + _asked_for()
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        results = list(import_path(Path(source), Path(data)))
        if any(one.trouble for one in results):
            raise SystemExit(str(results))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _asked_for() -> int:
    """Data memory of this process [B]: what RLIMIT_DATA counts."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))


if __name__ == "__main__":
    print(_child(sys.argv[1:]))
