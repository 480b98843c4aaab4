"""One quantiser for many bodies, words for the discrete ones, and the words of screens."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.adapters.screen import UiWords
from polyathlon.adapters.tokenizer import MultiEmbodimentTokenizer, box_of
from polyathlon.core.errors import (
    BadArgument,
    DecodeError,
    EmbodimentMismatch,
    InvalidAction,
    UnknownName,
)
from polyathlon.core.specs import Embodiment

pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")

SMALL = {"width": 48, "latent": 16, "updates": 300, "batch": 512, "rate": 3e-3, "codes": 64}


def body(name: str, low: tuple[float, ...], high: tuple[float, ...]) -> Embodiment:
    size = len(low)
    return Embodiment(
        id=name,
        kind="continuous",
        action_names=tuple(f"joint {number}" for number in range(size)),
        action_units=("rad/s",) * size,
        low=low,
        high=high,
        control_hz=20.0,
    )


ARM = body("arm", (-1.0,) * 4, (1.0,) * 4)
HAND = body("hand", (0.0,) * 6, (0.5,) * 6)
CART = body("cart", (-20.0, -1.0), (20.0, 1.0))
KEYS = Embodiment(id="keys", kind="discrete", action_names=("turn left", "turn right", "pick up"))


def stream(owner: Embodiment, count: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng([seed, len(owner.low)])
    low, high = np.array(owner.low), np.array(owner.high)
    time = np.arange(count)[:, None] * chance.uniform(0.01, 0.05, len(low))
    wave = np.sin(time + chance.uniform(0, 6, len(low))) + chance.normal(0, 0.05, (count, len(low)))
    return low + (np.clip(wave, -1, 1) + 1) / 2 * (high - low)


def fit(**options) -> MultiEmbodimentTokenizer:
    return MultiEmbodimentTokenizer.fit(
        {ARM: stream(ARM, 4000), HAND: stream(HAND, 1500)}, words=[KEYS], **{**SMALL, **options}
    )


@pytest.fixture(scope="module")
def tokenizer():
    return fit()


def every_utterance(adapter) -> np.ndarray:
    counts = tuple(adapter.agent_space.nvec)
    return np.stack(np.unravel_index(np.arange(np.prod(counts)), counts), axis=-1)


@pytest.mark.parametrize("owner", [ARM, HAND])
def test_each_body_has_an_adapter_that_keeps_the_laws(tokenizer, owner):
    adapter = tokenizer.for_embodiment(owner)
    said = every_utterance(adapter)
    actions = adapter.decode(said)
    space = box_of(owner)
    assert (actions >= space.low).all()
    assert (actions <= space.high).all()
    assert space.contains(actions[7])
    assert np.array_equal(adapter.encode(actions), said)
    anywhere = np.random.default_rng(0).uniform(owner.low, owner.high, (300, len(owner.low)))
    error = np.abs(adapter.decode(adapter.encode(anywhere)) - anywhere)
    assert (error <= adapter.resolution).all()


def test_padding_is_on_the_right_and_hides_nothing(tokenizer):
    assert tokenizer.quantiser.size == tokenizer.slots == 21
    for name, told in tokenizer.report().items():
        size = told["dimensions"]
        assert told["mse_padded"] == pytest.approx(told["mse"] * size / 21)
        assert told["mse"] == pytest.approx(np.mean(told["mse_by_dimension"]))
        assert len(told["mse_by_dimension"]) == size == len(told["resolution"])
        assert told["mse"] <= told["mse_network"]
        assert told["mse"] < 0.2  # Half of what saying the mean alone would give.
        assert all(used >= 32 for used in told["codes_used"]), name
        assert told["clipped"] == 0


def test_what_was_clipped_is_on_record():
    wild = stream(ARM, 1000)
    wild[:30, 2] = 5
    wild[:, 3] = 0.25
    told = MultiEmbodimentTokenizer.fit({ARM: wild}, **{**SMALL, "updates": 20}).report()["arm"]
    assert told["clipped"] == 30
    assert told["constant_dimensions"] == [3]
    assert told["low"] == [-1] * 4
    assert told["actions"] == 1000


def test_a_mixed_batch_equals_its_bodies_one_by_one(tokenizer):
    chance = np.random.default_rng(1)
    owners = [(ARM, HAND)[number] for number in chance.integers(2, size=40)]
    actions = [stream(owner, 60, seed=2)[number] for number, owner in enumerate(owners)]
    names = [owner.id for owner in owners]
    codes = tokenizer.encode(names, actions)
    back = tokenizer.decode(names, codes)
    for owner, action, code, said in zip(owners, actions, codes, back, strict=True):
        adapter = tokenizer.for_embodiment(owner.id)
        assert np.array_equal(adapter.encode(action), code)
        assert np.array_equal(adapter.decode(code), said)
    order = chance.permutation(40)
    shuffled = [names[n] for n in order]
    assert np.array_equal(tokenizer.encode(shuffled, [actions[n] for n in order]), codes[order])
    for number, said in zip(order, tokenizer.decode(shuffled, codes[order]), strict=True):
        assert np.array_equal(said, back[number])


def test_mixed_batches_of_the_wrong_length_or_body_are_refused(tokenizer):
    with pytest.raises(BadArgument, match="1 bodies"):
        tokenizer.encode(["arm"], [])
    with pytest.raises(BadArgument, match="2 bodies"):
        tokenizer.decode(["arm", "arm"], [[0, 0]])
    with pytest.raises(UnknownName, match="Did you mean 'arm'"):
        tokenizer.decode(["arms"], [[0, 0]])
    with pytest.raises(DecodeError):
        tokenizer.decode(["arm"], [[0, 64]])
    with pytest.raises(InvalidAction):
        tokenizer.encode(["arm"], [np.zeros(6)])


def test_a_new_body_leaves_frozen_networks_and_old_tokens_alone():
    tokenizer = fit(updates=20)
    old = tokenizer.for_embodiment("arm")
    said = every_utterance(old)
    before = old.decode(said).copy()
    told = tokenizer.add(CART, stream(CART, 2000))
    assert told["retrained"] is False
    assert told["before"] == told["after"]
    assert np.array_equal(tokenizer.for_embodiment("arm").decode(said), before)
    adapter = tokenizer.for_embodiment("cart")
    assert adapter.embodiment == CART
    assert np.array_equal(adapter.encode(adapter.decode(said)), said)
    assert told["new"]["dimensions"] == 2
    assert told["new"]["mse"] > 0
    with pytest.raises(BadArgument, match="'cart' already"):
        tokenizer.add(CART, stream(CART, 2000))


def test_further_training_serves_the_new_body_and_tells_what_it_did_to_the_old():
    frozen, trained = fit(updates=80), fit(updates=80)
    alone = frozen.add(CART, stream(CART, 2000))
    told = trained.add(CART, stream(CART, 2000), updates=80)
    assert told["retrained"] is True
    assert told["new"]["mse"] < alone["new"]["mse"]
    assert told["before"].keys() == told["after"].keys() == {"arm", "hand"}
    assert told["before"] == alone["before"]
    assert told["before"]["arm"]["mse"] != told["after"]["arm"]["mse"]
    adapter = trained.for_embodiment("arm")
    said = every_utterance(adapter)
    assert np.array_equal(adapter.encode(adapter.decode(said)), said)


def test_discrete_bodies_speak_in_words(tokenizer):
    adapter = tokenizer.for_embodiment("keys")
    for action in range(3):
        assert adapter.decode(adapter.encode(action)) == action
    assert adapter.embodiment == KEYS
    assert [one.id for one in tokenizer.embodiments] == ["arm", "hand", "keys"]


def test_the_handshake_says_what_differs(tokenizer):
    other = msgspec.structs.replace(ARM, control_hz=10.0, action_units=("m/s",) * 4)
    with pytest.raises(EmbodimentMismatch, match=r"action_units.*control_hz: 20\.0 against 10\.0"):
        tokenizer.for_embodiment(other)
    with pytest.raises(UnknownName, match="hand"):
        tokenizer.for_embodiment("hands")


FRESH = """
import sys, numpy as np
from polyathlon.adapters.tokenizer import MultiEmbodimentTokenizer
tokenizer = MultiEmbodimentTokenizer.load(sys.argv[1])
with np.load(sys.argv[3]) as given:
    for owner in ("arm", "hand"):
        adapter = tokenizer.for_embodiment(owner)
        said = adapter.decode(given["codes"]).tobytes()
        heard = adapter.encode(given[owner]).tobytes()
        print(owner, said.hex()[:4096], heard.hex()[:4096])
