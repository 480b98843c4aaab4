"""Translation between what agents utter and what environments do.

``DIALECTS`` names every adapter; an agent says which it speaks. An entry is a class that is
called with the environment's action space and the task's embodiment; one that learns is loaded
from the folder that the agent names after a colon: ``rvq:my/tokenizer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.errors import BadArgument
from ..core.registry import Registry

if TYPE_CHECKING:
    from gymnasium import Space

    from ..core.protocols import ActionAdapter
    from ..core.specs import Embodiment

DIALECTS = Registry(
    "adapters",
    "dialect",
    {
        "native": "polyathlon.adapters.native:NativeAdapter",
        "pred": "polyathlon.adapters.pred:PredAdapter",
        "semlang": "polyathlon.adapters.semlang:SemLangAdapter",
        "lang": "polyathlon.adapters.lang:LangAdapter",
        "uniform": "polyathlon.adapters.uniform:UniformAdapter",
        "quantile": "polyathlon.adapters.quantile:QuantileAdapter",
        "vq": "polyathlon.adapters.vq:VqAdapter",
        "rvq": "polyathlon.adapters.rvq:RvqAdapter",
        "fast": "polyathlon.adapters.fast:FastAdapter",
        "spoken": "polyathlon.adapters.speaker:Speaker",
    },
)
"""From the environment's own actions to heads, words, digits, bins and learned codes."""


def make_adapter(dialect: str, env_space: Space[Any], embodiment: Embodiment) -> ActionAdapter:
    """The adapter of a dialect for one task.

    Args:
        dialect: a name in ``DIALECTS``, or ``name:folder`` for one that was fitted and saved.
        env_space: the environment's action space.
        embodiment: the convention of its actions.

    Raises:
        UnknownName: no such dialect.
        BadArgument: the dialect does not fit the space, its folder is damaged, or it has none.
        EmbodimentMismatch: it was fitted for another body.
    """
    name, colon, folder = dialect.partition(":")
    kind = DIALECTS[name]
    if not colon and name == "spoken":
        raise BadArgument("the dialect 'spoken' is saved with its vocabulary: name 'spoken:folder'")
    if not colon:
        made: ActionAdapter = kind(env_space, embodiment)
        return made
    if not hasattr(kind, "load"):
        raise BadArgument(f"the dialect '{name}' is not fitted: name it without ':{folder}'")
    loaded: ActionAdapter = kind.load(folder, env_space, embodiment)
    return loaded
