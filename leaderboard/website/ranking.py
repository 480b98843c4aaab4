"""The page of one programme: its table, profiles and radar. Only its own rows stand in it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..board import Board, Group, Row, Source
from ..curve import FEWEST
from ..figures import MARGIN
from ..figures import WIDTH as BAR
from ..intake import FINGERPRINT, slug
from ..listing import facts
from ..markup import Child, Markup, element
from ..verification import Status
from . import chart
from .page import foreign, page, section
from .row import (
    FIRST_SHOWN,
    MEANINGS,
    SIGNS,
    band_of,
    columns_of,
    domain_for,
    families_of,
    metric_words,
    name_of,
    row_data,
    table_row,
    task_scores,
)

MOST_SPOKES = 12
"""Spokes of a radar."""


def group_key(group: Group) -> str:
    """Names a programme's pages: its name, and what tells it from others, foreign ones included."""
    digest = hashlib.sha256(f"{group.benchmark_digest}{group.tasks_digest}".encode()).hexdigest()
    return f"{slug(group.benchmark)}-{digest[:FINGERPRINT]}"


def ranking_page(board: Board, group: Group) -> bytes:
    """The whole page of a programme."""
    sources = {one.key: one for one in board.sources}
    domain = domain_for(group)
    drawn = list(range(min(chart.FIRST_DRAWN, len(group.rows))))
    key = group_key(group)
    same = [other for other in board.groups if other.benchmark == group.benchmark]
    body: list[Child] = [
        element("p", "Benchmark", class_="kicker"),
        element("h1", foreign(group.benchmark)),
        element("p", foreign(group.title), class_="lede") if group.title else None,
        _facts(group),
        _apart(group, len(same)),
        _controls(group),
        _table(group, sources, domain, set(drawn)),
        element(
            "div",
            element("button", "Show all", type="button", id="all", hidden=True),
            element("p", "", id="count", role="status", class_="note"),
            class_="rest needs-script",
        ),
        _charts(group, drawn),
        _legend(),
    ]
    return page(
        group.benchmark,
        body,
        root="../",
        trail=[(group.benchmark, f"board/{key}.html")],
        scripts=("shared", "chart", "board"),
        data=_page_data(group, sources, key, domain),
    )


def _facts(group: Group) -> Markup:
    tally = Counter(row.status for row in group.rows)
    families = families_of(group)
    kind = "family" if len(families) == 1 else "families"
    entries: dict[str, Child] = {
        "Ranked by": metric_words(group),
        "Tasks": f"{len(group.tasks):,} of {len(families):,} {kind}",
        "Episodes a task": f"{group.episodes_per_task:,}",
        "Rows": f"{len(group.rows):,}",
        "Verified": f"{tally['verified']:,} of {len(group.rows):,}",
    }
    return facts(entries)


def _apart(group: Group, alike: int) -> Markup | None:
    """Says which programme this is, where several have one name."""
    if alike < 2:
        return None
    return element(
        "p",
        f"{alike} programmes are called ",
        foreign(group.benchmark),
        ". Their tasks, episodes or declarations differ, so their rows are on pages of their own. "
        "This is ",
        element(
            "code", f"{group.benchmark_digest[:12]} / {group.tasks_digest[:12]}", class_="keep"
        ),
        ".",
        class_="notice",
    )


def _controls(group: Group) -> Markup:
    families = families_of(group)
    figures = [element("option", metric_words(group), value="")]
    if len(families) > 1:
        figures += [
            element("option", f"{name} alone", value=number) for number, name in enumerate(families)
        ]
    statuses: Sequence[Status] = ("verified", "self-reported", "failed")
    return element(
        "form",
        _labelled("Find", element("input", type="search", id="find", autocomplete="off")),
        _labelled(
            "Status",
            element(
                "select",
                element("option", "all", value=""),
                *(element("option", status, value=status) for status in statuses),
                id="status",
            ),
        ),
        _labelled("Figure", element("select", *figures, id="figure")) if len(figures) > 1 else None,
        element("button", "Compare two", type="button", id="compare", disabled=True),
        class_="controls needs-script",
        aria_label="Rows that are shown",
    )


def _labelled(words: str, control: Markup) -> Markup:
    return element("label", element("span", words), control)


