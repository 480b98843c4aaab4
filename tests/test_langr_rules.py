"""The skills and predicates of Language Rearrangement, one by one."""

import math

import numpy as np
import pytest

from polyathlon.tasks.langr.episode import Episode, Placement, instance_names
from polyathlon.tasks.langr.expression import Expression, Predicate, parse_predicate
from polyathlon.tasks.langr.home import home_named
from polyathlon.tasks.langr.layout import Pose
from polyathlon.tasks.langr.planner import FAR
from polyathlon.tasks.langr.rules import Rules
from polyathlon.tasks.langr.vocabulary import (
    CATEGORIES,
    DRAWERS,
    NAVIGABLE,
    RECEPTACLES,
    SKILL_INDEX,
    SKILL_NAMES,
    SKILLS,
)

HOME = "v3_sc0_staging_00"
APPLE, BALL, MUG, BALL2 = "013_apple", "056_tennis_ball", "025_mug", "057_racquetball"
DICE = np.random.default_rng(7)


def centre(receptacle: str) -> tuple[float, float, float]:
    return home_named(HOME).receptacles[receptacle].centre


def episode(*things: tuple[str, str], goal: object = None, start: str = "") -> Episode:
    objects = tuple(
        Placement(asset=asset, position=centre(where), receptacle=where)
        for asset, where in sorted(things)
    )
    return Episode(
        id="0",
        split="train",
        source="generated",
        home=HOME,
        instruction="",
        family="f0917e29",
        goal=goal or Predicate("not_holding"),
        objects=objects,
        start=(parse_predicate(start),) if start else (),
    )


def rules_for(*things: tuple[str, str], stale: bool = False, start: str = "") -> Rules:
    rules = Rules(home_named(HOME), episode(*things, start=start), stale_predicates=stale)
    rules.begin(FAR)
    return rules


def do(rules: Rules, *names: str) -> list[bool]:
    return [rules.apply(SKILLS[SKILL_INDEX[name]], DICE) for name in names]


def facing(point: tuple[float, float, float], distance: float, aside: float) -> Pose:
    """A pose from which a point lies at a distance, to one side of the heading by an angle."""
    return Pose(point[0] - distance, point[1], -aside)


def test_the_seventy_skills_in_their_order() -> None:
    assert len(SKILL_NAMES) == 70
    assert len(set(SKILL_NAMES)) == 70
    assert SKILL_NAMES[0] == "nav(cab_push_point_7)"
    assert SKILL_NAMES[4:7] == ("nav(fridge_push_point)", "nav(Chr1)", "nav(Tbl1)")
    assert SKILL_NAMES[13:16] == ("nav(fridge-shelf)", "nav(drawer_left)", "nav(drawer_right)")
    assert SKILL_NAMES[16] == "pick_ball(robot_0)"
    assert SKILL_NAMES[40] == "pick_rubriks cube(robot_0)"
    assert SKILL_NAMES[47:50] == (
        "pick_toy airplane(robot_0)",
        "pick_wrench(robot_0)",
        "place(Chr1)",
    )
    assert SKILL_NAMES[60:63] == (
        "open_fridge(fridge_push_point)",
        "close_fridge(fridge_push_point)",
        "open_cab(cab_push_point_7)",
    )
    assert SKILL_NAMES[69] == "close_cab(cab_push_point_4)"
    assert (len(NAVIGABLE), len(CATEGORIES), len(RECEPTACLES)) == (16, 33, 11)
    assert len({skill.spoken for skill in SKILLS}) == 70


@pytest.mark.parametrize(
    ("distance", "aside", "valid"),
    [
        (1.49, 0.0, True),
        (1.51, 0.0, False),
        (1.0, 0.99, True),
        (1.0, -0.99, True),
        (1.0, 1.01, False),
        (1.0, -1.01, False),
        (0.4, math.pi, False),
    ],
)
def test_pick_needs_distance_and_angle(distance: float, aside: float, valid: bool) -> None:
    rules = rules_for((APPLE, "Tbl1"))
    rules.begin(facing(centre("Tbl1"), distance, aside))
    assert do(rules, "pick_apple(robot_0)") == [valid]
    assert (rules.state.held == 0) is valid


