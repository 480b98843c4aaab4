"""Makes the content of small official episode files, and tells how one is refused."""

from __future__ import annotations

import copy
from collections import Counter

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr.home import receptacle_boxes
from polyathlon.tasks.langr.layout import replica_layouts, to_habitat
from polyathlon.tasks.langr.official import read_official
from polyathlon.tasks.langr.official_import import import_path
from polyathlon.tasks.langr.vocabulary import OFFICIAL_RECEPTACLES

HOME = "v3_sc3_staging_00"
LONG = {ours: theirs for theirs, ours in OFFICIAL_RECEPTACLES.items()}
TURNED = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # by 90 degrees about y, which is up
THINGS = [("013_apple", "sink"), ("056_tennis_ball", "Tbl1"), ("056_tennis_ball", "Sofa")]
GOAL = {
    "expr_type": "AND",
    "sub_exprs": [
        "not_holding()",
        {
            "expr_type": "NAND",
            "quantifier": "EXISTS",
            "inputs": [{"name": "X", "expr_type": "ball"}],
            "sub_exprs": [f"on_top(X, {LONG['Tbl1']})"],
        },
    ],
}


class Builder:
    """Makes the content of a small official file."""

    def __init__(self, things=THINGS, home=HOME, family="21e2ce5f_e767a83f", count=2):
        self.names, self.rows = {}, []
        self.layout = replica_layouts()[HOME]
        self.episodes = [self.episode(things, home, family) for _ in range(count)]

    def name(self, text):
        return self.names.setdefault(text, len(self.names))

    def episode(self, things, home, family):
        boxes, counts, rigid, supports = receptacle_boxes(self.layout), Counter(), [], []
        for asset, place in things:
            matrix = np.eye(4, dtype=np.float32)
            matrix[:3, :3] = TURNED
            centre = boxes[place].point(*self.spread(len(self.rows)), 0.0)
            matrix[:3, 3] = to_habitat(*centre)
            rigid.append((self.name(f"{asset}.object_config.json"), len(self.rows)))
            self.rows.append(matrix)
            instance = f"{asset}_:{counts[asset]:04d}"
            counts[asset] += 1
            supports.append((self.name(instance), self.name(LONG[place])))
        return {
            "scene_id": f"data/replica_cad/configs/scenes/{home}.scene_instance.json",
            "ao_states": {self.name("fridge_:0000"): {2: 0.0}},
            "rigid_objs": np.array(rigid),
            "name_to_receptacle": np.array(supports[::-1]),
            "instruction": "Clear the ball from the black table.",
            "sampled_entities": {"target_object_name": "ball", "place": LONG["Tbl1"]},
            "start_preds": ["opened_fridge(fridge_push_point)"],
            "goal_preds": copy.deepcopy(GOAL),
            "instruct_id": family,
            "subgoals": [],
        }

    @staticmethod
    def spread(number):
        """Where on a receptacle the object of that number lies, in parts of its half sides."""
        return (-0.8, 0.8)[number % 2], (-0.8, 0.8)[number // 2 % 2]

    def content(self):
        return {
            "all_transforms": np.array(self.rows),
            "idx_to_name": {number: name for name, number in self.names.items()},
            "all_eps": self.episodes,
        }


def refusal(path, reader=read_official):
    """The one line that a file is refused with."""
    with pytest.raises(BadArgument) as caught:
        reader(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def import_all(path, directory):
    return list(import_path(path, directory))
