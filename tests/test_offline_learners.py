"""Offline learners: losses with the right slopes, and better play than the data where promised."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from point_mass import STEPS, Plane, mixed_data

from polyathlon.agents.offline import LEARNERS
from polyathlon.agents.offline.bc import BehaviourCloning, BestTenth
from polyathlon.agents.offline.cql import GaussianPolicy
from polyathlon.agents.offline.diffusion import Diffusion, betas
from polyathlon.agents.offline.idql import (
    IDQL,
    IDQLConfig,
    exponential_loss,
    implied_weights,
    quantile_loss,
)
from polyathlon.agents.offline.iql import expectile_loss
from polyathlon.agents.offline.learner import configured
from polyathlon.agents.offline.network import follow, frozen_copy
from polyathlon.agents.offline.past import Past
from polyathlon.agents.offline.transition import Frame, Transitions, discounted, fit_frame
from polyathlon.core.errors import BadArgument
from polyathlon.core.trajectory import Trajectory

ONES = np.ones(2, np.float32)


def trained(name: str, data: list[Trajectory], steps: int, seed: int = 0, **changes: object):
    """A learner that was trained so long, its frame, and the losses at the end."""
    torch.manual_seed(seed)
    kind = LEARNERS[name]
    config = configured(kind.kind, {"hidden": (64, 64), "batch_size": 128, **changes})
    learner = kind(config, 2, 2, steps)
    frame = fit_frame(data, -ONES, ONES, config.normalise)
    transitions = Transitions(learner.choose(data), frame, config.discount, config.reward_scale)
    dice = np.random.default_rng(seed)
    losses = {}
    learner.begin(transitions)
    for step in range(steps):
        losses |= learner.update(learner.draw(transitions, dice), step)
    learner.train(False)
    return learner, frame, {key: float(value) for key, value in losses.items()}


def mean_return(learner, frame: Frame, episodes: int = 10) -> float:
    draws, world, earned = torch.Generator().manual_seed(0), Plane(), []
    for seed in range(99, 99 + episodes):
        past, over, rewards = Past(), False, []
        observation, _ = world.reset(seed=seed)
        while not over:
            past.see(torch.from_numpy(frame.observe(observation["state"])[None]))
            action = learner.play(past, draws)
            past.did(action[None])
            observation, reward, _, over, _ = world.step(frame.stretch(action.numpy()))
            past.earned(reward)
            rewards.append(reward)
        earned.append(sum(rewards))
    return float(np.mean(earned))


# Transitions.


def test_a_truncated_step_keeps_its_future_and_a_terminal_one_does_not():
    cut, ended = mixed_data(2, 0)
    ended = ended._replace(terminated=ended.truncated, truncated=ended.terminated)
    frame = fit_frame([cut, ended], -ONES, ONES, normalise=False)
    data = Transitions([cut, ended], frame, 0.9)
    batch = data.take(np.arange(len(data)))
    assert batch.masks.tolist() == [1.0] * 49 + [0.0]
    assert torch.equal(batch.observations[1:25], batch.next_observations[:24])
    assert np.array_equal(batch.observations[:25].numpy(), cut.observations["state"][:-1])
    assert np.array_equal(batch.next_observations[24].numpy(), cut.observations["state"][-1])
    assert np.allclose(batch.actions[:25].numpy(), cut.actions, atol=1e-6)
    assert [(one.start, one.stop) for one in data.episodes()] == [(0, 25), (25, 50)]


def test_returns_are_discounted_to_the_end_of_the_episode():
    rewards = np.array([1.0, 2.0, 4.0], np.float32)
    assert discounted(rewards, 0.5).tolist() == [3.0, 4.0, 4.0]


def test_frames_turn_back_what_they_turned():
    low, high = np.array([-2.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32)
    frame = fit_frame(mixed_data(3, 0), low, high, normalise=True)
    actions = np.array([[-2.0, 0.25], [1.0, 1.0]], np.float32)
    assert np.allclose(frame.shrink(actions), [[-1, -0.5], [0.5, 1]])
    assert np.allclose(frame.stretch(frame.shrink(actions)), actions)
    assert frame.shrink(np.array([9.0, 9.0])).tolist() == [1, 1]
    states = np.concatenate([one.observations["state"] for one in mixed_data(3, 0)])
    assert np.allclose(frame.observe(states).mean(0), 0, atol=1e-5)
    with pytest.raises(BadArgument, match="no bounds"):
        fit_frame(mixed_data(1, 0), low, np.array([2.0, np.inf], np.float32), normalise=True)


def test_hyper_parameters_are_checked():
    kind = LEARNERS["iql"].kind
    assert configured(kind, {"expectile": 0.9}).expectile == 0.9
    with pytest.raises(BadArgument, match=r"'expectil'.*Did you mean 'expectile'"):
        configured(kind, {"expectil": 0.9})
    with pytest.raises(BadArgument, match="hyper-parameters: Expected `float`"):
        configured(kind, {"expectile": "much"})


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("bc", {"dropout": 3}, "`float` <= 1.0 - at `dropout`"),
        ("bc", {"batch_size": 0}, "`int` >= 1 - at `batch_size`"),
        ("bc", {"hidden": [64, 0]}, "`int` >= 1 - at `hidden"),
        ("bc", {"chunk": 0}, "`int` >= 1 - at `chunk`"),
        ("bc", {"average": -0.1}, "`float` >= 0.0 - at `average`"),
        ("bc-10", {"best": 1.5}, "`float` <= 1.0 - at `best`"),
        ("iql", {"learning_rate": -1}, "`float` > 0.0 - at `learning_rate`"),
        ("td3-bc", {"learning_rate": math.inf}, "`float` <= 10+.0 - at `learning_rate`"),
        ("cql", {"discount": 1.1}, "`float` <= 1.0 - at `discount`"),
        ("idql", {"samples": 0}, "`int` >= 1 - at `samples`"),
        ("dt", {"context": 0}, "`int` >= 1 - at `context`"),
    ],
)
def test_hyper_parameters_have_bounds(name, changes, told):
    with pytest.raises(BadArgument, match=f"hyper-parameters: Expected {told}"):
        configured(LEARNERS[name].kind, changes)


# Losses.


def slope(loss, at: float, *arguments: float) -> float:
    difference = torch.tensor(at, requires_grad=True)
    loss(difference, *arguments).backward()
    return float(difference.grad)


def test_an_expectile_pulls_harder_at_what_is_above():
    assert slope(expectile_loss, 1.0, 0.7) == pytest.approx(2 * 0.7)
    assert slope(expectile_loss, -1.0, 0.7) == pytest.approx(-2 * 0.3)
    # V is below Q: descending along -dL/dV must raise V.
    value = torch.tensor(0.0, requires_grad=True)
    expectile_loss(torch.tensor(1.0) - value, 0.7).backward()
    assert value.grad < 0


@pytest.mark.parametrize("tau", [0.7])
def test_expectile_and_quantile_settle_where_they_are_said_to(tau):
    sample = torch.randn(1001, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for loss in (expectile_loss, quantile_loss):
        value = torch.zeros((), dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.Adam([value], lr=0.02)
        for _ in range(250):
            optimiser.zero_grad()
            loss(sample - value, tau).mean().backward()
            optimiser.step()
        above = (sample - value.detach()).clamp(min=0).mean()
        below = (value.detach() - sample).clamp(min=0).mean()
        if loss is quantile_loss:
            assert (sample < value).double().mean().item() == pytest.approx(tau, abs=0.02)
        else:
            assert (tau * above).item() == pytest.approx(((1 - tau) * below).item(), abs=1e-3)


def test_the_exponential_loss_has_its_slope_and_a_bound():
    for at in (-2.0, -0.5, 0.0, 1.0, 2.5):
        assert slope(exponential_loss, at, 2.0) == pytest.approx(2 * (math.exp(2 * at) - 1))
    steepest = 2 * (math.exp(6) - 1)
    assert slope(exponential_loss, 50.0, 2.0) == pytest.approx(steepest)


@pytest.mark.parametrize("critic", ["expectile", "quantile", "exponential"])
def test_weights_are_the_loss_s_slope_over_the_advantage(critic):
    config = IDQLConfig(critic=critic, tau=0.8, alpha=1.5)
    losses = {
        "expectile": (expectile_loss, 0.8, 2.0),
        "quantile": (quantile_loss, 0.8, 1.0),
        "exponential": (exponential_loss, 1.5, 1.0),
    }
    loss, argument, factor = losses[critic]
    for advantage in (-2.0, -0.3, 0.4, 1.7):
        found = implied_weights(torch.tensor([advantage]), config).item()
        wanted = abs(slope(loss, advantage, argument)) / abs(advantage) / factor
        assert found == pytest.approx(wanted, rel=1e-5)
    assert torch.isfinite(implied_weights(torch.zeros(3), config)).all()


# Diffusion.


def test_the_schedules_are_the_published_ones():
    found = betas("vp", 5)
    # exp(-(0.1/T) - 0.5 (10 - 0.1) (2t - 1) / T^2), t = 1..T
    wanted = [1 - math.exp(-0.02 - 4.95 * (2 * t - 1) / 25) for t in range(1, 6)]
    assert found.tolist() == pytest.approx(wanted)
    # What is kept in the end is exp(-0.1 - 4.95), whatever the number of steps.
    for count in (1, 5, 20):
        assert (1 - betas("vp", count)).prod().item() == pytest.approx(math.exp(-5.05))
    cosine = betas("cosine", 20)
    assert (cosine[1:] > cosine[:-1]).all()
    assert cosine[-1].item() == 0.999
    assert betas("linear", 3).tolist() == pytest.approx([1e-4, 0.01005, 2e-2])
    with pytest.raises(BadArgument, match="no schedule 'square'"):
        betas("square", 5)
    with pytest.raises(BadArgument, match="at least 1"):
        betas("vp", 0)


def test_one_proposal_of_idql_is_a_draw_of_ddpm_bc():
    data = mixed_data(10, 0)
    idql, _, _ = trained("idql", data, 20, samples=1)
    torch.manual_seed(5)
    cloning = LEARNERS["ddpm-bc"](configured(LEARNERS["ddpm-bc"].kind, {}), 2, 2, 20)
    cloning.actor.load_state_dict(idql.actor.state_dict())
    cloning.average.load_state_dict(idql.average.state_dict())
    cloning.train(False)
    seen = torch.randn(7, 2, generator=torch.Generator().manual_seed(1))
    for row in seen:
        one, other = (
            learner.act(row[None], torch.Generator().manual_seed(3)) for learner in (idql, cloning)
        )
        assert torch.equal(one, other)


def test_the_actor_of_idql_hears_nothing_of_the_critic():
    data = mixed_data(10, 0)
    for reward in (1.0, -5.0):
        changed = [one._replace(rewards=one.rewards * np.float32(reward)) for one in data]
        learner, _, _ = trained("idql", changed, 3)
        if reward == 1.0:
            first = learner
    for one, other in zip(first.actor.parameters(), learner.actor.parameters(), strict=True):
        assert torch.equal(one, other)
    pairs = zip(first.value.parameters(), learner.value.parameters(), strict=True)
    assert not all(torch.equal(one, other) for one, other in pairs)


def test_idql_takes_the_proposal_of_most_value_or_draws_by_weight():
    torch.manual_seed(0)
    learner = IDQL(IDQLConfig(samples=16), 2, 2, 10)
    learner.train(False)
    seen = torch.zeros(1, 2)
    chosen = learner.act(seen, torch.Generator().manual_seed(0))
    proposed = learner.average.sample(seen.expand(16, -1), torch.Generator().manual_seed(0))
    worth = learner.target.least(seen.expand(16, -1), proposed)
    assert torch.equal(chosen[0], proposed[worth.argmax()])
    implicit = IDQL(IDQLConfig(samples=16, choice="implicit"), 2, 2, 10)
    drawn = implicit.act(seen, torch.Generator().manual_seed(0))
    assert drawn.shape == (1, 2)
    for wrong in ({"critic": "median"}, {"choice": "worst"}):
        with pytest.raises(BadArgument):
            IDQL(IDQLConfig(**wrong), 2, 2, 10)


def test_diffusion_draws_what_two_kinds_of_teachers_did_and_not_the_mean():
    torch.manual_seed(0)
    model = Diffusion(1, 1, blocks=1, schedule="vp", steps=5)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    seen = torch.zeros(64, 1)
    for _ in range(300):
        actions = torch.where(torch.rand(64, 1) < 0.5, -1.0, 1.0)
        optimiser.zero_grad()
        model.loss(seen, actions).mean().backward()
        optimiser.step()
    model.eval()
    drawn = model.sample(torch.zeros(400, 1), torch.Generator().manual_seed(1))
    assert (drawn.abs() < 0.5).float().mean() < 0.25  # A Gaussian as wide has 0.38 there.
    assert 0.3 < (drawn > 0).float().mean() < 0.7


# What each algorithm promises.


def test_the_best_tenth_is_the_best_tenth():
    data = mixed_data(30, 0)
    learner = BestTenth(BestTenth.kind(), 2, 2, 1)
    chosen = [one.total_reward for one in learner.choose(data)]
    assert sorted(chosen) == sorted(one.total_reward for one in data)[-3:]
    assert len(BehaviourCloning(BehaviourCloning.kind(), 2, 2, 1).choose(data)) == 30


def test_chunks_stay_within_their_episodes():
    data = mixed_data(3, 0)
    learner, frame, _ = trained("bc", data, 1, chunk=4, dropout=0.0)
    transitions = Transitions(data, frame, 0.99)
    shown = learner.draw(transitions, np.random.default_rng(0))
    assert shown.actions.shape == (128, 4, 2)
    whole = transitions.take(np.arange(3 * STEPS))
    for row in range(128):
        (first,) = np.flatnonzero((whole.observations == shown.observations[row]).all(1))
        past = (first // STEPS + 1) * STEPS
        there = min(4, past - first)
        assert shown.there[row].tolist() == [True] * there + [False] * (4 - there)
        assert torch.equal(shown.actions[row, :there], whole.actions[first : first + there])


def test_what_was_foretold_for_now_is_averaged_the_oldest_first():
    learner, *_ = trained("bc", mixed_data(3, 0), 3, chunk=3, dropout=0.0)
    seen = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    past = Past()
    for row in seen:
        past.see(row[None])
        past.did(torch.zeros(1, 2))
    foretold = learner.policy(seen).view(5, 3, 2)
    weights = np.exp(-0.01 * np.arange(3))
    parts = [foretold[2, 2], foretold[3, 1], foretold[4, 0]]
    wanted = sum(w * part for w, part in zip(weights / weights.sum(), parts, strict=True))
    assert torch.allclose(learner.play(past, None), wanted.float(), atol=1e-6)
    assert torch.equal(learner.act(seen, None), foretold[:, 0])
    first = Past()
    first.see(seen[:1])
    assert torch.allclose(learner.play(first, None), foretold[0, 0])


def test_the_network_that_acts_may_be_an_average():
    learner, *_ = trained("bc", mixed_data(3, 0), 5, average=0.25, dropout=0.0)
    before = [one.clone() for one in learner.modules["average"].parameters()]
    data = mixed_data(3, 0)
    rows = Transitions(data, fit_frame(data, -ONES, ONES, True), 0.99)
    learner.update(learner.draw(rows, np.random.default_rng(0)), 5)
    pairs = zip(before, learner.modules["average"].parameters(), learner.policy.parameters(),
                strict=True)  # fmt: skip
    for was, found, source in pairs:
        assert torch.allclose(found, was + 0.25 * (source - was))
    seen = torch.zeros(1, 2)
    assert torch.equal(learner.act(seen, None), learner.modules["average"](seen))
    assert not torch.equal(learner.act(seen, None), learner.policy(seen))


def test_targets_follow():
    source = torch.nn.Linear(2, 2)
    target = frozen_copy(source)
    with torch.no_grad():
        source.weight.add_(1.0)
    before = target.weight.clone()
    follow(target, source, 0.25)
    assert torch.allclose(target.weight, before + 0.25)
    assert not target.weight.requires_grad


def test_the_density_of_a_squashed_policy_integrates_to_one():
    torch.manual_seed(0)
    policy = GaussianPolicy(1, 1, (8,))
    _, density = policy.draw(torch.zeros(200_000, 1))
    # The mean of 1/p over draws from p is the size of what p lives on: the interval [-1, 1].
    assert (-density).exp().clamp(max=1e3).mean().item() == pytest.approx(2.0, rel=0.05)


def test_cql_values_recorded_actions_above_others():
    data = mixed_data(40, 0)
    learner, frame, _ = trained("cql", data, 100, actions=2)
    batch = Transitions(data, frame, 0.99).take(np.arange(500))
    uniform = torch.rand(500, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        recorded = learner.critic.least(batch.observations, batch.actions).mean()
        other = learner.critic.least(batch.observations, uniform).mean()
    assert recorded > other


def test_calibration_holds_nothing_below_what_was_earned():
    data = mixed_data(40, 0)
    strict, frame, _ = trained("cql", data, 100, actions=2)
    calibrated, _, _ = trained("cal-ql", data, 100, actions=2)
    batch = Transitions(data, frame, 0.99).take(np.arange(500))
    with torch.no_grad():
        low, high = (
            one.critic.least(batch.observations, one.act(batch.observations, None)).mean()
            for one in (strict, calibrated)
        )
    assert high >= low


def test_iql_td3_bc_and_idql_play_better_than_mixed_data_and_bc_does_not():
    data = mixed_data(60, 0)
    cloned = mean_return(*trained("bc", data, 250)[:2])
    assert cloned < -12
    for name, steps, changes in (
        ("iql", 400, {"expectile": 0.9, "reward_scale": 10.0}),
        ("td3-bc", 400, {}),
        ("idql", 250, {"tau": 0.9, "blocks": 1, "samples": 8, "average": 0.02}),
    ):
        quick = {"discount": 0.8, "learning_rate": 1e-3, "follow": 0.02, **changes}
        assert mean_return(*trained(name, data, steps, **quick)[:2]) > cloned + 4, name


# The Decision Transformer.

TINY = {"width": 32, "layers": 1, "context": 5, "warm_up": 1, "dropout": 0.0, "batch_size": 64}


def graded_data(episodes: int) -> list[Trajectory]:
    """Episodes that differ in how far their actions lead to the middle, and so in return alone."""
    dice, data, world = np.random.default_rng(0), [], Plane()
    for number in range(episodes):
        share = dice.uniform(-1, 1)
        observation, _ = world.reset(seed=number)
        states, actions, rewards, over = [observation["state"]], [], [], False
        while not over:
            action = np.clip(-share * 10 * states[-1], -1, 1).astype(np.float32)
            observation, reward, _, over, _ = world.step(action)
            states.append(observation["state"])
            actions.append(action)
            rewards.append(reward)
        ends = np.arange(STEPS) == STEPS - 1
        data.append(
            Trajectory(
                {"state": np.stack(states)}, np.stack(actions), np.array(rewards, np.float32),
                np.zeros(STEPS, bool), ends,
            )
        )  # fmt: skip
    return data


def test_stretches_stay_within_their_episodes_and_returns_are_what_is_left():
    data = mixed_data(3, 0)
    learner, frame, _ = trained("dt", data, 1, **TINY)
    transitions = Transitions(data, frame, 1.0)
    stretch = learner.draw(transitions, np.random.default_rng(0))
    assert stretch.there[:, 0].all()
    assert not stretch.there.all()  # Some begin near an end.
    assert (stretch.places[stretch.there] < STEPS).all()
    assert (stretch.places[~stretch.there] >= STEPS).all()
    left = stretch.returns * learner.aim.scale
    whole = [one.total_reward for one in data]
    assert learner.aim.target.item() == pytest.approx(max(whole))
    assert learner.aim.scale.item() == pytest.approx(max(map(abs, whole)))
    first = left[(stretch.places == 0) & stretch.there]
    assert all(min(abs(one - other) for other in whole) < 1e-3 for one in first.tolist())
    assert learner.draw(transitions, np.random.default_rng(0)).places.equal(stretch.places)


def test_the_transformer_sees_nothing_of_the_future_nor_the_action_it_names():
    torch.manual_seed(0)
    kind = LEARNERS["dt"]
    learner = kind(configured(kind.kind, {**TINY, "layers": 2}), 2, 2, 1)
    learner.train(False)
    data = Transitions(mixed_data(3, 0), fit_frame(mixed_data(3, 0), -ONES, ONES, True), 1.0)
    stretch = learner.draw(data, np.random.default_rng(0))
    with torch.no_grad():
        before = learner.transformer(stretch)
        for field in ("returns", "observations", "actions"):
            changed = getattr(stretch, field).clone()
            changed[:, 3] += 1.0
            after = learner.transformer(stretch._replace(**{field: changed}))
            past = 4 if field == "actions" else 3
            assert torch.equal(after[:, :past], before[:, :past]), field
            assert not torch.allclose(after[:, past:], before[:, past:]), field


def test_a_transformer_that_is_asked_for_more_earns_more():
    data = graded_data(80)
    learner, frame, _ = trained("dt", data, 400, learning_rate=3e-3, **TINY)
    earned = []
    for target in (-30.0, -18.0, float(learner.aim.target)):
        learner.aim.target.fill_(target)
        earned.append(mean_return(learner, frame))
    assert earned[0] + 4 < earned[1] < earned[2] - 1


def test_a_transformer_refuses_what_it_cannot_be():
    kind = LEARNERS["dt"]
    for wrong in ({"width": 9, "heads": 2}, {"discount": 0.99}):
        with pytest.raises(BadArgument, match=r"width is 9, heads 2|discount is"):
            kind(configured(kind.kind, wrong), 2, 2, 1)
