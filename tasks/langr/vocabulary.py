"""The words of Language Rearrangement: places, categories, receptacles, and the 70 skills.

Order and spelling (``rubriks cube``, spaces inside names) are those of the released task, since
an action is an index into this list: entities of the domain file first, then its receptacles;
``dataset.yaml`` for the categories.
"""

from __future__ import annotations

from typing import Literal

import msgspec

DRAWERS = ("cab_push_point_7", "cab_push_point_6", "cab_push_point_5", "cab_push_point_4")
"""Handles of the kitchen's four drawers, in the order of the skills."""

FRIDGE = "fridge_push_point"
"""Handle of the fridge."""

RECEPTACLES = (
    "Chr1",
    "Tbl1",
    "Tbl2",
    "TvStnd1",
    "sink",
    "counter_right",
    "counter_left",
    "Sofa",
    "fridge-shelf",
    "drawer_left",
    "drawer_right",
)
"""What objects can be placed on or in, in the order of the skills."""

OPEN_AIR = ("Tbl1", "Tbl2", "TvStnd1", "sink", "counter_right", "counter_left", "Sofa")
"""The receptacles on which objects start and to which goals send them."""

CATEGORIES = (
    "ball", "clamp", "hammer", "screwdriver", "padlock", "scissors", "block", "drill", "spatula",
    "knife", "spoon", "plate", "sponge", "cleanser", "plum", "pear", "peach", "apple", "lemon",
    "can", "box", "banana", "strawberry", "lego", "rubriks cube", "book", "bowl", "cup", "mug",
    "orange", "lid", "toy airplane", "wrench",
)  # fmt: skip
"""The 33 kinds of object, in the order of the skills."""

NOVEL_CATEGORIES = ("mug", "orange", "lid", "toy airplane", "wrench")
"""The kinds that the training instructions of most families never name."""

TRAIN_CATEGORIES = tuple(name for name in CATEGORIES if name not in NOVEL_CATEGORIES)
"""The other 28."""

NAVIGABLE = (*DRAWERS, FRIDGE, *RECEPTACLES)
"""Where ``nav`` can go: sixteen places."""

OFFICIAL_RECEPTACLES = {
    "receptacle_aabb_Chr1_Top1_frl_apartment_chair_01": "Chr1",
    "receptacle_aabb_Tbl1_Top1_frl_apartment_table_01": "Tbl1",
    "receptacle_aabb_Tbl2_Top1_frl_apartment_table_02": "Tbl2",
    "receptacle_aabb_TvStnd1_Top1_frl_apartment_tvstand": "TvStnd1",
    "receptacle_aabb_sink_kitchen_counter": "sink",
    "receptacle_aabb_counter_right_kitchen_counter": "counter_right",
    "receptacle_aabb_counter_left_kitchen_counter": "counter_left",
    "receptacle_aabb_Sofa_frl_apartment_sofa": "Sofa",
    "receptacle_aabb_middle_topfrl_apartment_refrigerator": "fridge-shelf",
    "receptacle_aabb_drawer_left_top_frl_apartment_kitchen_counter": "drawer_left",
    "receptacle_aabb_drawer_right_top_frl_apartment_kitchen_counter": "drawer_right",
}
"""Names of receptacles in the official files, to ours."""

SPOKEN = {
    "Chr1": "chair",
    "Tbl1": "black table",
    "Tbl2": "brown table",
    "TvStnd1": "TV stand",
    "sink": "sink",
    "counter_right": "right counter",
    "counter_left": "left counter",
    "Sofa": "sofa",
    "fridge-shelf": "fridge",
    "drawer_left": "left drawer",
    "drawer_right": "right drawer",
    "cab_push_point_7": "left drawer",
    "cab_push_point_6": "middle drawer",
    "cab_push_point_5": "right drawer",
    "cab_push_point_4": "bottom drawer",
    "fridge_push_point": "fridge",
}
"""What instructions call a place."""

SkillKind = Literal["nav", "pick", "place", "open_fridge", "close_fridge", "open_cab", "close_cab"]


class Skill(msgspec.Struct, frozen=True, kw_only=True):
    """One of the 70 actions.

    Attributes:
        name: as the released task writes it, e.g. ``pick_apple(robot_0)``.
        kind: what is done.
        target: the place or category that it is done with.
        spoken: the same in plain words, e.g. ``pick up the apple``.
    """

    name: str
    kind: SkillKind
    target: str
    spoken: str


def _goal(place: str) -> str:
    """What ``nav`` calls a place: a drawer's handle is told apart from its inside."""
    return f"handle of the {SPOKEN[place]}" if place in (*DRAWERS, FRIDGE) else SPOKEN[place]


def _skills() -> tuple[Skill, ...]:
    navigating = [
        Skill(name=f"nav({place})", kind="nav", target=place, spoken=f"go to the {_goal(place)}")
        for place in NAVIGABLE
    ]
    picking = [
        Skill(
            name=f"pick_{category}(robot_0)",
            kind="pick",
            target=category,
            spoken=f"pick up the {category}",
        )
        for category in CATEGORIES
    ]
    placing = [
        Skill(
            name=f"place({place})",
            kind="place",
            target=place,
            spoken=f"put it {'in' if place in INSIDE else 'on'} the {SPOKEN[place]}",
        )
        for place in RECEPTACLES
    ]
    opening: list[Skill] = []
    for kind, verb in (("open_fridge", "open"), ("close_fridge", "close")):
        opening.append(
            Skill(
                name=f"{kind}({FRIDGE})",
                kind=kind,  # type: ignore[arg-type]
                target=FRIDGE,
                spoken=f"{verb} the fridge",
            )
        )
    for kind, verb in (("open_cab", "open"), ("close_cab", "close")):
        opening.extend(
            Skill(
                name=f"{kind}({drawer})",
                kind=kind,  # type: ignore[arg-type]
                target=drawer,
                spoken=f"{verb} the {SPOKEN[drawer]}",
            )
            for drawer in DRAWERS
        )
    return (*navigating, *picking, *placing, *opening)


INSIDE = ("sink", "fridge-shelf", "drawer_left", "drawer_right")
"""Receptacles that hold things rather than carry them."""

SKILLS = _skills()
"""The 70 actions in their order."""

SKILL_NAMES = tuple(skill.name for skill in SKILLS)
"""Their names."""

SKILL_INDEX = {name: index for index, name in enumerate(SKILL_NAMES)}
"""The number of a skill by its name."""
