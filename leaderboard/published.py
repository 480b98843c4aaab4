"""Results that others have published, as rows beside a run's own; never ranked with it.

A row says where its figures come from, how they were obtained, and in which world they were made.
They have no intervals: none were published, or none can be read off.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from . import published_generalist as tables_of_generalists
from .markup import Markup, element
from .view import RunView
from .wording import percent


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What one publication reports of one agent.

    Attributes:
        agent: as the publication calls it.
        values: success by task id [fraction].
        groups: success by name of a group of the benchmark [fraction].
    """

    agent: str
    values: Mapping[str, float] = {}
    groups: Mapping[str, float] = {}


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """Where some rows come from.

    Attributes:
        source: who published them, and when.
        caveat: what sets them apart from a run of this suite.
        rows: an agent each.
    """

    source: str
    caveat: str
    rows: tuple[Published, ...]


_SPLITS = (
    "scene", "instruct-rephrasing", "context", "irrelevant-text", "referring-expressions",
    "spatial", "multiple-rearrange", "novel-objects", "multiple-objects", "conditional-instructs",
)  # fmt: skip
_GROUPS = ("paraphrastic-robustness", "behaviour-generalisation", "nine-splits")


def _langr(agent: str, splits: tuple[float, ...], groups: tuple[float, ...]) -> Published:
    return Published(
        agent=agent,
        values={
            f"langr.{name}-v1": round(value / 100, 4)
            for name, value in zip(_SPLITS, splits, strict=True)
        },
        groups={
            **{name: round(value / 100, 4) for name, value in zip(_GROUPS, groups, strict=True)},
            "overall": round(sum(splits) / len(splits) / 100, 4),
        },
    )


def _gea(family: str) -> tuple[Publication, ...]:
    """GEA's row of one family, and a specialist's beside it where its tasks are the same."""
    version, tables, caveat = _GENERALIST[family]
    return (
        Publication(
            source="Szot et al., From Multimodal LLMs to Generalist Embodied Agents (2025), tables "
            "5, 8 and 10; and where named, Grounding Multimodal Large Language Models in Actions "
            "(2024), tables 4 and 7",
            caveat=caveat,
            rows=tuple(
                Published(
                    agent=agent,
                    values=tables_of_generalists.by_task(family, version, figures),
                    groups={"overall": tables_of_generalists.mean(figures)},
                )
                for agent, figures in tables.items()
            ),
        ),
    )


_GENERALIST = {
    "metaworld": (
        "v3",
        {
            "GEA": tables_of_generalists.GEA_METAWORLD,
            "ASA, RVQ": tables_of_generalists.RVQ_METAWORLD,
        },
        "Meta-World's earlier release; GEA sees camera corner3 and ASA corner4, and GEA's figures "
        "come in steps of 2%, so that 50 episodes a task stand behind them rather than 10",
    ),
    "babyai": (
        "v0",
        {"GEA": tables_of_generalists.GEA_BABYAI},
        "the words of its actions, the size of its pictures within the model and its seeds were "
        "not published",
    ),
    "langr": (
        "v1",
        {
            "GEA": tables_of_generalists.GEA_LANGR,
            "ASA, SemLang": tables_of_generalists.SPECIALIST_LANGR,
        },
        "another world: habitat-sim with ReplicaCAD scenes and YCB objects, and the official "
        "episodes; both practised in its training homes",
    ),
}


def _crowdnavpp(agent: str, success: float) -> Published:
    return Published(agent=agent, values={"socialnav.crowdnavpp-v1": success})


PUBLISHED: Mapping[str, tuple[Publication, ...]] = {
    "langr": (
        Publication(
            source="Szot et al., Large Language Models as Generalizable Policies for Embodied "
            "Tasks (2023), chart of results on the project's site",
            caveat="digitised from a bar chart to 0.3 points; another world: habitat-sim with "
            "ReplicaCAD scenes and YCB objects, and the official episodes and instructions; "
            "overall, the mean with Scene, is computed here from the ten figures above it",
            rows=(
                _langr("LLaRP", (95.7, 92, 34, 32, 25.7, 8.3, 0.3, 95.3, 46.7, 39.3), (38, 45, 42)),
                _langr(
                    "LLaRP-Scratch", (90, 59.3, 3.7, 13, 2.7, 3.3, 0, 58, 14.7, 0.7), (16, 18, 17)
                ),
                _langr("LSTM-Flan", (95, 85.3, 14.7, 4.7, 6.3, 4.3, 0, 83, 18.7, 10), (23, 28, 25)),
                _langr("LSTM-LLaMA", (15, 11.7, 0, 0, 1, 2.3, 0, 1.3, 0.3, 0), (3, 0, 2)),
                _langr("ZS-ChatGPT", (52, 58, 10, 11, 24, 0, 2, 61, 24, 5), (21, 23, 22)),
                _langr("ZS-LLaMA", (41, 34, 5, 6, 3, 0, 0, 50, 6, 0), (10, 14, 12)),
                _langr("ZS-Flamingo", (14, 18, 0, 2, 0, 0, 2, 24, 8, 0), (4, 8, 6)),
            ),
        ),
    ),
    **{f"gea-{family}": _gea(family) for family in _GENERALIST},
    "socialnav-crowdnavpp": (
        Publication(
            source="CrowdNav_Prediction_AttnGraph (Liu et al., Intention Aware Robot Crowd "
            "Navigation, 2023), logs of tests in trained_models/ of its repository, 500 episodes",
            caveat="upstream's 500 episodes are these 250 cases twice; GST is trained on this "
            "crowd; upstream's ORCA robot could not be reproduced here, its settings being unclear",
            rows=(
                _crowdnavpp("GST, no randomisation", 0.92),
                _crowdnavpp("GST, randomised", 0.88),
                _crowdnavpp("ORCA", 0.69),
                _crowdnavpp("Social force", 0.34),
            ),
        ),
    ),
}
"""By benchmark. The split names are the paper's; see ``tasks/langr``."""


def published_section(run: RunView) -> Markup | None:
    """The run's figures above the published ones, task by task; None where none are known."""
    publications = PUBLISHED.get(run.manifest.benchmark.id, ())
    if not publications:
        return None
    return element(
        "section",
        element("h2", "Published results", id="published"),
        *(part for publication in publications for part in _one(run, publication)),
    )


def _one(run: RunView, publication: Publication) -> tuple[Markup, Markup]:
    lines = [*run.result.tasks, *run.result.groups, run.result.overall]
    known = {name for row in publication.rows for name in (*row.values, *row.groups)}
    lines = [line for line in lines if line.name in known]
    rows = [
        element(
            "tr",
            element("th", line.name.partition(".")[2] or line.name, scope="row"),
            element("td", percent(line.success.value), class_="num", data_label="this run"),
            *(
                element(
                    "td",
                    percent((dict(row.values) | dict(row.groups)).get(line.name)),
                    class_="num soft",
                    data_label=row.agent,
                )
                for row in publication.rows
            ),
        )
        for line in lines
    ]
    heads = ["Success", "this run", *(row.agent for row in publication.rows)]
    head = element("tr", *(element("th", title, scope="col") for title in heads))
    table = element("table", element("thead", head), element("tbody", *rows))
    words = f"{publication.source}. Not to be ranked with this run: {publication.caveat}."
    return element("p", words, class_="soft"), element("div", table, class_="scroll")
