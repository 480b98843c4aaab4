"""One online training: Stable-Baselines3 learns, the chronicle writes down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.utils import set_random_seed
from stable_baselines3.common.vec_env import VecNormalize

from ...core.errors import BadArgument
from ...core.specs import derive_seed
from ...core.worlds import Worlds
from ..checkpoint import (
    CLIP,
    EPSILON,
    POLICY,
    SCALE,
    Identity,
    Scale,
    demand_same,
    load_checkpoint,
    save_checkpoint,
)
from ..chronicle import Chronicle
from ..offline.learner import configured
from ..storage import FILE_NAME, below, optimiser_arrays, restore_optimiser
from .player import OnlineAgent
from .policy import policy_arguments
from .setting import CONFIGS, PPOConfig, SACConfig
from .worlds import ShownWorlds

OPTIMISERS, MEMORY = "optimisers", "memory"
"""Where the optimisers' state, and what SAC remembers, lie among the arrays."""

NO_NUMBERS = "the networks hold what is no number"

CHECKED_EVERY = 1_000
"""Steps after which the networks are looked through; their losses are at every update."""

TOLD = {"approx_kl": "kl", "entropy_loss": "entropy", "policy_gradient_loss": "policy",
        "value_loss": "value", "actor_loss": "policy", "critic_loss": "critic",
        "ent_coef": "temperature"}  # fmt: skip
"""Figures of Stable-Baselines3 that are logged, and what they are called here."""

SIGNS = {"entropy_loss": -1}
"""It logs the loss, which is the entropy's negative."""


