"""Films of episodes: how many pictures they keep, which one is still, and who decides."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from polyathlon.benchmarks.workers.film import LARGEST_SIDE, MAX_FRAMES, MAX_SIDE, Film, style_of


def shade(share: float) -> np.ndarray:
    return np.full((400, 300, 3), round(240 * share), np.uint8)


def shot(target, steps, metadata=None, observed=True):
    """A film of an episode that gets lighter; what is rendered is always white."""
    film = Film(str(target), lambda: np.full((400, 300, 3), 255, np.uint8), metadata)
    for step in range(steps):
        film.see(
            step,
            {"rgb": shade(step / max(steps - 1, 1))} if observed else {},
            last=step == steps - 1,
        )
    film.write()
    return film


def still(target):
    with Image.open(f"{target}.png") as image:
        return np.asarray(image)


@pytest.mark.parametrize("steps", [1, 5, MAX_FRAMES, MAX_FRAMES + 1, 200])
def test_a_film_begins_with_the_first_and_ends_with_the_last_picture(tmp_path, steps):
    film = shot(tmp_path / "film", steps)
    assert film.trouble == ""
    assert still(tmp_path / "film").max() == 0
    with Image.open(tmp_path / "film.webp") as moving:
        assert moving.n_frames <= MAX_FRAMES
        assert max(moving.size) == MAX_SIDE
        moving.seek(moving.n_frames - 1)
        assert np.asarray(moving.convert("RGB")).mean() == pytest.approx(
            240 if steps > 1 else 0, abs=5
        )


def test_an_environment_says_what_its_films_show(tmp_path):
    style = {"film": {"of": "render", "side": 320}}
    shot(tmp_path / "drawn", 9, style)
    assert still(tmp_path / "drawn").min() == 255
    assert max(still(tmp_path / "drawn").shape) == 320
    shot(tmp_path / "last", 150, {"film": {"still": "last"}})
    assert still(tmp_path / "last").min() == still(tmp_path / "last").max() == 240
    shot(tmp_path / "unseen", 3, observed=False)
    assert still(tmp_path / "unseen").min() == 255


@pytest.mark.parametrize(
    "wanted",
    [{"of": "depth"}, {"still": "middle"}, {"side": 5}, {"side": LARGEST_SIDE + 1}, {"colour": 1}],
)
def test_a_style_that_is_not_known_costs_the_film_and_nothing_else(tmp_path, wanted):
    with pytest.raises(ValueError, match="metadata"):
        style_of({"film": wanted})
    film = shot(tmp_path / "film", 3, {"film": wanted})
    assert film.trouble.startswith("no film: metadata['film']")
    assert not list(tmp_path.iterdir())
