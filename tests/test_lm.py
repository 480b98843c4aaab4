from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from polyathlon.adapters.trie import Forest
from polyathlon.agents.gea.config import PRESETS as GEA
from polyathlon.agents.llarp.config import PRESETS as LLARP
from polyathlon.agents.lm.backbone import Backbone, Loading, load_backbone
from polyathlon.agents.lm.cache import SlotCache
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.eyes import grid_of
from polyathlon.agents.lm.fault import OutOfMemory, TrainingFailed, check_finite, memory_guard
from polyathlon.agents.lm.folder import fingerprint
from polyathlon.agents.lm.lora import Lora
from polyathlon.agents.lm.many import device_of
from polyathlon.agents.lm.ppo import PopArt, PpoSetting, advantages_of
from polyathlon.agents.lm.small import Small, make_small, own_trunk
from polyathlon.agents.lm.snapshot import load_snapshot, save_snapshot
from polyathlon.agents.lm.utterance import NOTHING, Choice, score, utter
from polyathlon.core.errors import BadArgument, UnknownName

TEXTS = ("go to the red ball", "pick up the apple", "put it on the table")
KINDS = ("llama", "llava-onevision", "qwen2-vl")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A small model of each kind, saved as any other is."""
    root = tmp_path_factory.mktemp("models")
    sizes = {"width": 32, "layers": 2, "vision_width": 32, "vision_layers": 1}
    return {kind: make_small(root / kind, Small(kind=kind, **sizes), TEXTS) for kind in KINDS}


def loaded(folder, **changes) -> Backbone:
    torch.manual_seed(0)
    return load_backbone(Loading(model=str(folder), **changes), extra=9).eval()


def test_a_device_that_is_not_here_is_named_with_those_that_are():
    assert device_of("cpu") == "cpu"
    for name in ("cuda:99", "warp"):
        with pytest.raises(BadArgument, match=f"device '{name}' here.*it can on cpu"):
            device_of(name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cache_of_many_slots_says_what_a_full_pass_says(folders, kind):
    backbone = loaded(folders[kind])
    ids = torch.randint(backbone.base_size + 9, (3, 9), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole = backbone(backbone.embed(ids))
        cache = SlotCache(4, 9)
        found: list[list[torch.Tensor]] = [[], [], []]
        # Slots in any order, each in pieces of its own, some resting meanwhile.
        for rows, counts in (
            ([2, 0], [4, 2]),
            ([1], [5]),
            ([0, 1, 2], [3, 1, 1]),
            ([2, 0], [1, 4]),
        ):
            starts = [sum(map(len, found[row])) for row in rows]
            parts = [
                ids[row, start : start + count]
                for row, start, count in zip(rows, starts, counts, strict=True)
            ]
            packed = torch.nn.utils.rnn.pad_sequence(parts, batch_first=True)
            hidden = backbone(backbone.embed(packed), cache, cache.open(rows, counts))
            for place, (row, count) in enumerate(zip(rows, counts, strict=True)):
                found[row].append(hidden[place, :count])
    for row, parts in enumerate(found):
        said = torch.cat(parts)
        assert torch.allclose(said, whole[row, : len(said)], atol=1e-4)


def test_a_prompt_stays_in_the_cache(folders):
    backbone = loaded(folders["llama"])
    cache, ids = SlotCache(2, 8), torch.arange(8)[None]
    with torch.no_grad():
        backbone(backbone.embed(ids[:, :4]), cache, cache.open([1], [4]))
        backbone(backbone.embed(ids[:, 4:] + 3), cache, cache.open([1], [4]))
        cache.forget([1], 4)
        again = backbone(backbone.embed(ids[:, 4:]), cache, cache.open([1], [4]))
        whole = backbone(backbone.embed(ids))
    assert torch.allclose(again, whole[:, 4:], atol=1e-5)
    with pytest.raises(BadArgument, match="9 tokens, the cache has room for 8"):
        cache.open([1], [1])


@pytest.mark.parametrize("greedy", [True, False])
def test_what_is_said_under_a_mask_is_as_likely_as_a_full_pass_finds(folders, greedy):
    backbone = loaded(folders["llama"])
    first = backbone.base_size
    forest = Forest(
        {"words": [[5], [6, 7], [6, 8, 9]]},
        steps={"codes": [list(range(first, first + 4)), list(range(first + 4, first + 9))]},
    )
    bodies = ["words", "codes", "words", "codes", "codes"]
    prompts = torch.randint(first, (5, 6), generator=torch.Generator().manual_seed(2))
    draws = torch.rand(5, forest.longest, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        cache = SlotCache(5, 16)
        hidden = backbone(backbone.embed(prompts), cache, cache.open(range(5), [6] * 5))[:, -1]
        said = utter(
            backbone, forest, bodies, hidden, cache, range(5), Choice(None if greedy else draws)
        )
        whole = torch.cat([prompts, said.tokens.clamp(min=0)], 1)
        states = backbone(backbone.embed(whole))[:, 5 : 5 + forest.longest]
        found = score(backbone, forest, bodies, states, said.tokens)
    assert torch.allclose(said.log_probs, found.log_probs, atol=1e-4)
    assert torch.allclose(said.entropies, found.entropies, atol=1e-4)
    assert bool((said.entropies <= 1 + 1e-6).all())
    assert bool(forest.parse(forest.start(bodies), said.tokens).valid.all())


def test_masked_probabilities_are_those_of_the_full_vocabulary_cut_and_scaled(folders):
    backbone = loaded(folders["llama"])
    forest = Forest({"words": [[5], [6, 7], [6, 8]]})
    hidden = torch.randn(1, 2, backbone.width, generator=torch.Generator().manual_seed(0))
    tokens = torch.tensor([[6, 8]])
    with torch.no_grad():
        scores = backbone.logits(hidden)[0]
        plain = (
            torch.log_softmax(scores[0, [5, 6]], 0)[1] + torch.log_softmax(scores[1, [7, 8]], 0)[1]
        )
        found = score(backbone, forest, ["words"], hidden, tokens)
    assert float(found.log_probs) == pytest.approx(float(plain), abs=1e-5)
    assert NOTHING not in tokens


def test_a_model_sees_as_its_own_library_lets_it(folders):
    backbone = loaded(folders["llava-onevision"])
    pictures = np.random.default_rng(0).integers(0, 255, (2, 56, 56, 3), np.uint8)
    numbers = backbone.eyes.lens.look(pictures, "cpu", torch.float32)
    # 7 x 7 patches; the library pools a film's frames to half, rounded up, and adds a new line.
    theirs = backbone.model.get_video_features(
        numbers[:, None], vision_feature_layer=-1, vision_feature_select_strategy="full"
    ).pooler_output
    mine = backbone.eyes.tokens(pictures, 16, "cpu", torch.float32)
    assert torch.allclose(mine, theirs[:, :16], atol=1e-5)


def test_qwen_sees_as_its_own_library_lets_it(folders):
    transformers = pytest.importorskip("transformers")
    backbone = loaded(folders["qwen2-vl"])
    picture = np.random.default_rng(0).integers(0, 255, (336, 336, 3), np.uint8)
    vision = backbone.model.config.vision_config
    try:
        theirs_of = transformers.Qwen2VLImageProcessor(
            patch_size=vision.patch_size, merge_size=2, temporal_patch_size=2,
            min_pixels=16, max_pixels=10**7, image_mean=[0.5] * 3, image_std=[0.5] * 3,
        )  # fmt: skip
        packed = theirs_of(picture, return_tensors="pt")
    except ImportError as error:
        pytest.skip(f"the library's own image processor: {error}"[:100])
    rows, columns = packed["image_grid_thw"][0, 1:].tolist()
    theirs = backbone.model.model.visual(
        packed["pixel_values"], grid_thw=packed["image_grid_thw"]
    ).pooler_output
    mine = backbone.eyes.patches(backbone.eyes.lens.look(picture[None], "cpu", torch.float32))
    assert mine.shape[1:3] == (rows // 2, columns // 2)
    assert torch.allclose(mine.flatten(0, 2), theirs, atol=1e-3)


def test_tokens_of_a_picture_make_a_grid():
    assert grid_of(196, 27, 27) == (14, 14)
    assert grid_of(32, 27, 27) in ((4, 8), (8, 4))
    assert grid_of(6, 10, 20)[1] > grid_of(6, 10, 20)[0]
    with pytest.raises(BadArgument, match="65 tokens are asked for"):
        grid_of(65, 8, 8)


@pytest.mark.parametrize("train", ["nothing", "lora", "all"])
def test_what_is_to_be_trained_is_and_nothing_else(folders, train):
    pytest.importorskip("peft")
    backbone = loaded(folders["llama"], train=train, lora=Lora(rank=2, dropout=0.0))
    backbone.train()
    before = {name: one.detach().clone() for name, one in backbone.named_parameters()}
    optimiser = torch.optim.SGD(backbone.trained().values(), lr=1.0)
    for _ in range(2):  # The second factor of a low-rank change begins at nought.
        optimiser.zero_grad()
        hidden = backbone(backbone.embed(torch.tensor([[1, backbone.base_size, 2]])))
        backbone.logits(hidden)[..., [3, backbone.base_size + 1]].log_softmax(-1)[
            ..., 1
        ].sum().backward()
        optimiser.step()
    moved = {
        name for name, one in backbone.named_parameters() if not torch.equal(one, before[name])
    }
    own = {"rows_in", "rows_out"}
    assert own <= moved
    assert all("lora_" in name for name in moved - own) or train == "all"
    assert {"nothing": 0, "lora": 1, "all": 1}[train] <= len(moved - own)
    if train == "nothing":
        assert moved == own


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("config.json", "lacks config.json"),
        ("model.safetensors", "lacks model.safetensors"),
        ("tokenizer.json", "lacks a tokenizer"),
    ],
)
def test_a_folder_without_a_file_is_named(folders, tmp_path, gone, said):
    copy = shutil.copytree(folders["llama"], tmp_path / "copy")
    (copy / gone).unlink()
    with pytest.raises(BadArgument, match=said) as error:
        load_backbone(Loading(model=str(copy)))
    assert "\n" not in str(error.value)


def test_a_missing_part_of_weights_is_named(folders, tmp_path):
    copy = shutil.copytree(folders["llama"], tmp_path / "copy")
    (copy / "model.safetensors").unlink()
    index = {"weight_map": {"one": "model-00001-of-00002.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BadArgument, match="lacks model-00001-of-00002"):
        load_backbone(Loading(model=str(copy)))
    with pytest.raises(BadArgument, match="no model folder"):
        load_backbone(Loading(model="./nowhere"))


def test_weights_that_are_cut_off_or_not_of_the_model_are_refused_and_never_drawn(
    folders, tmp_path
):
    copy = shutil.copytree(folders["llama"], tmp_path / "copy")
    file, config = copy / "model.safetensors", copy / "config.json"
    whole = file.read_bytes()
    for length in (0, len(whole) // 2):
        file.write_bytes(whole[:length])
        with pytest.raises(BadArgument, match=r"weights of the model .* are damaged"):
            load_backbone(Loading(model=str(copy)))
    shutil.copy(folders["llava-onevision"] / "model.safetensors", file)
    with pytest.raises(BadArgument, match=r"lacks \d+ weights, such as .*of different models"):
        load_backbone(Loading(model=str(copy)))
    file.write_bytes(whole)
    config.write_text(config.read_text().replace('"hidden_size": 32', '"hidden_size": 64'))
    with pytest.raises(BadArgument, match=r"has the shape .* in its weights and"):
        load_backbone(Loading(model=str(copy)))


def test_a_trunk_that_an_earlier_beginning_left_is_not_taken_for_this_one(tmp_path):
    own_trunk(tmp_path, Small(width=16, layers=1), TEXTS)
    trunk = own_trunk(tmp_path, Small(width=32, layers=1), TEXTS)
    assert load_backbone(Loading(model=str(trunk))).width == 32
    save_snapshot(tmp_path, {"kind": "x"}, 1, {})
    (trunk / "config.json").unlink()
    own_trunk(tmp_path, Small(width=32, layers=1), ())
    assert not (trunk / "config.json").exists()  # What was learnt on it is of the one that is gone.


def test_sizes_and_numbers_that_make_no_sense_are_refused():
    for sizes in ({"heads": 3}, {"width": 20}, {"image_size": 50}, {"vision_width": 30}):
        with pytest.raises(BadArgument, match=f"small.{next(iter(sizes))}="):
            Small(**sizes)
    for presets, name in ((LLARP, "llarp-mini"), (GEA, "gea-mini")):
        inner = "ppo" if name == "llarp-mini" else "reinforcing.ppo"
        for change, told in (
            ("rollout=0", "`int` >= 1"), ("clip=-1", "`float` > 0.0"), ("discount=2", "<= 1.0"),
            ("minibatches=0", "`int` >= 1"), ("entropy_weight=-1", "`float` >= 0.0"),
        ):  # fmt: skip
            key, value = change.split("=")
            with pytest.raises(BadArgument, match=rf"Expected .*{told}.*{inner}\.{key}"):
                configure(presets, name, {f"{inner}.{key}": int(value)})
    for presets in (LLARP, GEA):  # What ships keeps to the bounds.
        assert all(configure(presets, name, {}) == presets[name] for name in presets)


def test_other_weights_have_another_fingerprint(folders, tmp_path):
    other = make_small(tmp_path / "other", Small(width=32, vision_width=32, seed=1), TEXTS)
    assert fingerprint(str(other)) != fingerprint(str(folders["llama"]))
    assert fingerprint(str(folders["llama"])) == fingerprint(str(folders["llama"]))


def test_trouble_is_a_line_that_says_what_to_do(tmp_path):
    said = rf"this does not fit into memory \({2**62} bytes\); lower the batch"
    with pytest.raises(OutOfMemory, match=said), memory_guard("this", "the batch"):
        torch.empty(2**60)
    with pytest.raises(ValueError, match="mine"), memory_guard("this", "the batch"):
        raise ValueError("mine")
    with pytest.raises(TrainingFailed, match=r"nan in update 7.*checkpoint is not yet written"):
        check_finite(torch.tensor(float("nan")), "update 7", tmp_path)
    save_snapshot(tmp_path, {"kind": "x"}, 6, {})
    with pytest.raises(TrainingFailed, match=rf"checkpoint is {tmp_path}"):
        check_finite(torch.tensor(float("nan")), "update 7", tmp_path)


def test_settings_are_laid_over_a_preset(tmp_path):
    presets = {"one": Loading(model="a"), "two": Loading(model="b")}
    path = tmp_path / "config.json"
    path.write_text('{"preset": "two", "lora": {"alpha": 7}}')
    laid = configure(presets, "one", {"lora.rank": 4}, path)
    assert (laid.model, laid.lora.alpha, laid.lora.rank) == ("b", 7, 4)
    with pytest.raises(BadArgument, match=r"no setting 'lora\.rnak'\. Did you mean 'rank'"):
        configure(presets, "one", {"lora.rnak": 4})
    with pytest.raises(BadArgument, match="configuration: "):
        configure(presets, "one", {"lora.rank": "many"})
    with pytest.raises(UnknownName, match="unknown configuration 'three'"):
        configure(presets, "three", {})


def test_advantages_stop_where_episodes_do():
    rewards = torch.tensor([[1.0], [2.0], [4.0]])
    ended = torch.tensor([[False], [True], [False]])
    found = advantages_of(rewards, torch.zeros(3, 1), ended, torch.tensor([8.0]), 0.5, 1.0)
    assert found[:, 0].tolist() == [2.0, 2.0, 8.0]
    assert PpoSetting().clip == 0.2


def test_popart_says_the_same_when_scales_move():
    torch.manual_seed(0)
    last, features = PopArt(4, 2, rate=0.5), torch.randn(6, 4)
    worlds = torch.tensor([0, 1, 0, 1, 0, 1])
    last.observe(torch.tensor([5.0, 0.0, 7.0, 1.0, 6.0, 0.5]), worlds)
    before = last.restore(last(features, worlds), worlds)
    last.observe(torch.tensor([100.0, 0.1, 300.0, 0.3, 200.0, 0.2]), worlds)
    assert torch.allclose(last.restore(last(features, worlds), worlds), before, atol=1e-3)
    assert last.deviation[0] > 100 * last.deviation[1]


def test_the_first_returns_of_a_world_are_about_zero_on_its_scale():
    torch.manual_seed(0)
    last, features = PopArt(4, 2, rate=0.5), torch.randn(4, 4)
    rows = last.layer.weight.clone()
    returns, worlds = torch.tensor([90.0, 110.0, 95.0, 105.0]), torch.zeros(4, dtype=torch.long)
    last.observe(returns, worlds)
    scaled = last.scale(returns, worlds)
    assert torch.allclose(scaled.mean(), torch.zeros(()), atol=1e-4)
    assert torch.allclose(scaled.square().mean(), torch.ones(()), atol=1e-3)
    assert torch.equal(last.layer.weight, rows)
    assert abs(float(last.restore(last(features, worlds), worlds).detach().mean()) - 100) < 20
    assert last.known.tolist() == [True, False]  # Of the other world nothing has been seen.


def test_a_snapshot_comes_back_and_is_guarded(tmp_path):
    weight = torch.nn.Parameter(torch.randn(3))
    optimiser = torch.optim.AdamW([weight])
    weight.sum().backward()
    optimiser.step()
    dice = np.random.default_rng(5)
    save_snapshot(
        tmp_path, {"kind": "gea"}, 4, {"net": {"w": weight}}, {"net": optimiser}, {"a": dice},
        {"more": [1]},
    )  # fmt: skip
    found = load_snapshot(tmp_path, "gea")
    assert torch.equal(found.under("modules/net")["w"], weight)
    assert (found.step, found.rest) == (4, {"more": [1]})
    assert found.dice["a"] == dice.bit_generator.state
    with pytest.raises(BadArgument, match="of kind 'gea', not 'llarp'"):
        load_snapshot(tmp_path, "llarp")
    (arrays,) = tmp_path.glob("arrays-*")
    arrays.write_bytes(arrays.read_bytes()[:-1] + b"x")
    with pytest.raises(BadArgument, match="is damaged"):
        load_snapshot(tmp_path)
    path = tmp_path / "checkpoint.json"
    path.write_text(path.read_text().replace('"step": 4', '"step": 5'))
    with pytest.raises(BadArgument, match="edited or damaged"):
        load_snapshot(tmp_path)
