"""What holds for every benchmark registered: pinned digest, tasks that resolve, seeds apart."""

from __future__ import annotations

import pytest

from polyathlon.benchmarks import BENCHMARKS
from polyathlon.benchmarks.evaluate import choose_benchmark
from polyathlon.benchmarks.plan import plan
from polyathlon.core.errors import BadArgument
from polyathlon.core.specs import derive_seed
from polyathlon.tasks import catalogue

DIGESTS = {
    "warmup": "3cdb3d68a543b64635e7c1c49701e5571e77087fc03dd57c786e418b1aea979c",
    "metaworld-mt10": "734f29868046cf54b54ecb3c90bc19d972f27080b6a49d63449f73eea56de4c8",
    "metaworld-mt50": "120be565c4716be35b535b99ccebbfe4aa4dd35820e64b5c4b5b134571e74e27",
    "metaworld-ml45-test": "6b31ae2b724ef258644cbef0fa8d071ac1c7632399a44829d0a2c07c725a022f",
    "babyai": "4db1091f2541643ba61ad0739acfd2c1d7a213d9ba36c1cdeb558a43c7028ec9",
    "procgen": "deaf347cd3b805a53777397885ac4c0f968b44ef62b44855163f86a38141f57e",
    "atari": "ce1279a9dbb4c9eea67056337380722a53c6e0eb1a2529ed10949f27f7573399",
    "langr": "23074c55b92849507eee84ccbca54fd70f4a3a1865b1f436eedbbae821e3ff8f",
    "miniwob": "fc28a45b7994115291d2074cb538a90b1e737834e4ea9f12dbc086674ba1fe0f",
    "miniwob-all": "89250909912cf7752ea04310864f8075d02d14c567b550425cfb8920c2c01df2",
    "androidcontrol": "523c6474441bb8bbf34e5f9f7dc074099d924b593b792133a784e6aca366b4f7",
    "androidcontrol-parts": "2d42b1628ac7ed85e4f246bfb0ca69f265470486845b3664f44601fa47c821eb",
    "gea": "961d715e8486a0ab42896ec127f2404b909b717cf94a6b04cb8a6288c6d532a1",
    "gea-metaworld": "a8c14dc11d4b3707723dfc17489b162dd6a3048483f29914c88c2b9ea741e187",
    "gea-babyai": "e5d153ee4e4d71c43453c043edf552335b1ce983170d3005b1e5a18a7dacfff7",
    "gea-procgen": "c23601da5c121e57df68b4e0d2004044149bba4cdd347e673d682c36501b964c",
    "gea-atari": "4e1e0fe18e4371246b2a35d9414ce598e51567b50b39d68e5506eda5f4a278db",
    "gea-langr": "daae557ad2e5d009af2a8d0a4ee5a79b5435b7ee6a4755a0e0fbdd082326243c",
    "gea-androidcontrol": "4f2940a3fc4432905bb8f4eee28d8d1559109cc10eb9d2821e832fe1ae21a1cd",
    "socialnav": "7821e4def4e6cdafd3ae6f0e3da57b2a43b5aaada83a4b242d57f39ac3ec23ad",
    "socialnav-crowdnav": "97bd6dcf8bc06210a6017e88d6b813c77768704028efdbe4c249635693302c0b",
    "socialnav-crowdnavpp": "409167015f05cdf77b905f283716dc3af3aee15ff20f2cc4dd16b3d1982c67bd",
}
"""A digest that changes says that old scores are no longer comparable: then it needs a new id."""


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_digest_is_pinned(name):
    assert BENCHMARKS[name]().digest() == DIGESTS[name]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_carries_its_name_and_its_tasks_resolve(name):
    benchmark = BENCHMARKS[name]()
    assert benchmark.id == name
    assert benchmark.tasks
    assert len(set(benchmark.tasks)) == len(benchmark.tasks)
    assert [catalogue.find(task).id for task in benchmark.tasks] == list(benchmark.tasks)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_no_two_episodes_share_a_seed(name):
    plans = plan(BENCHMARKS[name]())
    assert len({one.seed for one in plans}) == len(plans)
    assert len({one.key for one in plans}) == len(plans)
    assert len({one.agent_seed for one in plans} | {one.seed for one in plans}) == 2 * len(plans)
    assert all(0 <= one.seed < 2**53 for one in plans)


def test_a_seed_depends_on_the_episode_alone():
    few = choose_benchmark("metaworld.reach", episodes=3)
    many = choose_benchmark("metaworld.reach,babyai.open", episodes=9)
    assert plan(few) == [one for one in plan(many) if one.task == "metaworld.reach-v3"][:3]
    assert plan(few)[0].seed == derive_seed("custom", 0, "metaworld.reach-v3", 0)


def test_another_base_seed_gives_other_episodes():
    one, other = (plan(choose_benchmark("warmup", seed=seed)) for seed in (1, 2))
    assert not {p.seed for p in one} & {p.seed for p in other}


def test_seeds_are_what_they_were():
    """Pinned: the same plan must come out on every machine and in every later version."""
    assert derive_seed("warmup", 0, "metaworld.reach-v3", 0) == 4870065468146931


def test_a_seed_out_of_range_is_refused():
    with pytest.raises(BadArgument, match="--seed"):
        choose_benchmark("warmup", seed=2**53)
