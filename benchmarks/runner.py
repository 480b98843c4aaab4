"""THE loop: whichever slots wait are asked of the agent in one batch; nobody waits for others."""

from __future__ import annotations

import collections
import copy
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..adapters import make_adapter
from ..core.episode import EpisodePlan, EpisodeResult, Fault, Outcome
from ..core.errors import AgentFailed, DecodeError, InvalidAction, PolyathlonError, WorkerFault
from ..core.journal import Entry
from ..core.protocols import ActionAdapter, Agent, embodiment_of
from ..core.spaces import action_check
from ..core.specs import Brief, TaskSpec, check_handshake
from .workers.message import Finished, Play, Ready
from .workers.pool import Pool
from .workers.slot import Event, Slot, State


class Deck:
    """Deals episodes from a fixed plan: to a slot first those of the task it has standing."""

    def __init__(self, plans: Iterable[EpisodePlan]) -> None:
        self._left: dict[str, collections.deque[EpisodePlan]] = {}
        for plan in plans:
            self._left.setdefault(plan.task, collections.deque()).append(plan)

    def deal(self, standing: str | None, elsewhere: Sequence[str]) -> EpisodePlan | None:
        """The next episode for a slot, or None when none is left.

        Args:
            standing: the task whose environment the slot has.
            elsewhere: the tasks that other slots have; a task nobody has comes first.
        """
        if not self._left:
            return None
        if standing not in self._left:
            fresh = [task for task in self._left if task not in elsewhere]
            standing = fresh[0] if fresh else max(self._left, key=lambda t: len(self._left[t]))
        waiting = self._left[standing]
        plan = waiting.popleft()
        if not waiting:
            del self._left[standing]
        return plan

    def put_back(self, plan: EpisodePlan) -> None:
        """Returns an episode whose attempt did not count."""
        self._left.setdefault(plan.task, collections.deque()).appendleft(plan)

    def take_all(self, task: str) -> list[EpisodePlan]:
        """Removes and returns what is left of a task."""
        return list(self._left.pop(task, ()))


class Turn:
    """What a slot is playing: the plan, its adapter, and how often the agent has been asked."""

    def __init__(self, plan: EpisodePlan) -> None:
        self.plan, self.asked = plan, 0


