"""The page of a submission: what it says of itself, what was checked, every figure and episode."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..board import Board, Group, Row, Source
from ..curve import FEWEST
from ..figures import domain_of
from ..generalist import Generalist
from ..intake import Intake
from ..listing import definitions
from ..markup import Child, Markup, element, join
from ..result import Estimate
from ..signature import Signer
from ..verification import Verification
from ..wording import number, percent, plural
from . import chart
from .feed import Feed
from .page import foreign, page, section
from .ranking import group_key
from .row import badge, figure, metric_words
from .run_section import run_section

MOST_WEIGHTS = 12
"""Files of weights that are named; the others are counted."""


MOST_DIFFERING = 8
"""Episodes that came out otherwise that are named."""


class Standing(NamedTuple):
    """Where a run stands: its programme and its row."""

    group: Group
    row: Row


class Draft(NamedTuple):
    """The parts of a submission's page that need its episodes: written before ranks are known.

    Attributes:
        sections: by run, its tables and its episodes.
        data: what the scripts read, by run.
    """

    sections: tuple[Markup, ...]
    data: tuple[Mapping[str, object], ...]


def draft(intake: Intake, feeds: Sequence[Feed]) -> Draft:
    """What needs the whole submission in memory."""
    sections, data = [], []
    for at, (run, files) in enumerate(zip(intake.runs, feeds, strict=True)):
        sections.append(run_section(run, files, at, len(intake.runs)))
        tasks = {spec.id: place for place, spec in enumerate(run.manifest.tasks)}
        data.append(
            {
                "title": run.manifest.benchmark.id,
                "episodes": files.episodes,
                "film": f"film/{intake.key}-{at}",
                "shown": [[tasks[one.task], one.number, one.filmed] for one in files.shown],
            }
        )
    return Draft(tuple(sections), tuple(data))


def dossier_page(
    standings: Sequence[Standing], source: Source, drafted: Draft, has_file: bool
) -> bytes:
    """The whole page.

    Args:
        standings: its rows, by run.
        source: whose page this is.
        drafted: what was made of its episodes.
        has_file: the submission lies on the site.
    """
    first = standings[0].row
    body: list[Child] = [
        element("p", "Submission" if source.digest else "Run directory", class_="kicker"),
        element("h1", foreign(source.name)),
        element("p", badge(first.status), " ", _sub(source, first), class_="lede"),
        *(_standing(one) for one in standings),
        _checks(source, standings, has_file),
        _card(source),
        _capabilities(source),
        *drafted.sections,
    ]
    return page(
        source.name,
        body,
        root="../",
        trail=[(one.group.benchmark, f"board/{group_key(one.group)}.html") for one in standings[:1]]
        + [(source.name, f"submission/{source.key}.html")],
        scripts=("shared", "player", "submission"),
        data={"runs": [dict(one) for one in drafted.data]},
    )


def standings_of(board: Board) -> dict[str, list[Standing]]:
    """The rows of each submission, by run."""
    found: dict[str, list[Standing]] = defaultdict(list)
    for group in board.groups:
        for row in group.rows:
            found[row.source].append(Standing(group, row))
    return {key: sorted(rows, key=lambda one: one.row.run) for key, rows in found.items()}


def _sub(source: Source, row: Row) -> Markup:
    authors = ", ".join(source.card.authors)
    return join(
        [
            foreign(authors) if authors else None,
            " · " if authors else None,
            element("code", foreign(row.agent.path)),
        ]
    )


def _standing(one: Standing) -> Markup:
    group, row = one
    place = "no rank" if row.rank is None else f"rank {row.rank} of {len(group.rows):,}"
    domain = (0.0, 1.0) if group.metric == "success" else domain_of([row.headline])
    address = f"../board/{group_key(group)}.html"
    return element(
        "div",
        element(
            "p",
            element("a", foreign(group.benchmark), href=address),
            element("small", f"{place} · {metric_words(group)}"),
        ),
        figure(row.headline, group.metric, domain),
        element(
            "p",
            f"{row.n_valid:,} of {plural(row.n, 'episode')}",
            element("small", f"coverage {percent(row.coverage)}"),
        ),
        class_="standing",
    )


def _checks(source: Source, standings: Sequence[Standing], has_file: bool) -> Markup:
    episodes = sum(one.row.n_valid for one in standings)
    steps = [
        _step(
            "verified",
            "Counted again.",
            f"Every figure follows from {plural(episodes, 'valid episode')}; the chain of hashes "
            "over the journal holds, and seeds and order are the benchmark's.",
        ),
        _played_again(source.verification),
    ]
    if source.digest:
        steps.append(_signed(source.signer))
    return section(
        "What was checked, and how to check it yourself",
        "checks",
        element("ol", *steps, class_="steps"),
        _commands(source, standings, has_file),
    )


def _signed(signer: Signer) -> Markup:
    """A signature says who packed the file, not that its episodes took place."""
    words = f"{signer.words[:1].upper()}{signer.words[1:]}."
    told = "" if signer.state == "unsigned" else "It says who packed the file, no more."
    state = "verified" if signer.state == "trusted" else "self-reported"
    return _step(state, "", join([element("b", foreign(words)), " ", told]))


def _step(status: str, title: str, words: Child) -> Markup:
    sign = {"verified": "✓", "failed": "✕"}.get(status, "○")
    return element(
        "li",
        element("span", sign, class_=f"sign {status}", aria_hidden="true"),
        element("div", element("b", title) if title else None, " ", words),
    )


def _played_again(known: Verification | None) -> Markup:
    if known is None:
        return _step(
            "self-reported",
            "Not played again.",
            "Nobody has put its actions through the simulators here. Whether its episodes took "
            "place is the submitter's word.",
        )
    caught = (
        f" One forged episode would have been caught with probability {known.catches_one:.2f}."
        if known.status == "verified" and known.seed is not None
        else ""
    )
    title = {
        "verified": "Played again.",
        "failed": "Played again, and it differs.",
        "self-reported": "This board could not tell.",
    }[known.status]
    where = ", ".join(
        f"{name} {known.machine[name]}"
        for name in ("system", "processor", "python")
        if name in known.machine
    )
    reason = f"{known.reason[:1].upper()}{known.reason[1:]}"
    words = join([foreign(f"{reason}."), caught, element("small", f"On {where}.") if where else ""])
    differing = element(
        "ul",
        *(
            element(
                "li",
                foreign(
                    f"{one.task} episode {one.index}: {one.what}; recorded {_outcome(one.recorded)}"
                    f", played {_outcome(one.played)}"
                ),
            )
            for one in known.differing[:MOST_DIFFERING]
        ),
    )
    return _step(known.status, title, join([words, differing if known.differing else ""]))


def _outcome(what: tuple[bool, float]) -> str:
    return f"{'success' if what[0] else 'failure'} with {number(what[1])}"


def _commands(source: Source, standings: Sequence[Standing], has_file: bool) -> Markup:
    name = source.file.rpartition("/")[2]
    if source.digest:
        lines = _commands_of_file(name, source.verification)
    else:
        task = standings[0].group.tasks[0]
        lines = {
            "Count it again": ["polyathlon", "report", name],
            "Play an episode again": ["polyathlon", "replay", name, task, "0"],
        }
    entries = {
        words: element("pre", foreign(shlex.join(command))) for words, command in lines.items()
    }
    link = None
    if has_file:
        link = element(
            "p",
            element("a", "The submission", href=f"../file/{source.key}.zip", download=name),
            f": {source.size / 1000:,.0f} kB, SHA-256 ",
            element("code", source.digest, class_="hash"),
        )
    return join([link, definitions(entries, "commands")])


def _commands_of_file(name: str, known: Verification | None) -> dict[str, list[str]]:
    verify = ["polyathlon", "leaderboard", "verify", name]
    lines = {
        "It is this file": ["sha256sum", name],
        "Count it again": ["polyathlon", "leaderboard", "validate", name],
        "Play all of it again": [*verify, "--all"],
    }
    # A verification that could not be brought to its end says less than its sample held.
    if known is not None and known.seed is not None and known.status != "self-reported":
        sample = ["--sample", str(known.checked), "--seed", str(known.seed)]
        lines["Play what was played here"] = verify + sample
    return lines


def _card(source: Source) -> Markup | None:
    card = source.card
    parameters = None if card.parameters is None else f"{card.parameters:,}"
    entries: dict[str, Child] = {
        "Authors": foreign(", ".join(card.authors)) if card.authors else None,
        "Description": foreign(card.description) if card.description else None,
        # Held by the schema to https; as text, not a link, for nothing vouches for where it leads.
        "Address": element("code", foreign(card.url)) if card.url else None,
        "Licence": foreign(card.licence) if card.licence else None,
        "Made from": foreign(card.base_model) if card.base_model else None,
        "Trained on": foreign(card.training_data) if card.training_data else None,
        "Parameters": parameters,
        "Weights": _weights(source) if source.weights else None,
    }
    if all(what is None for what in entries.values()):
        return None
    return section(
        "Model card",
        "card",
        definitions(entries),
        note="As its authors tell it; none of it is checked.",
    )


def _weights(source: Source) -> Markup:
    lines = [
        element("li", foreign(one.name), element("small", f"{one.size:,} bytes · {one.sha256}"))
        for one in source.weights[:MOST_WEIGHTS]
    ]
    more = len(source.weights) - MOST_WEIGHTS
    if more > 0:
        lines.append(element("li", f"and {more:,} more"))
    return element("ul", *lines, class_="plain hash")


def _capabilities(source: Source) -> Markup | None:
    known = source.generalist
    if known is None or len(known.families) < FEWEST:
        return None
    names = [one.family for one in known.families]
    values = [[one.score.value for one in known.families]]
    return section(
        "Capabilities",
        "capabilities",
        element(
            "div",
            element("figure", chart.radar_chart(names, values)),
            _family_table(known),
            class_="radar-row",
        ),
        note=join(
            [
                "The generalist score over the families that were played. It compares with scores "
                "over the same task set alone: ",
                element("code", known.task_set[:12], class_="keep"),
                ".",
            ]
        ),
    )


def _family_table(known: Generalist) -> Markup:
    def line(name: str, tasks: int, score: Estimate, coverage: float, total: bool) -> Markup:
        return element(
            "tr",
            element("th", name, scope="row"),
            element("td", tasks, class_="num", data_label="Tasks"),
            element("td", figure(score, "score", (0.0, 1.0)), data_label="Score"),
            element("td", percent(coverage), class_="num", data_label="Coverage"),
            class_="total" if total else None,
        )

    rows = [line(one.family, one.tasks, one.score, one.coverage, False) for one in known.families]
    tasks = sum(one.tasks for one in known.families)
    rows.append(line("Mean over these families", tasks, known.score, known.coverage, True))
    heads = {"Family": None, "Tasks": "num", "Score, IQM over tasks": None, "Coverage": "num"}
    return element(
        "table",
        element("caption", "Every family counts alike, whatever its tasks", class_="unseen"),
        element(
            "thead",
            element(
                "tr",
                *(element("th", head, scope="col", class_=kind) for head, kind in heads.items()),
            ),
        ),
        element("tbody", *rows),
        class_="board-table stack",
    )
