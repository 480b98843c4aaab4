"""What a submission's page says of one run: its tasks, its episodes, how it was made."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ...core.episode import EpisodeResult
from ...core.specs import TaskSpec
from ..figures import domain_of
from ..intake import Played
from ..listing import definitions
from ..markup import Child, Markup, element, join
from ..metric_report import figure_sections
from ..published import published_section
from ..record import interpreter_words, listed, renderer_words, scales
from ..result import Summary
from ..score import counts
from ..tables import fault_table
from ..view import KINDS, UNCOUNTED, RunView
from ..wording import duration, number, plural
from .feed import Feed
from .page import foreign, section
from .row import figure

CELL, GAP, COLUMNS = 7, 2, 25
"""An episode's square, the gap between two [px], and how many stand in a line."""

LONGEST_STRIP = 200
"""Episodes of a task beyond which their squares say less than the share does."""


def run_section(run: Played, files: Feed, number_: int, of: int) -> Markup:
    """Tables, episodes and record of a run.

    Args:
        run: the run.
        files: what its scripts read.
        number_: of the run within the submission.
        of: runs in the submission.
    """
    view = RunView(run.media, run.manifest, run.results, run.result)
    lead = f"{run.manifest.benchmark.id}: " if of > 1 else ""
    return join(
        [
            _tasks(view, f"{lead}Tasks", number_),
            _episodes(run, files, f"{lead}Episodes", number_),
            _further(view, number_),
            _faults(view, f"{lead}Faults", number_),
            _record(run, f"{lead}How it was made", number_),
        ]
    )


def _tasks(view: RunView, title: str, number_: int) -> Markup:
    result, specs = view.result, {spec.id: spec for spec in view.manifest.tasks}
    scored = any(spec.score == "return" for spec in specs.values())
    domain = domain_of([one.score for one in (*result.tasks, *result.families)])
    strips = view.manifest.benchmark.episodes_per_task <= LONGEST_STRIP
    heads = ["Task", *(["Episodes"] if strips else []), "Success"]
    heads += ["Score"] if scored else []
    heads += ["Mean return", "Steps an episode"]
    numeric = {"Mean return", "Steps an episode"}
    bodies = []
    for family in result.families:
        own = [one for one in result.tasks if one.name.partition(".")[0] == family.name]
        lines = [_line(view, one, specs[one.name], strips, scored, domain) for one in own]
        if len(result.families) > 1 or len(own) > 1:
            lines.insert(0, _line(view, family, None, strips, scored, domain))
        bodies.append(element("tbody", *lines))
    return section(
        title,
        f"tasks-{number_}",
        _key(result.overall.n_left_out > 0),
        element(
            "table",
            element("caption", "Tasks by family, with 95% intervals", class_="unseen"),
            element(
                "thead",
                element(
                    "tr",
                    *(
                        element("th", head, scope="col", class_="num" if head in numeric else None)
                        for head in heads
                    ),
                ),
            ),
            *bodies,
            class_="board-table tasks stack",
        ),
    )


def _line(
    view: RunView,
    one: Summary,
    spec: TaskSpec | None,
    strips: bool,
    scored: bool,
    domain: tuple[float, float],
) -> Markup:
    """A task, or, without a declaration, the family that it stands under."""
    head: Child = one.name
    if spec is not None:
        head = join([one.name.partition(".")[2], element("small", foreign(spec.instruction))])
    cells: list[Child] = [element("th", head, scope="row", class_="who")]
    if strips:
        strip = plural(one.tasks, "task") if spec is None else _strip(view, one.name)
        cells.append(element("td", strip, data_label="Episodes"))
    cells.append(element("td", figure(one.success, "success", (0.0, 1.0)), data_label="Success"))
    if scored:
        cells.append(element("td", figure(one.score, "score", domain), data_label="Score"))
    steps = one.steps / one.n_valid if one.n_valid else None
    means_something = spec is not None or one.tasks == 1
    returns = number(one.mean_return) if means_something else ""
    cells.append(element("td", returns, class_="num", data_label="Mean return"))
    cells.append(element("td", number(steps), class_="num", data_label="Steps an episode"))
    return element("tr", *cells, class_="family-line" if spec is None else None)


def _strip(view: RunView, task: str) -> Markup:
    """A square an episode, in the order of their numbers; a path for each kind of end."""
    count = view.manifest.benchmark.episodes_per_task
    kinds = [_kind(view, view.by_key.get((task, index))) for index in range(count)]
    return squares(kinds)