@pytest.mark.parametrize(
    ("distance", "aside", "valid"),
    [(1.99, 0.0, True), (2.01, 0.0, False), (1.0, 1.56, True), (1.0, 1.58, False)],
)
def test_place_needs_distance_and_angle(distance: float, aside: float, valid: bool) -> None:
    rules = rules_for((APPLE, "Tbl1"))
    assert do(rules, "nav(Tbl1)", "pick_apple(robot_0)") == [True, True]
    rules.state.base = facing(centre("Sofa"), distance, aside)
    assert do(rules, "place(Sofa)") == [valid]
    assert (rules.state.held is None) is valid


@pytest.mark.parametrize(
    ("distance", "aside", "valid"),
    [(1.99, 0.0, True), (2.01, 0.0, False), (1.0, 1.56, True), (1.0, 1.58, False)],
)
@pytest.mark.parametrize("skill", ["open_fridge(fridge_push_point)", "open_cab(cab_push_point_7)"])
def test_opening_needs_distance_and_angle(
    skill: str, distance: float, aside: float, valid: bool
) -> None:
    rules = rules_for()
    handle = home_named(HOME).markers[SKILLS[SKILL_INDEX[skill]].target]
    rules.begin(facing(handle, distance, aside))
    assert do(rules, skill) == [valid]


@pytest.mark.parametrize("place", NAVIGABLE)
def test_nav_stops_near_a_place_and_faces_it(place: str) -> None:
    rules = rules_for()
    assert do(rules, f"nav({place})") == [True]
    base, point = rules.state.base, rules.home.reference(place)
    assert math.hypot(point[0] - base.x, point[1] - base.y) < 1.6
    assert base.yaw == pytest.approx(math.atan2(point[1] - base.y, point[0] - base.x))
    assert rules.holds(Predicate("robot_at", (place,)))


def test_pick_puts_the_object_in_the_gripper_and_nav_carries_it() -> None:
    rules = rules_for((APPLE, "Tbl1"))
    do(rules, "nav(Tbl1)", "pick_apple(robot_0)")
    assert rules.state.positions[0] == rules.gripper_point()
    do(rules, "nav(Sofa)")
    assert rules.state.positions[0] == rules.gripper_point()
    base = rules.state.base
    offset = np.array(rules.state.positions[0]) - (base.x, base.y, 0.0)
    ahead = offset[0] * math.cos(base.yaw) + offset[1] * math.sin(base.yaw)
    left = offset[1] * math.cos(base.yaw) - offset[0] * math.sin(base.yaw)
    assert (ahead, left, offset[2]) == pytest.approx(rules.home.gripper)


def test_a_full_gripper_picks_nothing() -> None:
    rules = rules_for((APPLE, "Tbl1"), (MUG, "Tbl1"))
    assert do(rules, "nav(Tbl1)", "pick_apple(robot_0)", "pick_mug(robot_0)") == [True, True, False]


def test_an_empty_gripper_places_nothing() -> None:
    rules = rules_for((APPLE, "Tbl1"))
    assert do(rules, "nav(Tbl1)", "place(Tbl1)") == [True, False]


def test_pick_takes_the_first_instance_in_alphabetical_order() -> None:
    rules = rules_for((BALL2, "Tbl1"), (BALL, "Tbl1"))
    do(rules, "nav(Tbl1)", "pick_ball(robot_0)")
    assert rules.objects[rules.state.held or 0] == "056_tennis_ball_:0000"


def test_instances_of_one_asset_are_counted() -> None:
    assert instance_names(("a", "b", "a")) == ("a_:0000", "b_:0000", "a_:0001")


