"""GEA's settings, and those that ship."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from ...core.errors import BadArgument
from ..bound import Count, Length, Positive, Share, Weight, Whole
from ..lm.backbone import Loading
from ..lm.lora import Lora
from ..lm.ppo import PpoSetting
from ..lm.small import Small

Dialect = Literal["rvq", "vq", "uniform", "pred"]


class Cloning(msgspec.Struct, frozen=True, kw_only=True):
    """Stage 1, supervised. The defaults are the paper's (section 4.3, appendix C).

    Attributes:
        updates: steps of the optimiser.
        batch_size: spans of an update, by each process.
        accumulate: parts that a batch is cut into to save memory.
        learning_rate: of AdamW at its height.
        warm_up: share of the updates in which the rate rises; then it falls along a cosine.
        weight_decay: of AdamW.
        gradient_norm: the longest step.
    """

    updates: Length = 75_000
    batch_size: Count = 256
    accumulate: Count = 1
    learning_rate: Positive = 1e-5
    warm_up: Share = 0.1
    weight_decay: Weight = 0.01
    gradient_norm: Positive = 1.0


class Reinforcing(msgspec.Struct, frozen=True, kw_only=True):
    """Stage 2, online. The defaults are the paper's (section 4.4, appendix C).

    Attributes:
        steps: of the environments, by all processes.
        environments: worlds played at once, by each process.
        ppo: its numbers.
        cloning_weight: of the supervised term.
        cloning_batch: spans of the supervised term of every minibatch.
        critic: width of the critic's four layers.
        scale_rate: how fast the scale of a world's returns follows; ours.
        critic_passes: over what was played, by the critic alone, before the policy moves; ours: of
            the paper's many updates a practice on two cores has few, and their shared passes alone
            leave its critic where it began.
        critic_rate: of AdamW in those.
        at_once: steps that go through the model at once while it learns, to save memory.
    """

    steps: Length = 100_000_000
    environments: Count = 6
    ppo: PpoSetting = PpoSetting(
        rollout=128,
        epochs=2,
        minibatches=6,
        clip=0.2,
        learning_rate=3e-4,
        discount=0.999,
        trace=0.95,
        value_weight=1.5e-4,
        entropy_weight=1e-4,
        clip_value=False,
        normalise=True,
        gradient_norm=1.0,
    )
    cloning_weight: Weight = 0.1
    cloning_batch: Count = 2
    critic: Count = 2048
    scale_rate: Share = 3e-2
    critic_passes: Whole = 0
    critic_rate: Positive = 1e-3
    at_once: Count = 32


class GeaConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One agent and its training.

    Attributes:
        loading: the model. Where its ``model`` is empty, ``small`` is made in the agent's folder.
        small: sizes of a model of our own.
        history: observations that are seen, the present one included.
        image_tokens: of each picture.
        senses: fields that are seen where a body's data or task have them, of ``rgb`` and
            ``state``; a state is one more token.
        dialect: how continuous actions are said: ``rvq``, ``vq``, ``uniform``, or ``pred`` by a
            head that is no word.
        sharing: whether the levels of codes share their tokens, as ``vocabulary.Sharing``.
        codes: of each level.
        tokenizer: a folder with a fitted tokenizer of many bodies; empty to fit one to the data.
        tokenizer_width: hidden layers of one that is fitted.
        tokenizer_updates: of its fitting.
        tokenizer_batch: actions of each; the paper has 256 for each of 8 devices.
        cloning: stage 1.
        reinforcing: stage 2.
        passes: parts that a batch is cut into by the length of its rows, each a pass of its own, so
            that little is padded: where there is one core, and not a card that is never full.
        loss: over ``all`` words of the vocabulary, or over those that are ``allowed``.
        greedy: take the likeliest action where it plays; else draw. The paper does not say.
        save_every: updates between snapshots.
        log_every: updates between lines of the log.
        evaluate_every: updates between evaluations; 0 for the end alone.
        evaluate_episodes: of an evaluation, of each task.
        seed: of all dice.
    """

    loading: Loading = Loading(model="", train="all")
    small: Small = Small(kind="llava-onevision")
    history: Count = 3
    image_tokens: Count = 196
    senses: tuple[str, ...] = ("rgb",)
    dialect: Dialect = "rvq"
    sharing: Literal["none", "levels", "bodies", "all"] = "all"
    codes: Count = 512
    tokenizer: str = ""
    tokenizer_width: Count = 4096
    tokenizer_updates: Count = 15_000
    tokenizer_batch: Count = 2048
    cloning: Cloning = Cloning()
    reinforcing: Reinforcing = Reinforcing()
    passes: Count = 1
    loss: Literal["all", "allowed"] = "all"
    greedy: bool = True
    save_every: Count = 500
    log_every: Count = 50
    evaluate_every: Whole = 0
    evaluate_episodes: Count = 20
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            BadArgument: says what.
        """
        if min(self.history, self.image_tokens, self.passes) < 1:
            raise BadArgument("history, image_tokens and passes are at least 1")
        if not self.senses or set(self.senses) - {"rgb", "state"}:
            raise BadArgument(f"senses={list(self.senses)}: some of rgb and state")
        if self.cloning.batch_size % self.cloning.accumulate:
            raise BadArgument("cloning.accumulate must divide cloning.batch_size")
        if self.reinforcing.environments < 1:
            raise BadArgument("reinforcing.environments is at least 1")


PRESETS: Mapping[str, GeaConfig] = MappingProxyType(
    {
        # The paper: LLaVA-OneVision 7B, all of it trained in stage 1, by 64 processes of 4 spans
        # each; films' path, 196 tokens a picture, 3 observations. Both levels of codes share 512
        # tokens, which here are added to the vocabulary rather than written over ids 30,000 to
        # 30,511: in Qwen2's vocabulary many of those are English words.
        "gea-7b": GeaConfig(
            loading=Loading(
                model="llava-hf/llava-onevision-qwen2-7b-ov-hf", device="cuda", dtype="bfloat16",
                train="all", checkpointing=True,
            ),
            cloning=Cloning(batch_size=4),
        ),
        # Its stage 2: low-rank changes of the decoder alone; six worlds to a process (appendix C;
        # the text says four).
        "gea-7b-rl": GeaConfig(
            loading=Loading(
                model="llava-hf/llava-onevision-qwen2-7b-ov-hf", device="cuda", dtype="bfloat16",
                train="lora", lora=Lora(rank=128, alpha=32, dropout=0.1), checkpointing=True,
            ),
        ),
        # Ours, for two cores: a model of the same classes, of two million parameters.
        "gea-mini": GeaConfig(
            small=Small(
                kind="llava-onevision", width=128, layers=3, heads=4, words=1024, image_size=56,
                patch_size=8, vision_width=96, vision_layers=2,
            ),
            image_tokens=16,
            senses=("rgb", "state"),
            codes=128,
            tokenizer_width=128,
            tokenizer_updates=1500,
            tokenizer_batch=256,
            cloning=Cloning(
                updates=2400, batch_size=32, learning_rate=1.5e-3, warm_up=0.05
            ),
            reinforcing=Reinforcing(
                steps=61_440,
                environments=64,
                critic=128,
                scale_rate=0.2,
                critic_passes=4,
                at_once=256,
                cloning_batch=8,
                ppo=PpoSetting(
                    rollout=32, epochs=3, minibatches=4, learning_rate=5e-4, discount=0.95,
                    trace=0.95, value_weight=0.05, entropy_weight=1e-2, clip_value=False,
                    normalise=True, gradient_norm=0.5, weight_decay=0.0,
                ),
            ),
            passes=3,
        ),
    }
)  # fmt: skip
"""Configurations by name."""
