"""Draws a scene whose pixels are known, to see whether a backend draws right.

``python -m polyathlon.tasks.rendering_probe egl`` prints one line of JSON: run it where a broken
driver may end the process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import PolyathlonError
from .rendering import CONTEXTS, Renderer, gpu_seen, select_backend

SCENE = """
<mujoco>
  <visual><headlight ambient="0 0 0" diffuse="0 0 0" specular="0 0 0"/></visual>
  <asset>
    <material name="red" rgba="1 0 0 1" emission="1" specular="0"/>
    <material name="green" rgba="0 1 0 1" emission="1" specular="0"/>
    <material name="blue" rgba="0 0 0.6 1" emission="1" specular="0"/>
  </asset>
  <worldbody>
    <camera name="front" pos="0 0 4" fovy="53.13"/>
    <geom type="box" size="4 4 0.1" pos="0 0 -0.5" material="blue"/>
    <geom type="box" size="0.5 0.5 0.1" pos="-1 1 0" material="red"/>
    <geom type="sphere" size="0.5" pos="1 -1 0" material="green"/>
  </worldbody>
</mujoco>
"""
"""A red box at the top left and a green sphere at the bottom right of a blue wall. Materials
shine by themselves, so that colours do not depend on lights. The camera sees 4 m at z = 0."""

KNOWN: Sequence[tuple[float, float, tuple[int, int, int]]] = (
    (0.25, 0.25, (255, 0, 0)),
    (0.75, 0.75, (0, 255, 0)),
    (0.25, 0.75, (0, 0, 153)),
    (0.75, 0.25, (0, 0, 153)),
    (0.5, 0.5, (0, 0, 153)),
)
"""Row and column as fractions of the picture's sides, and the colour that belongs there."""

TOLERANCE = 6
"""Largest error of a channel that still counts as the known colour, of 255."""


def probe(backend: str, size: int = 128, frames: int = 10) -> dict[str, Any]:
    """Draws the known scene with a backend, in this process.

    Args:
        backend: a name in ``CONTEXTS``. It must be the first to draw in the process.
        size: side of the picture [px].
        frames: pictures over which the time is averaged.

    Returns:
        ``ok``, ``backend``, ``device``, ``card`` and ``fallback`` (see ``Renderer.info``),
        ``gpu_seen``, ``frame_ms`` [ms], ``pixel_error`` (the largest of a channel, of 255) and,
        where it is not ok, ``error``.
    """
    os.environ["MUJOCO_GL"] = backend
    os.environ.pop("PYOPENGL_PLATFORM", None)  # a parent that has drawn may have left its own
    answer: dict[str, Any] = {"ok": False, "backend": backend, "gpu_seen": gpu_seen()}
    try:
        select_backend()
        import mujoco

        model = mujoco.MjModel.from_xml_string(SCENE)
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        renderer = Renderer(model, size, size, camera="front")
        picture = renderer.render(data)
        started = time.perf_counter()
        for _ in range(frames):
            renderer.render(data)
        answer["frame_ms"] = round((time.perf_counter() - started) * 1000 / frames, 3)
        answer |= {key: renderer.info.get(key, "") for key in ("device", "card", "fallback")}
        renderer.close()
    except (ImportError, AttributeError, RuntimeError, PolyathlonError) as error:
        return answer | {"error": str(error)}
    answer["pixel_error"] = pixel_error(picture)
    answer["ok"] = answer["pixel_error"] <= TOLERANCE
    if not answer["ok"]:
        answer["error"] = f"a known pixel is off by {answer['pixel_error']} of 255"
    return answer


def pixel_error(picture: NDArray[np.uint8]) -> int:
    """Largest error of a channel of a picture `[H, W, 3]` of the known scene, of 255."""
    height, width = picture.shape[:2]
    seen = [picture[int(row * height), int(column * width)] for row, column, _ in KNOWN]
    colours = [colour for _, _, colour in KNOWN]
    return int(np.abs(np.asarray(seen, int) - np.asarray(colours, int)).max())


def main(arguments: Sequence[str]) -> int:
    """Prints a probe as one line of JSON; 0 when the pixels are right."""
    if len(arguments) != 1 or arguments[0] not in CONTEXTS:
        print(
            f"usage: python -m polyathlon.tasks.rendering_probe {'|'.join(CONTEXTS)}",
            file=sys.stderr,
        )
        return 2
    answer = probe(arguments[0])
    print(json.dumps(answer))
    return 0 if answer["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
