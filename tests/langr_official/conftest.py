"""Small official files on disk."""

from __future__ import annotations

import pickle

import pytest


@pytest.fixture
def write(tmp_path):
    """Puts content, or bytes, into a file."""

    def put(content, name="some.pickle"):
        path = tmp_path / name
        if not isinstance(content, bytes):
            content = pickle.dumps(content, protocol=4)
        path.write_bytes(content)
        return path

    return put
