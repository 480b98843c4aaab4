"""The laws of the house, read off the syntax trees: imports, lengths, names and words."""

from __future__ import annotations

import ast
import configparser
import functools
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MAY_IMPORT = {
    "core": set(),
    "tasks": {"core"},
    "adapters": {"core"},
    "leaderboard": {"core"},
    "agents": {"core", "adapters"},
    "benchmarks": {"core", "tasks", "adapters"},
    "cli": {"core", "tasks", "adapters", "leaderboard", "agents", "benchmarks"},
}
"""Besides their own, the rooms that each room may import."""

FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "manager"}
LONGEST_MODULE = 500
LONGEST_FUNCTION = 60
MOST_DOOR_FUNCTIONS = 3

MODULES = sorted(path for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def wrong_in(complaints: Callable[[Path], Iterable[str]]) -> list[str]:
    """What a law finds wrong in any module, each with its place."""
    return [f"{name_of(path)}: {what}" for path in MODULES for what in complaints(path)]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line, and absolute dotted name, of everything a module imports, wherever in it."""
    package = ("polyathlon", *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                start: tuple[str, ...] = ()
            else:
                assert node.level <= len(package), f"{path}:{node.lineno} climbs out of the house"
                start = package[: len(package) - node.level + 1]
            base = (*start, *(node.module.split(".") if node.module else ()))
            yield from ((node.lineno, ".".join((*base, alias.name))) for alias in node.names)


def test_the_house_has_no_other_rooms() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert found == set(MAY_IMPORT)


def test_imports_follow_the_arrows() -> None:
    def foreign(path: Path) -> Iterator[str]:
        room = path.relative_to(ROOT).parts[0]
        for line, name in imported(path):
            parts = name.split(".")
            if parts[0] != "polyathlon":
                continue
            if len(parts) > 1 and parts[1] in MAY_IMPORT:
                allowed = parts[1] in MAY_IMPORT[room] | {room}
            else:
                allowed = parts[1:] == ["__version__"]
            if not allowed:
                yield f"line {line} imports {name}; {room} may import {sorted(MAY_IMPORT[room])}"

    assert not wrong_in(foreign)


def test_imports_inside_the_package_are_relative() -> None:
    def absolute(path: Path) -> Iterator[str]:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            first = {name.partition(".")[0] for name in names}
            yield from (
                f"line {node.lineno}: {name}" for name in first & {"polyathlon", *MAY_IMPORT}
            )

    assert not wrong_in(absolute)


def test_no_module_is_too_long() -> None:
    def too_long(path: Path) -> Iterator[str]:
        lines = len(path.read_text().splitlines())
        if lines > LONGEST_MODULE:
            yield f"{lines} lines"

    assert not wrong_in(too_long)


def test_no_function_is_too_long() -> None:
    def too_long(path: Path) -> Iterator[str]:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, FUNCTIONS) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    yield f"{node.name} has {lines} lines"

    assert not wrong_in(too_long)


def test_module_names_say_something_and_shadow_nothing() -> None:
    def ill_named(path: Path) -> Iterator[str]:
        name = path.parent.name if path.stem == "__init__" else path.stem
        if name in FORBIDDEN_NAMES:
            yield "says nothing"
        if name != "__main__" and name in sys.stdlib_module_names:
            yield "shadows the standard library"

    assert not wrong_in(ill_named)


def undocumented(body: list[ast.stmt], where: str) -> Iterator[str]:
    for node in body:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not is_documented(node):
            yield f"{where}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node.body, f"{where}{node.name}.")


def is_documented(node: Function | ast.ClassDef) -> bool:
    decorators = {ast.unparse(one).rpartition(".")[2] for one in node.decorator_list}
    # What a setter or an overload does is said where it is first declared.
    return bool(ast.get_docstring(node)) or bool(decorators & {"setter", "overload", "override"})


def test_everything_public_is_documented() -> None:
    def silent(path: Path) -> Iterator[str]:
        if not ast.get_docstring(tree_of(path)):
            yield "the module says nothing of itself"
        yield from undocumented(tree_of(path).body, "")

    assert not wrong_in(silent)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_has_a_small_door(room: str) -> None:
    body = tree_of(ROOT / room / "__init__.py").body
    functions = [node.name for node in body if isinstance(node, FUNCTIONS)]
    assert len(functions) <= MOST_DOOR_FUNCTIONS


def test_the_declared_packages_are_the_folders() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    declared = set(setup["options"]["packages"].split())
    folders = {
        ".".join(("polyathlon", *path.parent.relative_to(ROOT).parts))
        for path in MODULES
        if path.name == "__init__.py"
    }
    assert declared == folders | {"polyathlon"}
    homeless = {path.parent for path in MODULES} - {
        path.parent for path in MODULES if path.name == "__init__.py"
    }
    assert not homeless, "a folder of modules without __init__.py is left out of the wheel"


def test_nothing_stray_lies_at_the_root() -> None:
    # Only what belongs to the project: a user's own agent may lie beside it.
    command = ["git", "-C", str(ROOT), "ls-files", "*.py"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in listed if "/" not in name] == ["__init__.py"]
