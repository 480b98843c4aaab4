"""polyathlon: one benchmark suite for embodied generalist agents.

Importing it registers every task with Gymnasium and imports no simulator::

    import gymnasium
    import polyathlon

    env = gymnasium.make("polyathlon/metaworld.reach-v3", observations=("rgb", "state"))
"""

__version__ = "0.1.0"

# pytest imports this file a second time under the name of the clone's folder; only the real
# package registers, and only it can resolve the relative import.
if __name__ == "polyathlon":
    from .tasks import catalogue

    catalogue.register_gymnasium()