tokenizer.save(sys.argv[2])
assert "torch" not in sys.modules, "what is only spoken needs no torch"
"""


def test_saved_and_loaded_in_a_fresh_process_it_is_the_same_bytes(tokenizer, python, tmp_path):
    tokenizer.save(tmp_path / "one")
    codes = every_utterance(tokenizer.for_embodiment("arm"))
    given = {owner.id: stream(owner, 500, seed=4) for owner in (ARM, HAND)}
    np.savez(tmp_path / "given.npz", codes=codes, **given)
    done = python("-c", FRESH, tmp_path / "one", tmp_path / "two", tmp_path / "given.npz")
    for name in ("adapter.json", "arrays.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    for line, owner in zip(done.stdout.splitlines(), (ARM, HAND), strict=True):
        adapter = tokenizer.for_embodiment(owner)
        said = adapter.decode(every_utterance(adapter)).tobytes()
        heard = adapter.encode(stream(owner, 500, seed=4)).tobytes()
        assert line == f"{owner.id} {said.hex()[:4096]} {heard.hex()[:4096]}"
    loaded = MultiEmbodimentTokenizer.load(tmp_path / "one")
    assert loaded.report() == tokenizer.report()
    assert loaded.embodiments == tokenizer.embodiments


def test_a_loaded_tokenizer_takes_in_a_body_as_the_first_would(tmp_path):
    first = fit(updates=10)
    first.save(tmp_path)
    second = MultiEmbodimentTokenizer.load(tmp_path)
    both = [one.add(CART, stream(CART, 500), updates=10) for one in (first, second)]
    assert both[0] == both[1]


def test_a_damaged_file_is_refused(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    manifest = tmp_path / "adapter.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"arm"', '"leg"'))
    with pytest.raises(BadArgument, match="hash"):
        MultiEmbodimentTokenizer.load(tmp_path)
    manifest.write_text(text.replace('"format": 1', '"format": 7'))
    with pytest.raises(BadArgument, match="format 7"):
        MultiEmbodimentTokenizer.load(tmp_path)
    with pytest.raises(BadArgument, match="cannot read"):
        MultiEmbodimentTokenizer.load(tmp_path / "nowhere")


def test_streams_that_cannot_be_fitted_to_are_refused():
    wide = body("wide", (-1.0,) * 22, (1.0,) * 22)
    for streams, error, words in (
        ({}, BadArgument, "needs a stream"),
        ({ARM: np.empty((0, 4))}, BadArgument, "empty"),
        ({ARM: np.full((10, 4), np.nan)}, InvalidAction, "finite"),
        ({ARM: np.zeros((10, 3))}, InvalidAction, "4 dimensions"),
        ({wide: np.zeros((10, 22))}, BadArgument, "22 dimensions, the tokenizer has 21"),
        ({KEYS: np.zeros((10, 1))}, BadArgument, "is discrete"),
        ({ARM: stream(ARM, 9), msgspec.structs.replace(ARM, frame="world"): stream(ARM, 9)},
         BadArgument, "'arm' already"),
    ):  # fmt: skip
        with pytest.raises(error, match=words):
            MultiEmbodimentTokenizer.fit(streams, **SMALL)
    with pytest.raises(BadArgument, match="is continuous"):
        MultiEmbodimentTokenizer.fit({ARM: stream(ARM, 9)}, words=[HAND], **SMALL)


def test_a_box_is_what_the_body_declares():
    assert box_of(CART) == spaces.Box(
        np.array([-20, -1], np.float32), np.array([20, 1], np.float32), (2,), np.float32
    )
    endless = msgspec.structs.replace(CART, low=(), high=())
    assert not np.isfinite(box_of(endless).high).any()
    for wrong in (KEYS, msgspec.structs.replace(CART, low=(30.0, 0.0))):
        with pytest.raises(BadArgument, match=r"vector|range"):
            box_of(wrong)


# Screens.

ACTIONS = [
    {"type": "tap", "x": 0.51, "y": 0.99},
    {"type": "long_press", "x": 0.01, "y": 0.27},
    {"type": "input_text", "text": "two\nlines \\ and a trailing space "},
    {"type": "input_text", "text": ""},
    {"type": "input_text", "text": "tap 3 4 — naïve 日本 \\n"},
    {"type": "open_app", "app_name": "Maps"},
    {"type": "scroll", "direction": "down"},
    {"type": "navigate_back"},
    {"type": "navigate_home"},
    {"type": "wait"},
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action["type"])
def test_screen_actions_come_back(action):
    words = UiWords()
    said = words.encode(action)
    assert UiWords.STOP not in said
    back = words.decode(said)
    assert words.encode(back) == said
    for field, value in action.items():
        if isinstance(value, float):
            assert abs(back[field] - value) <= words.resolution.max() == 0.01
        else:
            assert back[field] == value


def test_a_tap_is_two_numbers_of_a_grid():
    words = UiWords(width=1080, height=2400)
    assert words.encode({"type": "tap", "x": 540, "y": 0}) == "tap 25 0"
    assert words.decode("tap 49 49") == {"type": "tap", "x": 1069.2, "y": 2376.0}
    for column in range(50):
        for row in range(50):
            said = f"tap {column} {row}"
            assert words.encode(words.decode(said)) == said
    assert words.clipped == 0
    assert words.encode({"type": "tap", "x": 1080, "y": 2400}) == "tap 49 49"
    assert words.clipped == 0
    assert words.encode({"type": "tap", "x": -3, "y": 9999}) == "tap 0 49"
    assert words.clipped == 2


@pytest.mark.parametrize(
    "said",
    [
        "", "tap", "tap 3", "tap 3 4 5", "tap 50 1", "tap 03 1", "tap -1 1", "tap 1.0 2", "Tap 1 2",
        "tap  1 2", "tap 1 2\n", "tap 9999999999999999999999 1", "scroll", "scroll inwards",
        "wait ", "input_text", "input_text a\nb", "input_text \\x", "input_text \\", "fly",
        "tap ١ ٢", None, 3,
    ],
)  # fmt: skip
def test_words_of_no_action_are_refused(said):
    with pytest.raises(DecodeError):
        UiWords().decode(said)


@pytest.mark.parametrize(
    "action",
    [
        {}, {"type": "fly"}, {"type": "tap", "x": 0.5},
        {"type": "tap", "x": 0.5, "y": float("nan")},
        {"type": "tap", "x": 0.5, "y": "1"}, {"type": "tap", "x": True, "y": 0.5},
        {"type": "tap", "x": 0.5, "y": 0.5, "z": 1}, {"type": "input_text", "text": 5},
        {"type": "scroll", "direction": "in"}, {"type": "wait", "seconds": 3}, {"type": None},
    ],
)  # fmt: skip
def test_actions_that_no_words_say_are_refused(action):
    with pytest.raises(InvalidAction):
        UiWords().encode(action)


def test_a_screen_without_extent_is_refused():
    for wrong in ({"grid": 0}, {"width": 0}, {"height": float("inf")}):
        with pytest.raises(BadArgument):
            UiWords(**wrong)
