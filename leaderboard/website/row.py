"""A row of a board: who, what is known of it, the figure with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..board import Cell, Group, Row, Source
from ..figures import domain_of, interval_bar
from ..markup import Child, Markup, element, join
from ..result import Estimate, Headline
from ..verification import Status
from ..wording import NONE, span, value
from .chart import Band
from .page import foreign

FIRST_SHOWN = 100
"""Rows that scripts show at first: a thousand take a second to lay out."""

MOST_FAMILIES = 6
"""Families up to which each has a column."""

SIGNS: dict[Status, str] = {"verified": "✓", "self-reported": "○", "failed": "✕"}
"""Said by shape as well as by colour."""

MEANINGS: dict[Status, str] = {
    "verified": "episodes were played again without the agent, and match",
    "self-reported": "counted again from the episodes, not played again",
    "failed": "played again, an episode came out otherwise",
}


def name_of(row: Row) -> str:
    """What the board calls a row."""
    return row.submission or row.agent.name


def badge(status: Status, source: Source | None = None) -> Markup:
    """What is known of a row, in a word and a sign; of a submission that was played, how much."""
    known = source.verification if source else None
    words = f"{known.checked:,} of {known.episodes:,} played again" if known else None
    return element(
        "span",
        element("span", SIGNS[status], aria_hidden="true"),
        " ",
        status,
        element("small", words) if words else None,
        class_=f"badge {status}",
        title=MEANINGS[status],
    )


def cell_of(row: Row, family: str, metric: str) -> Estimate | None:
    """The figure of one family in the programme's metric."""
    cell: Cell | None = row.families.get(family)
    if cell is None:
        return None
    return cell.success if metric == "success" else cell.score


def families_of(group: Group) -> list[str]:
    """The families of a programme, in the order of its tasks."""
    return list(dict.fromkeys(task.partition(".")[0] for task in group.tasks))


def columns_of(group: Group) -> list[str]:
    """The families that have a column of their own."""
    families = families_of(group)
    return families if 2 <= len(families) <= MOST_FAMILIES else []


def metric_words(group: Group) -> str:
    """What the headline is, in words."""
    what = "Success" if group.metric == "success" else "Normalised score"
    over = "mean over tasks" if group.aggregation == "mean" else "interquartile mean over tasks"
    return what if group.metric == "success" and group.aggregation == "mean" else f"{what}, {over}"


def figure(one: Estimate | Headline, metric: str, domain: tuple[float, float]) -> Markup:
    """A figure with its interval, in digits and drawn."""
    share = metric == "success"
    return element(
        "div",
        element("b", value(one.value, as_share=share)),
        element("span", span(one, as_share=share) or "no interval"),
        interval_bar(one, domain),
        class_="pair",
    )


def domain_for(group: Group) -> tuple[float, float]:
    """The scale that the headlines of a programme share."""
    if group.metric == "success":
        return 0.0, 1.0
    return domain_of([row.headline for row in group.rows])


def table_row(
    group: Group,
    row: Row,
    source: Source | None,
    number_: int,
    domain: tuple[float, float],
    chosen: bool,
) -> Markup:
    """One line of the table.

    Args:
        group: the programme.
        row: of it.
        source: what the row came in.
        number_: its place in the table, by which the scripts know it.
        domain: the scale of the bars.
        chosen: it is drawn in the charts from the start.
    """
    name = name_of(row)
    cells: list[Child] = [
        element(
            "td",
            element(
                "input",
                type="checkbox",
                checked=chosen,
                aria_label=f"Draw {name}",
                value=number_,
                disabled=True,
            ),
            class_="pick",
        ),
        element("td", row.rank if row.rank is not None else NONE, class_="rank", data_label="Rank"),
        element("th", _who(row, name), scope="row", class_="who"),
        element("td", badge(row.status, source), class_="state", data_label="Status"),
        element(
            "td",
            figure(row.headline, group.metric, domain),
            class_="figure-cell",
            data_label="Figure",
        ),
    ]
    cells += [_family(row, family, group.metric) for family in columns_of(group)]
    cells.append(element("td", _episodes(row), class_="num count", data_label="Episodes"))
    kind = f"is-{row.status}" + (" later" if number_ >= FIRST_SHOWN else "")
    return element("tr", *cells, data_row=number_, class_=kind)


def _who(row: Row, name: str) -> Markup:
    inner = element("a", foreign(name), href=f"../submission/{row.source}.html")
    # The class and its module tell more than what a command line called it.
    about = row.agent.path.rpartition(".")[2] or row.agent.name
    return join([inner, element("small", foreign(about))])


def _family(row: Row, family: str, metric: str) -> Markup:
    one = cell_of(row, family, metric)
    words = value(one.value if one else None, as_share=metric == "success")
    return element("td", words, class_="num fam", data_label=family)


def _episodes(row: Row) -> Markup:
    short = None if row.coverage == 1 else element("small", f"of {row.n:,}: no rank")
    return join([f"{row.n_valid:,}", short])


def row_data(group: Group, row: Row, source: Source | None) -> dict[str, Any]:
    """What the scripts know of a row; texts are put into the page as texts alone."""
    families = [cell_of(row, family, group.metric) for family in families_of(group)]
    return {
        "name": name_of(row),
        "agent": row.agent.name,
        "file": source.file if source else "",
        "key": row.source,
        "run": row.run,
        "status": row.status,
        "rank": row.rank,
        "n": row.n_valid,
        "head": _numbers(row.headline),
        "families": [_numbers(one) for one in families],
        "tasks": task_scores(group, row),
        "band": band_of(row),
    }


def task_scores(group: Group, row: Row) -> list[float]:
    """The mean scores of the tasks that have one."""
    scores = (row.tasks[task].score.value for task in group.tasks if task in row.tasks)
    return [round(score, 6) for score in scores if score is not None]


def band_of(row: Row) -> Band:
    """The band of its profile: where it changes."""
    known = row.profile
    if known is None or not known.low:
        return []
    found: list[tuple[float, float, float]] = []
    for step in zip(known.at, known.low, known.high, strict=True):
        if not found or found[-1][1:] != step[1:]:
            found.append(step)
    return found


def _numbers(one: Estimate | Headline | None) -> Sequence[float | None]:
    return [None, None, None, 0] if one is None else [one.value, one.low, one.high, one.n]
