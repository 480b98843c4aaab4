"""Writes the tables of ``docs/socialnav-cards.md`` from the cards.

python -m polyathlon.tasks.socialnav.card.document
"""

from __future__ import annotations

from pathlib import Path

from . import CARDS
from .declaration import PRINCIPLES, Card

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "socialnav-cards.md"

BEGIN, END = "<!-- cards -->", "<!-- /cards -->"
"""Between these lines the document is written anew."""


def table() -> str:
    """All cards at a glance, and then each one by itself, in Markdown."""
    head = "| card | source | robot's task | people | ideal outcome | success | principles |"
    rows = [head, "|---|---|---|---|---|---|---|"]
    rows += [_row(card) for card in CARDS.values()]
    principles = "; ".join(f"{code} {name}" for code, name in PRINCIPLES.items())
    return "\n\n".join(["\n".join(rows), f"Principles: {principles}.", *map(_card, CARDS.values())])


def write() -> None:
    """Writes the document's tables anew, beside it first."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    draft = DOCUMENT.with_suffix(".draft")
    draft.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}")
    draft.replace(DOCUMENT)


def _row(card: Card) -> str:
    cells = (
        f"[{card.name}](#{card.name})",
        card.source,
        card.task,
        card.behaviour,
        card.outcome,
        " ".join(card.success),
        " ".join(card.principles),
    )
    return f"| {' | '.join(cells)} |"


def _card(card: Card) -> str:
    failures = "; ".join(
        f"`{name}`: {_first_line(shows.__doc__)}" for name, shows in card.failures.items()
    )
    related = ", ".join(f"[{name}](#{name})" for name in card.related)
    lines = (
        f"### {card.name}\n",
        f"{card.title}; {card.purpose}; {card.environment}. Robot's role: {card.role}.\n",
        f"- Layout: {card.layout}",
        f'- Instruction: "{card.instruction}"',
        f"- Counts when: {card.labelling}",
        f"- Failures: {failures}",
        f"- Limit: {card.time_limit:g} s; people: at most {card.people}, `{card.crowd}`; tracks: "
        f"{', '.join(card.tracks)}",
        f"- Related: {related}",
    )
    return "\n".join(lines)


def _first_line(words: str | None) -> str:
    line = (words or "").strip().splitlines()
    return line[0].rstrip(".") if line else "see the code"


if __name__ == "__main__":
    write()
