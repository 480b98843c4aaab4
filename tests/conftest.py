"""What several test modules share: where the clone is, and commands run as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from warm_python import LEARN, PLAY, warm_python

# Tests compute little at a time and share their cores: threads that wait for each other in every
# operation take a hundred times as long as one on a busy machine. Set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests start hundreds of processes: what one of them compiles the others need not, whatever the
# user wants of Python otherwise.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The user's own settings, such as another Python for a family, are no part of a test.
os.environ["POLYATHLON_CONFIG"] = "/nonexistent/settings"

ROOT = Path(__file__).resolve().parent.parent

SPREAD = ("_laws.py",)
"""Files whose tests share nothing dear, and are many: each goes to whoever is free."""

WHOLE = ("tests/submissions/", "tests/site/")
"""Folders whose files share what is dear."""

DEAR = (
    "tests/faults/test_cluster_faults.py",
    "tests/test_together.py",
    "tests/test_train_language.py",
    "tests/test_offline_kills.py",
    "tests/test_train_command.py",
    "tests/test_miniwob.py",
    "tests/faults/test_fault_table.py",
    "tests/test_adapters_learned.py",
    "tests/test_langr_world.py",
)
"""What takes longest is dealt first, so that nobody is left alone with it in the end."""

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keeps the tests of a file in one process, which then makes once what they share.

    The marks of pytest-xdist 3.8 would say so too, but have no effect under pytest 9.2: it writes
    them into ``Item._nodeid``, which nobody reads any more.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        """Deals files, or folders, or single tests."""

        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file.endswith(SPREAD):
                return nodeid
            return next((folder for folder in WHOLE if file.startswith(folder)), file)

        def _assign_work_unit(self, node: Any) -> None:
            first = next((scope for scope in DEAR if scope in self.workqueue), None)
            if first is not None:
                self.workqueue.move_to_end(first, last=False)
            super()._assign_work_unit(node)

    return Together(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """The clone's folder, which is the package."""
    return ROOT


@pytest.fixture(scope="session")
def python() -> Command:
    """Runs this Python in a process of its own, outside the clone."""

    def run(
        *arguments: str | Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] = {},
        code: int | None = 0,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        # -P: the folder a test happens to run in is no place to import from.
        done = subprocess.run(
            [sys.executable, "-P", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return checked(done, code)

    return run


@pytest.fixture(scope="session")
def typed() -> Command:
    """Runs a command of this package as ``python`` would, without waiting for its imports."""

    def run(
        *arguments: str | Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] = {},
        code: int | None = 0,
        learns: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        whole = {**os.environ, **environment}
        warm = warm_python(LEARN if learns else PLAY, whole.get("PYTHONPATH", ""))
        done = warm.run([*map(str, arguments)], cwd or Path.cwd(), whole)
        return checked(done, code)

    return run


def checked(
    done: subprocess.CompletedProcess[str], code: int | None
) -> subprocess.CompletedProcess[str]:
    """A process that ended with that code, if one is given."""
    told = f"exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert code is None or done.returncode == code, told
    return done
