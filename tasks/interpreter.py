"""Other Pythons: the interpreter that plays a family's worlds, where they need one of their own.

A small file names them, ``interpreters.toml`` in the folder of the user's settings. What runs
there is this package, of this version, in the other environment: the two sides share frames and
memory, never objects. A backend that is a program of its own, such as habitat-sim, is named there
too, and needs no polyathlon in its environment.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from .. import __version__
from ..core.errors import BadArgument, PolyathlonError
from ..core.files import write_atomically
from ..core.inquiry import ask_program
from ..core.manifest import installed_versions
from ..core.specs import digest_of_tasks
from . import FAMILIES, catalogue
from .storage import make_directory

VARIABLE = "POLYATHLON_CONFIG"
"""The environment variable that names the folder of the user's settings."""

FILE = "interpreters.toml"

BACKENDS = ("habitat",)
"""What may be named besides families."""

OLDEST = (3, 11)
"""The oldest Python that this package runs on."""

PATIENCE = 120.0
"""How long an interpreter may take to say what it is [s]; a cold disk is slow."""

QUESTION = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import json
answer = {"python": ".".join(map(str, sys.version_info[:3])), "name": sys.implementation.name}
if sys.version_info[:2] >= tuple(json.loads(sys.argv[3])):
    try:
        import polyathlon
        answer["polyathlon"] = polyathlon.__version__
        if polyathlon.__version__ == sys.argv[2]:
            from polyathlon.tasks import interpreter
            answer.update(interpreter.describe(sys.argv[1]))
    except Exception as error:
        answer["error"] = "%s: %s" % (type(error).__name__, error)
