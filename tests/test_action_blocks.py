"""A block of recorded actions that holds anything else is refused, read whole or only counted."""

from __future__ import annotations

import hashlib
import zlib

import msgspec
import pytest

from polyathlon.core.actions import LARGEST_JSON, measure_actions, pack_actions, unpack_actions
from polyathlon.core.errors import JournalCorrupt


@pytest.mark.parametrize(
    "block",
    [
        {"dtype": "|O8", "shape": [1], "data": b"12345678"},
        {"dtype": "<b8", "shape": [1], "data": b"12345678"},
        {"dtype": "<f4", "shape": [0, 2**63], "data": b""},
        {"dtype": "<f4,<f4", "shape": [1], "data": b"12345678"},
        {"dtype": "<f4", "shape": [-1], "data": b"12345678"},
        {"dtype": "<f4", "shape": [3], "data": b"12345678"},
        {"dtype": "<f4", "shape": [], "data": b"1234"},
        {"dtype": "json", "shape": [1], "data": b"{}"},
        {"dtype": "json", "shape": [1], "data": b"[" * 100_000},
        {"dtype": "json", "shape": [1], "data": b"[" + b" " * LARGEST_JSON + b"]"},
        {"dtype": "<f4", "shape": "x", "data": b""},
        [1, 2],
    ],
)
def test_blocks_that_hold_something_else(block):
    payload = msgspec.msgpack.encode(block)
    packed, digest = zlib.compress(payload), hashlib.sha256(payload).hexdigest()
    for read in (unpack_actions, measure_actions):
        with pytest.raises(JournalCorrupt, match="holds something else"):
            read(packed, digest)


@pytest.mark.parametrize("actions", [[1, 2, 3], ["left", "right"], [[0.5, 1.5]] * 4])
def test_the_size_of_a_block(actions):
    packed, digest = pack_actions(actions)
    size = measure_actions(packed, digest)
    assert size.actions == len(unpack_actions(packed, digest)) == len(actions)
    assert size.unpacked >= len(actions)
    with pytest.raises(JournalCorrupt, match="too large"):
        measure_actions(packed, digest, largest=10)