class OnlineTraining:
    """One training in a folder of its own.

    After a kill it goes on from its checkpoint with all that was learnt; the episodes that were
    being played begin anew, so that the last bits are others.

    Args:
        folder: must exist; what it holds of the same training is gone on with.
        identity: learner, hyper-parameters, body, senses, backend and seed.
        make_worlds: worlds to play in, from a seed.
        device: where the networks learn.

    Raises:
        PlanMismatch: the folder holds another training.
        BadArgument: its checkpoint is damaged, or the learner does not fit the body.
    """

    def __init__(
        self,
        folder: Path,
        identity: Identity,
        make_worlds: Callable[[int], Worlds],
        device: str = "cpu",
    ) -> None:
        self._folder, self._identity, self._device = folder, identity, device
        self._config = configured(CONFIGS[identity.agent], identity.config)
        found = load_checkpoint(folder, CONFIGS) if (folder / FILE_NAME).is_file() else None
        if found is not None:
            demand_same(folder, found.identity, identity)
        self.step = self._checked = found.step if found else 0
        seed = derive_seed("online", identity.seed, self.step) % 2**31
        self._shown = ShownWorlds(make_worlds(seed), identity.senses)
        self._scaled = self._wrapped(self._shown)
        self._model = self._make_model(seed)
        if found is not None:
            self._restore(found.arrays, found.facts)

    def _wrapped(self, shown: ShownWorlds) -> VecNormalize:
        config, senses = self._config, self._identity.senses
        measured = config.normalise and senses.state > 0 and not senses.values
        rewards = isinstance(config, PPOConfig) and config.normalise_rewards
        return VecNormalize(
            shown, norm_obs=measured, norm_reward=rewards, clip_obs=CLIP, epsilon=EPSILON,
            gamma=config.discount, norm_obs_keys=["state"] if measured else None,
        )  # fmt: skip

    def _make_model(self, seed: int) -> PPO | SAC:
        config, identity = self._config, self._identity
        common: dict[str, Any] = {
            "learning_rate": config.learning_rate,
            "batch_size": config.batch_size,
            "gamma": config.discount,
            "policy_kwargs": policy_arguments(identity.agent, config, identity.senses),
            "device": self._device,
            "seed": seed,
        }
        model: PPO | SAC
        if isinstance(config, PPOConfig):
            if config.anneal:
                rate = config.learning_rate
                common["learning_rate"] = lambda left: rate * left
            model = PPO(
                "MultiInputPolicy", self._scaled, n_steps=config.rollout, n_epochs=config.epochs,
                gae_lambda=config.gae, clip_range=config.clip, ent_coef=config.entropy,
                vf_coef=config.value_weight, max_grad_norm=config.most_gradient, **common,
            )  # fmt: skip
        else:
            assert isinstance(config, SACConfig)
            model = SAC(
                "MultiInputPolicy", self._scaled, buffer_size=min(config.buffer, identity.steps),
                learning_starts=config.warm_up, tau=config.follow, train_freq=1,
                gradient_steps=config.updates, ent_coef=f"auto_{config.temperature}", **common,
            )  # fmt: skip
        model.set_logger(Logger(None, []))
        return model

    def run(self, chronicle: Chronicle) -> None:
        """Trains to the end.

        Raises:
            TrainingDiverged: a loss or a weight is no number any more.
        """
        chronicle.begin(self.step, self)
        left = self._identity.steps - self.step
        if left <= 0:
            return
        if self.step:
            chronicle.noted("the episodes that were being played begin anew")
        self._model.num_timesteps = self.step
        hook = _Hook(self, chronicle)
        try:
            self._model.learn(left, hook, log_interval=None, reset_num_timesteps=False)  # type: ignore[arg-type]
        except ValueError as error:
            if self._is_sound():
                raise
            raise chronicle.diverged(f"{NO_NUMBERS} ({error!s:.80})") from error
        hook.tell()

    def tell(self, step: int, chronicle: Chronicle) -> None:
        """Hands the figures since the last call over, and what is due gets done."""
        told = self._model.logger.name_to_value
        figures = {
            TOLD[name]: SIGNS.get(name, 1) * float(value)
            for (room, _, name), value in ((key.partition("/"), told[key]) for key in list(told))
            if room == "train" and name in TOLD
        }
        told.clear()
        if step - self._checked >= CHECKED_EVERY or step >= self._identity.steps:
            self._checked = step
            if not self._is_sound():
                raise chronicle.diverged(NO_NUMBERS)
        chronicle.reached(step, {**figures, **self._shown.practice.take()}, self)

    def _is_sound(self) -> bool:
        return all(bool(one.isfinite().all()) for one in self._model.policy.parameters())

    def agent(self) -> OnlineAgent:
        """Plays what has been learnt so far, as that which is saved will."""
        weights = self._model.policy.state_dict()
        return OnlineAgent.of(self._identity, self._config, weights, self._scale())

    def _scale(self) -> Scale | None:
        if not self._scaled.norm_obs:
            return None
        moments = self._scaled.obs_rms["state"]
        return Scale(moments.mean.copy(), moments.var.copy())

    def save(self, folder: Path, step: int, whole: bool) -> None:
        """Writes a checkpoint; one that is only to be played leaves out what SAC remembers."""
        save_checkpoint(
            folder, "online", self._identity, step, self._model.policy.state_dict(), self._scale(),
            self._optimisers() | self._memory() if whole else None,
            self._facts() if whole else None,
        )  # fmt: skip

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "updates": self._model._n_updates,
            "groups": {
                name: one.state_dict()["param_groups"]
                for name, one in self._named_optimisers().items()
            },
        }
        if self._scaled.norm_obs:
            facts["seen"] = float(self._scaled.obs_rms["state"].count)
        rewards = self._scaled.ret_rms
        facts["returns"] = [float(rewards.mean), float(rewards.var), float(rewards.count)]
        return facts

    def _optimisers(self) -> dict[str, torch.Tensor]:
        arrays = {
            f"{OPTIMISERS}/{name}/{key}": value
            for name, optimiser in self._named_optimisers().items()
            for key, value in optimiser_arrays(optimiser).items()
        }
        if isinstance(self._model, SAC) and self._model.log_ent_coef is not None:
            arrays["temperature"] = self._model.log_ent_coef.detach()
        return arrays

    def _named_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        model = self._model
        if isinstance(model, PPO):
            return {"policy": model.policy.optimizer}
        assert model.ent_coef_optimizer is not None
        return {
            "actor": model.actor.optimizer,
            "critic": model.critic.optimizer,
            "temperature": model.ent_coef_optimizer,
        }

    def _memory(self) -> dict[str, torch.Tensor]:
        """What SAC remembers, as far as it is filled."""
        if isinstance(self._model, PPO):
            return {}
        buffer: Any = self._model.replay_buffer
        end = buffer.buffer_size if buffer.full else buffer.pos
        arrays = {f"{MEMORY}/{name}": getattr(buffer, name)[:end] for name in REMEMBERED}
        for name in buffer.observations:
            arrays[f"{MEMORY}/before/{name}"] = buffer.observations[name][:end]
            arrays[f"{MEMORY}/after/{name}"] = buffer.next_observations[name][:end]
        arrays[f"{MEMORY}/place"] = np.array([buffer.pos, int(buffer.full)])
        return {name: torch.from_numpy(np.ascontiguousarray(one)) for name, one in arrays.items()}

    def _restore(self, arrays: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> None:
        try:
            self._model.policy.load_state_dict(below(arrays, POLICY))
            for name, optimiser in self._named_optimisers().items():
                own = below(arrays, f"{OPTIMISERS}/{name}")
                restore_optimiser(optimiser, own, facts["groups"][name])
            if "temperature" in arrays:
                with torch.no_grad():
                    self._model.log_ent_coef.copy_(arrays["temperature"])  # type: ignore[union-attr]
            self._model._n_updates = int(facts["updates"])
            self._restore_scales(below(arrays, SCALE), facts)
            self._restore_memory(below(arrays, MEMORY))
        except (RuntimeError, KeyError, ValueError) as error:
            raise BadArgument(
                f"{self._folder} cannot be gone on with: {type(error).__name__}: {error}"
            ) from error
        set_random_seed(derive_seed("resumed", self._identity.seed, self.step) % 2**31)

    def _restore_scales(self, scale: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> None:
        if scale:
            moments = self._scaled.obs_rms["state"]
            moments.mean, moments.var = scale["mean"].numpy(), scale["variance"].numpy()
            moments.count = facts["seen"]
        rewards = self._scaled.ret_rms
        mean, variance, rewards.count = facts["returns"]
        rewards.mean, rewards.var = np.array(mean), np.array(variance)

    def _restore_memory(self, arrays: Mapping[str, torch.Tensor]) -> None:
        if not arrays:
            return
        assert isinstance(self._model, SAC)
        buffer: Any = self._model.replay_buffer
        end = len(arrays["actions"])
        for name in REMEMBERED:
            getattr(buffer, name)[:end] = arrays[name].numpy()
        for name in buffer.observations:
            buffer.observations[name][:end] = arrays[f"before/{name}"].numpy()
            buffer.next_observations[name][:end] = arrays[f"after/{name}"].numpy()
        buffer.pos, full = arrays["place"].tolist()
        buffer.full = bool(full)

    def close(self) -> None:
        """Ends the worlds."""
        self._scaled.close()


REMEMBERED = ("actions", "rewards", "dones", "timeouts")
"""Of a step that SAC remembers, beside what was seen before and after it."""


class _Hook(BaseCallback):
    """Called before worlds are played: then the state is whole."""

    def __init__(self, training: OnlineTraining, chronicle: Chronicle) -> None:
        super().__init__()
        self._training, self._chronicle, self._first = training, chronicle, True

    def _on_rollout_start(self) -> None:
        if not self._first:
            self.tell()
        self._first = False

    def _on_step(self) -> bool:
        return True

    def tell(self) -> None:
        """Hands over where the training stands."""
        self._training.tell(self.model.num_timesteps, self._chronicle)
