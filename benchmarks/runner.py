"""THE loop: whichever slots wait are asked of the agent in one batch; nobody waits for others."""

from __future__ import annotations

import collections
import copy
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..core.episode import TIMES, EpisodePlan, EpisodeResult, Fault, Outcome
from ..core.errors import AgentFailed, InvalidAction, PolyathlonError, WorkerFault
from ..core.journal import Entry
from ..core.protocols import Agent, DecodePolicy, Spending
from ..core.specs import REWARD, Brief, TaskSpec
from .translation import Translator, Turn, translate_all
from .tuning import Tuner
from .workers.message import Finished, Play, Ready, Recording
from .workers.pool import Pool
from .workers.slot import Event, Slot, State


class Deck:
    """Deals episodes from a fixed plan: to a slot first those of the task it has standing."""

    def __init__(self, plans: Iterable[EpisodePlan]) -> None:
        self._left: dict[str, collections.deque[EpisodePlan]] = {}
        for plan in plans:
            self.append(plan)

    def append(self, plan: EpisodePlan) -> None:
        """Adds an episode behind the others of its task."""
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

    @property
    def count(self) -> int:
        """Episodes that are left."""
        return sum(map(len, self._left.values()))

    def put_back(self, plan: EpisodePlan) -> None:
        """Returns an episode whose attempt did not count."""
        self._left.setdefault(plan.task, collections.deque()).appendleft(plan)

    def take_all(self, task: str) -> list[EpisodePlan]:
        """Removes and returns what is left of a task."""
        return list(self._left.pop(task, ()))


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
        on_invalid: what is done with an utterance that means no action.
        record: path without suffix for an episode's own log, or empty for none.
        rewards: show the agent, as ``reward``, what its last action brought.
        recording: how an episode is played for a data set, or None to play for a score.
        faults: of attempts at an episode before it came here.
        tuner: says how many of the slots play; None for all of them.
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
        on_invalid: DecodePolicy = "fail",
        record: Callable[[EpisodePlan], str] = lambda _: "",
        rewards: bool = False,
        recording: Callable[[EpisodePlan], Recording | None] = lambda _: None,
        faults: Callable[[EpisodePlan], Sequence[Fault]] = lambda _: (),
        tuner: Tuner | None = None,
    ) -> None:
        self._pool, self._agent = pool, agent
        self._specs, self._task_kwargs = specs, task_kwargs
        self._max_attempts = max_attempts
        self._finished, self._prepared = finished, prepared
        self._noted, self._media, self._record = noted, media, record
        self._on_invalid, self._rewards, self._recording = on_invalid, rewards, recording
        self._earlier, self._tuner = faults, tuner
        self._faults: dict[tuple[str, int], list[Fault]] = {}
        self._failed_setups: collections.Counter[str] = collections.Counter()
        self._turns: dict[int, Turn] = {}
        self._translators: dict[int, Translator] = {}

    def run(self, plans: Iterable[EpisodePlan] | Deck) -> None:
        """Plays them all; of a deck, also those that are added while it is played.

        Raises:
            AgentFailed: the agent's code raised.
            InvalidAction: the agent's output is not in its action space.
            EmbodimentMismatch: agent and task disagree on what actions mean.
            PolyathlonError: a task cannot be made, e.g. its extra is missing.
        """
        self._deck = plans if isinstance(plans, Deck) else Deck(plans)
        for slot in self._pool.slots:
            self._assign(slot)
        while self._turns:
            if self._tuner is not None and self._tuner.look(self._pool.slots):
                for slot in self._pool.slots:
                    if slot.number not in self._turns:
                        self._assign(slot)
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
        if self._tuner is not None and slot.number >= self._tuner.active:
            self._turns.pop(slot.number, None)
            slot.end()
            return
        elsewhere = [
            turn.plan.task for number, turn in self._turns.items() if number != slot.number
        ]
        standing = slot.spec.id if slot.spec else None
        plan = self._deck.deal(standing, elsewhere)
        if plan is None:
            self._turns.pop(slot.number, None)
            return
        self._turns[slot.number] = Turn(plan)
        if plan.key not in self._faults and (earlier := self._earlier(plan)):
            self._faults[plan.key] = list(earlier)
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
        slot.play(
            Play(
                plan=plan, oracle=oracle, media=media, record=record,
                recording=self._recording(plan),
            )
        )  # fmt: skip

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
                self._translators[slot.number] = Translator(
                    self._agent, spec, slot.action_space, self._on_invalid
                )
            self._begin(slot)
            return
        # A device is known only once something has been drawn.
        self._prepared(spec, what.render_info)
        for note in what.notes:
            self._noted(f"{spec.family}: {note}")
        self._finish(what, spec, self._turns[slot.number], self._spent(slot))
        self._assign(slot)

    def _spent(self, slot: Slot) -> Mapping[str, float]:
        """What the agent used up in the episode that has just ended in a slot."""
        agent: object = self._agent
        if not isinstance(agent, Spending):
            return {}
        told: Mapping[str, Any] = self._call([slot.number], lambda: agent.spent(slot.number))
        return {str(name): float(value) for name, value in told.items()}

    def _finish(
        self, done: Finished, spec: TaskSpec, turn: Turn, spent: Mapping[str, float]
    ) -> None:
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
            times=self._times(done, turn),
            attempts=len(faults) + 1,
            faults=tuple(faults),
            invalid_utterances=turn.invalid,
            spent=spent,
        )
        self._finished(Entry(result, done.packed_actions, done.action_digest))

    def _times(self, done: Finished, turn: Turn) -> dict[str, float]:
        """Where the time of an episode went, by ``TIMES`` [s]."""
        policy = done.deciding if self._agent is None else min(turn.thinking, done.deciding)
        spent = (policy, done.stepping, done.drawing)
        waiting = max(0.0, done.wall_time - sum(spent))
        # Tenths of a millisecond: shares are told with these, and journals stay short.
        return {
            name: round(seconds, 4) for name, seconds in zip(TIMES, (*spent, waiting), strict=True)
        }

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
        turns = [self._turns[number] for number in slots]
        observations: list[Any] = [event.what for event in waiting]
        if self._rewards:
            for event, turn, seen in zip(waiting, turns, observations, strict=True):
                seen[REWARD] = event.slot.channel.read_reward() if turn.asked else 0.0
        begun = time.perf_counter()
        beginning = [place for place, turn in enumerate(turns) if not turn.asked]
        if beginning:
            briefs = [self._brief(waiting[place], observations[place]) for place in beginning]
            who = [slots[place] for place in beginning]
            self._call(who, lambda: agent.reset(who, briefs))

        def ask(places: Sequence[int]) -> Sequence[Any]:
            asked = [slots[place] for place in places]
            seen = [observations[place] for place in places]
            return self._answers(asked, self._call(asked, lambda: agent.act(seen, asked)))

        actions = translate_all(
            self._on_invalid,
            ask(range(len(slots))),
            [self._translators[number] for number in slots],
            turns,
            ask,
        )
        took = time.perf_counter() - begun
        for event, turn, action in zip(waiting, turns, actions, strict=True):
            turn.thinking += took
            if isinstance(action, WorkerFault):
                self._fail(event.slot, action)
            else:
                event.slot.act(action)

    def _call(self, slots: Sequence[int], agents: Callable[[], Any]) -> Any:
        """Runs the agent's own code; what it raises is named as the agent's."""
        try:
            return agents()
        except PolyathlonError:
            raise
        except (Exception, SystemExit) as error:
            raise self._agent_failed(slots, error) from error

    def _answers(self, slots: Sequence[int], said: Any) -> list[Any]:
        try:
            answers = list(said)
        except TypeError as error:
            raise InvalidAction(
                f"the agent's act returned {type(said).__name__} when asked for {len(slots)} "
                "actions; return a sequence with one for each observation"
            ) from error
        if len(answers) != len(slots):
            raise InvalidAction(
                f"the agent's act was asked for {len(slots)} actions and gave {len(answers)}; "
                "return one for each observation, in order"
            )
        return answers

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
