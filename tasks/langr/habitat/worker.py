"""The program that runs habitat-sim, in an interpreter of its own.

It is started by its path, works with Python 3.8 to 3.12 and imports nothing but the standard
library, numpy, habitat_sim with its magnum, and the modules ``frame``, ``geometry``, ``simulator``
and ``apartment`` beside it, which do the same. Its standard input is a socket on which it answers
requests one by one until the other side hangs up; what habitat-sim prints goes to its standard
output and errors, which nobody parses.

Requests are ``hello`` (what runs here), ``load`` (a scene and objects; answers with geometry),
``draw`` (a state; answers with a picture) and ``close``. ``--probe`` draws one picture of nothing
instead, says so in a line of JSON and ends: a GPU that cannot be opened aborts the process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from typing import Any

if not __package__:
    # Run by its path: the folder becomes a package of its own name, and no place to import from,
    # since its modules would hide others of the same name.
    import types

    __package__ = "polyathlon_habitat"
    _folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != _folder]
    sys.modules[__package__] = types.ModuleType(__package__)
    sys.modules[__package__].__path__ = [_folder]

import numpy as np

from .apartment import Apartment
from .frame import PREFIX, BadFrame, measure, pack, receive, unpack
from .simulator import Refused, configure, habitat, magnum

PULSE = 1.0
"""How often the worker looks whether its parent still lives [s]."""


def hello() -> dict[str, Any]:
    """What runs here: versions, and whether habitat-sim has its physics.

    Raises:
        Refused: habitat_sim cannot be imported.
    """
    try:
        simulator = habitat()
        magnum()
    except ImportError as error:
        raise Refused(f"{sys.executable} cannot import habitat_sim: {error}") from error
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "habitat_sim": str(getattr(simulator, "__version__", "unknown")),
        # Without Bullet nothing that has joints can be loaded: neither kitchen nor fridge.
        "bullet": bool(getattr(simulator, "built_with_bullet", True)),
    }


class Server:
    """Answers requests on a line, one by one.

    Args:
        line: the socket.
        apartment: what they are about.
    """

    def __init__(self, line: socket.socket, apartment: Apartment) -> None:
        self._line, self._apartment = line, apartment

    def serve(self) -> None:
        """Answers until told to close, or until nobody is there."""
        while True:
            try:
                header, body = measure(receive(self._line, PREFIX.size))
                request, arrays = unpack(receive(self._line, header), receive(self._line, body))
            except (EOFError, ConnectionError):
                return
            answer, pictures = self._answer(request, arrays)
            try:
                self._line.sendall(pack(dict(answer, number=request.get("number")), pictures))
            except ConnectionError:
                return
            if request.get("call") == "close":
                return

    def _answer(
        self, request: Mapping[str, Any], arrays: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            call = request.get("call")
            if call == "hello":
                return dict(hello(), ok=True), {}
            if call == "close":
                self._apartment.close()
                return {"ok": True}, {}
            if call not in ("load", "draw"):
                raise BadFrame(f"{call!r} is nothing that can be asked")
            values, results = getattr(self._apartment, call)(request, arrays)
            return dict(values, ok=True), results
        except Refused as error:
            return {"ok": False, "refused": True, "error": str(error)}, {}
        except Exception as error:
            # Whatever habitat-sim raises is for the other side to tell.
            told = f"{type(error).__name__}: {error}"
            traceback.print_exc()
            return {"ok": False, "refused": False, "error": told}, {}


def probe(gpu: int) -> dict[str, Any]:
    """Draws an empty scene, which aborts the process where the device cannot be opened."""
    told = hello()
    simulator = habitat().Simulator(configure("NONE", (16, 16), gpu))
    seen = simulator.get_sensor_observations(agent_ids=0)["head"]
    told["draws"] = list(np.asarray(seen).shape[:2]) == [16, 16]
    simulator.close()
    return told


def _outlive_nobody() -> None:
    """Ends this process soon after its parent, even amid a long computation."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PULSE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Serves on the socket that is this program's standard input."""
    parser = argparse.ArgumentParser(description="habitat-sim for polyathlon")
    parser.add_argument("--assets", default=".")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--height", type=int, default=16)
    parser.add_argument("--gpu", type=int, default=-1)
    parser.add_argument("--shaded", action="store_true")
    parser.add_argument("--probe", action="store_true")
    given = parser.parse_args()
    if given.probe:
        try:
            print(json.dumps(probe(given.gpu)), flush=True)
        except Refused as error:
            print(json.dumps({"error": str(error)}), flush=True)
        return
    _outlive_nobody()
    line = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # Whatever reads standard input must not read the requests.
    os.close(nothing)
    apartment = Apartment(given.assets, (given.height, given.width), given.gpu, given.shaded)
    try:
        Server(line, apartment).serve()
    finally:
        apartment.close()


if __name__ == "__main__":
    main()
