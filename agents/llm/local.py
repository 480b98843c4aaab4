"""A language model from a folder or a hub as an agent: no endpoint, no examples, no training.

What it is told is what :mod:`.prompt` says; what it sees are its own eyes' tokens. Where actions
have names it may choose among these alone, a token at a time; where they are commands it writes,
and the action is found in what it wrote.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ...adapters.semlang import SemLangAdapter
from ...adapters.trie import Forest
from ...core.errors import BadArgument, DecodeError
from ...core.protocols import Observation
from ...core.specs import Brief, Embodiment
from ..device import demand_device
from ..lm.backbone import DTYPES, Backbone, Loading, load_backbone
from ..lm.cache import SlotCache
from ..lm.utterance import Choice, utter
from .prompt import Wording, describe_step, digest
from .setting import PREFIX

ANSWER = "ACTION:"
"""What the answer is made to begin with where names are chosen among."""

HISTORY = 8
"""Own actions that are told again, as for an endpoint."""


class LocalSetting(msgspec.Struct, frozen=True, kw_only=True):
    """How a local model is asked.

    Attributes:
        model: a folder, or a name on a hub.
        device: where it runs.
        dtype: of its weights.
        decoding: ``constrained`` to the names of actions where they have some, or ``parsed``.
        image_tokens: of a picture; 0 to show it none.
        max_tokens: of an answer that is written.
    """

    model: str
    device: str = "cpu"
    dtype: str = "float32"
    decoding: str = "constrained"
    image_tokens: int = 196
    max_tokens: int = 256


def read_local_setting(environment: Mapping[str, str] | None = None) -> LocalSetting:
    """The setting that the environment's variables say.

    Raises:
        BadArgument: one is missing, or is not what it should be; names it.
    """
    known = os.environ if environment is None else environment
    names = {name: PREFIX + name.upper() for name in LocalSetting.__struct_fields__}
    names["model"] = f"{PREFIX}LOCAL"  # MODEL is a name at an endpoint.
    said = {name: known[variable] for name, variable in names.items() if known.get(variable)}
    if "model" not in said:
        raise BadArgument(
            f"agent 'llm-local' needs {PREFIX}LOCAL: the folder of a model, or its name on a hub"
        )
    if said.get("decoding", "parsed") not in ("constrained", "parsed"):
        raise BadArgument(f"{PREFIX}DECODING is {said['decoding']!r:.40}: constrained or parsed")
    if said.get("dtype", "float32") not in DTYPES:
        raise BadArgument(f"{PREFIX}DTYPE is {said['dtype']!r:.40}: one of {', '.join(DTYPES)}")
    try:
        return msgspec.convert(said, LocalSetting, strict=False)
    except msgspec.ValidationError as error:
        raise BadArgument(f"{PREFIX}...: {error}") from error


class _Course:
    """What is known of one slot's episode."""

    def __init__(self, brief: Brief) -> None:
        self.brief, self.wording = brief, Wording(brief)
        self.history: deque[str] = deque(maxlen=HISTORY)
        self.step = 0
        self.tokens_in = self.tokens_out = 0


