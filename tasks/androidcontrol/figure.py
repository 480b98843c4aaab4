"""What the further figures of an episode mean."""

from __future__ import annotations

from ...core.metric import MetricSpec, MetricTable
from .action import KINDS
from .protocol import PROTOCOLS


def metric_table() -> MetricTable:
    """The figures, those of each protocol together."""
    plain = (
        MetricSpec(key="steps", title="steps that were recorded"),
        MetricSpec(key="malformed", title="steps at which no command was said", better="lower"),
        MetricSpec(
            key="type_accuracy", title="steps of the right type", better="higher", weight="steps"
        ),
        *(MetricSpec(key=f"steps.{kind}", title=f"steps that were {kind}") for kind in KINDS),
        MetricSpec(key="steps.grounded", title="steps with a place and the right type"),
    )
    judged = (
        spec
        for name in PROTOCOLS
        for spec in (
            MetricSpec(
                key=f"step_accuracy@{name}", title="steps that were right", better="higher",
                aspects=(name,), weight="steps",
            ),
            MetricSpec(
                key=f"episode_success@{name}", title="episodes with every step right",
                better="higher", share=True, aspects=(name,),
            ),
            MetricSpec(
                key=f"grounding@{name}", title="places that were right where the type was",
                better="higher", aspects=(name,), weight="steps.grounded",
            ),
            *(
                MetricSpec(
                    key=f"accuracy.{kind}@{name}", title=f"right among the steps that were {kind}",
                    better="higher", aspects=(name,), weight=f"steps.{kind}",
                )
                for kind in KINDS
            ),
        )
    )  # fmt: skip
    return MetricTable(
        metrics=(*plain, *judged),
        shown=("type_accuracy", *(f"step_accuracy@{name}" for name in PROTOCOLS)),
        aspects={name: protocol.title for name, protocol in PROTOCOLS.items()},
        heading="By scoring protocol",
    )