@pytest.mark.parametrize("receptacle", RECEPTACLES)
def test_place_drops_within_the_shrunken_box_upright(receptacle: str) -> None:
    rules, box = rules_for((APPLE, "Tbl1")), home_named(HOME).receptacles[receptacle]
    landed = []
    for _ in range(60):
        rules.begin(FAR)
        do(rules, "nav(Tbl1)", "pick_apple(robot_0)")
        assert do(rules, f"nav({receptacle})", f"place({receptacle})") == [True, True]
        assert rules.state.rotations[0] == (1.0, 0.0, 0.0, 0.0)
        assert rules.holds(Predicate("on_top", ("013_apple_:0000", receptacle)))
        landed.append(rules.state.positions[0])
    offsets = np.array(landed) - box.centre
    cos, sin = math.cos(box.yaw), math.sin(box.yaw)
    turned = offsets @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    assert (np.abs(turned) <= 0.8 * np.array(box.half) + 1e-9).all()
    assert (np.abs(turned).max(axis=0) > 0.6 * np.array(box.half)).all()


def test_the_fridge_opens_and_closes_once() -> None:
    rules = rules_for()
    opened, closed = (
        parse_predicate(f"{s}_fridge(fridge_push_point)") for s in ("opened", "closed")
    )
    assert do(rules, "open_fridge(fridge_push_point)") == [False]  # too far
    do(rules, "nav(fridge_push_point)")
    assert (rules.holds(opened), rules.holds(closed)) == (False, True)
    assert do(rules, "close_fridge(fridge_push_point)", "open_fridge(fridge_push_point)") == [
        False,
        True,
    ]
    assert rules.state.fridge == 1.22
    assert (rules.holds(opened), rules.holds(closed)) == (True, False)
    assert do(rules, "open_fridge(fridge_push_point)", "close_fridge(fridge_push_point)") == [
        False,
        True,
    ]
    assert rules.state.fridge == 0.0


@pytest.mark.parametrize(
    ("angle", "opens", "closes"),
    [(0.0, True, False), (0.14, True, False), (0.5, False, False), (1.08, False, True)],
)
def test_a_fridge_that_stands_ajar(angle: float, opens: bool, closes: bool) -> None:
    for skill, due in (("open_fridge", opens), ("close_fridge", closes)):
        rules = rules_for()
        do(rules, "nav(fridge_push_point)")
        rules.state.fridge = angle
        assert do(rules, f"{skill}(fridge_push_point)") == [due]


@pytest.mark.parametrize("drawer", DRAWERS)
def test_a_drawer_takes_along_what_lies_in_it(drawer: str) -> None:
    rules = rules_for((APPLE, "Tbl1"), (MUG, "Tbl1"))
    inside = rules.home.drawers[drawer].centre
    rules.state.positions[0] = inside
    do(rules, f"nav({drawer})")
    assert rules.holds(Predicate("in", ("013_apple_:0000", drawer)))
    assert do(rules, f"close_cab({drawer})", f"open_cab({drawer})") == [False, True]
    moved = np.array(rules.state.positions[0]) - inside
    assert moved == pytest.approx(0.45 * np.array(rules.home.drawer_axis))
    assert rules.holds(Predicate("in", ("013_apple_:0000", drawer)))
    assert rules.state.positions[1] == centre("Tbl1")
    assert do(rules, f"open_cab({drawer})", f"close_cab({drawer})") == [False, True]
    assert rules.state.positions[0] == pytest.approx(inside)


def test_a_closed_drawer_hides_and_a_closed_fridge_does_not() -> None:
    rules = rules_for((APPLE, "Tbl1"))
    rules.state.positions[0] = centre("drawer_left")
    do(rules, "nav(drawer_left)")
    assert do(rules, "pick_apple(robot_0)") == [False]
    assert do(rules, "open_cab(cab_push_point_7)", "pick_apple(robot_0)") == [True, True]
    rules = rules_for((APPLE, "Tbl1"))
    rules.state.positions[0] = centre("fridge-shelf")
    assert do(rules, "nav(fridge-shelf)", "pick_apple(robot_0)") == [True, True]


