"""PPO over a few worlds at once: play a while, learn from it, save, play on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...core.errors import BadArgument
from ..lm.fault import check_finite, memory_guard
from ..lm.ledger import Ledger
from ..lm.many import average_gradients, dice_of, first_one_first, rank, share, world_size
from ..lm.ppo import advantages_of, clipped_losses
from ..lm.snapshot import (
    check_identity,
    is_snapshot,
    load_snapshot,
    restore_modules,
    restore_optimiser,
    save_snapshot,
)
from ..lm.stage import MakeWorlds, Stage, check_bodies
from .agent import Parts, assemble, identity_of
from .config import LlarpConfig
from .memory import Memory
from .network import Strand
from .player import LlarpAgent

LESS = "environments, ppo.rollout or loading.dtype (bfloat16), or raise ppo.minibatches"


class Progress(NamedTuple):
    """What an update came to.

    Attributes:
        update: which, from 1.
        steps: of the environments until then, over all processes.
        figures: losses, and of the episodes that ended meanwhile success and return.
    """

    update: int
    steps: int
    figures: Mapping[str, float]


Watch = Callable[[Progress], None]
Evaluate = Callable[[LlarpAgent, int, int], Mapping[str, float]]
"""Plays an agent after so many steps, so many episodes; what came of it by name."""


class _Part:
    """The part of one world's episode that is learnt from."""

    def __init__(self, instruction: str) -> None:
        self.instruction = instruction
        self.seen: list[Tensor] = []
        self.tokens: list[Tensor] = []
        self.actions: list[int] = []
        self.fresh = 0

    def strand(self) -> Strand:
        """As the network takes it."""
        if not self.seen:
            return Strand(self.instruction, torch.zeros(0, 0), torch.zeros(0, 0).long())
        return Strand(self.instruction, torch.stack(self.seen), torch.stack(self.tokens))


