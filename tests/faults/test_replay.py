"""A recorded episode can be played again from its actions, and a forged one is noticed."""

from __future__ import annotations

import json

import pytest

PATTERN = "faulty.sound,faulty.sound-discrete,metaworld.reach,babyai.go-to-obj,atari.pong"


@pytest.fixture(scope="module")
def run(tmp_path_factory, command_line):
    folder = tmp_path_factory.mktemp("replay")
    line = command_line(folder)
    done = line.run(
        "eval", PATTERN, "--agent", "random", "--episodes", "2", "--out", "run", "--video", "1"
    )
    assert done.returncode == 0, done.stderr
    return line, folder / "run"


@pytest.mark.parametrize("task", PATTERN.split(","))
def test_every_family_replays_to_the_bit(run, task):
    line, _ = run
    done = line.run("replay", "run", task, "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "matches" in done.stdout
    assert "DIFFERS" not in done.stdout


def test_a_film_of_a_replay(run):
    line, folder = run
    done = line.run("replay", "run", "babyai.go-to-obj", "1", "--video", "again.webp")
    assert done.returncode == 0, done.stderr
    assert (folder.parent / "again.webp").read_bytes()[8:12] == b"WEBP"


def test_films_and_renderers_are_kept(run):
    _, folder = run
    for task in ("metaworld.reach-v3", "babyai.go-to-obj-v0", "atari.pong-v5"):
        assert (folder / "media" / f"{task}-0.webp").read_bytes()[8:12] == b"WEBP"
        assert (folder / "media" / f"{task}-0.png").read_bytes()[1:4] == b"PNG"
        assert not (folder / "media" / f"{task}-1.webp").exists()
    renderers = json.loads((folder / "manifest.json").read_text())["renderers"]
    assert renderers["metaworld"]["profile"] == "fast"
    assert renderers["metaworld"]["device"]
    assert renderers["babyai"]["backend"] == "native"


def test_other_actions_do_not_match(run, tmp_path):
    """The actions of one episode under the name of another, chained anew: the rewards tell."""
    import shutil

    from polyathlon.core.actions import pack_actions
    from polyathlon.core.episode import EpisodeResult
    from polyathlon.core.journal import Entry, Journal, read_actions, read_journal

    line, folder = run
    forged = folder.parent / "forged"
    shutil.copytree(folder, forged)
    results = {one.plan.key: one for one in read_journal(folder)}
    (forged / "episodes.jsonl").unlink()
    (forged / "actions.bin").unlink()
    honest: EpisodeResult = results["faulty.sound-v0", 0]
    packed, digest = pack_actions(read_actions(folder, results["faulty.sound-v0", 1].trace))
    with Journal(forged) as journal:
        journal.open()
        journal.append([Entry(honest, packed, digest)])
    done = line.run("replay", "forged", "faulty.sound", "0")
    assert done.returncode == 1
    assert "DOES NOT MATCH" in done.stdout


def test_an_episode_from_another_seed_does_not_match(run):
    """Failed episodes of a sparse reward look alike; the seed and what was seen tell."""
    import shutil

    import msgspec

    from polyathlon.core.actions import pack_actions
    from polyathlon.core.journal import Entry, Journal, read_actions, read_journal

    line, folder = run
    forged = folder.parent / "reseeded"
    shutil.copytree(folder, forged)
    results = {one.plan.key: one for one in read_journal(folder)}
    honest = results["babyai.go-to-obj-v0", 0]
    packed, digest = pack_actions(read_actions(folder, honest.trace))
    (forged / "episodes.jsonl").unlink()
    (forged / "result.json").unlink()
    other = msgspec.structs.replace(honest.plan, seed=1)
    with Journal(forged) as journal:
        journal.open()
        journal.append([Entry(msgspec.structs.replace(honest, plan=other), packed, digest)])
    done = line.run("replay", "reseeded", "babyai.go-to-obj", "0")
    assert done.returncode == 1
    assert "DIFFERS  seed: 1 recorded" in done.stdout
    for command in (("report", "reseeded"), ("leaderboard", "build", "reseeded")):
        done = line.run(*command)
        assert done.returncode == 2
        assert "played from seed 1" in done.stderr


def test_a_declaration_that_is_not_ours_is_not_called(run):
    """A stranger's manifest names code to call; only what is installed here is."""
    import shutil

    line, folder = run
    strange = folder.parent / "strange"
    shutil.copytree(folder, strange)
    manifest = json.loads((strange / "manifest.json").read_text())
    for task in manifest["tasks"]:
        task["entry_point"] = "subprocess:Popen"
    (strange / "manifest.json").write_text(json.dumps(manifest))
    done = line.run("replay", "strange", "faulty.sound", "0")
    assert done.returncode == 2
    assert "declares faulty.sound-v0 otherwise" in done.stderr
