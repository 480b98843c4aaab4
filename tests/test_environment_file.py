"""environment.yml makes what setup.cfg declares, and the pins fit what it asks for."""

from __future__ import annotations

import configparser
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser()
    parsed.read(ROOT / "setup.cfg")
    return parsed


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    lines = (ROOT / "requirements" / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def pip_lines(environment: dict[str, Any]) -> list[str]:
    (section,) = [entry for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert set(section) == {"pip"}
    return list(section["pip"])


def requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.strip().splitlines()]


def test_conda_installs_this_package_with_all_families_and_the_same_pins(
    environment: dict[str, Any],
) -> None:
    assert pip_lines(environment) == ["-c requirements/constraints.txt", "-e .[all]"]
    assert environment["name"] == "polyathlon"


def test_conda_takes_a_python_that_setup_cfg_allows(
    environment: dict[str, Any], setup: configparser.ConfigParser
) -> None:
    (python,) = [
        entry.partition("=")[2]
        for entry in environment["dependencies"]
        if isinstance(entry, str) and entry.startswith("python=")
    ]
    assert f"{python}.0" in SpecifierSet(setup["options"]["python_requires"])


def test_conda_installs_no_python_package_behind_the_pins(
    environment: dict[str, Any], pins: dict[str, str]
) -> None:
    names = {
        canonicalize_name(entry.partition("=")[0].partition("<")[0].strip())
        for entry in environment["dependencies"]
        if isinstance(entry, str)
    }
    assert not names & set(pins)


def test_all_brings_every_family_and_no_tools(setup: configparser.ConfigParser) -> None:
    extras = setup["options.extras_require"]
    (everything,) = requirements(extras["all"])
    assert everything.name == "polyathlon"
    tools = {
        "all",
        "adapters",
        "lm",
        "data",
        "online",
        "tensorboard",
        "dev",
        "bench",
        "sign",
        "ray",
    }
    assert everything.extras == set(extras) - tools


def test_every_family_of_ours_names_an_extra_of_ours(setup: configparser.ConfigParser) -> None:
    from polyathlon.tasks import FAMILIES, catalogue

    ours = [name for name in FAMILIES if FAMILIES.owner(name) == "polyathlon"]
    assert ours
    named = {catalogue.families()[name].extra for name in ours}
    assert named <= set(setup["options.extras_require"])


def test_the_pins_fit_every_requirement(
    setup: configparser.ConfigParser, pins: dict[str, str]
) -> None:
    wanted = requirements(setup["options"]["install_requires"])
    for extra, text in setup["options.extras_require"].items():
        wanted += requirements(text) if extra != "all" else []
    unpinned = [str(one) for one in wanted if canonicalize_name(one.name) not in pins]
    assert not unpinned
    outside = [str(one) for one in wanted if pins[canonicalize_name(one.name)] not in one.specifier]
    assert not outside


def test_the_families_live_together_with_numpy_2(pins: dict[str, str]) -> None:
    assert int(pins["numpy"].partition(".")[0]) >= 2
    assert metadata.version("numpy").startswith("2.")


def test_what_is_installed_is_consistent(python: Any) -> None:
    done = python("-m", "pip", "--disable-pip-version-check", "check")
    assert "No broken requirements found" in done.stdout
