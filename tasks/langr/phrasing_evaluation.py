"""The sentences of the instructions that only evaluation has."""

from __future__ import annotations

from collections.abc import Sequence

from .phrasing import Wording

MARK = "<>"
"""Where a frame takes a description."""


def _framed(frames: Sequence[str], descriptions: Sequence[str]) -> tuple[str, ...]:
    """Every frame with a description in it; the descriptions take turns."""
    return tuple(
        frame.replace(MARK, descriptions[number % len(descriptions)])
        for number, frame in enumerate(frames)
    )


DISTRACTION = (
    Wording(
        family="f0917e29",
        bucket="distraction",
        bystander=True,
        sentences=(
            "There is {aO} {onR}, which does not matter; what should go {ontoB} is {aX}.",
            "Never mind the {O} {onR}: it is {aX} that I would like to have {onB}.",
            "Someone left {aO} {onR}. Leave that alone, and see that {aX} ends up {onB}.",
        ),
    ),
)
"""With a clause about another thing, which is true and beside the point."""

# -- by appearance ------------------------------------------------------------------------------

LOOK_FRAMES = (
    "Put <> {onB}.",
    "Bring <> over to the {B}.",
    "Find <> and carry it to the {B}.",
    "I would like <> {onB}.",
    "Take <> to the {B} and leave it there.",
    "Please place <> {onB}.",
    "Fetch <> and set it down {onB}.",
    "<> should be {onB}.",
    "Get hold of <> and put it {onB}.",
    "Deliver <> to the {B}.",
    "<> belongs {onB}.",
)
"""Sentences that move what is described."""

LOOKS = {
    "plum": ("the purple fruit", "the fruit that is purple", "the small purple piece of fruit"),
    "lemon": ("the round yellow fruit", "the fruit that is yellow and round"),
    "banana": ("the curved yellow fruit", "the long yellow fruit", "the fruit bent like a bow"),
    "apple": ("the round red fruit", "the fruit that is red and round"),
}
"""What a fruit looks like; no two of the 33 categories share a description."""

APPEARANCE = tuple(
    Wording(
        family="8a66dec9",
        bucket="eval",
        name=category,
        fixed={"X": category},
        sentences=_framed(LOOK_FRAMES, looks),
    )
    for category, looks in LOOKS.items()
)
"""A fruit by its colour and shape."""

# -- by a situation -----------------------------------------------------------------------------

