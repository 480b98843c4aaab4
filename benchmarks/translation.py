"""From what an agent says to what environments are given, and what is done where it says nothing.

Each slot has an adapter of its own, for its task's body. What cannot be translated is settled by
the policy that the user chose (:mod:`polyathlon.adapters.decoding`), and counted either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..adapters import make_adapter
from ..adapters.decoding import settle
from ..core.episode import EpisodePlan
from ..core.errors import BadArgument, DecodeError, InvalidAction, WorkerFault
from ..core.protocols import ActionAdapter, Agent, DecodePolicy, embodiment_of
from ..core.spaces import action_check
from ..core.specs import TaskSpec, check_handshake


class Turn:
    """What a slot is playing: the plan, how often the agent has been asked, how often in vain.

    Attributes:
        thinking: time in which the agent decided for it, alone or among others [s].
    """

    def __init__(self, plan: EpisodePlan) -> None:
        self.plan, self.asked, self.invalid = plan, 0, 0
        self.thinking = 0.0


class Translator:
    """From what the agent says in one slot to what its environment is given.

    Args:
        agent: names its dialect, and the convention of its actions where it has one.
        spec: the task that stands in the slot.
        env_space: its action space.
        policy: with ``no-op``, the task's declared one is checked here.

    Raises:
        EmbodimentMismatch: agent and task disagree on what actions mean.
        BadArgument: the dialect does not fit the space, or the no-op does not lie in it.
    """

    def __init__(
        self, agent: Agent, spec: TaskSpec, env_space: Any, policy: DecodePolicy = "fail"
    ) -> None:
        check_handshake(embodiment_of(agent), spec.embodiment, spec.id)
        self._spec = spec
        self.adapter: ActionAdapter = make_adapter(agent.dialect, env_space, spec.embodiment)
        self._check_agent = action_check(self.adapter.agent_space)
        # An identity adapter's space is the environment's own: one check is enough.
        self._check_env = None if self.adapter.agent_space is env_space else action_check(env_space)
        self.no_op = _no_op(spec, env_space) if policy == "no-op" else None

    def translate(self, uttered: Any, turn: Turn) -> Any:
        """The checked action of the environment; a fault of the agent's infrastructure as it is.

        Raises:
            DecodeError: what was said, or what it came to, is outside its space.
        """
        if isinstance(uttered, WorkerFault):
            return uttered
        try:
            action = self.adapter.decode(self._check_agent(uttered))
            return action if self._check_env is None else self._check_env(action)
        except (InvalidAction, DecodeError) as error:
            raise DecodeError(
                f"the agent's action at {self._spec.id} episode {turn.plan.index} step "
                f"{turn.asked} is not valid: {error}"
            ) from error


def translate_all(
    policy: DecodePolicy,
    answers: Sequence[Any],
    translators: Sequence[Translator],
    turns: Sequence[Turn],
    ask_again: Callable[[Sequence[int]], Sequence[Any]],
) -> list[Any]:
    """The actions of all slots that wait; each turn counts what meant none.

    Args:
        policy: what is done with an utterance that means no action.
        answers: what the agent said, one for each slot.
        translators: the slots' own, in the same order.
        turns: likewise.
        ask_again: other answers for some positions.

    Raises:
        InvalidAction: an answer means no action, and the policy has no way on.
    """
    try:
        actions, invalid = settle(
            policy,
            answers,
            lambda place, said: translators[place].translate(said, turns[place]),
            no_op=lambda place: translators[place].no_op,
            ask_again=ask_again,
        )
    except DecodeError as error:
        raise InvalidAction(str(error)) from error
    for turn, wrong in zip(turns, invalid.tolist(), strict=True):
        turn.asked += 1
        turn.invalid += wrong
    return actions


def demand_no_ops(specs: Mapping[str, TaskSpec]) -> None:
    """Refuses the policy ``no-op`` where a task has no action that does nothing.

    Raises:
        BadArgument: one has none; names it.
    """
    lacking = [task for task, spec in specs.items() if spec.no_op is None]
    if lacking:
        raise BadArgument(
            f"{len(lacking)} of these {len(specs)} tasks declare no action that does nothing, e.g. "
            f"{lacking[0]}: the policy no-op has nothing to do there; use fail or resample"
        )


def _no_op(spec: TaskSpec, env_space: Any) -> Any:
    try:
        return action_check(env_space)(spec.no_op)
    except InvalidAction as error:
        raise BadArgument(
            f"the no-op {spec.no_op} of {spec.id} is no action of its environment: {error}"
        ) from error
