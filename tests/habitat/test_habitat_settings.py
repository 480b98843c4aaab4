"""Interpreter and assets: what is missing is said with what to type."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from habitat_room import SCENE, Make, episode, is_running, pid_of

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr.environment import LanguageRearrangement
from polyathlon.tasks.langr.habitat import settings
from polyathlon.tasks.langr.habitat.settings import HabitatUnavailable
from polyathlon.tasks.langr.habitat.world import HabitatWorld
from polyathlon.tasks.langr.library import make_world


def test_it_says_what_to_type_where_nothing_is_set(
    monkeypatch: pytest.MonkeyPatch, assets: Path
) -> None:
    for name in (settings.PYTHON, settings.ASSETS):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(HabitatUnavailable, match=r"environment-habitat\.yml"):
        HabitatWorld((8, 8))
    with pytest.raises(HabitatUnavailable, match="--uids rearrange_task_assets"):
        HabitatWorld((8, 8), python=sys.executable)
    with pytest.raises(HabitatUnavailable, match="not a program"):
        HabitatWorld((8, 8), python="no-python-of-this-name", assets=assets)
    (assets / "objects" / "ycb" / "configs").rename(assets / "elsewhere")
    with pytest.raises(HabitatUnavailable, match="lacks the YCB objects"):
        HabitatWorld((8, 8), python=sys.executable, assets=assets)


def test_the_variables_are_read(make: Make, monkeypatch: pytest.MonkeyPatch, assets: Path) -> None:
    monkeypatch.setenv(settings.PYTHON, sys.executable)
    monkeypatch.setenv(settings.ASSETS, str(assets))
    world = make_world("habitat", (8, 8), "full")
    try:
        assert isinstance(world, HabitatWorld)
        assert world.load(episode()).id == SCENE
        assert world.info == {"backend": "habitat", "profile": "full"}
    finally:
        world.close()


def test_the_environment_refuses_homes_of_our_own_and_closes(
    make: Make, monkeypatch: pytest.MonkeyPatch, assets: Path
) -> None:
    monkeypatch.setenv(settings.PYTHON, sys.executable)
    monkeypatch.setenv(settings.ASSETS, str(assets))
    env = LanguageRearrangement("scene", backend="habitat", image_size=16)
    pid = pid_of(env.world)
    with pytest.raises(BadArgument, match='episodes="official"'):
        env.reset(seed=0)
    env.close()
    assert not is_running(pid)


def test_the_profile_is_one_of_ours(assets: Path) -> None:
    with pytest.raises(BadArgument, match="render_profile"):
        HabitatWorld((8, 8), "splendid", sys.executable, assets)


def test_an_interpreter_without_habitat_sim_is_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(HabitatUnavailable, match="cannot import habitat_sim"):
        make()


def test_habitat_sim_without_physics_is_told(make: Make, stand_in: Callable[..., None]) -> None:
    stand_in("no-bullet")
    with pytest.raises(HabitatUnavailable, match="withbullet"):
        make()


def test_a_gpu_that_aborts_is_not_used(
    stand_in: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(settings.GPU)
    settings.probe.cache_clear()
    assert settings.find_gpu(sys.executable) == 0
    stand_in("gpu-aborts", "chatter")
    settings.probe.cache_clear()
    assert settings.find_gpu(sys.executable) == -1
    assert settings.probe(sys.executable, -1).values["draws"] is True
    settings.probe.cache_clear()
    monkeypatch.setenv(settings.GPU, "3")
    assert settings.find_gpu(sys.executable) == 3
    monkeypatch.setenv(settings.GPU, "none")
    with pytest.raises(BadArgument, match="give the number of a GPU"):
        settings.find_gpu(sys.executable)
