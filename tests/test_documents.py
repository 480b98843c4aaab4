"""What the documents say is true: code runs, commands parse, links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from polyathlon.cli import COMMANDS
from polyathlon.tasks import catalogue

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)

every_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


def blocks(path: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(path.read_text()) if kind == language]


def test_the_readme_s_first_program_runs(python: Callable[..., Any], tmp_path: Path) -> None:
    first = next(text for text in blocks(ROOT / "README.md", "python") if "gymnasium.make" in text)
    assert "assert" in first
    python("-c", first, cwd=tmp_path)


def test_the_readme_s_agent_wins(python: Callable[..., Any], tmp_path: Path) -> None:
    (agent,) = [text for text in blocks(ROOT / "README.md", "python") if "class Reacher" in text]
    (tmp_path / "my_agent.py").write_text(agent)
    python(
        *("-m", "polyathlon.cli", "eval", "metaworld.reach", "--agent", "my_agent:Reacher"),
        *("--episodes", "4", "--video", "0", "--out", "run"),
        cwd=tmp_path,
    )
    lines = (tmp_path / "run" / "episodes.jsonl").read_text().splitlines()
    outcomes = [json.loads(line)["episode"]["outcome"] for line in lines]
    assert outcomes == ["success"] * 4


def commands(path: Path) -> list[str]:
    """Every ``polyathlon`` command of a document's shell blocks and of its running text."""
    lines = [line for text in blocks(path, "sh") for line in text.splitlines()]
    lines += re.findall(r"`(polyathlon [^`]+)`", BLOCK.sub("", path.read_text()))
    found = [line.partition("#")[0].strip() for line in lines]
    return [line for line in found if re.match(r"(\w+=\S+ )*polyathlon ", line)]


@every_document
def test_its_commands_parse(path: Path) -> None:
    from polyathlon.cli import _polyathlon

    for line in commands(path):
        words = shlex.split(line)
        words = words[words.index("polyathlon") + 1 :]
        assert words[0] in COMMANDS, f"{path.name}: {line}"
        group: click.Command = _polyathlon
        while isinstance(group, click.Group) and words:
            found = group.get_command(click.Context(group), words.pop(0))
            assert found is not None, f"{path.name}: {line}"
            group = found
        # In running text a command is often only named: then its options are what is checked.
        given = [word for word in words if word.startswith("-")]
        known = {option for one in group.params for option in one.opts}
        assert set(given) <= known, f"{path.name}: {line}"
        if given and "..." not in words:
            group.make_context("polyathlon", list(words), resilient_parsing=False)


@every_document
def test_its_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", BLOCK.sub("", path.read_text())):
        if target.startswith(("https://", "http://")):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), f"{path.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in headings}
            assert anchor in anchors, f"{path.name} links to {target}"


def test_the_readme_counts_the_tasks_right() -> None:
    text = (ROOT / "README.md").read_text()
    for name in ("metaworld", "babyai", "procgen", "atari"):
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        counts = {int(number) for number in re.findall(r"\b\d+\b", row.split("|")[2])}
        assert len(catalogue.families()[name].tasks) in counts


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs" / "images" / "families.png").stat().st_size < 300_000


def test_every_decision_has_a_number_of_its_own_and_stands_in_the_index() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:3] for path in decisions]
    assert numbers == [f"{number:03}" for number in range(1, len(decisions) + 1)]
    assert [path.read_text()[2:5] for path in decisions] == numbers
    index = (ROOT / "docs" / "index.md").read_text()
    assert [path.name for path in decisions if f"decisions/{path.name}" not in index] == []
