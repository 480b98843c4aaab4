"""Stage 1: supervised learning of all bodies at once, a mixed batch in one pass."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ...adapters.tokenizer import MultiEmbodimentTokenizer
from ...core.errors import BadArgument
from ..lm.fault import check_finite, memory_guard
from ..lm.ledger import Ledger
from ..lm.many import (
    average_gradients,
    dice_of,
    first_one_first,
    rank,
    share,
    world_size,
)
from ..lm.snapshot import (
    check_identity,
    is_snapshot,
    load_snapshot,
    restore_modules,
    restore_optimiser,
    save_snapshot,
)
from .agent import assemble, identity_of, rebuild, sizes_of
from .config import GeaConfig
from .demonstration import DemoSet, Mixture
from .network import StateRows
from .player import GeaAgent
from .sequence import write
from .tongue import FOLDER, fit_tokenizer

LESS = (
    "cloning.batch_size, image_tokens or history, raise cloning.accumulate, or set "
    "loading.checkpointing=true"
)


class Progress(NamedTuple):
    """Where a training stands.

    Attributes:
        step: updates done, or steps of the environments.
        figures: means since the report before.
    """

    step: int
    figures: Mapping[str, float]


Watch = Callable[[Progress], None]
Evaluate = Callable[[GeaAgent, int, int], Mapping[str, float]]
"""Plays an agent after so many steps, so many episodes of each task; what came of it by name."""


class GeaCloning:
    """One training in a folder of its own.

    Args:
        folder: what it holds of the same training is gone on with.
        config: of the agent.
        sets: what is learnt from.

    Raises:
        PlanMismatch: the folder holds another training.
        BadArgument: the data or what the folder holds are unsound.
    """

    def __init__(self, folder: Path, config: GeaConfig, sets: Sequence[DemoSet]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config = folder, config
        self.mixture = Mixture(sets, config.history, config.senses)
        self.dice = dice_of(config.seed)
        self.update = 0
        torch.manual_seed(config.seed)
        with first_one_first():
            resumed = load_snapshot(folder, "gea") if is_snapshot(folder) else None
            if resumed is None:
                self._begin()
            else:
                loading = config.loading
                _, self.parts = rebuild(
                    resumed.identity, folder,
                    {"device": loading.device, "checkpointing": loading.checkpointing},
                )  # fmt: skip
        self.network = self.parts.network
        share(self.network.trained().values())
        self.identity = {
            **identity_of(config, self.parts), "stage": "cloning", "data": self.mixture.digest(),
            "processes": world_size(),
        }  # fmt: skip
        del self.identity["config"]["reinforcing"]  # How it may practise later is no part of it.
        cloning = config.cloning
        self.parameters = [one for one in self.network.parameters() if one.requires_grad]
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=cloning.learning_rate, weight_decay=cloning.weight_decay,
            betas=(0.9, 0.95), fused=True,
        )  # fmt: skip
        if resumed is not None:
            check_identity(resumed.identity, self.identity, folder)
            restore_modules(self.network, resumed.under("modules/network"), folder)
            restore_optimiser(self.optimiser, resumed, "network")
            self.dice = dice_of(config.seed, resumed.dice["spans"], resumed.step)
            torch.set_rng_state(resumed.arrays["random/torch"])
            self.update = resumed.step
        self._ledger = Ledger(folder, "step", self.update)

    def _begin(self) -> None:
        """What is made once, from the data: the tokenizer, the model, the scale of states."""
        fitted = self.folder / FOLDER
        if rank() > 0 and fitted.is_dir():
            tokenizer: MultiEmbodimentTokenizer | None = MultiEmbodimentTokenizer.load(fitted)
        else:
            tokenizer = fit_tokenizer(self.mixture.streams(), self.config)
        states = states_of(self.mixture) if "state" in self.config.senses else {}
        with memory_guard("GEA", LESS):
            self.parts = assemble(
                self.config, self.mixture.bodies, sizes_of(states), self.mixture.fields(),
                tokenizer, self.folder,
                self.mixture.texts(),
            )  # fmt: skip
        for name, rows in states.items():
            part = self.parts.network.states[name]
            assert isinstance(part, StateRows)
            part.fit(rows)
        if rank() == 0:
            self.parts.tongue.save(self.folder)

    def run(self, evaluate: Evaluate | None = None, watch: Watch = lambda _: None) -> None:
        """Trains to the end.

        Raises:
            TrainingFailed: a loss is NaN or infinite; the last snapshot stays.
            OutOfMemory: a batch does not fit.
        """
        config, told, begun = self.config, list[float](), time.monotonic()
        while self.update < config.cloning.updates:
            told.append(self._step())
            self.update += 1
            over = self.update == config.cloning.updates
            if over or self.update % config.log_every == 0:
                pace = len(told) * config.cloning.batch_size / (time.monotonic() - begun)
                figures = {"loss": float(np.mean(told)), "spans_a_second": pace}
                self._ledger.write({"step": self.update, "loss": figures["loss"]})
                watch(Progress(self.update, figures))
                told, begun = [], time.monotonic()
            due = bool(config.evaluate_every) and self.update % config.evaluate_every == 0
            if over or due or self.update % config.save_every == 0:
                self.save()  # Before it is played: what was judged can be gone on with.
            if evaluate is not None and (over or due) and rank() == 0:
                found = evaluate(self.agent(), self.update, config.evaluate_episodes)
                self._ledger.write({"step": self.update, **found})
                begun = time.monotonic()

    def _step(self) -> float:
        """One update; its loss."""
        cloning = self.config.cloning
        rate = cloning.learning_rate * schedule(self.update, cloning.updates, cloning.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        with memory_guard("an update of GEA", LESS):
            for _ in range(cloning.accumulate):
                spans = self.mixture.draw(cloning.batch_size // cloning.accumulate, self.dice)
                batch = write(self.parts.scribe, spans)
                loss = self.network.cloning_loss(batch)
                where = f"update {self.update + 1} ({', '.join(dict.fromkeys(batch.where))!s:.160})"
                check_finite(loss, where, self.folder)
                (loss / cloning.accumulate).backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach()) / cloning.accumulate
            average_gradients(self.parameters)
            torch.nn.utils.clip_grad_norm_(self.parameters, cloning.gradient_norm)
            self.optimiser.step()
        return total

    def agent(self) -> GeaAgent:
        """The agent as it is now."""
        return GeaAgent(self.parts, self.config)

    def save(self) -> None:
        """Writes all there is."""
        if rank() == 0:
            save_snapshot(
                self.folder, self.identity, self.update, {"network": self.network.trained()},
                {"network": self.optimiser}, {"spans": self.dice},
            )  # fmt: skip


def schedule(step: int, steps: int, warm_up: float) -> float:
    """The share of the learning rate at a step: up in a line, down along a cosine."""
    rising = max(1, round(warm_up * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def states_of(mixture: Mixture, most: int = 20_000) -> dict[str, NDArray[np.float32]]:
    """States `[N, F]` of every body that shows them, from which their scale is taken.

    Args:
        mixture: of all sets.
        most: of each body; where there are more, evenly of all its episodes.

    Raises:
        BadArgument: those of one body have several sizes.
    """
    found: dict[str, list[NDArray[np.float32]]] = {}
    for one in mixture.sets:
        for number, each in enumerate(one.episodes):
            if "state" not in each.observations:
                continue
            rows = np.asarray(each.observations["state"], np.float32)
            rows = rows.reshape(len(rows), -1)
            known = found.setdefault(one.body.id, [])
            if known and known[0].shape[1] != rows.shape[1]:
                raise BadArgument(
                    f"{one.name} episode {number} has states of {rows.shape[1]} numbers; others of "
                    f"'{one.body.id}' have {known[0].shape[1]}: leave one of the data sets out"
                )
            known.append(rows)
    whole = {name: np.concatenate(rows) for name, rows in found.items()}
    return {name: rows[:: -(-len(rows) // most)] for name, rows in whole.items()}


def clone(
    folder: Path,
    config: GeaConfig,
    sets: Sequence[DemoSet],
    evaluate: Evaluate | None = None,
    watch: Watch = lambda _: None,
) -> GeaAgent:
    """Stage 1 from where the folder stands to its end; the agent as it then is."""
    training = GeaCloning(folder, config, sets)
    training.run(evaluate, watch)
    return training.agent()
