"""The agent: each waiting slot is one question, and all of them are asked at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...core.errors import DecodeError
from ...core.protocols import Observation
from ...core.specs import Brief
from .endpoint import Answer, Endpoint
from .prompt import Wording, correction, describe_step, digest
from .setting import Setting, read_setting

MOST_AT_ONCE = 64
"""Questions that are out at one time."""


class _Course:
    """What is known of one slot's episode."""

    def __init__(self, brief: Brief, setting: Setting) -> None:
        self.brief, self.wording = brief, Wording(brief)
        self.history: deque[str] = deque(maxlen=setting.history)
        self.step = -1
        self.seen: Observation | None = None
        self.spent: dict[str, float] = {
            "requests": 0.0, "retries": 0.0, "tokens_in": 0.0, "tokens_out": 0.0,
            "uncounted": 0.0, "seconds": 0.0,
        }  # fmt: skip
        if setting.prices is not None:
            self.spent["dollars"] = 0.0


class LanguageAgent:
    """Plays by asking a language model for each action, without examples and without training.

    It sees what the task shows by default, or what ``--obs`` says, and plays every task whose
    actions are commands or have names. It is told where and what to ask by the environment; see
    :mod:`.setting`.

    Args:
        setting: how to ask; by default as the environment says.

    Raises:
        BadArgument: the environment does not say enough.
    """

    dialect = "native"

    def __init__(self, setting: Setting | None = None) -> None:
        self._setting = setting or read_setting()
        self._endpoint = Endpoint(self._setting)
        self._courses: dict[int, _Course] = {}
        self.settings: Mapping[str, str] = {**self._setting.record(), "prompt": digest()}
        """What makes two such agents two; for the record of a run."""

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Forgets those slots.

        Raises:
            BadArgument: a task's actions cannot be said in words.
        """
        for slot, brief in zip(slots, briefs, strict=True):
            self._courses[slot] = _Course(brief, self._setting)

    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> list[Any]:
        """One action a slot; the questions are out at the same time.

        Raises:
            EndpointFailed: the endpoint refuses, or does not answer.
        """
        courses = [self._courses[slot] for slot in slots]
        if len(courses) == 1:
            return [self._decide(observations[0], courses[0])]
        with ThreadPoolExecutor(min(len(courses), MOST_AT_ONCE)) as pool:
            return list(pool.map(self._decide, observations, courses))

    def spent(self, slot: int) -> Mapping[str, float]:
        """What the episode of a slot has cost so far.

        ``requests`` and ``retries``, ``tokens_in`` and ``tokens_out`` as the endpoint counts them,
        ``uncounted`` requests of which it did not, ``seconds`` of waiting, and ``dollars`` where
        prices are known.
        """
        return dict(self._courses[slot].spent)

    def _decide(self, observation: Observation, course: _Course) -> Any:
        setting, brief = self._setting, course.brief
        # Whoever is asked again for want of an action is shown the very same observation.
        course.step += observation is not course.seen
        course.seen = observation
        messages: list[Mapping[str, Any]] = [
            {"role": "system", "content": course.wording.explain()},
            describe_step(observation, brief.instruction, course.step, brief.max_episode_steps,
                          tuple(course.history), setting.images),
        ]  # fmt: skip
        reply = ""
        for _ in range(setting.corrections + 1):
            answer = self._endpoint.ask(messages, brief.agent_seed)
            self._count(course, answer)
            reply = answer.text
            try:
                action = course.wording.find(reply)
            except DecodeError as error:
                messages += [{"role": "assistant", "content": reply or "(nothing)"},
                             correction(str(error))]  # fmt: skip
                continue
            course.history.append(course.wording.name(action))
            return action
        # What is done with words that mean nothing is for the evaluation to say.
        course.history.append("(no valid action)")
        return reply[:200] if course.wording.choices else "(no action)"

    def _count(self, course: _Course, answer: Answer) -> None:
        spent = course.spent
        spent["requests"] += 1
        spent["retries"] += answer.tries - 1
        spent["seconds"] += answer.seconds
        spent["uncounted"] += answer.tokens_in is None or answer.tokens_out is None
        into, out = answer.tokens_in or 0, answer.tokens_out or 0
        spent["tokens_in"] += into
        spent["tokens_out"] += out
        if self._setting.prices is not None:
            price_in, price_out = self._setting.prices
            spent["dollars"] += (into * price_in + out * price_out) / 1e6
