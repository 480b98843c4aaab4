"""The wire between this interpreter and habitat-sim's, and the program at its other end."""

from __future__ import annotations

import ast
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyathlon.tasks.langr.habitat import frame, worker
from polyathlon.tasks.langr.habitat.apartment import Apartment

FOLDER = Path(worker.__file__).parent
PROGRAM = ("worker", "frame", "geometry", "simulator", "apartment")


def test_a_frame_comes_back_as_it_was() -> None:
    arrays = {
        "rgb": np.arange(24, dtype=np.uint8).reshape(2, 4, 3),
        "positions": np.linspace(0, 1, 6).reshape(2, 3),
        "none": np.zeros((0, 3), np.float32),
    }
    whole = frame.pack({"call": "draw", "base": [1.5, -2.0, 0.25]}, arrays)
    header, body = frame.measure(whole[: frame.PREFIX.size])
    text = whole[frame.PREFIX.size :][:header]
    words, back = frame.unpack(text, whole[frame.PREFIX.size + header :])
    assert words == {"call": "draw", "base": [1.5, -2.0, 0.25]}
    assert len(whole) == frame.PREFIX.size + header + body
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array)


@pytest.mark.parametrize(
    "prefix",
    [
        b"garbage on the w",
        frame.PREFIX.pack(frame.MAGIC, 1 << 30, 0),
        frame.PREFIX.pack(frame.MAGIC, 10, 1 << 40),
    ],
)
def test_what_begins_otherwise_is_no_frame(prefix: bytes) -> None:
    with pytest.raises(frame.BadFrame, match="does not begin a frame"):
        frame.measure(prefix[: frame.PREFIX.size])


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (b"not json", b""),
        (b"[]", b""),
        (b"{}", b""),
        (b'{"arrays": []}', b"more"),
        (b'{"arrays": [{"name": "a", "dtype": "<f8", "shape": [2]}]}', b"short"),
        (b'{"arrays": [{"name": "a", "dtype": "|O", "shape": [1]}]}', b"\0" * 8),
        (b'{"arrays": [{"name": "a", "dtype": "<f8", "shape": [-1]}]}', b"\0" * 8),
        (b'{"arrays": [{"name": "a", "dtype": "<f8", "shape": "long"}]}', b"\0" * 8),
        (b'{"arrays": 7}', b""),
        (b"\xff\xfe", b""),
    ],
)
def test_a_frame_that_lies_is_refused(text: bytes, body: bytes) -> None:
    with pytest.raises(frame.BadFrame, match="does not hold what it announces"):
        frame.unpack(text, body)


def test_objects_are_never_sent() -> None:
    with pytest.raises(frame.BadFrame, match="object"):
        frame.pack({}, {"array": np.array([print])})


@pytest.mark.parametrize("name", PROGRAM)
def test_the_worker_is_for_python_3_8_and_imports_next_to_nothing(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(), feature_version=(3, 8))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            assert (node.level, node.module in PROGRAM) == (1, True)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert found <= {*sys.stdlib_module_names, "numpy"}
    assert "__future__" in found


def served(request: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the server answers to one request, which it takes from a real socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        worker.Server(theirs, Apartment("nowhere", (8, 8), -1)).serve()
        header, body = frame.measure(frame.receive(ours, frame.PREFIX.size))
        return frame.unpack(frame.receive(ours, header), frame.receive(ours, body))


def test_the_server_answers_what_it_does_not_know_and_goes_on() -> None:
    answer, _ = served(frame.pack({"call": "serve", "number": 3}))
    assert answer["number"] == 3
    assert answer["ok"] is False
    assert "'serve' is nothing that can be asked" in answer["error"]


def test_the_server_refuses_to_draw_what_was_not_loaded() -> None:
    answer, _ = served(frame.pack({"call": "draw", "number": 1}))
    assert (answer["ok"], answer["refused"]) == (False, True)
    assert "no scene is loaded" in answer["error"]
