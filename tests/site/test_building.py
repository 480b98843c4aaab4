"""A folder of submissions becomes a site: whole, repeatable, and whatever is broken is named."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

from polyathlon.cli import main
from polyathlon.core.errors import BadArgument, RunDirectoryError, SubmissionRefused
from polyathlon.leaderboard import contracts
from polyathlon.leaderboard.assembly import build_board
from polyathlon.leaderboard.intake import slug
from polyathlon.leaderboard.website.build import build_site
from polyathlon.leaderboard.website.feed import script
from polyathlon.leaderboard.website.frames import sheet_of, taken_at


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_submissions_give_the_same_bytes(site, copied, tmp_path):
    build_site([copied], tmp_path / "again")
    assert contents(tmp_path / "again") == contents(site)


def test_several_processes_give_the_same_bytes(site, copied, tmp_path, monkeypatch):
    from polyathlon.leaderboard.website import build

    monkeypatch.setattr(build, "FEW", 1)
    build_site([copied], tmp_path / "again", processes=2)
    assert contents(tmp_path / "again") == contents(site)


def test_the_table_fits_its_schema_and_says_everything(site):
    board = json.loads((site / "leaderboard.json").read_text())
    schema = json.loads((contracts.FOLDER / "leaderboard-v1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(board)
    assert [len(group["rows"]) for group in board["groups"]] in ([1, 4], [4, 1])
    rows = {row["submission"]: row for group in board["groups"] for row in group["rows"]}
    assert {name: row["status"] for name, row in rows.items()} == {
        "Weak": "failed", "Middling": "self-reported", "Strong": "verified",
        "Stronger": "self-reported", "Elsewhere": "self-reported",
    }  # fmt: skip
    assert rows["Weak"]["rank"] is None
    assert rows["Elsewhere"]["rank"] == 1  # alone on its own tasks, not among the four
    sources = {source["key"]: source for source in board["sources"]}
    strong = sources[rows["Strong"]["source"]]
    assert (strong["name"], strong["file"], strong["card"]["authors"]) == (
        "Strong", "strong.zip", ["Ada Lovelace"],
    )  # fmt: skip
    assert strong["verification"]["checked"] == 4
    assert strong["generalist"]["score"]["value"] == pytest.approx(0.7, abs=0.25)
    assert [one["file"] for one in board["refused"]] == ["broken.zip"]


def test_a_broken_submission_is_listed_with_its_reason(site, submissions):
    board = json.loads((site / "leaderboard.json").read_text())
    (refused,) = board["refused"]
    with pytest.raises(SubmissionRefused) as caught:
        build_board([submissions / "broken.zip"])
    # The reason is the one that validate gives, without where the folder lies on this machine.
    assert str(submissions) not in refused["reason"]
    assert refused["reason"] == str(caught.value).replace(
        str(submissions / "broken.zip"), "broken.zip"
    )
    assert "broken.zip" in (site / "index.html").read_text()


def test_an_older_submission_is_refused_with_the_reason(copied, tmp_path):
    old = (copied / "middling.zip").read_bytes()
    from polyathlon.leaderboard.archive import read_archive, write_archive

    members = read_archive(old, "middling.zip")
    members["submission.json"] = members["submission.json"].replace(b'"format":1', b'"format":0')
    (copied / "old.zip").write_bytes(write_archive(members))
    board = build_site([copied], tmp_path / "site")
    reasons = {one.file: one.reason for one in board.refused}
    assert "is of format 0, older; this version reads 1" in reasons["old.zip"]
    assert "middling.zip" not in reasons


def test_what_was_named_itself_ends_the_build_and_leaves_the_old_site(copied, tmp_path):
    out = tmp_path / "site"
    build_site([copied / "strong.zip"], out)
    before = contents(out)
    with pytest.raises(SubmissionRefused):
        build_site([copied / "strong.zip", copied / "broken.zip"], out)
    assert contents(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "submissions"]


def test_the_same_run_twice_is_listed_once(copied, tmp_path):
    shutil.copyfile(copied / "strong.zip", copied / "twin.zip")
    board = build_site([copied], tmp_path / "site")
    reasons = {one.file: one.reason for one in board.refused}
    assert "twin.zip is the same run as strong.zip" in reasons["twin.zip"]
    with pytest.raises(BadArgument, match="is the same run as"):
        build_site([copied / "strong.zip", copied / "twin.zip"], tmp_path / "other")


@pytest.mark.parametrize("there", ["file", "folder"])
def test_nothing_but_a_site_is_replaced(copied, tmp_path, there):
    out = tmp_path / "precious"
    if there == "file":
        out.write_text("my notes")
    else:
        out.mkdir()
        (out / "notes.txt").write_text("my notes")
    with pytest.raises(RunDirectoryError, match="is no site"):
        build_site([copied], out)
    assert (out if there == "file" else out / "notes.txt").read_text() == "my notes"


def test_a_site_takes_the_place_of_an_older_one_whole(copied, tmp_path):
    out = tmp_path / "site"
    build_site([copied], out)
    (copied / "weak.zip").unlink()
    build_site([copied], out)
    names = " ".join(contents(out))
    assert "weak-" not in names
    assert "strong-" in names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "submissions"]


def test_a_folder_without_submissions_is_no_folder_of_submissions(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunDirectoryError, match="holds neither"):
        build_site([tmp_path / "empty"], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_pictures_of_another_submission_are_not_shown(copied, tmp_path):
    note = copied / "strong.zip.media" / "media.json"
    note.write_text(note.read_text().replace("submission", "submission"))
    assert b'"sheet":{' in films_of(copied, tmp_path / "one")
    note.write_text('{"format":1,"submission":"' + "0" * 64 + '"}')
    assert b'"sheet":{' not in films_of(copied, tmp_path / "two")


def films_of(folder: Path, out: Path) -> bytes:
    build_site([folder], out)
    return b"".join(path.read_bytes() for path in (out / "film").iterdir()).replace(b'\\"', b'"')


def test_the_submissions_lie_on_the_site_unless_told_otherwise(site, copied, tmp_path):
    (there,) = (site / "file").glob("strong-*.zip")
    assert there.read_bytes() == (copied / "strong.zip").read_bytes()
    build_site([copied], tmp_path / "site", copies=False)
    assert not (tmp_path / "site" / "file").exists()
    assert (
        "sha256sum strong.zip"
        in next((tmp_path / "site" / "submission").glob("strong-*")).read_text()
    )


def test_the_command_makes_a_site_or_a_table(copied, tmp_path, capsys):
    for out, made in (("site", "index.html"), ("board.json", "")):
        with pytest.raises(SystemExit) as ended:
            main(["leaderboard", "build", str(copied), "--out", str(tmp_path / out)])
        assert ended.value.code == 0
        assert (tmp_path / out / made if made else tmp_path / out).exists()
        told = capsys.readouterr().out
        assert "refused  broken.zip: broken.zip" in told
        assert re.search(r"Strong +1", told) or re.search(r"Stronger +1", told)


def test_who_signed_is_told(copied, tmp_path):
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    from polyathlon.leaderboard.archive import read_archive, write_archive
    from polyathlon.leaderboard.signature import generate, load_key, sign

    public = generate(tmp_path / "key")
    path = copied / "strong.zip"
    members = read_archive(path.read_bytes(), path.name)
    path.write_bytes(write_archive(sign(members, load_key(tmp_path / "key"))))
    for trusted, words in (({public: "Ada"}, "Signed by Ada"), (None, "not among the trusted")):
        out = tmp_path / f"site-{bool(trusted)}"
        board = build_site([copied], out, trusted=trusted)
        signers = {one.name: one.signer.state for one in board.sources}
        assert signers["Strong"] == ("trusted" if trusted else "signed")
        assert signers["Weak"] == "unsigned"
        (page,) = (out / "submission").glob("strong-*.html")
        assert words in page.read_text()


def test_actions_that_cannot_be_drawn_do_not_stop_the_build(infinite, tmp_path):
    """No rule keeps a stranger's actions finite; only their drawing is left out."""
    build_site([infinite], tmp_path / "site")
    (page,) = (tmp_path / "site" / "submission").iterdir()
    assert "The recorded actions of 4 episodes can be looked at" in page.read_text()  # of six tasks


