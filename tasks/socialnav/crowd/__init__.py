"""How people walk: one model a module, behind one protocol, named in one table."""

from __future__ import annotations

from typing import Any

from ....core.errors import BadArgument, did_you_mean
from ....core.registry import load_object
from .model import CrowdModel

MODELS = {
    "orca": "polyathlon.tasks.socialnav.crowd.orca:Orca",
    "social_force": "polyathlon.tasks.socialnav.crowd.social_force:SocialForce",
    "scripted": "polyathlon.tasks.socialnav.crowd.scripted:Scripted",
    "replay": "polyathlon.tasks.socialnav.crowd.replay:Replay",
}
"""Models by name; their packages are imported when one is made."""


def make_crowd(name: str, **settings: Any) -> CrowdModel:
    """A model of that name.

    Args:
        name: a name in ``MODELS``.
        **settings: arguments of the model's class.

    Raises:
        BadArgument: no such model.
        MissingExtra: its package is not installed.
    """
    if name not in MODELS:
        raise BadArgument(
            f"there is no crowd model '{name}'.{did_you_mean(name, MODELS)} "
            f"Models: {', '.join(MODELS)}"
        )
    model: CrowdModel = load_object(MODELS[name])(**settings)
    return model
