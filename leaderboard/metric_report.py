"""What a family's figures say in a report: task by task, and from each point of view.

A family may tell what its figures mean (:class:`~..core.metric.MetricTable`). There is no sum of
them: whatever concerns people is read figure by figure, each with its interval.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.metric import MetricSpec, MetricTable
from .markup import Markup, element, join
from .result import Estimate, Summary
from .score import NOTHING
from .view import RunView
from .wording import NONE, number, span, value

MOST_COLUMNS = 6
"""Tasks that stand side by side; of more only what sums them up is shown."""

DIRECTIONS = {"higher": "more is better", "lower": "less is better", "neither": ""}


def figure_sections(run: RunView) -> Markup | None:
    """The figures that families declare; None where none does."""
    parts = [
        part
        for family in run.result.families
        if (table := run.manifest.metrics.get(family.name)) is not None
        for part in (_by_task(run, family, table), _by_aspect(run, family, table))
        if part is not None
    ]
    return join(parts) if parts else None


def _by_task(run: RunView, family: Summary, table: MetricTable) -> Markup | None:
    """A line for each part that is no column elsewhere, and one for each task, perhaps folded."""
    specs = {metric.key: metric for metric in table.metrics}
    shown = [specs[key] for key in table.shown if family.figures.get(key, NOTHING).n]
    if not shown:
        return None
    tasks = _tasks(run, family)
    parts = [one for one in run.result.groups if one.name not in run.manifest.benchmark.compared]
    whole = [family] if len(tasks) > 1 else []
    main = _shown(shown, [*(parts or tasks), *whole], "Part" if parts else "Task", family)
    folded = None
    if parts:
        folded = element(
            "details",
            element("summary", "Task by task"),
            _shown(shown, tasks, "Task", family),
        )
    return element(
        "section",
        element("h2", f"Figures of {family.name}", id="figures"),
        _counting_words(family, table),
        main,
        folded,
    )


def _shown(
    shown: Sequence[MetricSpec], lines: Sequence[Summary], first: str, family: Summary
) -> Markup:
    """A table: a line a summary, a column a figure."""
    rows = [
        element(
            "tr",
            element("th", _name(one, family), scope="row"),
            *(
                element("td", _cell(metric, one), data_label=metric.key, class_="num")
                for metric in shown
            ),
            class_="total" if one is family else None,
        )
        for one in lines
    ]
    heads = [element("th", first, scope="col")]
    for metric in shown:
        unit = _unit_words(metric)
        title = _words(metric)
        heads.append(element("th", metric.key, *unit, scope="col", class_="num", title=title))
    head, body = element("thead", element("tr", *heads)), element("tbody", *rows)
    return element("div", element("table", head, body, class_="stack figures"), class_="scroll")


def _counting_words(family: Summary, table: MetricTable) -> Markup:
    words = (
        "Means over the episodes that count and have the figure, with 95% intervals; n stands "
        "where some have not."
    )
    counting = next((one for one in table.metrics if one.key == table.counts_by), None)
    if counting is not None and family.figures.get(counting.key, NOTHING).n:
        words += (
            f" An episode counts if {counting.title} ({counting.key}); "
            f"{family.n_left_out} of {family.n_valid} did not and enter no figure."
        )
    return element("p", words, class_="soft")


def _by_aspect(run: RunView, family: Summary, table: MetricTable) -> Markup | None:
    """For each point of view its figures, in columns for the parts that are compared."""
    columns = _columns(run, family)
    sections: list[Markup] = []
    for key, title in table.aspects.items():
        metrics = [
            metric
            for metric in table.metrics
            if key in metric.aspects and any(_estimate(metric, one).n for one in columns)
        ]
        if metrics:
            head = element("summary", f"{key} {title}: {len(metrics)} figures")
            body = element("div", _lines(metrics, columns, family), class_="scroll")
            sections.append(element("details", head, body, open=not sections))
    if not sections:
        return None
    return element(
        "section",
        element("h2", table.heading, id="aspects"),
        element(
            "p",
            "The same figures by what they speak of; one may speak of several. None sums them up, "
            "and what has no figure here is not thereby good.",
            class_="soft",
        ),
        *sections,
        _composites(columns, family, table),
    )


def _lines(metrics: Sequence[MetricSpec], columns: Sequence[Summary], family: Summary) -> Markup:
    rows = [
        element(
            "tr",
            element(
                "th", metric.title, element("span", _words(metric), class_="soft"), scope="row"
            ),
            *(element("td", _cell(metric, one), class_="num") for one in columns),
        )
        for metric in metrics
    ]
    body = element("tbody", *rows)
    return element("table", _head("Figure", columns, family), body, class_="figures")


def _composites(columns: Sequence[Summary], family: Summary, table: MetricTable) -> Markup | None:
    """By what others have ranked; here for parity with their results."""
    if not table.composites:
        return None
    rows = []
    for composite in table.composites:
        values = [
            composite.of({key: mean.value for key, mean in one.figures.items()}) for one in columns
        ]
        rows.append(
            element(
                "tr",
                element("th", composite.title, scope="row"),
                *(element("td", number(value), class_="num") for value in values),
            )
        )
    return element(
        "details",
        element("summary", "Composites of others, for parity with their results only"),
        element(
            "div",
            element("table", _head("Composite", columns, family), element("tbody", *rows)),
            class_="scroll",
        ),
    )


def _head(first: str, columns: Sequence[Summary], family: Summary) -> Markup:
    titles = [element("th", first, scope="col")]
    titles += [element("th", _name(one, family), scope="col", class_="num") for one in columns]
    return element("thead", element("tr", *titles))


def _columns(run: RunView, family: Summary) -> list[Summary]:
    """What stands side by side: the groups to be compared, else the tasks where they are few."""
    groups = {group.name: group for group in run.result.groups}
    compared = [groups[name] for name in run.manifest.benchmark.compared]
    tasks = _tasks(run, family)
    if not compared and len(tasks) <= MOST_COLUMNS:
        return tasks if len(tasks) == 1 else [*tasks, family]
    return [*compared, family]


def _tasks(run: RunView, family: Summary) -> list[Summary]:
    return [one for one in run.result.tasks if one.name.partition(".")[0] == family.name]


def _name(one: Summary, family: Summary) -> str:
    return "All" if one is family else one.name.partition(".")[2] or one.name


def _estimate(metric: MetricSpec, one: Summary) -> Estimate:
    return one.figures.get(metric.key, NOTHING)


def _cell(metric: MetricSpec, one: Summary) -> Markup:
    figure = _estimate(metric, one)
    if figure.value is None:
        return element("span", NONE, class_="soft")
    interval = span(figure, as_share=metric.share)
    some = f"n={figure.n}" if figure.n < one.n_valid - one.n_left_out else ""
    return element(
        "div",
        element("b", value(figure.value, as_share=metric.share)),
        element("span", interval) if interval else None,
        element("span", some) if some else None,
        class_="pair",
    )


def _unit_words(metric: MetricSpec) -> list[Markup]:
    arrow = {"higher": " ↑", "lower": " ↓"}.get(metric.better, "")
    unit = "" if metric.unit == "1" else f" [{metric.unit}]"
    return [element("span", f"{unit}{arrow}", class_="soft")] if unit or arrow else []


def _words(metric: MetricSpec) -> str:
    unit = "" if metric.unit == "1" else f"[{metric.unit}]"
    return ", ".join(filter(None, (metric.key, unit, DIRECTIONS[metric.better])))
