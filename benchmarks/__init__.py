"""Programmes of tasks, and the machinery that plays them so that nothing is lost.

``BENCHMARKS`` names every benchmark; other distributions add theirs through the entry-point
group ``polyathlon.benchmarks``, whose objects are functions that return a
:class:`polyathlon.core.specs.Benchmark`.
"""

from ..core.registry import Registry

_HERE = "polyathlon.benchmarks.programmes"

BENCHMARKS = Registry(
    "benchmarks",
    "benchmark",
    {
        "warmup": f"{_HERE}:warmup",
        "metaworld-mt10": f"{_HERE}:metaworld_mt10",
        "metaworld-mt50": f"{_HERE}:metaworld_mt50",
        "metaworld-ml45-test": f"{_HERE}:metaworld_ml45_test",
        "babyai": f"{_HERE}:babyai",
        "procgen": f"{_HERE}:procgen",
        "atari": f"{_HERE}:atari",
        "langr": "polyathlon.benchmarks.langr:langr",
        "miniwob": "polyathlon.benchmarks.miniwob:miniwob",
        "miniwob-all": "polyathlon.benchmarks.miniwob:miniwob_all",
        "androidcontrol": "polyathlon.benchmarks.androidcontrol:androidcontrol",
        "androidcontrol-parts": "polyathlon.benchmarks.androidcontrol:parts",
        "gea": "polyathlon.benchmarks.gea:gea",
        **{
            f"gea-{part}": f"polyathlon.benchmarks.gea:{part}"
            for part in ("metaworld", "babyai", "procgen", "atari", "langr", "androidcontrol")
        },
        "socialnav": "polyathlon.benchmarks.socialnav:socialnav",
        "socialnav-crowdnav": "polyathlon.benchmarks.socialnav:crowdnav",
        "socialnav-crowdnavpp": "polyathlon.benchmarks.socialnav:crowdnavpp",
    },
)