def _kind(view: RunView, one: EpisodeResult | None) -> str:
    if one is None:
        return "missing"
    return one.outcome.value if not one.valid or counts(view.manifest, one) else UNCOUNTED


def squares(kinds: Sequence[str]) -> Markup:
    """Squares in rows of ``COLUMNS``, one path for each kind: a tenth of a shape each."""
    pitch = CELL + GAP
    paths = []
    for kind in KINDS:
        places = [at for at, one in enumerate(kinds) if one == kind]
        drawn = "".join(
            f"M{at % COLUMNS * pitch + 0.5:g} {at // COLUMNS * pitch + 0.5:g}h6v6h-6z"
            for at in places
        )
        if drawn:
            paths.append(element("path", class_=kind, d=drawn))
    width = min(len(kinds), COLUMNS) * pitch - GAP
    height = -(-len(kinds) // COLUMNS) * pitch - GAP
    told = ", ".join(f"{kinds.count(kind)} {kind}" for kind in KINDS if kind in kinds)
    return element(
        "svg",
        *paths,
        class_="strip",
        width=width,
        height=height,
        viewbox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"episodes: {told}",
    )


def _key(left_out: bool) -> Markup:
    return element(
        "p",
        *(
            element("span", squares([kind]), said)
            for kind, said in KINDS.items()
            if left_out or kind != UNCOUNTED
        ),
        class_="key",
        aria_hidden="true",
    )


def _further(view: RunView, number_: int) -> Markup | None:
    """The family's own figures and what others published, as a report has them."""
    parts = [part for part in (figure_sections(view), published_section(view)) if part is not None]
    text = join(parts)
    for name in ("figures", "aspects", "published"):  # One page may hold several runs.
        text = Markup(text.replace(f'id="{name}"', f'id="{name}-{number_}"'))
    if not parts:
        return None
    return element(
        "details",
        element("summary", "The family's own figures, and what others have published"),
        element("div", text, class_="further scroll"),
    )


def _episodes(run: Played, files: Feed, title: str, number_: int) -> Markup:
    filmed = sum(one.filmed for one in files.shown)
    words = f"The recorded actions of {plural(len(files.shown), 'episode')} can be looked at here"
    if filmed:
        words += f", {filmed:,} of them with pictures"
    if filmed and run.media.name.isdigit():
        words += ", taken here while the actions were played again in the simulator"
    words += "."
    if files.left_out:
        words += f" The pictures of {files.left_out:,} more were too large."
    return section(
        title,
        f"episodes-{number_}",
        element(
            "noscript",
            element("p", "The list of episodes needs scripts; nothing is loaded from elsewhere."),
        ),
        element("div", class_="episodes", data_run=number_),
        note=words,
    )


def _faults(view: RunView, title: str, number_: int) -> Markup | None:
    table = fault_table(view)
    return None if table is None else section(title, f"faults-{number_}", table)


def _record(run: Played, title: str, number_: int) -> Markup:
    manifest = run.manifest
    agent = manifest.agent
    texts = {
        "Settings": listed(agent.settings),
        "Started": manifest.created,
        "Renderers": renderer_words(manifest),
        "Machine": listed(manifest.machine),
        "Versions": listed(manifest.packages),
        "Other Pythons": interpreter_words(manifest),
    }
    entries: dict[str, Child] = {
        "Agent": foreign(f"{agent.name} ({agent.path})"),
        "Adapter": foreign(agent.dialect),
        "Source": element("span", agent.source_digest, class_="hash")
        if agent.source_digest
        else None,
        **{name: foreign(words) for name, words in texts.items() if words},
        "Time played": duration(run.result.overall.wall_time),
        "Seed": manifest.benchmark.base_seed,
        "Benchmark": element("span", manifest.benchmark_digest, class_="hash"),
        "Tasks": element("span", manifest.tasks_digest(), class_="hash"),
        "Episodes": element("span", run.result.episodes_digest, class_="hash"),
    }
    return section(
        title,
        f"record-{number_}",
        element("pre", foreign(shlex.join(manifest.command))) if manifest.command else None,
        definitions(entries),
        scales(manifest),
        note="The command that made the run; on a new directory it repeats it."
        if manifest.command
        else None,
    )