SITUATIONS = {
    "ball": (
        "I feel like playing some sport; put what I need {onB}.",
        "We want to play catch. Bring what we need to the {B}.",
        "The children want to kick something around; leave it for them {onB}.",
        "The match starts soon: carry what is thrown and caught to the {B}.",
        "My team is waiting; what we play with should be {onB}.",
        "Someone wants to practise throwing and catching; place the right thing {onB}.",
        "Get me something that bounces well and leave it {onB}.",
        "The dog longs for something bouncy to chase; put it {onB}.",
        "I am bored and want to do some sport. Bring the gear to the {B}.",
        "Without it there is no game of catch; it should go {ontoB}.",
        "Put what a player throws to another {onB}.",
    ),
    "screwdriver": (
        "A screw came loose; bring what turns it by hand to the {B}.",
        "I must tighten a few screws by hand. Put what I need {onB}.",
        "The shelf wobbles because of a loose screw; leave the hand tool for it {onB}.",
        "Someone is assembling a cupboard with screws, without power tools; help out {onB}.",
        "Bring what fits into the head of a screw to the {B}.",
        "The screw of my glasses is loose; put the right tool {onB}.",
        "A hinge has to be unscrewed by hand: the tool should be {onB}.",
        "Carry the hand tool that drives screws to the {B}.",
        "My lamp has a screw that needs a turn by hand; put what turns it {onB}.",
        "Screws will be turned at the {B}, by hand; supply what that takes.",
        "The door handle is loose. What tightens its screws belongs {onB}.",
    ),
    "scissors": (
        "I want to cut some paper; put what I need {onB}.",
        "We are making paper snowflakes. Bring what cuts them to the {B}.",
        "A coupon has to be cut out of the newspaper: the tool should be {onB}.",
        "Someone is wrapping a gift and must trim the paper; help out {onB}.",
        "Bring what cuts along a dotted line to the {B}.",
        "The children do paper crafts today; leave what they cut with {onB}.",
        "I have to snip a thread; place the right thing {onB}.",
        "A letter has to be cut in two. Carry the tool for that to the {B}.",
        "Put what has two blades and cuts paper {onB}.",
        "My poster is too wide; what trims it should go {ontoB}.",
        "Paper chains will be made at the {B}; fetch what cuts the strips.",
    ),
    "cleanser": (
        "Somebody spilled juice; put the bottle that helps {onB}.",
        "There is a mess to be cleaned up. Bring the bottle for it to the {B}.",
        "The floor is sticky; leave the liquid that removes stains {onB}.",
        "A stain will not go away: the bottle against it should be {onB}.",
        "I spilled wine and need something from a bottle to scrub with; put it {onB}.",
        "Bring the bottle of what disinfects a surface to the {B}.",
        "Spring cleaning begins; place the bottle for it {onB}.",
        "Something leaked and left a smell; carry the bottle that bleaches it away to the {B}.",
        "Milk ran all over. The bottle that one wipes up with belongs {onB}.",
        "The tiles are dirty; put the bottle that gets them clean {onB}.",
        "After the spill, what kills germs should go {ontoB}.",
    ),
    "mug": (
        "I would like some hot coffee; put what I drink it from {onB}.",
        "Coffee is ready. Bring something with a handle to pour it into to the {B}.",
        "Hot cocoa is coming; leave what it is served in, with a handle, {onB}.",
        "The tea is boiling; what I hold by its handle and drink from should be {onB}.",
        "My morning coffee needs something with a handle; place it {onB}.",
        "Somebody wants a hot drink and not to burn their fingers; help out {onB}.",
        "Put what goes under the coffee machine, with its handle, {onB}.",
        "Carry something to sip steaming coffee from, handle included, to the {B}.",
        "A latte will be had at the {B}; bring what has a handle for it.",
        "What coffee is drunk from, and has a handle, belongs {onB}.",
        "I am cold: something for a hot brew, with a handle, should go {ontoB}.",
    ),
}
"""What calls for a thing, without naming it."""

CONTEXT = tuple(
    Wording(
        family="21e2ce5f", bucket="eval", name=category, fixed={"X": category}, sentences=sentences
    )
    for category, sentences in SITUATIONS.items()
)
"""A thing by what one does with it."""

# -- by a relation ------------------------------------------------------------------------------

PLACE_FRAMES = (
    "Carry {aX} to <>.",
    "Bring {aX} over to <>.",
    "Take the {X} to <>.",
    "The {X} should be brought to <>.",
    "Find {aX} and take it to <>.",
    "Fetch {aX}; it is to go to <>.",
    "Please deliver {aX} to <>.",
    "I need {aX}: bring it to <>.",
    "Pick up the {X} and carry {itX} to <>.",
    "<> is where {aX} should go.",
    "Transfer {aX} to <>.",
)
"""Sentences that move something to the place that is described."""

PLACES = {
    "between-counters": (
        "the place between the left counter and the right counter",
        "what is in between the two counters",
    ),
    "beside-left-counter": (
        "the place directly to the right of the left counter",
        "what comes next on the right of the left counter",
    ),
    "beside-right-counter": (
        "the place directly to the left of the right counter",
        "what comes next on the left of the right counter",
    ),
    "by-fridge": ("the counter next to the fridge", "the counter on the fridge's side"),
    "away-from-fridge": (
        "the counter that is not next to the fridge",
        "the counter farther from the fridge",
    ),
    "facing-television": (
        "the wide seat that faces the TV stand",
        "the long seat across from the TV stand",
    ),
}
"""What a relation says; see ``families.place_by_relation``."""

SPATIAL = tuple(
    Wording(
        family="93b2ef41",
        bucket="eval",
        name=relation,
        relation=relation,
        sentences=_framed(PLACE_FRAMES, descriptions),
    )
    for relation, descriptions in PLACES.items()
)
"""A place by where it is to another; true in the home at hand."""

# -- several and all ----------------------------------------------------------------------------

