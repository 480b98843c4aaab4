"""LLaRP's settings, and those that ship."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from ...core.errors import BadArgument
from ..bound import Count, Length, Positive, Whole
from ..lm.backbone import Loading
from ..lm.ppo import PpoSetting
from ..lm.small import Small


class LlarpConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One agent and its training.

    Attributes:
        loading: the trunk. Where its ``model`` is empty, ``small`` is made in the agent's folder.
        small: sizes of a trunk of our own.
        trunk: ``transformer``, or ``lstm``: the baseline without a language model, as wide as
            ``small`` says and with its number of layers.
        senses: what it sees, ``rgb`` or ``state``.
        vision: the frozen vision model for ``rgb``: a folder, or a name on a hub.
        layout: of a ``state`` that is a list of things: numbers before the list, things, and
            numbers of each. Empty where it is a vector like any other.
        things: what those things are called, each for equally many of them in turn; read as the
            instruction is. Empty where they have no names.
        reader: a frozen text encoder whose rows the instruction becomes, instead of the trunk's
            own words: a folder, or a name on a hub. Empty for the trunk's own.
        reading: of a text encoder's rows, ``all``, or ``whole``: that of the text as a whole.
            Of the trunk's own words, for what looks for things and names by them: what the trunk
            makes of ``all`` in their order, or of the ``whole`` as a bag of words.
        instruction_tokens: an instruction is padded or cut to so many; 0 for as many as it has.
        adapter: ``pred`` (a head over the actions), ``semlang`` (their words, said one after the
            other), or ``named``: ours, a head that compares what it wants with what actions are
            called, both read alike.
        bridge: widths of the layers between what is seen and the trunk.
        head: width of the features from which action and value are read.
        context: the most steps of an episode.
        ppo: the numbers of its training.
        reward_scale: by which rewards are multiplied before they are learnt from.
        environments: worlds played at once, by each process.
        steps: of the environments, by all processes.
        save_every: updates between snapshots.
        evaluate_every: updates between evaluations; 0 for the end alone.
        evaluate_episodes: of an evaluation.
        greedy: take the likeliest action where it is evaluated; else draw, as was published.
        seed: of all dice.
    """

    loading: Loading = Loading(model="", train="all")
    small: Small = Small()
    trunk: Literal["transformer", "lstm"] = "transformer"
    senses: Literal["rgb", "state"] = "rgb"
    vision: str = ""
    layout: tuple[int, ...] = ()
    things: tuple[str, ...] = ()
    reader: str = ""
    reading: Literal["all", "whole"] = "all"
    instruction_tokens: Whole = 0
    adapter: Literal["pred", "semlang", "named"] = "pred"
    bridge: tuple[Count, ...] = ()
    head: Count = 512
    context: Count = 32
    ppo: PpoSetting = PpoSetting()
    reward_scale: Positive = 1.0
    environments: Count = 8
    steps: Length = 1_000_000
    save_every: Count = 20
    evaluate_every: Whole = 0
    evaluate_episodes: Count = 20
    greedy: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            BadArgument: says what.
        """
        if self.senses == "rgb" and not self.vision:
            raise BadArgument("LLaRP sees rgb through a vision model: set vision=FOLDER_OR_NAME")
        if self.layout and (len(self.layout) != 3 or min(self.layout) < 1):
            raise BadArgument(
                f"layout={list(self.layout)}: numbers before, things, numbers of each"
            )
        if self.things and not self.layout:
            raise BadArgument(
                "things are named of a state that is a list: set layout, or things=[]"
            )
        if self.trunk == "lstm" and not self.reader:
            raise BadArgument(
                "the baseline with an LSTM has no words of its own: set reader=FOLDER"
            )
        if self.trunk == "lstm" and self.adapter == "semlang":
            raise BadArgument(
                "the baseline with an LSTM has no words to say: set adapter=pred or named"
            )
        if self.environments % self.ppo.minibatches:
            raise BadArgument(
                f"{self.environments} environments cannot be dealt into {self.ppo.minibatches} "
                "minibatches: set environments to a multiple"
            )


LANGR_LAYOUT = (22, 132, 17)
"""Of Language Rearrangement's ``state``: robot and doors; then four rows for each of 33 kinds of
thing, of 17 numbers each."""

LANGR_THINGS = (
    "ball", "clamp", "hammer", "screwdriver", "padlock", "scissors", "block", "drill", "spatula",
    "knife", "spoon", "plate", "sponge", "cleanser", "plum", "pear", "peach", "apple", "lemon",
    "can", "box", "banana", "strawberry", "lego", "rubik's cube", "book", "bowl", "cup", "mug",
    "orange", "lid", "toy airplane", "wrench",
)  # fmt: skip
"""Those kinds, as instructions speak of them."""

PRESETS: Mapping[str, LlarpConfig] = MappingProxyType(
    {
        # Paper and released code: LLaMA-1 7B in bfloat16, frozen; the class token of VC-1 (ViT-B);
        # a bridge of two layers as wide as the model; heads of 512; 30 tokens of instruction,
        # padding attended; 32 steps. VC-1 is distributed in another form than transformers': give
        # it converted to a ViT, or another vision model.
        "llarp-7b": LlarpConfig(
            loading=Loading(
                model="huggyllama/llama-7b", device="cuda", dtype="bfloat16", train="nothing"
            ),
            vision="facebook/vc1-base",
            bridge=(4096,),
            instruction_tokens=30,
            steps=200_000_000,
            evaluate_episodes=100,
        ),
        # Ours, for two cores: a trunk of some hundred thousand parameters trained from scratch
        # on the state, reading through a frozen encoder of sentences if one is given.
        "llarp-mini": LlarpConfig(
            small=Small(width=128, layers=1, heads=4, words=1024),
            senses="state",
            layout=LANGR_LAYOUT,
            things=LANGR_THINGS,
            reading="whole",
            adapter="named",
            head=128,
            ppo=PpoSetting(
                epochs=3,
                minibatches=4,
                learning_rate=5e-4,
                weight_decay=0.0,
                discount=0.95,
                entropy_weight=0.003,
                normalise=True,
                clip_value=False,
                gradient_norm=0.5,
            ),
            reward_scale=0.1,
            environments=64,
            steps=600_000,
        ),
        # The paper's baseline: a recurrent net over a frozen encoder's reading of the instruction.
        "lstm-flan": LlarpConfig(
            trunk="lstm",
            small=Small(width=512, layers=2),
            vision="facebook/vc1-base",
            reader="google/flan-t5-xl",
            reading="whole",
            steps=200_000_000,
        ),
    }
)
"""Configurations by name."""
