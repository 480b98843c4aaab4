"""The browser is found, missed in words, its leavings are swept away; what it is handed out."""

from __future__ import annotations

import os

import pytest

from polyathlon.tasks.miniwob import binary, browser, served
from polyathlon.tasks.miniwob.binary import VARIABLE, BrowserMissing, find_browser

pytest.importorskip("miniwob", reason="the miniwob package is not installed")


def test_a_browser_is_found_or_missed_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, "/no/such/browser")
    with pytest.raises(BrowserMissing, match="not a program"):
        find_browser()
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(binary, "INSTALLED", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(BrowserMissing, match="apt-get install -y chromium-headless-shell"):
        find_browser()
    program = tmp_path / "chromium-1200" / "chrome-linux" / "chrome"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    assert find_browser() == program
    with pytest.raises(BrowserMissing, match="does not start"):
        browser.Browser(program)
    program.write_text("")
    program.chmod(0o644)
    chromium = tmp_path / "chromium"
    chromium.write_text("#!/bin/sh\n")
    chromium.chmod(0o755)
    assert find_browser() == chromium


def test_profiles_of_killed_processes_are_swept_away(monkeypatch, tmp_path):
    monkeypatch.setattr(browser.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(browser.tempfile, "tempdir", str(tmp_path))
    kept = tmp_path / f"{browser.PROFILE}{os.getppid()}-a"
    left = tmp_path / f"{browser.PROFILE}{2**22 + 1}-b"
    for folder in (kept, left):
        folder.mkdir()
    made = browser._make_profile()
    assert sorted(tmp_path.iterdir()) == sorted([kept, tmp_path / made])


@pytest.mark.parametrize("path", ["a%00b", "a" * 5000, "../../../../../../etc/passwd", "core", ""])
def test_what_is_no_page_of_the_package_is_not_handed_out(path):
    assert served.answer(f"http://{served.HOST}/{path}") is None
    assert served.answer(f"http://{served.HOST}/core/core.js") is not None
