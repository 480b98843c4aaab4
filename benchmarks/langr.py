"""The benchmark of Language Rearrangement: ten splits in unseen homes, a hundred episodes each."""

from __future__ import annotations

from ..core.specs import Benchmark, Group

PARAPHRASE = (
    "langr.instruct-rephrasing-v1",
    "langr.referring-expressions-v1",
    "langr.spatial-v1",
    "langr.context-v1",
    "langr.irrelevant-text-v1",
)
"""The five splits in which the same is asked in other words."""

BEHAVIOUR = (
    "langr.multiple-rearrange-v1",
    "langr.novel-objects-v1",
    "langr.multiple-objects-v1",
    "langr.conditional-instructs-v1",
)
"""The four splits in which something else is asked."""

GROUPS = (
    Group(name="paraphrastic-robustness", title="the same in other words", tasks=PARAPHRASE),
    Group(name="behaviour-generalisation", title="something else", tasks=BEHAVIOUR),
    Group(
        name="nine-splits",
        title="the published headline, which leaves Scene out",
        tasks=(*PARAPHRASE, *BEHAVIOUR),
    ),
)


def langr() -> Benchmark:
    """The ten evaluation splits, on episodes of our own.

    The headline is the mean over nine splits, as published; the mean with Scene is ``overall``.
    """
    return Benchmark(
        id="langr",
        title="Language Rearrangement, ten splits",
        tasks=("langr.scene-v1", *PARAPHRASE, *BEHAVIOUR),
        episodes_per_task=100,
        groups=GROUPS,
        headline_group="nine-splits",
    )
