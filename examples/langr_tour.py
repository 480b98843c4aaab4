"""Looks at a home of Language Rearrangement from above, over a shoulder, and as the robot does.

    python examples/langr_tour.py --out tour
    python examples/langr_tour.py --out tour --task langr.scene-v1 --episode 7 --size 640

Writes ``top-down.png``, ``third-person.png`` and ``head.png``, and says what the episode asks for.
"""

import argparse
import sys
from pathlib import Path

import gymnasium
import numpy as np
from PIL import Image

import polyathlon  # noqa: F401 - registers the tasks
from polyathlon.core.errors import PolyathlonError

VIEWS = ("top-down", "third-person", "head")


def main() -> None:
    """Draws the three views of one episode's start, facing the sofa."""
    parser = argparse.ArgumentParser(description="pictures of a home of Language Rearrangement")
    parser.add_argument("--out", type=Path, default=Path("tour"), help="folder for the pictures")
    parser.add_argument("--task", default="langr.train-v1")
    parser.add_argument("--episode", type=int, default=0)
    parser.add_argument("--size", type=int, default=512, help="side of the pictures [px]")
    parser.add_argument("--profile", default="full", choices=["fast", "full"])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for view in VIEWS:
        env = gymnasium.make(
            f"polyathlon/{options.task}",
            observations=("instruction",),
            render_mode="rgb_array",
            render_view=view,
            render_profile=options.profile,
            image_size=options.size,
        )
        observation, _ = env.reset(seed=0, options={"episode": options.episode})
        go_to_the_sofa = env.unwrapped.skill_index["nav(Sofa)"]
        env.step(np.int64(go_to_the_sofa))
        Image.fromarray(env.render()).save(options.out / f"{view}.png")
        env.close()
    print(observation["instruction"])
    print(f"pictures: {options.out}/{{{','.join(VIEWS)}}}.png")


if __name__ == "__main__":
    try:
        main()
    except (PolyathlonError, gymnasium.error.Error) as error:
        sys.exit(f"langr_tour: {error}")