SEVERAL = (
    Wording(
        family="3ef02c70",
        bucket="eval",
        sentences=(
            "Put all the {Xs} {onB}.",
            "Carry all {Xs} to the {B}.",
            "All the {Xs} should be {onB}.",
            "Gather all the {Xs} {onB}.",
            "Bring all {Xs} you can find over to the {B}.",
            "I want all of the {Xs} {onB}.",
            "Collect all the {Xs} and leave them {onB}.",
            "Find all {Xs} and place them {onB}.",
            "Please deliver all the {Xs} to the {B}.",
            "No {Xs} should be anywhere but {onB}.",
            "All {Xs} in this home belong {onB}.",
        ),
    ),
    Wording(
        family="92bcf9b3",
        bucket="eval",
        sentences=(
            "Put all the {Xs} from the {A} {onB}.",
            "Carry all {Xs} from the {A} to the {B}.",
            "All the {Xs} {onA} should go {ontoB}.",
            "Take all the {Xs} {offA} and put them {onB}.",
            "Bring all {Xs} that are {onA} over to the {B}.",
            "I want all of the {Xs} {onA} to end up {onB}.",
            "Collect all the {Xs} {onA} and leave them {onB}.",
            "Empty the {A} of {Xs} and place them {onB}.",
            "Please transfer all the {Xs} from the {A} to the {B}.",
            "Leave no {Xs} {onA}; they all belong {onB}.",
            "Clear all {Xs} away from the {A}, and set them down {onB}.",
        ),
    ),
    Wording(
        family="db3119cd",
        bucket="eval",
        sentences=(
            "Put the {X} {onB}, the {Y} {onG} and the {Z} {onH}.",
            "Carry {aX} to the {B}, {aY} to the {G} and {aZ} to the {H}.",
            "Take the {X} to the {B}, then the {Y} to the {G}, then the {Z} to the {H}.",
            "I need {aX} {onB}, {aY} {onG} and {aZ} {onH}.",
            "The {X} should go {ontoB}, the {Y} {ontoG} and the {Z} {ontoH}.",
            "Bring {aX} to the {B}; bring {aY} to the {G}; bring {aZ} to the {H}.",
            "First put {aX} {onB}, next {aY} {onG}, and finally {aZ} {onH}.",
            "Three things to do: the {X} {ontoB}, the {Y} {ontoG}, the {Z} {ontoH}.",
            "Please leave {aX} {onB}, {aY} {onG}, and {aZ} {onH}.",
            "Deliver the {X} to the {B}, the {Y} to the {G} and the {Z} to the {H}.",
            "{onB} put {aX}, {onG} {aY}, and {onH} {aZ}.",
        ),
    ),
)
"""Three named moves, and all things of a kind."""

# -- on a condition -----------------------------------------------------------------------------

CONDITIONS = (
    "If the fridge is open, put the {X} {onB}; otherwise put the {Y} there.",
    "If the fridge is closed, carry {aY} to the {B}; if it is open, carry {aX} there instead.",
    "Look at the fridge: if open, the {X} should go {ontoB}; if closed, the {Y} should.",
    "Should the fridge stand open, bring {aX} to the {B}. If not, bring {aY}.",
    "Put the {Y} {onB} if the fridge is shut, or else the {X}.",
    "Take the {X} to the {B} as long as the fridge is open; else take the {Y}.",
    "The {B} gets the {X} when the fridge is open and the {Y} when it is closed.",
    "Unless the fridge is open, leave {aY} {onB}; with it open, leave {aX} there.",
    "Is the fridge open? Then the {X} should be {onB}. Is it closed? Then the {Y} should.",
    "With the fridge shut I want {aY} {onB}, with the fridge open {aX}, and never both.",
    "Check the fridge. When its door is ajar place {aX} {onB}, and when not, {aY}.",
)
"""The same for both states of the fridge, so that one has to look."""

CONDITIONAL = tuple(
    Wording(family=family, bucket="eval", sentences=CONDITIONS)
    for family in ("5d5460d6", "e75d9d69")
)
"""One thing is to be moved, and another left where it is."""

WORDINGS: tuple[Wording, ...] = (
    *DISTRACTION,
    *APPEARANCE,
    *CONTEXT,
    *SPATIAL,
    *SEVERAL,
    *CONDITIONAL,
)
"""All of them."""
