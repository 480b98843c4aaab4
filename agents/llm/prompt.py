"""What a model is told, and how an action is found in what it says."""

from __future__ import annotations

import base64
import hashlib
import inspect
import io
import json
import re
import string
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from PIL import Image

from ...core.command import CommandSpace
from ...core.errors import BadArgument, DecodeError
from ...core.protocols import Observation
from ...core.specs import Brief

ROLE = (
    "You control an environment step by step. In each step you see what there is to see and answer "
    "with exactly one action. You may think first, in a few words. The last line of your answer is "
    "the action and nothing else, after the word ACTION, as in:\nACTION: {example}"
)

CORRECTION = "That holds no valid action: {trouble}. Answer again; the last line is ACTION: ..."

_MARK = re.compile(r"^[\s*_`>#-]*action\s*[*_`]*\s*:\s*[*_`]*(.*)$", re.IGNORECASE)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^\s*```\w*\s*$")


class Wording:
    """How the actions of one task are said.

    Args:
        brief: of the episode.

    Attributes:
        choices: names of the actions, where they can be counted; else empty.

    Raises:
        BadArgument: they cannot be said in words.
    """

    def __init__(self, brief: Brief) -> None:
        self._space = space = brief.action_space
        self.choices: tuple[str, ...] = ()
        if isinstance(space, spaces.Discrete):
            names = brief.embodiment.action_names
            count = int(space.n)
            fits = len(names) == count == len(set(names))
            self.choices = names if fits else tuple(map(str, range(count)))
        elif not isinstance(space, spaces.Text):
            raise BadArgument(
                f"agent 'llm' says its actions in words; those of '{brief.embodiment.id}' are "
                f"{space!r:.80}. It plays tasks with commands or with named actions"
            )

    def explain(self) -> str:
        """The system's message."""
        if self.choices:
            forms: Sequence[str] = self.choices
            told = "The actions are:"
        elif isinstance(self._space, CommandSpace):
            forms = self._space.forms
            told = (
                "The actions have these forms. <a..b> stands for a number from a to b, <a|b> for "
                "one of the words, <text> for text in double quotes:"
            )
        else:
            forms, told = (), "An action is a line of text."
        listed = "\n".join(f"- {form}" for form in forms)
        example = self._example(forms)
        return "\n\n".join(filter(None, (ROLE.format(example=example), f"{told}\n{listed}")))

    def _example(self, forms: Sequence[str]) -> str:
        plain = [form for form in forms if "<" not in form]
        return plain[0] if plain else (forms[0] if forms else "...")

    def find(self, reply: str) -> Any:
        """The action in an answer.

        Raises:
            DecodeError: there is none; says why.
        """
        said = last_line(reply)
        if self.choices:
            return int(self._space.start) + self._choose(said)
        if not said:
            raise DecodeError("it is empty")
        return self._fit(self._command(said) if isinstance(self._space, CommandSpace) else said)

    def _command(self, said: str) -> str:
        """The command in a line; what it takes is for the environment to understand."""
        names = {re.match(r"\w*", form)[0] for form in self._space.forms}  # type: ignore[index]
        found = re.search(rf"\b(?:{'|'.join(sorted(names, key=len, reverse=True))})\b", said)
        if found is None:
            raise DecodeError(f"'{said:.60}' names none of the actions")
        command = said[found.start() :]
        return command[: command.rindex(")") + 1] if ")" in command else command.split()[0]

    def name(self, action: Any) -> str:
        """An action in words."""
        return self.choices[action - int(self._space.start)] if self.choices else str(action)

    def _choose(self, said: str) -> int:
        folded = [_fold(name) for name in self.choices]
        wanted = _fold(said)
        if wanted in folded:
            return folded.index(wanted)
        # Longest first: "open" is in "open the fridge" too.
        held = sorted((name for name in folded if name and name in wanted), key=len)
        if held and sum(len(name) == len(held[-1]) for name in held) == 1:
            return folded.index(held[-1])
        raise DecodeError(f"'{said:.60}' is none of the actions")

    def _fit(self, said: str) -> str:
        """The text in letters that the space has, and no longer than it may be."""
        known = self._space.character_set
        letters = (one if one in known else json.dumps(one)[1:-1] for one in said)
        text = "".join(one for one in letters if set(one) <= known)
        return text[: self._space.max_length]


def _fold(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip(string.punctuation.replace(")", "") + " ").lower()


def last_line(reply: str) -> str:
    """The line after the last mark, or else the last line that says anything."""
    text = _THOUGHT.sub("", reply)
    lines = [line for line in text.splitlines() if line.strip() and not _FENCE.match(line)]
    for line in reversed(lines):
        if match := _MARK.match(line):
            return match[1].strip().strip("`*").strip()
    return lines[-1].strip().strip("`*").strip() if lines else ""


def describe_step(
    observation: Observation, instruction: str, step: int, horizon: int, history: Sequence[str],
    images: bool,
) -> dict[str, Any]:  # fmt: skip
    """The user's message of one step.

    Args:
        observation: what is seen: every text, and the picture if pictures are sent.
        instruction: of the episode, where the observation has none of its own.
        step: which, from 0.
        horizon: the most steps.
        history: the latest own actions, oldest first.
        images: whether the picture is sent.
    """
    said = observation.get("instruction", instruction)
    parts = [f"Task: {said}", f"Step {step + 1} of at most {horizon}."]
    if history:
        parts.append("Your latest actions, oldest first:\n" + "\n".join(history))
    parts += [
        f"On the screen ({name}):\n{value}" if name == "dom" else f"{name}:\n{value}"
        for name, value in observation.items()
        if isinstance(value, str) and name != "instruction" and value
    ]
    text = "\n\n".join(parts)
    if not images or "rgb" not in observation:
        return {"role": "user", "content": text}
    url = "data:image/png;base64," + base64.b64encode(as_png(observation["rgb"])).decode()
    return {
        "role": "user",
        "content": [
            {"type": "text", "text": text},
            {"type": "image_url", "image_url": {"url": url}},
        ],
    }


def as_png(picture: Any) -> bytes:
    """A picture uint8 `[H, W, 3]` as a file."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(picture, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def correction(trouble: str) -> Mapping[str, str]:
    """The message after an answer without an action."""
    return {"role": "user", "content": CORRECTION.format(trouble=trouble)}


def digest() -> str:
    """The start of the SHA-256 of this module: other words make another agent."""
    return hashlib.sha256(inspect.getsource(sys.modules[__name__]).encode()).hexdigest()[:16]
