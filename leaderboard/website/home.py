"""The first page: the programmes, each with its leaders, and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..board import Board, Group, Row, Source
from ..listing import facts
from ..markup import Child, Markup, element, join
from ..wording import plural
from .page import foreign, page, section
from .ranking import group_key
from .row import badge, domain_for, families_of, figure, metric_words, name_of

LEADERS = 5
"""Rows of each programme on the first page."""


def home_page(board: Board) -> bytes:
    """The whole first page."""
    rows = [row for group in board.groups for row in group.rows]
    sources = {one.key: one for one in board.sources}
    families = sorted({family for group in board.groups for family in families_of(group)})
    body: list[Child] = [
        element("h1", "A leaderboard that can be checked"),
        element(
            "p",
            "Every row is counted again from its episodes, and can be played again by anybody: "
            "without the agent, in the real simulators.",
            class_="lede",
        ),
        _facts(board, rows, families),
        _families(families),
        *(_programme(group, sources) for group in board.groups),
        _refused(board),
    ]
    return page("Leaderboard", body, root="", scripts=("shared", "board"))


def _facts(board: Board, rows: Sequence[Row], families: Sequence[str]) -> Markup:
    tally = Counter(row.status for row in rows)
    entries: dict[str, Child] = {
        "Benchmarks": f"{len(board.groups):,}",
        "Families": f"{len(families):,}",
        "Rows": f"{len(rows):,}",
        "Verified": f"{tally['verified']:,}",
        "Self-reported": f"{tally['self-reported']:,}",
        "Failed or refused": f"{tally['failed'] + len(board.refused):,}",
        "Episodes": f"{sum(row.n_valid for row in rows):,}",
    }
    return facts(entries)


def _families(families: Sequence[str]) -> Markup | None:
    if len(families) < 2:
        return None
    buttons = [element("button", "all", type="button", aria_pressed="true", data_family="")]
    buttons += [
        element("button", foreign(name), type="button", aria_pressed="false", data_family=name)
        for name in families
    ]
    return element(
        "div",
        *buttons,
        class_="chips needs-script",
        role="group",
        aria_label="Benchmarks with this family",
        id="families",
    )


def _programme(group: Group, sources: Mapping[str, Source]) -> Markup:
    key, domain = group_key(group), domain_for(group)
    families = families_of(group)
    lines = [_line(group, row, sources.get(row.source), domain) for row in group.rows[:LEADERS]]
    more = len(group.rows) - len(lines)
    words = f"All {len(group.rows):,} rows, profiles, capabilities" if more > 0 else "Open"
    return element(
        "section",
        element("h2", element("a", foreign(group.benchmark), href=f"board/{key}.html"), id=key),
        element(
            "p",
            foreign(group.title),
            element(
                "small",
                f"{plural(len(group.tasks), 'task')} of ",
                foreign(", ".join(families)),
                f" · {plural(group.episodes_per_task, 'episode')} a task · ",
                plural(len(group.rows), "row"),
            ),
            class_="about",
        ),
        element(
            "table",
            element(
                "caption",
                "Leaders on ",
                foreign(group.benchmark),
                class_="unseen",
            ),
            element(
                "thead",
                element(
                    "tr",
                    element("th", "#", scope="col", abbr="Rank", class_="rank"),
                    element("th", "Agent", scope="col"),
                    element("th", "Status", scope="col"),
                    element("th", metric_words(group), scope="col"),
                    element("th", "Episodes", scope="col", class_="num"),
                ),
            ),
            element("tbody", *lines),
            class_="board-table ranked stack",
        ),
        element("p", element("a", words, " →", href=f"board/{key}.html"), class_="more"),
        aria_labelledby=key,
        class_="programme",
        data_families=" ".join(families),
    )


def _line(group: Group, row: Row, source: Source | None, domain: tuple[float, float]) -> Markup:
    return element(
        "tr",
        element("td", "–" if row.rank is None else row.rank, class_="rank", data_label="Rank"),
        element(
            "th",
            element("a", foreign(name_of(row)), href=f"submission/{row.source}.html"),
            scope="row",
            class_="who",
        ),
        element("td", badge(row.status, source), class_="state", data_label="Status"),
        element(
            "td",
            figure(row.headline, group.metric, domain),
            class_="figure-cell",
            data_label="Figure",
        ),
        element("td", f"{row.n_valid:,}", class_="num count", data_label="Episodes"),
    )


def _refused(board: Board) -> Markup | None:
    if not board.refused:
        return None
    lines = [
        element(
            "tr",
            element("th", foreign(one.file), scope="row", class_="who"),
            element("td", element("span", "✕ refused", class_="badge failed"), data_label="Status"),
            element("td", foreign(one.reason), data_label="Reason", class_="reason"),
        )
        for one in board.refused
    ]
    heads = (element("th", words, scope="col") for words in ("File", "Status", "Reason"))
    return section(
        "Refused",
        "refused",
        element(
            "table",
            element("caption", "Files that do not hold together", class_="unseen"),
            element("thead", element("tr", *heads)),
            element("tbody", *lines),
            class_="board-table stack",
        ),
        note=join(
            [
                "They were found beside the others and do not hold together. No figure of theirs "
                "is shown; the reason is what ",
                element("code", "polyathlon leaderboard validate"),
                " says.",
            ]
        ),
    )
