"""What decides is what a task promises: every bit, the outcome, or the distribution."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

WAVERING = Path(__file__).with_name("wavering")


@pytest.fixture(scope="module")
def verdicts(python, tmp_path_factory):
    """Verdicts on submissions of worlds of each tier; in a process that has these worlds."""
    paths = os.pathsep.join(filter(None, [str(WAVERING), os.environ.get("PYTHONPATH", "")]))
    folder = tmp_path_factory.mktemp("tiers")
    done = python(WAVERING / "tiers.py", folder, environment={"PYTHONPATH": paths})
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("case", "status", "words"),
    [
        ("bit", "verified", "4 of 4 episodes played again, all match"),
        ("bit, forged", "failed", "1 of 4 episodes do not match"),
        ("bit, another machine's last bits", "failed", "4 of 4 episodes do not match"),
        ("platform", "verified", "all match"),
        ("platform, last bits differ", "verified", "4 of them by outcome or distribution alone"),
        ("platform, more differs", "failed", "4 of 4 episodes do not match"),
        ("platform, forged", "failed", "1 of 4 episodes do not match"),
        ("platform, from elsewhere", "verified", "by outcome or distribution alone"),
        ("platform, from elsewhere, forged", "self-reported", "another platform"),
        ("statistical", "verified", "60 of them by outcome or distribution alone"),
        ("statistical, one forged", "verified", "by outcome or distribution alone"),
        ("statistical, all forged", "failed", "60 won as submitted"),
        ("statistical, a shifted world", "failed", "wavering.statistical-v0"),
    ],
)
def test_what_decides(verdicts, case, status, words):
    found = verdicts[case]
    assert (found["status"], words in found["reason"]) == (status, True), found
    assert found["code"] == {"verified": 0, "failed": 1, "self-reported": 3}[status]


def test_only_bits_count_as_bits(verdicts):
    assert verdicts["bit"]["by_bit"] == verdicts["platform"]["by_bit"] == 4
    assert verdicts["platform, from elsewhere"]["by_bit"] == 0
    assert verdicts["statistical"]["by_bit"] == 0
