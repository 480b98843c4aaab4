from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Fault, Outcome
from polyathlon.core.errors import RunDirectoryError
from polyathlon.core.journal import Entry, Journal
from polyathlon.core.manifest import AgentRecord, Manifest, write_manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec, derive_seed
from polyathlon.leaderboard import gallery, media
from polyathlon.leaderboard.markup import Markup, element, escape
from polyathlon.leaderboard.report import render_report, write_report

EVIL = "<script>alert(1)</script>\"'&\u202e\x1b[2J"
TASKS = ("arm.reach-v1", "game.pong-v1")


class Page(HTMLParser):
    """Every tag with its attributes, and the text outside the style sheet."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.words, self.style, self._inside = [], [], "", None
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside == "style":
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def run(tmp_path):
    """A run with foreign names everywhere, a retried and an invalid episode, and pictures."""
    specs = tuple(
        TaskSpec(
            id=task,
            entry_point="nowhere:Nothing",
            embodiment=Embodiment(id="none", kind="discrete"),
            instruction=EVIL,
            max_episode_steps=10,
            score="return" if task == TASKS[1] else "success",
        )
        for task in TASKS
    )
    benchmark = Benchmark(id=EVIL, title=EVIL, tasks=TASKS, episodes_per_task=3)
    manifest = Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=specs,
        agent=AgentRecord(name=EVIL, path=EVIL, dialect=EVIL),
        max_attempts=3,
        packages={EVIL: EVIL},
        machine={EVIL: EVIL},
        renderers={"arm": {EVIL: EVIL}},
        command=("polyathlon", "eval", EVIL),
        created=EVIL,
    )
    write_manifest(tmp_path, manifest)
    with Journal(tmp_path) as journal:
        for task in TASKS:
            for index in (0, 1):
                retried = (Fault(kind="startup-timeout", message=EVIL),) * index
                journal.append([_played(task, index, retried)])
        spoiled = (Fault(kind="worker-died", message="killed by signal 11"),) * 3
        plan = EpisodePlan(task=TASKS[0], index=2, seed=derive_seed(EVIL, 0, TASKS[0], 2))
        invalid = EpisodeResult(plan=plan, outcome=Outcome.INVALID, attempts=3, faults=spoiled)
        journal.append([Entry(invalid)])
    (tmp_path / "media").mkdir()
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 120, 240)]
    frames[0].save(tmp_path / "media" / f"{TASKS[0]}-0.png")
    film = tmp_path / "media" / f"{TASKS[0]}-0.webp"
    frames[0].save(film, save_all=True, append_images=frames[1:], duration=50)
    frames[0].save(tmp_path / "media" / f"{TASKS[1]}-1.png")
    return tmp_path


def _played(task, index, faults):
    result = EpisodeResult(
        plan=EpisodePlan(task=task, index=index, seed=derive_seed(EVIL, 0, task, index)),
        outcome=Outcome.SUCCESS if index else Outcome.FAILURE,
        total_reward=1.0 + index,
        score=float(index),
        steps=7,
        metrics={EVIL: 0.25},
        instruction=f"Number {index}. {EVIL}",
        attempts=1 + len(faults),
        faults=faults,
    )
    return Entry(result, *pack_actions([0, 1, 0, 1, 0, 1, 0]))


def test_foreign_text_stays_text(run):
    source = render_report(run)
    page = Page(source)
    assert page.all("script") == []
    assert "<script" not in source
    assert "\x1b" not in source
    assert "\u202e" not in source
    assert "<script>alert(1)</script>" in page.text
    events = [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert events == []


def test_what_an_episode_asked_for_stands_beside_what_its_task_is_about(run):
    page = Page(render_report(run))
    for index in (0, 1):  # Pointing at an episode's square.
        assert f", 7 steps: Number {index}. " in page.text
    head = page.text.partition(" reach-v1 ")[2].partition(" episode 0: ")[0]
    assert "Number 0. " in head  # In a task's line: of the first episode alone.
    assert "Number 1. " not in head


def test_the_page_loads_and_runs_nothing(run):
    page = Page(render_report(run))
    policy = next(
        meta["content"]
        for meta in page.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    addresses = [
        attributes[key]
        for _, attributes in page.tags
        for key in ("src", "srcset", "href")
        if key in attributes
    ]
    assert all(address.startswith(("data:image/", "#")) for address in addresses)
    assert not re.search(r"url\(|@import|https?:", page.style)
    assert not any("style" in attributes for _, attributes in page.tags)


def test_links_within_the_page_arrive(run):
    page = Page(render_report(run))
    names = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    targets = {link["href"].removeprefix("#") for link in page.all("a")}
    assert targets == {"families", "tasks", "films", "faults", "record"}
    assert targets <= names


def test_the_figures_are_there(run):
    text = Page(render_report(run)).text
    assert "4 of 6" in text
    assert "50.0% [15.0, 85.0]" in text
    assert "Incomplete: 1 episode not yet played and 1 episode invalid." in text
    assert "worker-died killed by signal 11" in text
    assert "startup-timeout" in text
    assert f"polyathlon replay {run.name} arm.reach-v1 0" in text


def test_pictures_are_embedded_and_described(run):
    page = Page(render_report(run))
    images, films = page.all("img"), page.all("source")
    stored = (run / "media" / f"{TASKS[0]}-0.png").read_bytes()
    assert images[0]["src"] == f"data:image/png;base64,{base64.b64encode(stored).decode()}"
    assert len(images) == 2
    assert all("arm.reach-v1" in one["alt"] or "game.pong-v1" in one["alt"] for one in images)
    (film,) = films
    decoded = base64.b64decode(film["srcset"].removeprefix("data:image/webp;base64,"))
    assert decoded == (run / "media" / f"{TASKS[0]}-0.webp").read_bytes()
    assert film["media"] == "(prefers-reduced-motion: no-preference)"


@pytest.mark.parametrize("limit", ["LARGEST", "BUDGET"])
def test_large_pictures_are_named_and_left_out(run, limit, monkeypatch):
    monkeypatch.setattr(media, limit, 20)
    page = Page(render_report(run))
    assert page.all("img") == []
    assert f"Left out here: {TASKS[0]}-0.png, {TASKS[0]}-0.webp, {TASKS[1]}-1.png." in page.text


def with_storyboard(run, names=("wait", EVIL)):
    """Gives the first task names for its actions, and its first episode a strip of frames."""
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["tasks"][0]["embodiment"]["action_names"] = list(names)
    (run / "manifest.json").write_text(json.dumps(manifest))
    sheet = Image.new("RGB", (64, 8))
    for number in range(8):
        sheet.paste((30 * number, 0, 0), (8 * number, 0, 8 * number + 8, 8))
    sheet.save(run / "media" / f"{TASKS[0]}-0.strip.webp", lossless=True)


def test_a_short_episode_is_shown_step_by_step(run):
    with_storyboard(run)
    page = Page(render_report(run))
    pictures = [one["src"] for one in page.all("img") if one.get("alt") == ""]
    assert len(pictures) == 8
    assert all(address.startswith("data:image/webp") for address in pictures)
    assert len(set(pictures)) > 3


def test_commands_stand_under_their_pictures(run, monkeypatch):
    with_storyboard(run)
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["tasks"][0]["embodiment"]["kind"] = "text"
    (run / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(
        gallery, "read_actions", lambda *_: ["click(7)", 'fill(2, "<b>")'] + [""] * 5
    )
    page = Page(render_report(run))
    assert len([one for one in page.all("img") if one.get("alt") == ""]) == 8
    assert 'fill(2, "<b>")' in page.text


@pytest.mark.parametrize("spoil", ["frames", "names", "text", "link"])
def test_a_strip_that_does_not_fit_is_left_out(run, spoil):
    names = ("wait",) if spoil == "names" else ("wait", "go")
    with_storyboard(run, names)
    strip = run / "media" / f"{TASKS[0]}-0.strip.webp"
    if spoil == "frames":
        Image.new("RGB", (61, 8)).save(strip)
    if spoil == "text":
        strip.write_text("no picture")
    if spoil == "link":
        elsewhere = run / "elsewhere.webp"
        strip.rename(elsewhere)
        strip.symlink_to(elsewhere)
    assert not [one for one in Page(render_report(run)).all("img") if one.get("alt") == ""]


def test_many_episodes_of_a_task_are_on_a_contact_sheet(run, monkeypatch):
    monkeypatch.setattr(gallery, "FILMS", 1)
    for index in (1, 2):
        picture = Image.new("RGB", (8, 8), (0, 40 * index, 0))
        picture.save(run / "media" / f"{TASKS[0]}-{index}.png")
    page = Page(render_report(run))
    stored = (run / "media" / f"{TASKS[0]}-2.png").read_bytes()
    addresses = [one["src"] for one in page.all("img")]
    assert f"data:image/png;base64,{base64.b64encode(stored).decode()}" in addresses
    assert "2 more episodes" in page.text
    assert "2 · invalid" in page.text
    assert len(page.all("source")) == 1


def test_only_pictures_of_the_run_are_read(run, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    secret.write_bytes(b"\x89PNG\r\n\x1a\nsecret")
    picture = run / "media" / f"{TASKS[1]}-1.png"
    picture.unlink()
    picture.symlink_to(secret)
    (run / "media" / f"{TASKS[1]}-0.png").write_bytes(b"<svg onload='alert(1)'/>")
    page = Page(render_report(run))
    assert len(page.all("img")) == 1
    assert media.Album(run).picture("../../etc/passwd", 0) is None


def test_an_empty_run_has_a_page(run):
    (run / "episodes.jsonl").unlink()
    (run / "actions.bin").unlink()
    text = Page(render_report(run)).text
    assert "No episode of this run is valid yet." in text
    assert "6 episodes not yet played" in text


def test_the_file_is_written_whole(run):
    path = write_report(run)
    assert path == run / "report.html"
    assert path.read_text() == render_report(run)
    with pytest.raises(RunDirectoryError, match="is not a run"):
        write_report(run / "media")


def test_markup_escapes_all_but_markup():
    assert element("p", "<b>", Markup("<i>x</i>"), None, 3) == "<p>&lt;b&gt;<i>x</i>3</p>"
    assert element("img", alt='"><x', hidden=True, src=None) == (
        '<img alt="&quot;&gt;&lt;x" hidden/>'
    )
    assert escape("a\x00b\ud800") == "a\ufffdb\ufffd"