class Runner:
    """Plays planned episodes on a pool and hands each result over once.

    Args:
        pool: the slots.
        agent: the agent, or None where the tasks' own oracles play.
        specs: task id to declaration.
        task_kwargs: task id to the arguments of its environment.
        max_attempts: starts of an episode before it is invalid.
        finished: takes each finished episode with its actions.
        prepared: is told what draws a family's pictures, when an environment stands.
        noted: is told what is no fault and yet worth knowing.
        media: path without suffix for the film of an episode, or empty for none.
        record: path without suffix for an episode's own log, or empty for none.
    """

    def __init__(
        self,
        pool: Pool,
        agent: Agent | None,
        specs: Mapping[str, TaskSpec],
        task_kwargs: Mapping[str, Mapping[str, Any]],
        max_attempts: int,
        finished: Callable[[Entry], None],
        prepared: Callable[[TaskSpec, Mapping[str, str]], None] = lambda *_: None,
        noted: Callable[[str], None] = lambda _: None,
        media: Callable[[EpisodePlan], str] = lambda _: "",
        record: Callable[[EpisodePlan], str] = lambda _: "",
    ) -> None:
        self._pool, self._agent = pool, agent
        self._specs, self._task_kwargs = specs, task_kwargs
        self._max_attempts = max_attempts
        self._finished, self._prepared = finished, prepared
        self._noted, self._media, self._record = noted, media, record
        self._faults: dict[tuple[str, int], list[Fault]] = {}
        self._failed_setups: collections.Counter[str] = collections.Counter()
        self._turns: dict[int, Turn] = {}
        self._translators: dict[int, _Translator] = {}

    def run(self, plans: Iterable[EpisodePlan]) -> None:
        """Plays them all.

        Raises:
            AgentFailed: the agent's code raised.
            InvalidAction: the agent's output is not in its action space.
            EmbodimentMismatch: agent and task disagree on what actions mean.
            PolyathlonError: a task cannot be made, e.g. its extra is missing.
        """
        self._deck = Deck(plans)
        for slot in self._pool.slots:
            self._assign(slot)
        while self._turns:
            waiting: list[Event] = []
            for event in self._pool.wait(interactive=self._agent is not None):
                if isinstance(event.what, dict):
                    waiting.append(event)
                else:
                    self._take(event.slot, event.what)
            if waiting:
                self._decide(waiting)

    def _assign(self, slot: Slot) -> None:
        """Gives a slot its next episode, with a new process or environment where needed."""
        elsewhere = [
            turn.plan.task for number, turn in self._turns.items() if number != slot.number
        ]
        standing = slot.spec.id if slot.spec else None
        plan = self._deck.deal(standing, elsewhere)
        if plan is None:
            self._turns.pop(slot.number, None)
            return
        self._turns[slot.number] = Turn(plan)
        if slot.state is State.EMPTY:
            slot.start()
        if slot.spec is None or slot.spec.id != plan.task:
            slot.set_up(
                self._specs[plan.task], self._task_kwargs[plan.task], self._pool.patience.worker
            )
        else:
            self._begin(slot)

    def _begin(self, slot: Slot) -> None:
        plan = self._turns[slot.number].plan
        first_try = plan.key not in self._faults  # A picture that killed it once is left out.
        media = self._media(plan) if first_try else ""
        record, oracle = self._record(plan), self._agent is None
        slot.play(Play(plan=plan, oracle=oracle, media=media, record=record))

    def _take(self, slot: Slot, what: Ready | Finished | WorkerFault) -> None:
        spec = slot.spec
        assert spec is not None
        if isinstance(what, WorkerFault):
            self._fail(slot, what)
            return
        if isinstance(what, Ready):
            self._failed_setups.pop(spec.id, None)
            self._prepared(spec, what.render_info)
            if self._agent is not None:
                self._translators[slot.number] = _Translator(self._agent, spec, slot.action_space)
            self._begin(slot)
            return
        # A device is known only once something has been drawn.
        self._prepared(spec, what.render_info)
        for note in what.notes:
            self._noted(f"{spec.family}: {note}")
        self._finish(what, spec)
        self._assign(slot)

    def _finish(self, done: Finished, spec: TaskSpec) -> None:
        faults = self._faults.pop(done.plan.key, [])
        result = EpisodeResult(
            plan=done.plan,
            outcome=Outcome.SUCCESS if done.success else Outcome.FAILURE,
            total_reward=done.total_reward,
            score=spec.normalise(done.total_reward, done.success),
            steps=done.steps,
            metrics=done.metrics,
            instruction=done.instruction,
            reward_digest=done.reward_digest,
            start_digest=done.start_digest,
            end_digest=done.end_digest,
            wall_time=done.wall_time,
            attempts=len(faults) + 1,
            faults=tuple(faults),
        )
        self._finished(Entry(result, done.packed_actions, done.action_digest))

    def _fail(self, slot: Slot, fault: WorkerFault) -> None:
        """Ends the worker, and tries the episode again or gives it up as invalid."""
        plan = self._turns[slot.number].plan
        starting = slot.state is State.SETTING_UP or fault.kind.startswith("startup")
        slot.end()
        faults = self._faults.setdefault(plan.key, [])
        faults.append(Fault(kind=fault.kind, message=fault.message))
        given_up = [plan] if len(faults) >= self._max_attempts else []
        if starting:
            self._failed_setups[plan.task] += 1
            if self._failed_setups[plan.task] >= self._max_attempts:
                # What cannot be made so often in a row will not stand for the next episode.
                given_up = [plan, *self._deck.take_all(plan.task)]
        if not given_up:
            self._deck.put_back(plan)
        for lost in given_up:
            known = tuple(self._faults.pop(lost.key, faults))
            self._finished(
                Entry(EpisodeResult(
                    plan=lost, outcome=Outcome.INVALID, attempts=len(known), faults=known
                ))
            )  # fmt: skip
        self._assign(slot)

    def _decide(self, waiting: list[Event]) -> None:
        """One call of the agent for all that wait."""
        agent = self._agent
        assert agent is not None
        slots = [event.slot.number for event in waiting]
        observations: list[Any] = [event.what for event in waiting]
        beginning = [n for n, number in enumerate(slots) if not self._turns[number].asked]
        try:
            if beginning:
                agent.reset(
                    [slots[n] for n in beginning],
                    [self._brief(waiting[n], observations[n]) for n in beginning],
                )
            actions = agent.act(observations, slots)
        except PolyathlonError:
            raise
        except (Exception, SystemExit) as error:
            raise self._agent_failed(slots, error) from error
        try:
            answers = list(actions)
        except TypeError as error:
            raise InvalidAction(
                f"the agent's act returned {type(actions).__name__} when asked for {len(slots)} "
                "actions; return a sequence with one for each observation"
            ) from error
        if len(answers) != len(slots):
            raise InvalidAction(
                f"the agent's act was asked for {len(slots)} actions and gave {len(answers)}; "
                "return one for each observation, in order"
            )
        for event, answer in zip(waiting, answers, strict=True):
            number = event.slot.number
            turn = self._turns[number]
            event.slot.act(self._translators[number].translate(answer, turn))
            turn.asked += 1

    def _brief(self, event: Event, observation: Mapping[str, Any]) -> Brief:
        slot, spec = event.slot, event.slot.spec
        assert spec is not None
        return Brief(
            instruction=observation.get("instruction", spec.instruction),
            embodiment=spec.embodiment,
            # A copy: the agent may do with it what it likes.
            action_space=copy.deepcopy(self._translators[slot.number].adapter.agent_space),
            max_episode_steps=spec.max_episode_steps,
            agent_seed=self._turns[slot.number].plan.agent_seed,
        )

    def _agent_failed(self, slots: Sequence[int], error: BaseException) -> AgentFailed:
        turns = [self._turns[number] for number in slots]
        where = ", ".join(f"{t.plan.task} #{t.plan.index} step {t.asked}" for t in turns[:3])
        return AgentFailed(
            f"the agent raised {type(error).__name__}: {error} (at {where})",
            "".join(traceback.format_exception(error)),
        )


class _Translator:
    """From what the agent says in one slot to what its environment is given."""

    def __init__(self, agent: Agent, spec: TaskSpec, env_space: Any) -> None:
        check_handshake(embodiment_of(agent), spec.embodiment, spec.id)
        self._spec = spec
        self.adapter: ActionAdapter = make_adapter(agent.dialect, env_space, spec.embodiment)
        self._check_agent = action_check(self.adapter.agent_space)
        # An identity adapter's space is the environment's own: one check is enough.
        self._check_env = None if self.adapter.agent_space is env_space else action_check(env_space)

    def translate(self, uttered: Any, turn: Turn) -> Any:
        """The checked action of the environment.

        Raises:
            InvalidAction: what was said, or what it came to, is outside its space.
        """
        try:
            action = self.adapter.decode(self._check_agent(uttered))
            return action if self._check_env is None else self._check_env(action)
        except (InvalidAction, DecodeError) as error:
            raise InvalidAction(
                f"the agent's action at {self._spec.id} episode {turn.plan.index} step "
                f"{turn.asked} is not valid: {error}"
            ) from error
