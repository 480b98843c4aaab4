"""The tables of a report: families, tasks with their intervals, and the episodes with faults."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..core.specs import TaskSpec
from .figures import domain_of, episode_strip, interval_bar
from .markup import Child, Markup, element, join
from .result import Estimate, Summary
from .view import RunView
from .wording import duration, number, percent, span, value

LONGEST_STRIP = 100
"""Episodes of a task beyond which their strip is left out: the numbers say it better."""

SAID = 120
"""Letters of an episode's words in a table; pictures and strips have them all."""

_Column: TypeAlias = tuple[str, Callable[[Summary], Child]]


def family_table(run: RunView) -> Markup:
    """A line a family and one for the whole run."""
    lines = [*run.result.groups, *run.result.families, run.result.overall]
    scored = any(spec.score == "return" for spec in run.manifest.tasks)
    columns: list[_Column] = [
        ("Tasks", lambda one: one.tasks),
        ("Valid", _valid),
        ("Success", lambda one: _share(one.success)),
    ]
    if scored:
        domain = domain_of([one.score for one in lines])
        columns.append(("Score, mean", lambda one: _score(one.score, domain)))
        columns.append(("IQM, episodes", lambda one: _plain(one.score_iqm)))
        columns.append(("IQM, tasks", lambda one: _plain(one.score_iqm_over_tasks)))
    if run.result.may_err:
        columns.append(("Invalid utterances", _invalid))
    return _table(
        "Family",
        columns,
        lines,
        head=lambda one: Markup("All") if one is run.result.overall else one.name,
        is_total=lambda one: one is run.result.overall,
    )


def task_tables(run: RunView) -> Markup:
    """For each family its tasks: episodes, success, score, and the further figures folded away."""
    return join(_family_section(run, family) for family in run.result.families)


def _family_section(run: RunView, family: Summary) -> Markup:
    tasks = [one for one in run.result.tasks if one.name.partition(".")[0] == family.name]
    specs = {one.name: run.manifest.spec(one.name) for one in tasks}
    columns: list[_Column] = []
    if run.manifest.benchmark.episodes_per_task <= LONGEST_STRIP:
        columns.append(("Episodes", lambda one: _strip(run, one.name)))
    columns += [("Valid", _valid), ("Success", lambda one: _share(one.success))]
    if any(spec.score == "return" for spec in specs.values()):
        domain = domain_of([one.score for one in tasks])
        columns.append(("Score, mean", lambda one: _score(one.score, domain)))
        columns.append(("IQM", lambda one: _plain(one.score_iqm)))
    if run.result.may_err:
        columns.append(("Invalid utterances", _invalid))
    table = _table("Task", columns, tasks, head=lambda one: _task_head(run, specs[one.name]))
    return element(
        "section", element("h3", family.name), table, _further_figures(tasks), class_="family"
    )


def _task_head(run: RunView, spec: TaskSpec) -> Markup:
    """The task's name, what it is about, and the words of its first episode if it has its own."""
    name = spec.id.partition(".")[2] or spec.id
    said = textwrap.shorten(run.asked(spec.id, 0), SAID, placeholder=" ...")
    own = element("span", element("q", said), class_="soft") if said else None
    return join([name, element("span", spec.instruction, class_="soft"), own])


def _further_figures(tasks: Sequence[Summary]) -> Markup:
    columns: list[_Column] = [
        ("Mean return", lambda one: number(one.mean_return)),
        ("Steps an episode", lambda one: number(one.steps / one.n_valid if one.n_valid else None)),
        ("Time played", lambda one: duration(one.wall_time)),
        ("Starts", lambda one: one.attempts),
        ("Retried", lambda one: one.retried),
    ]
    columns += [
        (name, lambda one, name=name: number(one.metrics.get(name)))  # type: ignore[misc]
        for name in sorted({name for one in tasks for name in one.metrics})
    ]
    table = _table("Task", columns, tasks, head=lambda one: one.name, numeric=True)
    return element(
        "details",
        element("summary", "Returns, steps, times and further figures"),
        element("div", table, class_="scroll"),
    )


def _table(
    first: str,
    columns: Sequence[_Column],
    lines: Sequence[Summary],
    *,
    head: Callable[[Summary], Child],
    is_total: Callable[[Summary], bool] = lambda one: False,
    numeric: bool = False,
) -> Markup:
    kind = "num" if numeric else None
    header = [element("th", first, scope="col")]
    header += [element("th", title, scope="col", class_=kind) for title, _ in columns]
    body = [
        element(
            "tr",
            element("th", head(one), scope="row"),
            *(element("td", cell(one), data_label=title, class_=kind) for title, cell in columns),
            class_="total" if is_total(one) else None,
        )
        for one in lines
    ]
    return element(
        "table",
        element("thead", element("tr", *header)),
        element("tbody", *body),
        class_=None if numeric else "stack scores",
    )


def _valid(one: Summary) -> Markup:
    aside = f", {one.n_left_out:,} uncounted" if one.n_left_out else ""
    return element("span", f"{one.n_valid:,} of {one.n:,}{aside}", class_="keep")


def _invalid(one: Summary) -> Markup:
    words = f"{one.invalid_utterances:,} of {one.steps:,}"
    return element(
        "div", element("b", percent(one.invalid_rate)), element("span", words), class_="pair"
    )


def _share(figure: Estimate) -> Markup:
    return _pair(figure, interval_bar(figure), as_share=True)


def _score(figure: Estimate, domain: tuple[float, float]) -> Markup:
    return _pair(figure, interval_bar(figure, domain), as_share=False)


def _plain(figure: Estimate) -> Markup:
    return _pair(figure, None, as_share=False)


def _pair(figure: Estimate, bar: Markup | None, *, as_share: bool) -> Markup:
    interval = span(figure, as_share=as_share)
    return element(
        "div",
        element("b", value(figure.value, as_share=as_share)),
        element("span", interval) if interval else None,
        bar,
        class_="pair",
    )


def _strip(run: RunView, task: str) -> Markup:
    cells = []
    for index in range(run.manifest.benchmark.episodes_per_task):
        kind, words = run.outcome_words(task, index)
        asked = run.asked(task, index)
        cells.append((kind, f"{words}: {asked}" if asked else words))
    return episode_strip(cells)


def fault_table(run: RunView) -> Markup | None:
    """Invalid and retried episodes with the reasons; None where there are none."""
    troubled = [one for one in run.played if one.faults or not one.valid]
    if not troubled:
        return None
    rows = [
        element(
            "tr",
            element("th", f"{one.plan.task} · {one.plan.index}", scope="row"),
            element(
                "td",
                element("span", one.outcome.value, class_=f"mark {one.outcome.value}"),
                data_label="Outcome",
            ),
            element("td", one.attempts, data_label="Starts"),
            element(
                "td",
                *(
                    element("div", element("b", fault.kind), " ", fault.message)
                    for fault in one.faults
                ),
                data_label="Faults",
            ),
        )
        for one in troubled
    ]
    titles = ("Episode", "Outcome", "Starts", "Faults")
    return element(
        "table",
        element("thead", element("tr", *(element("th", title, scope="col") for title in titles))),
        element("tbody", *rows),
        class_="stack",
    )