# Pictures


@pytest.mark.parametrize("steps", [1, 12, 62, 63, 64, 127, 128, 500, 1000])
def test_pictures_are_counted_as_they_are_taken(steps, tmp_path):
    """The player's clock is the camera's: the steps follow from their number alone."""
    import numpy as np

    from polyathlon.benchmarks.workers.film import Film

    film = Film(str(tmp_path / "arm.find-v0-0"), lambda: None)
    for step in range(steps + 1):
        shade = np.full((8, 8, 3), step * 255 // steps, np.uint8)
        shade[step % 8, step // 8 % 8] = 255  # No two alike: the encoder joins those that are.
        film.see(step, {"rgb": shade}, last=step == steps)
    film.write()
    assert film.trouble == ""
    due = taken_at(steps)
    assert (due[0], due[-1]) == (0, steps)
    sheet = sheet_of(tmp_path, "arm.find-v0", 0, steps)
    assert sheet is not None
    assert list(sheet.steps) == due


def test_a_film_that_does_not_fit_its_episode_is_not_shown(tmp_path):
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 120, 240)]
    path = tmp_path / "arm.find-v0-0.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=1666)
    assert sheet_of(tmp_path, "arm.find-v0", 0, 2) is not None
    assert sheet_of(tmp_path, "arm.find-v0", 0, 3) is None
    path.write_bytes(b"RIFF, or so it says")
    assert sheet_of(tmp_path, "arm.find-v0", 0, 2) is None
    assert sheet_of(tmp_path, "../arm.find-v0", 0, 2) is None


# Texts of strangers

EVIL = "</script><script>alert(1)</script>\u2028\u2029\u202e\ud800\"'\\"


def test_a_script_of_data_holds_nothing_that_could_end_it():
    asset = script("data/one", {"a": EVIL.replace("\ud800", ""), "__proto__": 1})
    text = asset.data.decode("ascii")
    assert "<" not in text
    assert ">" not in text
    call = re.fullmatch(r'polyathlon\.put\("data/one",(".*")\);\n', text)
    assert call is not None
    assert json.loads(json.loads(call[1])) == {"a": EVIL.replace("\ud800", ""), "__proto__": 1}


@pytest.mark.parametrize(
    ("name", "due"),
    [("Reacher 2", "reacher-2"), ("../../etc", "etc"), ("Ünïcode", "unicode"), ("日本", "agent"),
     ("a" * 99, "a" * 40), ("-", "agent")],
)  # fmt: skip
def test_names_become_safe_names_of_files(name, due):
    assert slug(name) == due
