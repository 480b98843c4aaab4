"""One run as one HTML file: it loads nothing from anywhere, runs nothing, and opens from disk."""

from __future__ import annotations

from pathlib import Path

from ..core.files import write_atomically
from ..core.journal import read_journal
from ..core.manifest import read_manifest
from . import figures, intervals, media
from .figures import domain_of, interval_bar
from .gallery import gallery
from .listing import facts
from .markup import Markup, document, element, join
from .metric_report import figure_sections
from .published import published_section
from .record import record
from .style import STYLE
from .tables import family_table, fault_table, task_tables
from .view import KINDS, UNCOUNTED, RunView
from .wording import duration, number, percent, plural, span

FILE_NAME = "report.html"


def render_report(directory: Path) -> str:
    """The report of a run as a whole HTML page.

    Args:
        directory: of the run; it may be unfinished.

    Raises:
        RunDirectoryError: it is not a run.
        JournalCorrupt: its journal is not what was written.
    """
    run = RunView(directory, read_manifest(directory), read_journal(directory))
    album = media.Album(directory)
    films = gallery(run, album)
    faults = fault_table(run)
    body = element(
        "main",
        _header(run, has_films=films is not None, has_faults=faults is not None),
        element("h2", "Families", id="families"),
        family_table(run),
        element("h2", "Tasks", id="tasks"),
        _legend(run),
        task_tables(run),
        figure_sections(run),
        published_section(run),
        _films(films),
        _faults(run, faults),
        record(run),
        _footer(album),
    )
    title = f"{run.manifest.agent.name} on {run.manifest.benchmark.id}"
    return document(f"{title} · polyathlon", STYLE, body)


def write_report(directory: Path) -> Path:
    """Writes ``report.html`` into the run's directory, whole or not at all; returns its path.

    Raises:
        RunDirectoryError: it is not a run, or the disk refused.
        JournalCorrupt: its journal is not what was written.
    """
    path = directory / FILE_NAME
    write_atomically(path, render_report(directory).encode())
    return path


def _header(run: RunView, *, has_films: bool, has_faults: bool) -> Markup:
    benchmark, overall = run.manifest.benchmark, run.result.overall
    links = {
        "families": "Families",
        "tasks": "Tasks",
        "figures": "Figures" if run.manifest.metrics else None,
        "aspects": "Points of view" if run.manifest.metrics else None,
        "films": "Films" if has_films else None,
        "faults": "Faults" if has_faults else None,
        "record": "How it was made",
    }
    anchors = [element("a", words, href=f"#{id_}") for id_, words in links.items() if words]
    return element(
        "header",
        element("p", "polyathlon · report of one run", class_="kicker"),
        element("h1", f"{run.manifest.agent.name} on {benchmark.id}"),
        element("p", benchmark.title, class_="lede") if benchmark.title else None,
        _hero(run),
        _notice(run),
        facts(
            {
                "Tasks": f"{overall.tasks:,}",
                "Episodes": f"{overall.n_valid:,} of {overall.n:,}",
                "Coverage": percent(overall.coverage),
                "Steps": f"{overall.steps:,}",
                "Time played": duration(overall.wall_time),
            }
        ),
        element("nav", *anchors, aria_label="Sections"),
    )


def _hero(run: RunView) -> Markup:
    headline = run.result.headline
    is_share = headline.metric == "success"
    if headline.value is None:
        figure = element("div", "–", class_="figure")
    elif is_share:
        digits = f"{100 * headline.value:.1f}".removesuffix(".0")
        figure = element("div", digits, element("small", "%"), class_="figure")
    else:
        figure = element("div", number(headline.value), class_="figure")
    domain = (0.0, 1.0) if is_share else domain_of([headline])
    interval = span(headline, as_share=is_share)
    return element(
        "div",
        figure,
        element(
            "div",
            element("p", _headline_words(run)),
            interval_bar(headline, domain),
            element("p", f"95% interval {interval}", class_="soft") if interval else None,
        ),
        class_="hero",
    )


def _headline_words(run: RunView) -> str:
    headline, result = run.result.headline, run.result
    overall = {one.name: one for one in result.groups}.get(headline.group, result.overall)
    if headline.value is None:
        return "No episode of this run is valid yet."
    kind = "counted episode" if overall.n_left_out else "valid episode"
    played = f"{plural(headline.n, kind)} of {plural(overall.tasks, 'task')}"
    if headline.metric == "success":
        what = "Success" if headline.aggregation == "mean" else "Interquartile mean of success"
    else:
        what = "Mean normalised score" if headline.aggregation == "mean" else "IQM of the score"
        played += "; 0 is the declared floor, 1 the ceiling"
    over = " over tasks" if headline.aggregation == "iqm" else ""
    if headline.group:
        over += f" over the group {headline.group}"
    return f"{what}{over}, in {played}."


def _notice(run: RunView) -> Markup | None:
    overall = run.result.overall
    if overall.n_valid == overall.n:
        return None
    missing = overall.n - overall.n_valid - overall.n_invalid
    parts: list[str] = []
    advice: list[Markup | str] = [
        "No such episode enters a score, and a board shows this run unranked. "
    ]
    if missing:
        parts.append(f"{plural(missing, 'episode')} not yet played")
        advice.append("The command below, repeated, plays what is missing. ")
    if overall.n_invalid:
        parts.append(f"{plural(overall.n_invalid, 'episode')} invalid")
        flag = element("code", "--retry-invalid", class_="keep")
        advice += ["With ", flag, " it plays again what the infrastructure spoiled."]
    words = f"{' and '.join(parts)}. "
    return element("p", element("b", "Incomplete: "), words, *advice, class_="notice")


def _legend(run: RunView) -> Markup:
    entries = [
        element(
            "span",
            element(
                "svg",
                element("rect", class_=kind, x=0.5, y=0.5, width=6, height=6, rx=1),
                width=7,
                height=7,
                aria_hidden="true",
            ),
            words,
        )
        for kind, words in KINDS.items()
        if run.result.overall.n_left_out or kind != UNCOUNTED
    ]
    return element("p", *entries, class_="key")


def _films(films: Markup | None) -> Markup | None:
    if films is None:
        return None
    return element("section", element("h2", "First frames and films", id="films"), films)


def _faults(run: RunView, table: Markup | None) -> Markup | None:
    if table is None:
        return None
    overall = run.result.overall
    words = (
        f"{plural(overall.n_invalid, 'episode')} stayed invalid after at most "
        f"{plural(run.manifest.max_attempts, 'start')}; {overall.retried:,} counted after a new "
        "start. A fault is the infrastructure's, never the agent's."
    )
    return element("section", element("h2", "Faults", id="faults"), element("p", words), table)


def _footer(album: media.Album) -> Markup:
    paragraphs = [
        "Success: share of the valid episodes, with the Wilson interval. Score: total reward (or "
        "success) on the scale where the task's declared floor is 0 and its ceiling 1; the mean "
        "counts every task alike. IQM: mean of the middle half, of all episodes or of the tasks' "
        f"means. Intervals of scores come from {intervals.RESAMPLES:,} stratified bootstrap "
        f"resamples: the same tasks played again. All intervals are at "
        f"{percent(intervals.CONFIDENCE)}. Bars end at {figures.LOWEST:g} and {figures.HIGHEST:g}.",
        f"Pictures of more than {media.LARGEST >> 20} MiB, or beyond {media.BUDGET >> 20} MiB in "
        "all, are left in the run's directory.",
    ]
    if album.left_out:
        paragraphs.append("Left out here: " + ", ".join(album.left_out) + ".")
    return element("footer", join(element("p", words) for words in paragraphs))
