"""A stand-in for habitat-sim, assets as far as the worker looks at them, and worlds over both."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from habitat_room import APPLE, BALL, MUG, OTHER, SCENE, SHORT, STAND_IN, Make

from polyathlon.tasks.langr.habitat import settings
from polyathlon.tasks.langr.habitat.world import HabitatWorld


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Assets as far as the worker looks at them: names of files."""
    data = tmp_path / "data"
    for name in (
        "replica_cad/replicaCAD.scene_dataset_config.json",
        *(f"replica_cad/configs/scenes/{scene}.scene_instance.json" for scene in (SCENE, OTHER)),
        f"replica_cad/navmeshes/{SCENE}.navmesh",
        "replica_cad/configs/objects/frl_apartment_book_01.object_config.json",
        *(f"objects/ycb/configs/{name}.object_config.json" for name in (APPLE, BALL, MUG)),
        "robots/hab_fetch/robots/hab_suction.urdf",
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()
    return data


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts the stand-in where the worker's interpreter looks for habitat-sim."""
    library = tmp_path / "library"
    library.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (library, STAND_IN.parent))))
    for name, module in (
        ("habitat_sim", "habitat_stand_in.habitat_sim"),
        ("magnum", "magnum_stand_in"),
    ):
        (library / f"{name}.py").write_text(
            f"import sys, {module.partition('.')[0]}\nsys.modules[__name__] = {module}\n"
        )
    monkeypatch.setenv(settings.GPU, "-1")

    def failing(*faults: str) -> None:
        monkeypatch.setenv("HABITAT_STAND_IN", ",".join(faults))

    failing()
    return failing


@pytest.fixture
def make(stand_in: object, assets: Path) -> Iterator[Make]:
    made: list[HabitatWorld] = []

    def making(python: str | Path = sys.executable, **changes: Any) -> HabitatWorld:
        changes = {"image_size": (48, 64), "deadlines": SHORT, **changes}
        made.append(HabitatWorld(python=str(python), assets=assets, **changes))
        return made[-1]

    yield making
    for world in made:
        world.close()