def test_an_invalid_skill_changes_nothing() -> None:
    rules = rules_for((APPLE, "Tbl1"))
    before = rules.fork().state
    for skill in SKILLS:
        if skill.kind != "nav":
            assert not rules.apply(skill, DICE)
    assert rules.state == before


def test_on_top_counts_what_hovers() -> None:
    rules = rules_for((APPLE, "Tbl1"))
    on_sofa = Predicate("on_top", ("013_apple_:0000", "Sofa"))
    assert not rules.holds(on_sofa)
    x, y, z = centre("Sofa")
    rules.state.positions[0] = (x, y, z + 0.1)
    assert rules.holds(on_sofa)


def test_start_predicates_open_the_fridge() -> None:
    rules = rules_for(start="opened_fridge(fridge_push_point)")
    assert rules.state.fridge == 1.22


def test_exists_over_nand_asks_for_one_that_is_not_there() -> None:
    def off(receptacle: str) -> Expression:
        return Expression(
            operator="NAND",
            quantifier="EXISTS",
            variables=(("X", "ball"),),
            parts=(Predicate("on_top", ("X", receptacle)),),
        )

    rules = rules_for((BALL, "Tbl1"), (BALL2, "Sofa"))
    assert rules.holds(off("Tbl1"))  # the other ball is not on it
    rules = rules_for((BALL, "Tbl1"))
    assert not rules.holds(off("Tbl1"))


def test_exists_takes_distinct_instances() -> None:
    two = Expression(
        operator="AND",
        quantifier="EXISTS",
        variables=(("X", "ball"), ("Y", "ball")),
        parts=(Predicate("on_top", ("X", "Tbl1")), Predicate("on_top", ("Y", "Tbl1"))),
    )
    assert not rules_for((BALL, "Tbl1")).holds(two)
    assert rules_for((BALL, "Tbl1"), (BALL2, "Tbl1")).holds(two)


def test_forall_asks_for_every_instance() -> None:
    all_on = Expression(
        operator="AND",
        quantifier="FORALL",
        variables=(("X", "ball"),),
        parts=(Predicate("on_top", ("X", "Tbl1")),),
    )
    assert not rules_for((BALL, "Tbl1"), (BALL2, "Sofa")).holds(all_on)
    assert rules_for((BALL, "Tbl1"), (BALL2, "Tbl1")).holds(all_on)


@pytest.mark.parametrize("operator", ["AND", "OR", "NAND", "NOR"])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("right", [False, True])
def test_operators(operator: str, left: bool, right: bool) -> None:
    rules = rules_for((APPLE, "Tbl1"))
    true, false = Predicate("not_holding"), Predicate("holding", ("013_apple_:0000",))
    parts = tuple(true if part else false for part in (left, right))
    due = {"AND": left and right, "OR": left or right}
    due |= {"NAND": not due["AND"], "NOR": not due["OR"]}
    assert rules.holds(Expression(operator=operator, parts=parts)) is due[operator]


def test_stale_predicates_see_the_gripper_as_it_was() -> None:
    """In the released task ``take X off A`` succeeds at the pick, since not_holding() is cached."""
    for stale in (False, True):
        rules = rules_for((APPLE, "Tbl1"), stale=stale)
        empty = rules.compile(Predicate("not_holding"))
        assert do(rules, "nav(Tbl1)", "pick_apple(robot_0)") == [True, True]
        assert empty() is stale
        do(rules, "nav(Sofa)")
        assert empty() is False


@pytest.mark.parametrize(
    "text", ["on_top(a)", "flies(a)", "on_top(a, b", "", "not_holding(x)", "on_top(a, b, c)"]
)
def test_a_malformed_predicate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no predicate|takes"):
        parse_predicate(text)
