"""Who plays: one agent a module or folder, with its training where it learns.

``AGENTS`` names every agent. Other distributions add theirs through the entry-point group
``polyathlon.agents``; any ``module:Class`` on the import path will do for one evaluation.
"""

from ..core.registry import Registry

AGENTS = Registry(
    "agents",
    "agent",
    {
        "random": "polyathlon.agents.uniform:RandomAgent",
        "oracle": "polyathlon.agents.oracle:OracleAgent",
        "llm": "polyathlon.agents.llm.player:LanguageAgent",
        "llm-local": "polyathlon.agents.llm.local:LocalAgent",
        "straight": "polyathlon.agents.socialnav.straight:Straight",
        "orca": "polyathlon.agents.socialnav.orca:Orca",
        "orca-crowdnav": "polyathlon.agents.socialnav.orca:CrowdNavOrca",
        "social-force": "polyathlon.agents.socialnav.social_force:SocialForce",
        "dwa": "polyathlon.agents.socialnav.window:DynamicWindow",
    },
)