class LocalAgent:
    """Plays by asking a model of its own; all waiting slots in one pass.

    Args:
        setting: which, and how; by default as the environment says.

    Raises:
        BadArgument: the environment does not say enough, or a file of the model, or the device, is
            missing.
    """

    dialect = "native"

    def __init__(self, setting: LocalSetting | None = None) -> None:
        self._setting = setting or read_local_setting()
        demand_device(self._setting.device)
        loading = {name: getattr(self._setting, name) for name in ("model", "device", "dtype")}
        self._backbone: Backbone = load_backbone(Loading(**loading)).eval()
        self._courses: dict[int, _Course] = {}
        self._forests: dict[tuple[str, ...], tuple[Forest, SemLangAdapter]] = {}
        self.settings: Mapping[str, str] = {
            **{name: str(getattr(self._setting, name)) for name in LocalSetting.__struct_fields__
               if name != "device"},
            "model_fingerprint": self._backbone.fingerprint, "prompt": digest(),
        }  # fmt: skip
        """What makes two such agents two; for the record of a run."""

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Forgets those slots.

        Raises:
            BadArgument: a task's actions cannot be said in words.
        """
        for slot, brief in zip(slots, briefs, strict=True):
            self._courses[slot] = _Course(brief)

    def spent(self, slot: int) -> Mapping[str, float]:
        """Tokens that the episode of a slot has cost so far."""
        course = self._courses[slot]
        return {"tokens_in": float(course.tokens_in), "tokens_out": float(course.tokens_out)}

    @torch.no_grad()
    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> list[Any]:
        """One action a slot."""
        courses = [self._courses[slot] for slot in slots]
        named = [self._is_chosen(course) for course in courses]
        rows = [
            self._rows(course, seen, chosen)
            for course, seen, chosen in zip(courses, observations, named, strict=True)
        ]
        counts = [len(one) for one in rows]
        longest = max(counts) + self._setting.max_tokens + 64
        cache, places = SlotCache(len(slots), longest), list(range(len(slots)))
        hidden = self._backbone(
            pad_sequence(rows, batch_first=True), cache, cache.open(places, counts)
        )
        last = hidden[places, torch.tensor(counts) - 1]
        actions: list[Any] = [None] * len(slots)
        chosen = [place for place in places if named[place]]
        written = [place for place in places if not named[place]]
        for place, action in zip(chosen, self._choose(courses, chosen, last, cache), strict=True):
            actions[place] = action
        for place, text in zip(written, self._write(courses, written, last, cache), strict=True):
            actions[place] = self._find(courses[place], text)
        for course, count in zip(courses, counts, strict=True):
            course.step += 1
            course.tokens_in += count
        return actions

    def _is_chosen(self, course: _Course) -> bool:
        return bool(course.wording.choices) and self._setting.decoding == "constrained"

    def _rows(self, course: _Course, seen: Observation, chosen: bool) -> Tensor:
        """The embedded prompt of one slot, its picture before what is asked."""
        backbone, brief = self._backbone, course.brief
        asked = describe_step(
            seen, brief.instruction, course.step, brief.max_episode_steps, tuple(course.history),
            False,
        )  # fmt: skip
        messages = [{"role": "system", "content": course.wording.explain()}, asked]
        text = self._laid_out(messages) + (ANSWER if chosen else "")
        rows = backbone.embed(torch.tensor(backbone.words(text), device=backbone.device))
        tokens = self._setting.image_tokens
        if backbone.eyes is None or "rgb" not in seen or not tokens:
            return rows
        picture = np.asarray(seen["rgb"], np.uint8)[None]
        looked = backbone.eyes.tokens(picture, tokens, backbone.device, backbone.dtype)[0]
        return torch.cat([looked, rows])

    def _laid_out(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """The conversation as the model was taught conversations, if it was."""
        tokenizer = self._backbone.tokenizer
        if getattr(tokenizer, "chat_template", None):
            told: str = tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=True
            )
            return told
        return "\n\n".join(f"{one['content']}" for one in messages) + "\n\n"

    def _choose(
        self, courses: Sequence[_Course], places: Sequence[int], last: Tensor, cache: SlotCache
    ) -> list[int]:
        """The likeliest name of each of those slots, a token at a time among the names alone."""
        found: dict[int, int] = {}
        groups: dict[tuple[str, ...], list[int]] = {}
        for place in places:
            groups.setdefault(courses[place].wording.choices, []).append(place)
        for names, group in groups.items():
            forest, adapter = self._named(names)
            said = utter(
                self._backbone, forest, ["named"] * len(group), last[group], cache, group, Choice()
            )
            numbers = np.atleast_1d(adapter.decode(said.tokens.cpu().numpy()))
            for place, number, tokens in zip(group, numbers, said.tokens, strict=True):
                course = courses[place]
                space = course.brief.action_space
                found[place] = int(space.start) + int(number)
                course.history.append(names[int(number)])
                course.tokens_out += int((tokens >= 0).sum())
        return [found[place] for place in places]

    def _named(self, names: tuple[str, ...]) -> tuple[Forest, SemLangAdapter]:
        """What may be said of some names, and what it means."""
        if names not in self._forests:
            tokenizer = self._backbone.tokenizer
            body = Embodiment(id="named", kind="discrete", action_names=names)
            adapter = SemLangAdapter(
                spaces.Discrete(len(names)), body, tokenizer=tokenizer, leading=" ",
                terminator=tokenizer.eos_token_id,
            )  # fmt: skip
            forest = Forest({"named": adapter.sequences}, device=self._backbone.device)
            self._forests[names] = forest, adapter
        return self._forests[names]

    def _write(
        self, courses: Sequence[_Course], places: Sequence[int], last: Tensor, cache: SlotCache
    ) -> list[str]:
        """What the model writes in each of those slots, the likeliest token each time."""
        backbone = self._backbone
        end = backbone.tokenizer.eos_token_id
        written: dict[int, list[int]] = {place: [] for place in places}
        going, hidden = list(places), last[list(places)]
        for _ in range(self._setting.max_tokens if places else 0):
            words = backbone.logits(hidden).argmax(1)
            said = list(zip(going, words.tolist(), strict=True))
            for place, word in said:
                written[place].append(word)
            still = [number for number, (_, word) in enumerate(said) if word != end]
            going = [going[number] for number in still]
            if not going:
                break
            rows = backbone.embed(words[still])[:, None]
            hidden = backbone(rows, cache, cache.open(going, [1] * len(going)))[:, 0]
        texts = []
        for place in places:
            courses[place].tokens_out += len(written[place])
            words_said = [word for word in written[place] if word != end]
            texts.append(str(backbone.tokenizer.decode(words_said)))
        return texts

    def _find(self, course: _Course, reply: str) -> Any:
        """The action in what was written; what means none is for the evaluation to settle."""
        try:
            action = course.wording.find(reply)
        except DecodeError:
            course.history.append("(no valid action)")
            return reply[:200] if course.wording.choices else "(no action)"
        course.history.append(course.wording.name(action))
        return action
