"""Adapters with the token ids that stand for their codes: one folder, one hash, one dialect."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.adapters import make_adapter
from polyathlon.adapters.quantile import QuantileAdapter
from polyathlon.adapters.semlang import SemLangAdapter
from polyathlon.adapters.speaker import Speaker, save_spoken
from polyathlon.adapters.uniform import UniformAdapter
from polyathlon.adapters.vocabulary import TokenTable
from polyathlon.core.errors import BadArgument, DecodeError, EmbodimentMismatch, UnknownName
from polyathlon.core.specs import Embodiment

ARM = Embodiment(
    id="arm", kind="continuous", action_names=("x", "y", "z"),
    low=(-1.0,) * 3, high=(1.0,) * 3,
)  # fmt: skip
BOX = spaces.Box(-1, 1, (3,), np.float32)


def actions(count: int = 200) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, 3)).astype(np.float32)


def adapters():
    return UniformAdapter(BOX, ARM, bins=32), QuantileAdapter.fit(actions(), BOX, ARM, bins=16)


def counts(adapter) -> dict[str, list[int]]:
    return {adapter.embodiment.id: adapter.agent_space.nvec.tolist()}


@pytest.mark.parametrize("number", [0, 1])
def test_a_speaker_keeps_the_laws_in_token_ids(number):
    adapter = adapters()[number]
    speaker = Speaker(adapter, TokenTable.added(counts(adapter), 1000))
    said = speaker.encode(actions())
    assert said.min() >= 1000
    assert all(speaker.agent_space.contains(row) for row in said)
    back = speaker.decode(said)
    assert (np.abs(back - actions()) <= speaker.resolution).all()
    assert np.array_equal(speaker.encode(back), said)
    order = np.random.default_rng(1).permutation(len(said))
    assert np.array_equal(speaker.decode(said[order]), back[order])
    speaker.agent_space.seed(0)
    for _ in range(50):
        row = speaker.agent_space.sample()
        assert BOX.contains(speaker.decode(row))
        assert np.array_equal(speaker.encode(speaker.decode(row)), row)
    for wrong in ([0, 0, 0], said[0][:2], said[0][::-1] + 5000, "no", [0.5] * 3):
        with pytest.raises(DecodeError):
            speaker.decode(wrong)
        assert not speaker.agent_space.contains(wrong)


FRESH = """
import sys, numpy as np
from gymnasium import spaces
from polyathlon.adapters import make_adapter
from polyathlon.core.specs import Embodiment
import msgspec
arm = msgspec.json.decode(sys.argv[2], type=Embodiment)
speaker = make_adapter("spoken:" + sys.argv[1], spaces.Box(-1, 1, (3,), np.float32), arm)
given = np.random.default_rng(0).uniform(-1, 1, (200, 3)).astype(np.float32)
print(speaker.encode(given).tobytes().hex(), speaker.decode(speaker.encode(given)).tobytes().hex())
speaker.save(sys.argv[3])
"""


@pytest.mark.parametrize("number", [0, 1])
def test_one_folder_gives_the_same_bytes_in_a_fresh_process(number, python, tmp_path):
    adapter = adapters()[number]
    speaker = Speaker(adapter, TokenTable.added(counts(adapter), 1000))
    speaker.save(tmp_path / "one")
    plain = msgspec.json.encode(ARM).decode()
    done = python("-c", FRESH, tmp_path / "one", plain, tmp_path / "two")
    said = speaker.encode(actions())
    assert done.stdout.split() == [said.tobytes().hex(), speaker.decode(said).tobytes().hex()]
    for name in ("adapter.json", "arrays.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_vocabulary_and_adapter_have_one_hash(tmp_path):
    adapter = adapters()[1]
    Speaker(adapter, TokenTable.added(counts(adapter), 1000)).save(tmp_path)
    manifest = tmp_path / "adapter.json"
    text = manifest.read_text()
    plain = json.loads(text)
    plain["vocabulary"]["bodies"]["arm"][0] = [[5000, 5016]]
    manifest.write_text(json.dumps(plain))
    for load in (lambda: QuantileAdapter.load(tmp_path, BOX, ARM),
                 lambda: Speaker.load(tmp_path, BOX, ARM)):  # fmt: skip
        with pytest.raises(BadArgument, match="hash"):
            load()
    manifest.write_text(text)
    assert Speaker.load(tmp_path, BOX, ARM).table == TokenTable.added(counts(adapter), 1000)
    other = msgspec.structs.replace(ARM, frame="world")
    with pytest.raises(EmbodimentMismatch, match="frame"):
        Speaker.load(tmp_path, BOX, other)


def test_what_does_not_fit_is_refused(tmp_path):
    uniform, quantile = adapters()
    table = TokenTable.added(counts(uniform), 1000)
    with pytest.raises(BadArgument, match=r"\[32, 32, 32\] tokens for the levels of 'arm'"):
        Speaker(quantile, table)
    with pytest.raises(BadArgument, match="no tokens for 'arm'; it has some for leg"):
        Speaker(uniform, TokenTable.added({"leg": [3]}, 10))
    keys = Embodiment(id="keys", kind="discrete", action_names=("a", "b"))
    with pytest.raises(BadArgument, match="words are tokens already"):
        Speaker(SemLangAdapter(spaces.Discrete(2), keys), table)
    with pytest.raises(BadArgument, match="spoken:folder"):
        make_adapter("spoken", BOX, ARM)
    quantile.save(tmp_path)
    with pytest.raises(BadArgument, match="has no vocabulary"):
        Speaker.load(tmp_path, BOX, ARM)
    with pytest.raises(BadArgument, match="cannot read"):
        Speaker.load(tmp_path / "nowhere", BOX, ARM)
    # Two bodies may not have one id for two codes, nor a code a token of the prompt.
    with pytest.raises(BadArgument, match="which do not share"):
        TokenTable({"arm": [[7, 8]], "leg": [[8, 9]]}, 7)
    with pytest.raises(BadArgument, match="now stand for codes"):
        table.check_spared([3, 1001], "the prompt")


class Words:
    """The least of a language model's tokenizer."""

    all_special_ids = (0,)
    added_tokens_decoder: dict[int, str] = {}  # noqa: RUF012

    def __init__(self, *words: str) -> None:
        self._words = {word: number for number, word in enumerate(words)}

    def get_vocab(self) -> dict[str, int]:
        return self._words


