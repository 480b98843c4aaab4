"""What is shipped is the tree: built from a copy, installed elsewhere, and imported there."""

from __future__ import annotations

import configparser
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

LEFT_BEHIND = shutil.ignore_patterns(
    "build",
    "dist",
    "runs",
    "typings",
    "*.egg-info",
    "__pycache__",
    ".git",
    ".*_cache",
    ".hypothesis",
)


def leave_behind(folder: str, names: list[str]) -> set[str]:
    """Everything that git would not have in a clone, virtual environments of any name included."""
    environments = {name for name in names if (Path(folder) / name / "pyvenv.cfg").exists()}
    return set(LEFT_BEHIND(folder, names)) | environments


def packages() -> list[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return setup["options"]["packages"].split()


def expected_files() -> set[str]:
    """The files of the package, as they should lie in the wheel."""
    found = {"polyathlon/py.typed"}
    for package in packages():
        folder = ROOT.joinpath(*package.split(".")[1:])
        prefix = package.replace(".", "/")
        found |= {f"{prefix}/{path.name}" for path in folder.glob("*.py")}
    for folder in ("leaderboard/schema", "tasks/langr/data"):
        found |= {f"polyathlon/{folder}/{path.name}" for path in (ROOT / folder).glob("*.json")}
    for folder in ("tasks/miniwob/script", "leaderboard/website/asset"):
        files = [*(ROOT / folder).glob("*.js"), *(ROOT / folder).glob("*.css")]
        found |= {f"polyathlon/{folder}/{path.name}" for path in files}
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, python: Callable[..., Any]) -> Path:
    """A folder with the sdist, and the wheel that was built from the sdist."""
    # The name of a clone's folder must not matter: this one has a space and a foreign name.
    clone = tmp_path_factory.mktemp("packaging") / "another name"
    shutil.copytree(ROOT, clone, ignore=leave_behind, symlinks=True)
    out = clone.parent / "built"
    python("-m", "build", "--no-isolation", "--outdir", out, clone, cwd=clone.parent)
    return out


@pytest.fixture(scope="module")
def wheel_names(built: Path) -> list[str]:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_tree_and_nothing_else(wheel_names: list[str]) -> None:
    shipped = {name for name in wheel_names if ".dist-info/" not in name}
    assert shipped == expected_files()


def test_the_wheel_has_one_name_at_the_top(wheel_names: list[str]) -> None:
    top = {name.partition("/")[0] for name in wheel_names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"polyathlon"}


def test_the_wheel_ships_its_types_and_schemas(wheel_names: list[str]) -> None:
    assert "polyathlon/py.typed" in wheel_names
    assert [name for name in wheel_names if re.fullmatch(r".*/schema/[\w.-]+\.json", name)]


def test_the_sdist_holds_what_the_wheel_is_built_from(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name.removeprefix("polyathlon/") for name in expected_files()} <= names
    assert {"LICENSE", "README.md", "setup.cfg", "pyproject.toml"} <= names


def test_an_installed_wheel_imports_without_the_clone(
    built: Path, tmp_path: Path, python: Callable[..., Any]
) -> None:
    (wheel,) = built.glob("*.whl")
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps")
    python(*pip, "--target", tmp_path / "site", wheel)
    program = (
        "import polyathlon, gymnasium, importlib.metadata as m\n"
        "print(polyathlon.__file__, polyathlon.__version__, m.version('polyathlon'))\n"
        "print(sum(name.startswith('polyathlon/') for name in gymnasium.registry))\n"
    )
    environment = {"PYTHONPATH": str(tmp_path / "site")}
    done = python("-c", program, cwd=tmp_path, environment=environment)
    (where, version, declared), (registered,) = map(str.split, done.stdout.splitlines())
    assert Path(where).is_relative_to(tmp_path)
    assert version == declared == newest_change()
    assert int(registered) >= 280


def newest_change() -> str:
    """The version of the changelog's top entry that is not "Unreleased"."""
    text = (ROOT / "CHANGELOG.md").read_text()
    found = re.search(r"^## \[(\d+\.\d+\.\d+)\]", text, re.MULTILINE)
    assert found is not None
    return found[1]
