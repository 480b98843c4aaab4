"""Stage 2: PPO in several families at once, beside a supervised term that keeps what was learnt."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from ...core.errors import BadArgument
from ..lm.fault import check_finite, memory_guard
from ..lm.ledger import Ledger
from ..lm.many import average_gradients, dice_of, rank, share, world_size
from ..lm.ppo import advantages_of, clipped_losses
from ..lm.snapshot import (
    Snapshot,
    check_identity,
    is_snapshot,
    load_snapshot,
    restore_modules,
    restore_optimiser,
    save_snapshot,
)
from ..lm.stage import MakeWorlds, Stage, World
from .agent import Parts, identity_of, rebuild
from .cloning import Evaluate, Progress, Watch
from .config import GeaConfig
from .demonstration import DemoSet, Mixture
from .memory import Memory, Step
from .moment import Moment, judge
from .network import Critic
from .player import GeaAgent
from .sequence import write

CRITIC_BATCH = 64
"""Steps of one update of the critic alone; ours."""

LESS = "reinforcing.environments, reinforcing.at_once, reinforcing.ppo.rollout or image_tokens"


class GeaReinforcing:
    """One training in a folder of its own, from what another has learnt.

    Args:
        folder: what it holds of the same training is gone on with.
        config: of the agent; what makes it the agent it was is taken from where it begins.
        begin: the folder of a trained agent.
        make_worlds: makes the worlds that it practises in; several families if need be.
        sets: demonstrations of the supervised term; none for no such term.

    Raises:
        PlanMismatch: the folder holds another training.
        BadArgument: what a folder holds is damaged, or a world's body cannot practise.
        UnknownName: a world's body was not taught.
    """

    def __init__(
        self,
        folder: Path,
        config: GeaConfig,
        begin: Path,
        make_worlds: MakeWorlds,
        sets: Sequence[DemoSet] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, reinforcing = folder, config.reinforcing
        with memory_guard("GEA", LESS):
            first = load_snapshot(begin, "gea")
            self.config, self.parts = begun(begin, first, config)
        self.network, worlds = self.parts.network, make_worlds(
            reinforcing.environments, (*self.config.senses, "instruction")
        )  # fmt: skip
        self._check(worlds)
        self.stage = Stage(worlds, config.seed, rank())
        self.tasks = sorted({world.task.id for world in worlds})
        device = self.network.device
        self.which = torch.tensor(
            [self.tasks.index(post.world.task.id) for post in self.stage.posts], device=device
        )
        torch.manual_seed(config.seed)
        width = self.network.backbone.width
        self.critic = Critic(
            width, width, reinforcing.critic, len(self.tasks), reinforcing.scale_rate
        ).to(device)
        share(self.critic.parameters())
        self.mixture = None
        if sets and reinforcing.cloning_weight:
            self.mixture = Mixture(sets, self.config.history, self.config.senses)
        self.parameters = [
            one
            for one in (*self.network.parameters(), *self.critic.parameters())
            if one.requires_grad
        ]
        ppo = reinforcing.ppo
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=ppo.learning_rate, eps=ppo.epsilon, fused=True,
            weight_decay=ppo.weight_decay,
        )  # fmt: skip
        self.critic_optimiser = torch.optim.AdamW(
            self.critic.parameters(), lr=reinforcing.critic_rate, weight_decay=0.0
        )
        # From here to there, so that both can be moved together.
        way = os.path.relpath(begin.resolve(), folder.resolve())
        self.identity = self._identity({"folder": way, "sha256": first.digest})
        self.dice = dice_of(config.seed)
        self.update = self.steps = 0
        self._pasts: list[list[Step]] = [[] for _ in self.stage.posts]
        if is_snapshot(folder):
            self._resume()
        else:
            for post in self.stage.posts:
                post.begin()
        self._ledger = Ledger(folder, "step", self.steps)

    def _identity(self, begun: Mapping[str, str]) -> dict[str, Any]:
        """What makes this training the one it is."""
        found = {
            **identity_of(self.config, self.parts),
            "stage": "reinforcing",
            "begun": dict(begun),
            "tasks": self.tasks,
            "data": self.mixture.digest() if self.mixture else "",
            "processes": world_size(),
        }
        del found["config"]["reinforcing"]["steps"]  # It may go on for longer.
        return found

    def _check(self, worlds: Sequence[World]) -> None:
        """Refuses worlds whose bodies were not taught, or that practice could not move."""
        for world in worlds:
            body = world.task.embodiment
            self.parts.tongue.check(body)
            if not self.parts.tongue.is_listed(body.id):
                raise BadArgument(
                    f"{world.task.id}: '{body.id}' acts by free text or a head; what it says has "
                    "no probability that practice could move"
                )

    # -- the loop ------------------------------------------------------------------------------

    def run(self, evaluate: Evaluate | None = None, watch: Watch = lambda _: None) -> None:
        """Trains to the end.

        Raises:
            TrainingFailed: a loss is NaN or infinite; the last snapshot stays.
            OutOfMemory: a batch does not fit.
        """
        config, reinforcing = self.config, self.config.reinforcing
        while self.steps < reinforcing.steps:
            self.network.eval()  # Dropout would make the compared probabilities random.
            with memory_guard("GEA's practice", LESS):
                moments, kept = self._play()
            with memory_guard("an update of GEA", LESS):
                figures = self._learn(moments, kept)
            self.update += 1
            self.steps += reinforcing.ppo.rollout * reinforcing.environments * world_size()
            figures |= self._outcomes()
            self._ledger.write({"step": self.steps, **figures})
            watch(Progress(self.steps, figures))
            over = self.steps >= reinforcing.steps
            due = bool(config.evaluate_every) and self.update % config.evaluate_every == 0
            if over or due or self.update % config.save_every == 0:
                self.save()  # Before it is played: what was judged can be gone on with.
            if evaluate is not None and (over or due) and rank() == 0:
                found = evaluate(self.agent(), self.steps, config.evaluate_episodes)
                self._ledger.write({"step": self.steps, **found})

    def agent(self) -> GeaAgent:
        """The agent as it is now."""
        return GeaAgent(self.parts, self.config)

    # -- playing -------------------------------------------------------------------------------

    def _play(self) -> tuple[list[list[Moment]], dict[str, Tensor]]:
        """Some steps of every world: what was decided, `[T][N]`, and what came of it `[T, N]`.

        What the critic sees of each is beside it, `[T * N, D]`.
        """
        posts, forest = self.stage.posts, self.parts.tongue.forest
        assert forest is not None
        memory = Memory(self.network, self.parts.scribe, len(posts))
        slots = list(range(len(posts)))
        for slot, post in enumerate(posts):
            memory.begin(slot, post.world.task.embodiment, post.instruction)
            memory.fill(slot, self._pasts[slot])
        names = ("rewards", "ended", "values", "log_probs", "hidden", "glance")
        kept: dict[str, list[Tensor]] = {name: [] for name in names}
        decided: list[list[Moment]] = []
        for _ in range(self.config.reinforcing.ppo.rollout):
            before = [memory.steps(slot) for slot in slots]
            thought = memory.think(slots, [post.observation for post in posts])
            values = self._worth(thought.hidden, thought.glance)
            draws = torch.from_numpy(self.dice.random((len(posts), forest.longest)))
            said = memory.speak(slots, thought, draws)
            decided.append([
                Moment(
                    post.world.task.embodiment,
                    self.parts.scribe.prompt(post.world.task.embodiment, post.instruction),
                    (*before[slot], memory.said(slot)), thought.glance[slot],
                )
                for slot, post in enumerate(posts)
            ])  # fmt: skip
            rewards, ended = np.zeros(len(posts), np.float32), np.zeros(len(posts), bool)
            for slot, post in enumerate(posts):
                rewards[slot], finished = post.step(said.actions[slot])
                if finished is not None:
                    ended[slot] = True
                    self.stage.finished.append(finished)
                    post.begin()
                    memory.begin(slot, post.world.task.embodiment, post.instruction)
            for name, one in zip(
                names,
                (
                    torch.from_numpy(rewards), torch.from_numpy(ended), values,
                    said.log_probs.cpu(), thought.hidden, thought.glance,
                ),
                strict=True,
            ):  # fmt: skip
                kept[name].append(one)
        self._pasts = [memory.steps(slot) for slot in slots]
        thought = memory.think(slots, [post.observation for post in posts])
        found = {name: torch.stack(one) for name, one in kept.items()}
        found["last"] = self._worth(thought.hidden, thought.glance)
        for name in ("hidden", "glance"):
            found[name] = found[name].flatten(0, 1)
        return decided, found

    @torch.no_grad()
    def _worth(self, hidden: Tensor, glance: Tensor) -> Tensor:
        """Values in the worlds' own units, `[N]`."""
        scaled = self.critic(hidden, glance, self.which)
        return self.critic.last.restore(scaled, self.which).cpu()

    # -- learning ------------------------------------------------------------------------------

    def _learn(
        self, moments: Sequence[Sequence[Moment]], kept: Mapping[str, Tensor]
    ) -> dict[str, float]:
        """Several passes over what was played, each with a supervised term."""
        reinforcing, device = self.config.reinforcing, self.network.device
        ppo = reinforcing.ppo
        gains = advantages_of(
            kept["rewards"], kept["values"], kept["ended"], kept["last"], ppo.discount, ppo.trace
        )
        worlds = self.which.expand(len(moments), -1).reshape(-1)
        returns = (gains + kept["values"]).reshape(-1).to(device)
        # One scale for all worlds: else those with the largest rewards would be all that counts.
        self.critic.last.observe(returns, worlds)
        known = {
            "gains": gains.reshape(-1).to(device) / self.critic.last.deviation[worlds],
            "returns": self.critic.last.scale(returns, worlds),
            "values": self.critic.last.scale(kept["values"].reshape(-1).to(device), worlds),
            "log_probs": kept["log_probs"].reshape(-1).to(device),
            "worlds": worlds,
        }
        if ppo.normalise:
            # Task by task: what the critic misses of one as a whole is no reason to do more of it.
            for world in range(len(self.tasks)):
                own = worlds == world
                gains = known["gains"][own]
                known["gains"][own] = (gains - gains.mean()) / (gains.std(correction=0) + 1e-8)
        flat = [one for step in moments for one in step]
        missed = self._teach_critic(kept, known)
        told: list[dict[str, float]] = []
        for epoch in range(ppo.epochs):
            order = self.dice.permutation(len(flat))
            for number, part in enumerate(np.array_split(order, ppo.minibatches)):
                where = f"update {self.update + 1}, epoch {epoch + 1}, minibatch {number + 1}"
                self.optimiser.zero_grad(set_to_none=True)
                told.append(self._descend(flat, part, known, where))
                self.step()
        figures = {name: float(np.mean([one[name] for one in told])) for name in told[0]}
        return {**figures, "missed": missed}

    def _teach_critic(self, kept: Mapping[str, Tensor], known: Mapping[str, Tensor]) -> float:
        """Lets the critic alone learn what came; its squared error before, over all there was."""
        returns, worlds = known["returns"], known["worlds"]
        missed = (returns - known["values"]).square().mean() / returns.var().clamp(min=1e-8)
        own = list(self.critic.parameters())
        for _ in range(self.config.reinforcing.critic_passes):
            order = torch.from_numpy(self.dice.permutation(len(returns)))
            for part in torch.split(order, CRITIC_BATCH):
                self.critic_optimiser.zero_grad(set_to_none=True)
                values = self.critic(kept["hidden"][part], kept["glance"][part], worlds[part])
                (values - returns[part]).square().mean().backward()
                average_gradients(own)
                self.critic_optimiser.step()
        return float(missed)

    def _descend(
        self, flat: Sequence[Moment], part: Any, known: Mapping[str, Tensor], where: str
    ) -> dict[str, float]:
        """Adds up the gradients of one minibatch; its losses."""
        reinforcing, sums = self.config.reinforcing, dict[str, float]()
        for first in range(0, len(part), reinforcing.at_once):
            chosen = part[first : first + reinforcing.at_once]
            own = {name: one[torch.from_numpy(chosen)] for name, one in known.items()}
            judged = judge(
                self.network, self.parts.scribe, self.critic, [flat[n] for n in chosen],
                own["worlds"],
            )  # fmt: skip
            losses = clipped_losses(
                reinforcing.ppo, judged.log_probs, judged.entropies, judged.values,
                own["log_probs"], own["values"], own["gains"], own["returns"],
            )  # fmt: skip
            check_finite(losses.total, where, self.folder)
            share = len(chosen) / len(part)
            (share * losses.total).backward()  # type: ignore[no-untyped-call]
            for name, one in losses._asdict().items():
                sums[name] = sums.get(name, 0.0) + share * float(one.detach())
        if self.mixture is not None:
            sums["cloning"] = self.supervise(where)
        return sums

    def supervise(self, where: str) -> float:
        """Adds the gradients of the supervised term of one minibatch; its loss.

        Args:
            where: for the message, should the loss be none.
        """
        assert self.mixture is not None
        reinforcing = self.config.reinforcing
        spans = self.mixture.draw(reinforcing.cloning_batch, self.dice)
        loss = self.network.cloning_loss(write(self.parts.scribe, spans))
        check_finite(loss, f"{where}, its supervised term", self.folder)
        (reinforcing.cloning_weight * loss).backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def step(self) -> None:
        """Moves along the gradients that have been added up."""
        average_gradients(self.parameters)
        torch.nn.utils.clip_grad_norm_(self.parameters, self.config.reinforcing.ppo.gradient_norm)
        self.optimiser.step()

    def _outcomes(self) -> dict[str, float]:
        """Of the episodes that have ended since the last update, task by task."""
        ended, self.stage.finished = self.stage.finished, []
        found: dict[str, float] = {}
        for task in self.tasks:
            own = [one for one in ended if one.task == task]
            if own:
                found[f"success {task}"] = float(np.mean([one.success for one in own]))
                found[f"return {task}"] = float(np.mean([one.total_reward for one in own]))
        return found

    # -- the disk ------------------------------------------------------------------------------

    def save(self) -> None:
        """Writes all there is, so that it can be gone on with to the same bit."""
        if rank() > 0:
            return
        said = [[step.said for step in past] for past in self._pasts]
        looked = {
            f"looked/{slot}/{place}": step.looked
            for slot, past in enumerate(self._pasts)
            for place, step in enumerate(past)
            if step.looked is not None
        }
        save_snapshot(
            self.folder, self.identity, self.update,
            {"network": self.network.trained(), "critic": self.critic.state_dict()},
            {"network": self.optimiser, "critic": self.critic_optimiser}, {"draws": self.dice},
            {"steps": self.steps, "worlds": self.stage.standing(), "said": said}, looked,
        )  # fmt: skip

    def _resume(self) -> None:
        found = load_snapshot(self.folder, "gea")
        check_identity(found.identity, self.identity, self.folder)
        restore_modules(self.network, found.under("modules/network"), self.folder)
        restore_modules(self.critic, found.under("modules/critic"), self.folder)
        restore_optimiser(self.optimiser, found, "network")
        restore_optimiser(self.critic_optimiser, found, "critic")
        self.dice = dice_of(self.config.seed, found.dice["draws"], found.step)
        self.update, self.steps = found.step, int(found.rest["steps"])
        looked = found.under("extra/looked")
        for slot, (post, one) in enumerate(
            zip(self.stage.posts, found.rest["worlds"], strict=True)
        ):
            seen = post.take_up(one)
            said = found.rest["said"][slot] if seen else []
            self._pasts[slot] = [
                Step(
                    self.parts.scribe.kept(post.world.task.embodiment, shown),
                    None
                    if f"{slot}/{place}" not in looked
                    else looked[f"{slot}/{place}"].to(self.network.device),
                    words,
                    None,
                )
                for place, (shown, words) in enumerate(
                    zip(seen[len(seen) - len(said) :], said, strict=True)
                )
            ]
        torch.set_rng_state(found.arrays["random/torch"])