def test_a_vocabulary_belongs_to_the_tokenizer_it_was_made_for(tmp_path):
    uniform, _ = adapters()
    mine = Words("<end>", "pick", "place")
    save_spoken(tmp_path, uniform, TokenTable.added(counts(uniform), mine))
    assert Speaker.load(tmp_path, BOX, ARM, tokenizer=mine).encode(actions(1)).min() >= 3
    with pytest.raises(BadArgument, match="another tokenizer"):
        Speaker.load(tmp_path, BOX, ARM, tokenizer=Words("<end>", "pick"))


def test_a_tokenizer_of_many_bodies_is_spoken_body_by_body(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("vector_quantize_pytorch")
    from polyathlon.adapters.tokenizer import MultiEmbodimentTokenizer

    leg = msgspec.structs.replace(ARM, id="leg")
    tokenizer = MultiEmbodimentTokenizer.fit(
        {ARM: actions(), leg: actions() / 2},
        codes=8, width=8, latent=4, updates=5, batch=64,
    )  # fmt: skip
    table = TokenTable.added({"arm": [8, 8], "leg": [8, 8]}, 100, sharing="bodies")
    save_spoken(tmp_path, tokenizer, table)
    for body in (ARM, leg):
        speaker = Speaker.load(tmp_path, BOX, body)
        said = speaker.encode(actions(20))
        whole = tokenizer.for_embodiment(body)
        assert np.array_equal(said, table.tokens(body.id, whole.encode(actions(20))))
        assert np.array_equal(speaker.decode(said), whole.decode(whole.encode(actions(20))))
    assert MultiEmbodimentTokenizer.load(tmp_path).report() == tokenizer.report()
    with pytest.raises(UnknownName, match="arms"):
        Speaker.load(tmp_path, BOX, msgspec.structs.replace(ARM, id="arms"))
    with pytest.raises(BadArgument, match="no tokens for 'leg'"):
        save_spoken(tmp_path, tokenizer, TokenTable.added({"arm": [8, 8]}, 100))
