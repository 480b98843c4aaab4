"""Which card a worker draws on: the choice as a table, and what EGL really has here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from polyathlon.benchmarks.evaluate import _worth_saying
from polyathlon.benchmarks.workers.slot import worker_environment
from polyathlon.tasks import graphics_card, rendering
from polyathlon.tasks.graphics_card import Card, choose


def card(index: int, cuda: int | None = None, software: bool = False) -> Card:
    return Card(index=index, uuid="" if software else f"u{index}", software=software, cuda=cuda)


PROGRAM = card(4, software=True)
FOUR = (card(0, 2), card(1, 3), card(2, 0), card(3, 1), PROGRAM)
SHARED = (card(0), card(1, 1), card(2, 0), card(3), PROGRAM)
HIDDEN = (card(0), card(1), PROGRAM)


@pytest.mark.parametrize(
    ("cards", "taken"),
    [
        (FOUR, [0, 1, 2, 3, 0, 1]),
        (SHARED, [1, 2, 1, 2, 1, 2]),  # as CUDA_VISIBLE_DEVICES shares them out
        (HIDDEN, [0, 1, 0, 1, 0, 1]),  # hidden from CUDA, they still draw
        ((PROGRAM,), [None] * 6),
        ((), [None] * 6),
    ],
)
def test_workers_take_turns(cards: tuple[Card, ...], taken: list[int | None]) -> None:
    chosen = [choose(cards, slot) for slot in range(6)]
    assert [one and one.index for one in chosen] == taken


def test_a_worker_knows_its_number_and_keeps_what_the_user_set() -> None:
    found = worker_environment({"OMP_NUM_THREADS": "3", graphics_card.CHOICE: "1"}, 5)
    assert found[graphics_card.SLOT] == "5"
    assert found["OMP_NUM_THREADS"] == "3"
    assert found[graphics_card.CHOICE] == "1"


@pytest.mark.parametrize("given", ["1", None])
def test_a_card_is_named_to_mujoco_unless_the_user_has(
    given: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphics_card, "cards", lambda: FOUR)
    monkeypatch.setenv(graphics_card.SLOT, "7")
    monkeypatch.setenv(graphics_card.CHOICE, given or "")  # put back as it was at the end
    if given is None:
        monkeypatch.delenv(graphics_card.CHOICE)
    graphics_card.take_card()
    assert os.environ[graphics_card.CHOICE] == (given or "3")


def test_what_is_worth_saying_is_said_once() -> None:
    drawn = {"backend": "egl", "device": "NVIDIA H100", "card": "u0"}
    (told,) = _worth_saying({}, drawn)
    assert "NVIDIA H100" in told
    assert "u0" in told
    assert _worth_saying(drawn, drawn) == []
    (told,) = _worth_saying({}, {"device": "llvmpipe", "fallback": "software, beside a card"})
    assert "polyathlon doctor" in told
    assert _worth_saying({}, {"backend": "egl", "device": "llvmpipe"}) == []


ASK = """
import json, os
from polyathlon.tasks import graphics_card, rendering, rendering_probe
found = rendering_probe.probe("egl")
print(json.dumps([found, [c.software for c in graphics_card.cards()],
                  os.environ.get(graphics_card.CHOICE)]))
"""


@pytest.mark.skipif(not rendering._loads("egl"), reason="no EGL here")
def test_the_device_that_draws_is_the_one_that_was_asked_for() -> None:
    import json

    environment = {name: text for name, text in os.environ.items() if name != graphics_card.CHOICE}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    probe, software, choice = json.loads(done.stdout)
    assert probe["ok"], probe
    assert software
    # Where there is a card it draws and says which; elsewhere nothing is asked of MuJoCo.
    assert bool(probe["card"]) == (False in software)
    assert (choice is None) == (False not in software)
    assert not (probe["card"] and probe["fallback"])


@pytest.mark.skipif(not rendering._loads("egl"), reason="no EGL here")
def test_a_device_that_is_not_there_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "polyathlon.tasks.rendering_probe", "egl"],
        env={**os.environ, graphics_card.CHOICE: "9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{graphics_card.CHOICE} is '9'; EGL has 0" in done.stdout
    assert "Traceback" not in done.stderr
