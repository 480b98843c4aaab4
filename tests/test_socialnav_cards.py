"""The scenario cards: the encounter happens, the oracle does well, the reckless robot does not."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.socialnav.card import CARDS, card_named
from polyathlon.tasks.socialnav.card.document import table
from polyathlon.tasks.socialnav.card.draw import CELLS, SPLITS, Draw
from polyathlon.tasks.socialnav.card.evidence import Evidence
from polyathlon.tasks.socialnav.card.oracle import Straight
from polyathlon.tasks.socialnav.card.play import play
from polyathlon.tasks.socialnav.card.timing import SLACK, duration, meet, reach
from polyathlon.tasks.socialnav.crowd.visibility import Visibility
from polyathlon.tasks.socialnav.floor import Floor
from polyathlon.tasks.socialnav.log import EpisodeLog
from polyathlon.tasks.socialnav.robot import BODIES

OMNI = BODIES["omni"]
every_card = pytest.mark.parametrize("name", CARDS)


@functools.cache
def ideal_log(name: str) -> EpisodeLog:
    return play(CARDS[name], CARDS[name].oracle(), 0)


@functools.cache
def reckless_log(name: str) -> EpisodeLog:
    return play(CARDS[name], Straight(), 0)


def dice(split: str, seed: int) -> Draw:
    return Draw(
        card="any",
        seed=seed,
        split=split,
        body=OMNI,
        track=Visibility("visible"),
        time_limit=10.0,
        instruction="Go.",
    )


def test_there_are_the_rows_of_the_table_and_the_drawings_without_a_row() -> None:
    assert sum("Table 3" in card.source for card in CARDS.values()) == 18
    assert sum(card.source.startswith("Fig. 7") for card in CARDS.values()) == 9


def test_related_cards_exist() -> None:
    for card in CARDS.values():
        assert set(card.related) <= set(CARDS), card.name
        assert card.name not in card.related


@every_card
def test_the_encounter_takes_place(name: str) -> None:
    assert CARDS[name].judge(ideal_log(name)).labelled
    assert CARDS[name].judge(reckless_log(name)).labelled


def test_the_oracles_do_what_the_cards_want() -> None:
    found = {name: CARDS[name].judge(ideal_log(name)) for name in CARDS}
    short = {name: one.failures for name, one in found.items() if not one.ideal}
    assert len(short) <= 1, short  # in a crowd, an oracle too may have to go a long way round


@every_card
def test_nobody_walks_through_walls(name: str) -> None:
    log = ideal_log(name)
    if len(log.walls):
        there = log.humans.valid
        clear = Floor(walls=log.walls).clearance(np.nan_to_num(log.humans.pos))
        assert (clear - log.humans.radius)[there].min() > -0.02
    assert not Evidence(log).crashed


def harm(log: EpisodeLog) -> float:
    """The share of time nearer than 0.5 m to somebody; 1 for a touch, or a task left undone."""
    seen = Evidence(log)
    if seen.touched or not seen.arrived:
        return 1.0
    return float((seen.gap.min(axis=1, initial=np.inf) < 0.5).mean())


def test_a_reckless_robot_does_more_harm_than_the_oracle() -> None:
    worse = {name: harm(reckless_log(name)) - harm(ideal_log(name)) for name in CARDS}
    # Where the robot is asked to go first, to go straight is right; and one seed is one seed.
    assert sum(value > 0 for value in worse.values()) >= len(CARDS) - 4, worse
    assert sum(worse.values()) > 0.2 * len(CARDS), worse


@pytest.mark.parametrize("name", ["crowd-navigation", "narrow-doorway", "leading"])
def test_the_same_seed_is_the_same_trajectory_to_the_last_bit(name: str) -> None:
    again = play(CARDS[name], CARDS[name].oracle(), 0)
    assert ideal_log(name).humans.pos.tobytes() == again.humans.pos.tobytes()
    assert ideal_log(name).robot.pos.tobytes() == again.robot.pos.tobytes()
    other = CARDS[name].setup(1, OMNI).scene
    assert not np.array_equal(other.people[0].start, again.humans.pos[0, 0])


@pytest.mark.parametrize("name", ["frontal-approach", "intersection-no-gesture", "blind-corner"])
@pytest.mark.parametrize("seed", range(3))
def test_robot_and_person_who_mind_nobody_are_due_at_one_time(name: str, seed: int) -> None:
    """The nearest approach of unhindered ways lies where the solver put it."""
    scene = CARDS[name].setup(seed, OMNI, "invisible").scene
    person = scene.people[0]
    robot_way = abs(float(scene.start[0]))
    person_way = float(np.hypot(*person.start)) if name != "frontal-approach" else person.start[0]
    late = person_way / person.speed - duration(robot_way, OMNI)
    assert abs(late) <= SLACK + 0.1


def test_the_timing_solver_inverts_itself() -> None:
    for seconds in (0.4, 1.0, 3.7):
        assert duration(reach(seconds, OMNI), OMNI) == pytest.approx(seconds)
    met = meet(OMNI, 1.5, 6.0, 6.0, 0.25)
    assert met.person <= 6.0 + 1e-9
    assert met.robot <= 6.0 + 1e-9
    assert met.person / 1.5 == pytest.approx(duration(met.robot, OMNI) + 0.25)
    assert max(met.person, met.robot) == pytest.approx(6.0)


def test_no_two_splits_share_a_size() -> None:
    sizes = {split: [dice(split, seed).size("w", 2.0) for seed in range(200)] for split in SPLITS}
    for split, drawn in sizes.items():
        assert 1.8 <= min(drawn) < 1.95
        assert 2.05 < max(drawn) <= 2.2
        cells = {int((size / 2.0 - 0.9) / 0.2 * CELLS) for size in drawn}
        assert cells <= set(SPLITS[split])
    assert sorted(cell for cells in SPLITS.values() for cell in cells) == list(range(CELLS))


def test_no_two_splits_share_a_stream() -> None:
    drawn = {split: dice(split, 3).uniform("x", 0, 1) for split in SPLITS}
    assert len(set(drawn.values())) == len(SPLITS)


@every_card
def test_every_card_can_be_staged_in_every_split_on_every_track_for_every_body(name: str) -> None:
    card = CARDS[name]
    for seed, split in enumerate(SPLITS):
        for track in card.tracks:
            body = BODIES["medium" if seed else "omni"]
            words = f"{track}(0.5)" if track == "mixed" else track
            setup = card.setup(seed, body, words, split)
            assert 1 <= len(setup.scene.people) <= card.people
            assert setup.scene.meta["split"] == split


@pytest.mark.parametrize("track", ["invisible", "aware_no_yield", "mixed(0.5)"])
@pytest.mark.parametrize("name", ["frontal-approach", "narrow-doorway", "perpendicular-traffic"])
def test_the_encounter_takes_place_on_other_tracks(name: str, track: str) -> None:
    card = CARDS[name]
    assert card.judge(play(card, card.oracle(), 1, track=track)).labelled


def test_who_does_not_see_the_robot_is_run_into() -> None:
    log = play(CARDS["frontal-approach"], Straight(), 0, track="invisible")
    assert Evidence(log).touched


def test_a_robot_that_ignores_the_card_shows_its_failures() -> None:
    shown = {
        "entering-room": "obstructs_exit",
        "intersection-wait": "ignores_gesture",
        "exiting-elevator": "leaves_first",
        "leading": "lost",
        "object-handover": "hasty",
        "pedestrian-overtaking": "intrusion",
    }
    for name, failure in shown.items():
        assert CARDS[name].judge(reckless_log(name)).failures[failure], name
        assert not CARDS[name].judge(ideal_log(name)).failures[failure], name


class Standing:
    """A robot that stays where it is."""

    def reset(self, world: object) -> None:
        pass

    def velocity(self, world: object) -> np.ndarray:
        return np.zeros(2)


def test_a_robot_that_never_comes_meets_nobody() -> None:
    for name in ("join-group", "object-handover", "crash-cart", "blind-corner"):
        log = play(CARDS[name], Standing(), 0)
        found = CARDS[name].judge(log)
        assert not found.ideal
        if name != "blind-corner":
            assert not found.labelled, name


def test_a_person_goes_back_from_a_door_that_stays_blocked() -> None:
    class Blocking(Standing):
        def velocity(self, world: object) -> np.ndarray:
            door = np.array(world.scene.meta["door"])  # type: ignore[attr-defined]
            way = door - world.robot.pos  # type: ignore[attr-defined]
            size = float(np.hypot(*way))
            return way / size * min(1.0, size) if size > 0.05 else np.zeros(2)

    found = CARDS["narrow-doorway"].judge(play(CARDS["narrow-doorway"], Blocking(), 2))
    assert found.labelled
    assert found.failures["stops_inside"]
    assert found.failures["drives_back"]


def test_what_does_not_exist_is_refused_with_a_hint() -> None:
    with pytest.raises(BadArgument, match="frontal-approach"):
        card_named("frontal-aproach")
    with pytest.raises(BadArgument, match="Splits: train, dev, test"):
        CARDS["leading"].setup(0, OMNI, split="tests")
    with pytest.raises(BadArgument, match="'leading' is not played on the track 'invisible'"):
        CARDS["leading"].setup(0, OMNI, "invisible")


def test_the_document_is_what_the_cards_say(root: object) -> None:
    text = (root / "docs" / "socialnav-cards.md").read_text()  # type: ignore[operator]
    assert table() in text, "type: python -m polyathlon.tasks.socialnav.card.document"