print(json.dumps(answer))
"""
"""What an interpreter is asked; every Python since 3.3 understands it."""


class InterpreterUnfit(PolyathlonError):
    """A Python that was named for a family cannot play it; says why, and what to type."""


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """A Python that can play a family.

    Attributes:
        path: of the program.
        python: its version.
        name: of the implementation, e.g. ``cpython``.
        packages: versions there of the packages that can change a score.
    """

    path: str
    python: str
    name: str
    packages: Mapping[str, str]

    def record(self) -> dict[str, str]:
        """Versions, for the manifest; nothing that names a folder."""
        return {"python": self.python, "implementation": self.name, **self.packages}


def config_directory() -> Path:
    """``$POLYATHLON_CONFIG``, or else ``polyathlon`` in the user's settings directory.

    That is ``$XDG_CONFIG_HOME``, or ``~/.config`` (XDG Base Directory Specification).

    Raises:
        BadArgument: there is no home directory.
    """
    try:
        if named := os.environ.get(VARIABLE):
            return Path(named).expanduser()
        shared = os.environ.get("XDG_CONFIG_HOME", "")
        if os.path.isabs(shared):  # The specification asks that any other be ignored.
            return Path(shared) / "polyathlon"
        return Path.home() / ".config" / "polyathlon"
    except RuntimeError as error:
        raise BadArgument(f"{error}; set {VARIABLE} to a folder") from error


def named_interpreters() -> dict[str, str]:
    """Family or backend to the interpreter named for it; empty where none is.

    Raises:
        BadArgument: the file is not what it should be.
    """
    path = config_directory() / FILE
    try:
        found = tomllib.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise BadArgument(f"{path} cannot be read: {error}; mend it, or delete it") from error
    for name, python in found.items():
        if not isinstance(python, str):
            raise BadArgument(f'{path}: {name} is {python!r}; it must be a path, {name} = "..."')
    return {name: _whole_path(python) or python for name, python in found.items()}


def name_interpreters(named: Mapping[str, str]) -> Path:
    """Writes the file, whole or not at all, and says where it is.

    Raises:
        RunDirectoryError: the disk refused.
    """
    lines = [f"{name} = {json.dumps(path, ensure_ascii=False)}" for name, path in named.items()]
    head = "# Which Python plays what: polyathlon env add|list|remove."
    path = make_directory(config_directory()) / FILE
    write_atomically(path, ("\n".join([head, *sorted(lines)]) + "\n").encode())
    return path


def find_program(python: str) -> str:
    """The whole path of an interpreter; a link stays one, since by it a venv knows itself.

    Raises:
        InterpreterUnfit: it is not a program.
    """
    found = _whole_path(python)
    if found is None:
        raise InterpreterUnfit(f"'{python}' is not a program; name a Python, e.g. .venv/bin/python")
    return found


def _whole_path(python: str) -> str | None:
    found = shutil.which(os.path.expanduser(python))
    return None if found is None else os.path.abspath(found)


def command(python: str, program: str, *arguments: str) -> list[str]:
    """The command line of a program in another Python: our variables must not lead it astray."""
    return [python, "-E", "-c", program, *arguments]


def surroundings(python: str) -> dict[str, str]:
    """The variables of a process in another Python: ours, less what is for our Python alone.

    Its own folder comes first on the path, for the programs that its environment brings.
    """
    ours = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    kept["PATH"] = os.pathsep.join([os.path.dirname(python), kept.get("PATH", os.defpath)])
    return kept


def examine(python: str, family: str) -> Interpreter:
    """Asks an interpreter whether it can play a family: version, package, tasks, simulators.

    Args:
        python: the whole path of a program.
        family: a family's name.

    Raises:
        InterpreterUnfit: it cannot.
    """
    found = _ask(python, family)
    version = str(found["python"])
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise InterpreterUnfit(
            f"{python} is Python {version}; the workers need {'.'.join(map(str, OLDEST))} or newer"
        )
    known = found.get("polyathlon")
    if known != __version__:
        lacking = f"has polyathlon {known}" if known else "has no polyathlon"
        if not known and "polyathlon" not in found.get("error", "polyathlon"):
            lacking = f"cannot import polyathlon ({found['error']})"
        raise InterpreterUnfit(
            f"{python} {lacking}, this is {__version__}. "
            f"Type: {shlex.quote(python)} -m pip install polyathlon=={__version__}"
        )
    if "error" in found:
        raise InterpreterUnfit(f"{python}: {found['error']}")
    if found["missing"]:
        extra = catalogue.families()[family].extra
        raise InterpreterUnfit(
            f"{python} lacks {', '.join(found['missing'])} for the {family} tasks. "
            f'Type: {shlex.quote(python)} -m pip install "polyathlon[{extra}]"'
        )
    if found["digest"] != digest_of_tasks(catalogue.families()[family].tasks):
        raise InterpreterUnfit(
            f"the polyathlon of {python} declares other {family} tasks than this one; install "
            "the same one in both"
        )
    return Interpreter(
        path=python, python=version, name=str(found["name"]), packages=found["packages"]
    )


def describe(family: str) -> dict[str, Any]:
    """What this Python has for a family: the other side of ``examine``."""
    known = catalogue.families().get(family)
    if known is None and family in FAMILIES:
        known = FAMILIES[family]  # Raises what keeps it from being loaded.
    if known is None:
        raise BadArgument(f"no family is called '{family}' there; install what brings it")
    return {
        "packages": installed_versions(),
        "missing": catalogue.missing_packages(known),
        "digest": digest_of_tasks(known.tasks),
    }


def examine_all(named: Mapping[str, str], families: Iterable[str]) -> dict[str, Interpreter]:
    """The interpreters named for some of the families, each asked anew.

    Raises:
        InterpreterUnfit: one cannot play what it was named for; says how to be without it.
    """
    found = {}
    for family in dict.fromkeys(families):
        if family in named:
            try:
                found[family] = examine(find_program(named[family]), family)
            except InterpreterUnfit as error:
                raise InterpreterUnfit(
                    f"{error}. It is named for {family}; be without it: "
                    f"polyathlon env remove {family}"
                ) from None
    return found


def _ask(python: str, family: str) -> dict[str, Any]:
    question = command(python, QUESTION, family, __version__, json.dumps(OLDEST))
    answer = ask_program(question, PATIENCE, surroundings(python))
    if "python" not in answer.values:
        trouble = answer.trouble or "it says something else"
        raise InterpreterUnfit(f"{python} is no Python that answers: {trouble}")
    return dict(answer.values)