def _table(
    group: Group, sources: Mapping[str, Source], domain: tuple[float, float], drawn: set[int]
) -> Markup:
    heads = [
        element("th", element("span", "Draw", class_="unseen"), scope="col", class_="pick"),
        element("th", "#", scope="col", aria_sort="ascending", data_sort="rank", abbr="Rank"),
        element("th", "Agent", scope="col", data_sort="name"),
        element("th", "Status", scope="col", data_sort="status"),
        element("th", metric_words(group), scope="col", data_sort="figure", id="figure-head"),
    ]
    heads += [
        element("th", foreign(family), scope="col", class_="num fam", data_sort=f"family {number}")
        for number, family in enumerate(columns_of(group))
    ]
    heads.append(element("th", "Episodes", scope="col", class_="num", data_sort="n"))
    lines = [
        table_row(group, row, sources.get(row.source), number, domain, number in drawn)
        for number, row in enumerate(group.rows)
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", _caption(domain)),
            element("thead", element("tr", *heads)),
            element("tbody", *lines),
            class_="board-table ranked stack",
            id="rows",
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="The table; scrolls sideways where it is wider than the window",
    )


def _caption(domain: tuple[float, float]) -> str:
    low, high = domain
    return (
        f"Bars: 95% intervals from {low:.2g} to {high:.2g}; ticks at 0 and 1. "
        "Where intervals overlap, the order may be chance: compare the two."
    )


def _charts(group: Group, drawn: Sequence[int]) -> Markup | None:
    rows = [group.rows[number] for number in drawn]
    every = [task_scores(group, row) for row in group.rows]
    figures = []
    low, high = chart.scale_of(every)
    if max(map(len, every), default=0) >= FEWEST:
        figures.append(
            element(
                "figure",
                chart.profile_chart(
                    [every[number] for number in drawn], [band_of(row) for row in rows], low, high
                ),
                element(
                    "figcaption",
                    element("b", "Profiles. "),
                    "Share of tasks whose mean score is above τ. A line that lies higher "
                    "everywhere is better at every level, not on average alone. Bands: 95% of "
                    "bootstrap resamples at each τ.",
                ),
            )
        )
    names, values = spokes(group, rows)
    if names:
        figures.append(
            element(
                "figure",
                chart.radar_chart(names, values),
                element(
                    "figcaption",
                    element("b", "Capabilities. "),
                    "Mean score by family, 0 (floor) at the centre, 1 (ceiling) at the rim; "
                    "what lies beyond is drawn there. The digits are in the table.",
                ),
            )
        )
    if not figures:
        return None
    legend = [
        element("li", _key(place), foreign(name_of(row)), data_place=place)
        for place, row in enumerate(rows)
    ]
    return section(
        "Profiles and capabilities",
        "profiles",
        element("ul", *legend, class_="legend", id="legend"),
        element("div", *figures, class_="figures-row"),
    )


def _key(place: int) -> Markup:
    return element(
        "svg",
        element("path", class_=f"line c{place}", d="M1 6H27"),
        width=28,
        height=12,
        viewbox="0 0 28 12",
        aria_hidden="true",
    )


def spokes(group: Group, rows: Sequence[Row]) -> tuple[list[str], list[list[float | None]]]:
    """The spokes of the radar: families where there are three, and each row's scores on them."""
    families = families_of(group)
    if not FEWEST <= len(families) <= MOST_SPOKES:
        return [], []
    return families, [
        [
            row.families[family].score.value if family in row.families else None
            for family in families
        ]
        for row in rows
    ]


def _legend() -> Markup:
    statuses: Sequence[Status] = ("verified", "self-reported", "failed")
    entries = [
        pair
        for status in statuses
        for pair in (
            element("dt", element("span", f"{SIGNS[status]} {status}", class_=f"badge {status}")),
            element("dd", MEANINGS[status]),
        )
    ]
    return section(
        "How to read a row",
        "reading",
        element("dl", *entries, class_="meanings"),
        element(
            "p",
            "Rows stand together only if they played the same tasks, to the last byte of their "
            "declarations: floors, ceilings, horizons, seeds. A row with missing or invalid "
            "episodes, and one that failed, has no rank. Ranks do not look at intervals.",
        ),
    )


def _page_data(
    group: Group, sources: Mapping[str, Source], key: str, domain: tuple[float, float]
) -> dict[str, Any]:
    low, high = chart.scale_of([task_scores(group, row) for row in group.rows])
    return {
        "key": key,
        "metric": group.metric,
        "families": families_of(group),
        "bar": {"width": BAR, "margin": MARGIN, "low": domain[0], "high": domain[1]},
        "profile": {"low": low, "high": high},
        "first": FIRST_SHOWN,
        "rows": [row_data(group, row, sources.get(row.source)) for row in group.rows],
    }