class LlarpTraining:
    """One training in a folder of its own.

    Args:
        folder: what it holds of the same training is gone on with.
        config: of the agent.
        make_worlds: makes the worlds that it practises in.

    Raises:
        PlanMismatch: the folder holds another training.
        BadArgument: what it holds is damaged, or the worlds have several bodies.
    """

    def __init__(self, folder: Path, config: LlarpConfig, make_worlds: MakeWorlds) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config = folder, config
        worlds = make_worlds(config.environments, (config.senses, "instruction"))
        check_bodies(worlds)
        for world in worlds:
            if world.task.max_episode_steps > config.context:
                raise BadArgument(
                    f"episodes of {world.task.id} have up to {world.task.max_episode_steps} steps, "
                    f"more than the context of {config.context}: set context"
                )
        self.stage = Stage(worlds, config.seed, rank())
        texts = [world.task.instruction for world in worlds]
        for post in self.stage.posts:
            post.begin()
            texts.append(post.instruction)
        with first_one_first(), memory_guard("LLaRP", LESS):
            torch.manual_seed(config.seed)
            self.parts: Parts = assemble(
                config, worlds[0].task.embodiment, self.stage.posts[0].observation, folder, texts
            )
        self.network = self.parts.network
        share(one for one in self.network.parameters() if one.requires_grad)
        self.network.eval()  # Dropout would make the probabilities that are compared random.
        self.optimiser = self.network.optimiser()
        self.identity = {
            **identity_of(config, self.parts),
            "tasks": sorted({world.task.id for world in worlds}),
            "processes": world_size(),
        }
        self.dice = dice_of(config.seed)
        self.update = self.steps = 0
        self._open = [_Part(post.instruction) for post in self.stage.posts]
        if is_snapshot(folder):
            self._resume()
        self._ledger = Ledger(folder, "update", self.update)

    # -- the loop ------------------------------------------------------------------------------

    def run(self, evaluate: Evaluate | None = None, watch: Watch = lambda _: None) -> None:
        """Trains to the end.

        Args:
            evaluate: plays the agent now and then, and at the end.
            watch: is told of every update.

        Raises:
            TrainingFailed: a loss is NaN or infinite; the last snapshot stays.
            OutOfMemory: a batch does not fit.
        """
        config = self.config
        while self.steps < config.steps:
            with memory_guard("LLaRP's play", LESS):
                rollout = self._play()
            with memory_guard("an update of LLaRP", LESS):
                figures = self._learn(*rollout)
            self.update += 1
            self.steps += config.ppo.rollout * config.environments * world_size()
            figures |= self._outcomes()
            self._ledger.write({"update": self.update, "steps": self.steps, **figures})
            watch(Progress(self.update, self.steps, figures))
            over = self.steps >= config.steps
            due = bool(config.evaluate_every) and self.update % config.evaluate_every == 0
            if over or due or self.update % config.save_every == 0:
                self.save()  # Before it is played: what was judged can be gone on with.
            if evaluate is not None and (over or due) and rank() == 0:
                found = evaluate(self.agent(), self.steps, config.evaluate_episodes)
                self._ledger.write({"update": self.update, "steps": self.steps, **found})

    def agent(self) -> LlarpAgent:
        """The agent as it is now."""
        return LlarpAgent(self.parts, self.config)

    # -- playing -------------------------------------------------------------------------------

    def _play(self) -> tuple[list[tuple[int, _Part, int]], dict[str, Tensor]]:
        """Some steps of every world.

        Returns:
            The parts that were played: whose, and how many of the last steps are new; and rewards,
            ends, values and probabilities, `[T, N]`.
        """
        ppo, posts = self.config.ppo, self.stage.posts
        memory, slots = Memory(self.network, len(posts)), list(range(len(posts)))
        # The weights have changed since: what they make of the past has to be made anew.
        memory.begin(slots, [part.strand() for part in self._open])
        for part in self._open:
            part.fresh = 0
        names = ("rewards", "ended", "values", "log_probs")
        kept: dict[str, list[Tensor]] = {name: [] for name in names}
        done: list[tuple[int, _Part, int]] = []
        for _ in range(ppo.rollout):
            seen = self.parts.sight.look([post.observation for post in posts])
            draws = torch.from_numpy(self.dice.random((len(posts), self.parts.choices)))
            decided = memory.decide(slots, seen, draws)
            rewards, ended = np.zeros(len(posts), np.float32), np.zeros(len(posts), bool)
            for slot, post in enumerate(posts):
                part = self._open[slot]
                part.seen.append(seen[slot])
                part.tokens.append(decided.tokens[slot])
                part.actions.append(int(decided.actions[slot]))
                part.fresh += 1
                rewards[slot], finished = post.step(part.actions[-1])
                if finished is not None:
                    ended[slot] = True
                    self.stage.finished.append(finished)
                    done.append((slot, part, part.fresh))
                    post.begin()
                    self._open[slot] = _Part(post.instruction)
            if ended.any():
                again = np.flatnonzero(ended).tolist()
                memory.begin(again, [self._open[slot].strand() for slot in again])
            made = (torch.from_numpy(rewards), torch.from_numpy(ended))
            told = (decided.values.cpu(), decided.log_probs.cpu())
            for name, one in zip(names, (*made, *told), strict=True):
                kept[name].append(one)
        done += [(slot, part, part.fresh) for slot, part in enumerate(self._open) if part.fresh]
        found = {name: torch.stack(one) for name, one in kept.items()}
        seen = self.parts.sight.look([post.observation for post in posts])
        found["last"] = memory.decide(slots, seen, None).values.cpu()
        return done, found

    # -- learning ------------------------------------------------------------------------------

    def _learn(
        self, played: list[tuple[int, _Part, int]], kept: Mapping[str, Tensor]
    ) -> dict[str, float]:
        """Several passes over what was played."""
        ppo, device = self.config.ppo, self.network.device
        rewards = kept["rewards"] * self.config.reward_scale
        ended, values = kept["ended"], kept["values"]
        gains = advantages_of(rewards, values, ended, kept["last"], ppo.discount, ppo.trace)
        returns = gains + values
        if ppo.normalise:
            gains = (gains - gains.mean()) / (gains.std() + 1e-8)
        found: list[dict[str, Tensor]] = []
        parameters = [one for one in self.network.parameters() if one.requires_grad]
        for epoch in range(ppo.epochs):
            order = self.dice.permutation(self.config.environments)
            for number, group in enumerate(np.array_split(order, ppo.minibatches)):
                chosen = [one for slot in group for one in played if one[0] == slot]
                strands = [part.strand() for _, part, _ in chosen]
                actions = [torch.tensor(part.actions[-fresh:]) for _, part, fresh in chosen]
                judged = self.network.judge(strands, [one.to(device) for one in actions])
                # Of each world the parts come in the order in which they were played.
                pick = torch.from_numpy(np.asarray(group))
                old = {
                    name: one[:, pick].T.reshape(-1).to(device)
                    for name, one in (
                        ("log_probs", kept["log_probs"]), ("values", values),
                        ("gains", gains), ("returns", returns),
                    )
                }  # fmt: skip
                losses = clipped_losses(
                    ppo, judged.log_probs, judged.entropies, judged.values,
                    old["log_probs"], old["values"], old["gains"], old["returns"],
                )  # fmt: skip
                where = f"update {self.update + 1}, epoch {epoch + 1}, minibatch {number + 1}"
                check_finite(losses.total, where, self.folder)
                self.optimiser.zero_grad(set_to_none=True)
                losses.total.backward()  # type: ignore[no-untyped-call]
                average_gradients(parameters)
                torch.nn.utils.clip_grad_norm_(parameters, ppo.gradient_norm)
                self.optimiser.step()
                found.append({name: one.detach() for name, one in losses._asdict().items()})
        return {name: float(torch.stack([one[name] for one in found]).mean()) for name in found[0]}

    def _outcomes(self) -> dict[str, float]:
        """Of the episodes that have ended since the last update."""
        ended, self.stage.finished = self.stage.finished, []
        if not ended:
            return {}
        return {
            "success": float(np.mean([one.success for one in ended])),
            "return": float(np.mean([one.total_reward for one in ended])),
            "episodes": float(len(ended)),
        }

    # -- the disk ------------------------------------------------------------------------------

    def save(self) -> None:
        """Writes all there is, so that it can be gone on with to the same bit."""
        if rank() > 0:
            return
        save_snapshot(
            self.folder, self.identity, self.update,
            {"network": self.network.trained()}, {"network": self.optimiser},
            {"draws": self.dice}, {"steps": self.steps, "worlds": self.stage.standing()},
        )  # fmt: skip

    def _resume(self) -> None:
        found = load_snapshot(self.folder, "llarp")
        check_identity(found.identity, self.identity, self.folder)
        restore_modules(self.network, found.under("modules/network"), self.folder)
        restore_optimiser(self.optimiser, found, "network")
        self.dice = dice_of(self.config.seed, found.dice["draws"], found.step)
        self.update, self.steps = found.step, int(found.rest["steps"])
        standing = found.rest["worlds"]
        if len(standing) != len(self.stage.posts):
            raise BadArgument(f"{self.folder} was trained in {len(standing)} worlds")
        for slot, (post, one) in enumerate(zip(self.stage.posts, standing, strict=True)):
            seen = post.take_up(one)
            part = self._open[slot] = _Part(post.instruction)
            part.actions = list(post.actions)
            if seen:
                part.seen = list(self.parts.sight.look(seen))
                part.tokens = list(self.parts.tokens_of(part.actions))
        torch.set_rng_state(found.arrays["random/torch"])


def train(
    folder: Path,
    config: LlarpConfig,
    make_worlds: MakeWorlds,
    evaluate: Evaluate | None = None,
    watch: Watch = lambda _: None,
) -> LlarpAgent:
    """Trains, or goes on with, an agent in a folder; returns it as it is at the end."""
    training = LlarpTraining(folder, config, make_worlds)
    try:
        training.run(evaluate, watch)
        return training.agent()
    finally:
        training.stage.close()
