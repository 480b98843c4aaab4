"""What tests of refused submissions share: names of files, and how a forger would write them."""

from __future__ import annotations

import json

import pytest

from polyathlon.core.errors import SubmissionRefused
from polyathlon.core.journal import GENESIS, _link
from polyathlon.leaderboard.validation import validate

EPISODES = "runs/0/episodes.jsonl"
ACTIONS = "runs/0/actions.bin"
MANIFEST = "runs/0/manifest.json"
RESULT = "runs/0/result.json"
INDEX = "submission.json"


def refusal(path):
    """The one line that says why; nothing may appear beside the file."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(SubmissionRefused) as caught:
        validate(path)
    words = str(caught.value)
    assert words.isprintable()
    assert words.startswith(str(path))
    assert sorted(path.parent.iterdir()) == before
    return words


def chained(lines):
    """Lines linked anew, as a forger would."""
    chain, out = GENESIS, b""
    for line in lines:
        episode = line[line.index(b'"episode":') + len(b'"episode":') : -1]
        chain = _link(chain, episode)
        out += b'{"chain":"' + chain.encode() + b'","episode":' + episode + b"}\n"
    return out


def dumped(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
