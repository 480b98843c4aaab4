"""Agents that learn from recorded episodes alone: one algorithm a module.

``LEARNERS`` names every algorithm. Other distributions add theirs through the entry-point group
``polyathlon.learners``, whose objects are subclasses of
:class:`polyathlon.agents.offline.learner.Learner`.
"""

from ...core.registry import Registry

_HERE = "polyathlon.agents.offline"

LEARNERS = Registry(
    "learners",
    "learner",
    {
        "bc": f"{_HERE}.bc:BehaviourCloning",
        "bc-10": f"{_HERE}.bc:BestTenth",
        "iql": f"{_HERE}.iql:ImplicitQ",
        "td3-bc": f"{_HERE}.td3_bc:TD3BC",
        "cql": f"{_HERE}.cql:Conservative",
        "cal-ql": f"{_HERE}.cql:Calibrated",
        "ddpm-bc": f"{_HERE}.ddpm_bc:DiffusionCloning",
        "idql": f"{_HERE}.idql:IDQL",
        "dt": f"{_HERE}.dt:DecisionTransformer",
    },
)
