"""Small forests, and the bodies and words that speak through them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from polyathlon.tasks.catalogue import all_tasks
from polyathlon.tasks.langr.vocabulary import SKILLS

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
from polyathlon.adapters.trie import Forest  # noqa: E402

BABYAI = next(t.embodiment for t in all_tasks().values() if t.embodiment.id == "babyai-agent")

ARM = next(t.embodiment for t in all_tasks().values() if t.embodiment.id == "sawyer-xyz")

BODIES = {
    task.embodiment.id: task.embodiment
    for task in all_tasks().values()
    if task.embodiment.kind != "text"
}
"""Every body that a task has."""

SPOKEN = tuple(skill.spoken for skill in SKILLS)

KEYS = ((1, 9), (1, 2, 9), (1, 2, 3), (4,), (5, 1))
"""Open, open fridge, open fridge door; close; a two-word action."""

BINS = ((10, 11, 12), (20, 21), (10, 11, 12))
"""A body of three steps, the first and last of which share their tokens."""


def forest(end: int | None = 0) -> Forest:
    return Forest({"keys": KEYS}, steps={"bins": BINS}, end=end)


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models

    words = ["<pad>", "<end>", *sorted({word for one in SPOKEN for word in one.split()})]
    phrases = [name for body in BODIES.values() for name in body.action_names]
    spoken = {word for one in phrases for word in re.findall(r"\w+|[^\w\s]+", one)}
    words += sorted(spoken - set(words)) + [f"rare{n}" for n in range(40)]
    known = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "<pad>"))
    from tokenizers.pre_tokenizers import Whitespace

    known.pre_tokenizer = Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=known, eos_token="<end>", pad_token="<pad>"
    )
