"""The JSON Schemas of everything that a run or a board leaves on disk, made from the types.

``python -m polyathlon.leaderboard.contracts`` rewrites the files of ``leaderboard/schema/``; a
test holds that they are up to date.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..core.episode import EpisodeResult
from ..core.files import write_atomically
from ..core.manifest import Manifest
from .board import Board
from .result import Digest, Result
from .signature import Signature
from .submission import Submission
from .verification import Verification

DRAFT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect the files are written in."""

FOLDER = Path(__file__).parent / "schema"


class EpisodeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``episodes.jsonl``.

    Attributes:
        chain: SHA-256 over the chain of the line before and this line's episode.
        episode: the episode.
    """

    chain: Digest
    episode: EpisodeResult


CONTRACTS: Mapping[str, type[msgspec.Struct]] = {
    "episode-v1": EpisodeLine,
    "leaderboard-v1": Board,
    "manifest-v1": Manifest,
    "result-v1": Result,
    "signature-v1": Signature,
    "submission-v1": Submission,
    "verification-v1": Verification,
}
"""File name in ``schema/`` without its ending, and the type it describes."""


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one of ``CONTRACTS``; closed: no unknown field passes."""
    schema = msgspec.json.schema(CONTRACTS[name])
    for definition in schema["$defs"].values():
        if "properties" in definition:
            _close(definition)
        elif "description" in definition:
            definition["description"] = _first_paragraph(definition["description"])
    return {"$schema": DRAFT, "$id": f"urn:polyathlon:schema:{name}", "title": name, **schema}


def _close(definition: dict[str, Any]) -> None:
    """Forbids unknown fields, asks for the version, moves the words to the fields they describe."""
    definition["additionalProperties"] = False
    properties = definition["properties"]
    if "format" in properties:
        definition["required"] = sorted({*definition.get("required", ()), "format"})
    words = inspect.cleandoc(definition.get("description", ""))
    definition["description"] = _first_paragraph(words)
    for field, description in _attributes(words).items():
        if field in properties:
            properties[field]["description"] = description


def _first_paragraph(words: str) -> str:
    first = inspect.cleandoc(words).partition("\n\n")[0]
    return " ".join(re.sub(r":\w+:`~?(?:\w+\.)*(\w+)`", r"``\1``", first).split())


def _attributes(words: str) -> dict[str, str]:
    """Field and description from the ``Attributes:`` part of a docstring."""
    section = words.partition("Attributes:\n")[2]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section, flags=re.MULTILINE)
    return {field: " ".join(description.split()) for field, description in entries}


def render(name: str) -> bytes:
    """The bytes of ``schema/<name>.json``."""
    return msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=1) + b"\n"


def main() -> None:
    """Rewrites every file of ``schema/``."""
    FOLDER.mkdir(exist_ok=True)
    for name in CONTRACTS:
        write_atomically(FOLDER / f"{name}.json", render(name))


if __name__ == "__main__":
    main()