def begun(folder: Path, first: Snapshot, config: GeaConfig) -> tuple[GeaConfig, Parts]:
    """An agent as it was taught, with what is to change of it from now on.

    Args:
        folder: of the taught agent.
        first: its snapshot.
        config: what is to be trained, and how; all else stays as it was taught.
    """
    _, parts = rebuild(first.identity, folder, {"device": config.loading.device})
    restore_modules(parts.network, first.under("modules/network"), folder)
    taught = msgspec.convert(first.identity["config"], GeaConfig)
    loading = msgspec.structs.replace(
        taught.loading, train=config.loading.train, lora=config.loading.lora,
        device=config.loading.device,
    )  # fmt: skip
    parts.network.requires_grad_(False)
    parts.network.backbone.retrain(loading.train, loading.lora)
    if loading.train == "all":
        # States have no tower that another training gave them: what reads them is the decoder's.
        parts.network.states.requires_grad_(True)
    parts.network.to(parts.network.device)
    merged = msgspec.structs.replace(
        taught, loading=loading, reinforcing=config.reinforcing, seed=config.seed,
        save_every=config.save_every, evaluate_every=config.evaluate_every,
        evaluate_episodes=config.evaluate_episodes, greedy=config.greedy,
    )  # fmt: skip
    return merged, parts


def load_reinforced(
    folder: Path, found: Snapshot, changes: Mapping[str, Any] | None = None
) -> tuple[GeaConfig, Parts]:
    """An agent that has practised: what it was taught, and what practice has changed.

    Raises:
        BadArgument: where it began is gone, or is another by now.
    """
    begin = Path(os.path.normpath(folder.resolve() / found.identity["begun"]["folder"]))
    first = load_snapshot(begin, "gea")
    if first.digest != found.identity["begun"]["sha256"]:
        raise BadArgument(
            f"{folder} began from what {begin} held then; that has been trained on since: restore "
            "it from a copy"
        )
    plain = dict(found.identity["config"])
    plain["loading"] = {**plain["loading"], **(changes or {})}
    return begun(begin, first, msgspec.convert(plain, GeaConfig))
