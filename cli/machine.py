"""What the machine offers: Python, cores, memory, disk and shared memory."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from .check import Check

MIB = 1 << 20
GIB = 1 << 30

LEAST_MEMORY = 2 * GIB
"""Two slots of the heaviest family, which takes some 350 MB a process, with room to spare."""

LEAST_DISK = 1 * GIB
"""A run with videos of a few hundred episodes, with room to spare."""

LEAST_SHARED_MEMORY = 16 * MIB
"""Eight slots that hand over pictures of 512 px, with room to spare."""


def check_python() -> Check:
    """The interpreter's version and where it is."""
    version = platform.python_version()
    return Check(
        group="machine",
        name="python",
        state="ok",
        detail=f"{version} on {platform.system()} {platform.machine()}",
        values={"version": version},
    )


def check_cores() -> Check:
    """The cores that this process may use, as against those that the machine has."""
    cores = usable_cores()
    return Check(
        group="machine",
        name="cores",
        state="ok",
        detail=f"{cores} to use; give as many --slots",
        values={"cores": cores},
    )


def usable_cores() -> int:
    """Cores that affinity and the control group leave to this process."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(affinity or 1, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no control group, or one without a limit ("max")
        return affinity or 1


def check_memory() -> Check:
    """Memory that is free for us now."""
    free = available_memory()
    if free is None:
        return Check(group="machine", name="memory", state="ok", detail="cannot be told here")
    short = free < LEAST_MEMORY
    return Check(
        group="machine",
        name="memory",
        state="warning" if short else "ok",
        detail=f"{free / GIB:.1f} GiB free",
        remedy="polyathlon eval ... --slots 1" if short else "",
        values={"free_bytes": free},
    )


def available_memory() -> int | None:
    """Bytes that the system and the control group still give; None where nobody says."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except (OSError, ValueError):
        pass
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        found.append(limit - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return max(0, min(found)) if found else None


def check_disk() -> Check:
    """Room in the folder where runs would be written."""
    return _check_room(
        "disk", Path.cwd(), LEAST_DISK, "polyathlon eval ... --out DIR, with DIR on another disk"
    )


def check_temporary() -> Check:
    """Room in the folder for temporary files."""
    return _check_room(
        "temporary", Path(tempfile.gettempdir()), 64 * MIB, "export TMPDIR=DIR, on another disk"
    )


def check_shared_memory() -> Check:
    """Room for handing observations between processes; containers give little."""
    return _check_room(
        "shared",
        Path("/dev/shm"),
        LEAST_SHARED_MEMORY,
        "mount -o remount,size=1G /dev/shm, or start the container with --shm-size=1g",
    )


def _check_room(name: str, folder: Path, least: int, remedy: str) -> Check:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check(
            group="machine",
            name=name,
            state="warning",
            detail=f"{folder} cannot be looked at: {error.strerror}",
            remedy=remedy,
        )
    short = free < least
    return Check(
        group="machine",
        name=name,
        state="warning" if short else "ok",
        detail=f"{free / GIB:.1f} GiB free in {folder}",
        remedy=remedy if short else "",
        values={"free_bytes": free},
    )


MACHINE_CHECKS: Sequence[Callable[[], Check]] = (
    check_python,
    check_cores,
    check_memory,
    check_disk,
    check_temporary,
    check_shared_memory,
)
