"""Translation between what agents utter and what environments do.

``DIALECTS`` names every adapter; an agent says which it speaks. An entry is a class that is
called with the environment's action space and the task's embodiment.
"""

from ..core.registry import Registry

DIALECTS = Registry("adapters", "dialect", {"native": "polyathlon.adapters.native:NativeAdapter"})
