"""The pages in a real Chromium, opened from the disk: they work, stay quiet, and stay inert."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from polyathlon.leaderboard.comparison import compare, compare_pairs
from polyathlon.leaderboard.intake import Found, read
from polyathlon.leaderboard.website.build import build_site

NAMES = (
    "[...document.querySelectorAll('#rows tbody tr:not([hidden]) .who a')].map(a => a.innerText)"
)
KINDS = (
    "index.html",
    "board/little-*.html",
    "submission/strong-*.html",
    "difference/little-*.html",
)


def of_kind(site, kind):
    """A page of the four agents' programme."""
    pages = sorted(site.glob(kind))
    return next((one for one in pages if "Stronger" in one.read_text()), pages[0])


def settled(visitor):
    """Waits until the page has drawn what it loads."""
    if "submission/" in visitor.evaluate("location.href"):
        visitor.evaluate("document.querySelector('.episodes').scrollIntoView()")
        visitor.wait_for("document.querySelector('.episodes tbody tr')")
        visitor.wait_for("document.querySelector('.player .said')")
    if "difference/" in visitor.evaluate("location.href"):
        visitor.wait_for("document.querySelector('.verdict .headline')")
    return visitor


@pytest.mark.parametrize("width", [375, 1200])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_from_the_disk_and_complains_of_nothing(site, visit, kind, width):
    visitor = settled(visit(of_kind(site, kind), width=width))
    assert visitor.problems == []
    assert all(address.startswith(("file://", "data:")) for address in visitor.requests)
    assert visitor.evaluate("document.documentElement.scrollWidth") <= width
    assert visitor.evaluate("document.querySelectorAll('main h1').length") == 1


SEEN = """[...document.querySelectorAll('body *')].filter(one => {
  const own = [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  return own && box.width > 1 && box.height > 1 && style.visibility === 'visible'
    && !one.closest('.unseen, .skip, :disabled, option');
}).map(one => {
  const style = getComputedStyle(one);
  let behind = one, ground = 'rgba(0, 0, 0, 0)';
  while (behind && ground === 'rgba(0, 0, 0, 0)') {
    ground = getComputedStyle(behind).backgroundColor;
    behind = behind.parentElement;
  }
  const size = parseFloat(style.fontSize), heavy = Number(style.fontWeight) >= 700;
  const ink = one.closest('svg') ? style.fill : style.color;
  return [one.textContent.trim().slice(0, 40), ink, ground, size >= 24 || (heavy && size >= 18.66)];
})"""


def luminance(colour):
    """Relative luminance of an sRGB colour (WCAG 2.2, definitions)."""
    shares = np.array([int(one) for one in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_all_words_stand_out_from_their_ground(site, visit, kind, dark):
    """WCAG 2.2, success criterion 1.4.3 (AA), of every element that shows a text."""
    seen = settled(visit(of_kind(site, kind), dark=dark)).evaluate(SEEN)
    assert len(seen) > 30
    faint = []
    for words, ink, ground, large in seen:
        light, shade = sorted((luminance(ink), luminance(ground)), reverse=True)
        ratio = (light + 0.05) / (shade + 0.05)
        if ratio < (3.0 if large else 4.5):
            faint.append((round(ratio, 2), words, ink, ground))
    assert faint == []
    grounds = {luminance(ground) < 0.2 for _, _, ground, _ in seen}
    assert dark in grounds


def test_every_table_has_a_caption_and_heads_and_every_control_a_name(site, visit):
    for kind in KINDS:
        visitor = settled(visit(of_kind(site, kind)))
        assert visitor.evaluate(
            "[...document.querySelectorAll('table')].every(t => t.caption && t.tHead)"
        )
        assert visitor.evaluate(
            "[...document.querySelectorAll('tbody tr')].every(r => r.querySelector('[scope=row]'))"
        )
        tree = visitor.call("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "link", "checkbox", "combobox", "searchbox", "slider", "img", "textbox"}
        nameless = [
            (node["role"]["value"], node.get("properties"))
            for node in tree
            if node.get("role", {}).get("value") in roles
            and not node.get("ignored")
            and not node.get("name", {}).get("value")
        ]
        assert nameless == []
        names = visitor.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(set(names)) == len(names)


def test_the_first_key_leads_past_the_heads_and_focus_is_seen(site, visit):
    visitor = visit(of_kind(site, KINDS[1]))
    visitor.press("Tab")
    assert visitor.evaluate("document.activeElement.className") == "skip"
    assert visitor.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    visitor.press("Enter")
    visitor.press("Tab")
    assert visitor.evaluate("document.activeElement.id") == "find"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert visitor.evaluate(outline) == "solid"


def test_a_table_is_sorted_by_its_heads(site, visit):
    visitor = visit(of_kind(site, KINDS[1]))
    ranked = ["Stronger", "Strong", "Middling", "Weak"]
    by_figure = visitor.evaluate(NAMES)
    assert sorted(by_figure) == sorted(ranked)
    assert by_figure[-1] == "Weak"  # failed, and so without a rank
    head = "document.querySelector('[data-sort=name]')"
    visitor.evaluate(f"{head}.querySelector('button').focus()")
    visitor.press("Enter")
    assert visitor.evaluate(f"{head}.getAttribute('aria-sort')") == "ascending"
    assert visitor.evaluate(NAMES) == sorted(ranked)
    visitor.press(" ")
    assert visitor.evaluate(f"{head}.getAttribute('aria-sort')") == "descending"
    assert visitor.evaluate(NAMES) == sorted(ranked, reverse=True)
    assert visitor.evaluate("document.querySelectorAll('[aria-sort]').length") == 1
    assert visitor.problems == []


def test_rows_are_found_and_filtered_by_keys_alone(site, visit):
    visitor = visit(of_kind(site, KINDS[1]))
    visitor.evaluate("document.getElementById('find').focus()")
    visitor.type("strong")
    assert sorted(visitor.evaluate(NAMES)) == ["Strong", "Stronger"]
    assert visitor.evaluate("document.getElementById('count').textContent") == "2 of 4 rows shown"
    visitor.press("Tab")
    assert visitor.evaluate("document.activeElement.id") == "status"
    visitor.press("v", "v")
    visitor.wait_for("document.getElementById('status').value === 'verified'")
    assert visitor.evaluate(NAMES) == ["Strong"]


def test_another_figure_ranks_one_family_alone(site, visit):
    visitor = visit(of_kind(site, KINDS[1]))
    data = visitor.evaluate("shared.data")
    visitor.evaluate(
        "(select => { select.value = '0'; select.dispatchEvent(new Event('change')); })"
        "(document.getElementById('figure'))"
    )
    figures = {row["name"]: row["families"][0][0] for row in data["rows"] if row["rank"]}
    due = sorted(figures, key=lambda name: -figures[name])
    names = visitor.evaluate(NAMES)
    assert [figures[name] for name in names[:3]] == [figures[name] for name in due]
    assert names[3] == "Weak"
    ranks = visitor.evaluate(
        "[...document.querySelectorAll('#rows tbody .rank')].map(e => e.textContent)"
    )
    assert ranks == [str(1 + sum(other > figures[name] for other in figures.values()))
                     for name in names[:3]] + ["–"]  # fmt: skip
    shown = visitor.evaluate("document.querySelector('#rows tbody .figure-cell b').textContent")
    assert shown == f"{figures[names[0]]:.3f}"
    assert visitor.problems == []


def test_the_lines_of_the_charts_are_those_that_are_chosen(site, visit):
    visitor = visit(of_kind(site, KINDS[1]))
    static = re.findall(
        r'class="(?:line|band) c\d" d="(M44[^"]+)"', of_kind(site, KINDS[1]).read_text()
    )
    paths = "[...document.querySelectorAll('.profile .%s')].map(e => e.getAttribute('d'))"
    lines, bands = (visitor.evaluate(paths % kind) for kind in ("line", "band"))
    assert len(lines) == len(bands) == 4
    assert lines + bands == static[4:] + static[:4]  # Drawn as the page was made.
    visitor.evaluate("document.querySelector('#rows tbody input').click()")
    assert visitor.evaluate(paths % "line") == lines[1:]
    assert visitor.evaluate(paths % "band") == bands[1:]
    assert visitor.evaluate("document.querySelectorAll('#legend li').length") == 3
    assert visitor.evaluate("document.getElementById('compare').disabled")
    visitor.evaluate("document.querySelectorAll('#rows tbody input')[1].click()")
    visitor.follow("document.getElementById('compare').click()")
    settled(visitor)
    assert "Middling" in visitor.evaluate("document.querySelector('.verdict .headline').innerText")


def test_the_first_page_shows_programmes_of_a_family(site, visit):
    visitor = visit(site / "index.html")
    shown = "[...document.querySelectorAll('.programme:not([hidden])')].length"
    assert visitor.evaluate(shown) == 2
    visitor.evaluate("document.querySelector('[data-family=home]').focus()")
    visitor.press("Enter")
    assert visitor.evaluate(shown) == 1
    assert visitor.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert "broken.zip" in visitor.evaluate(
        "document.querySelector('#refused').parentElement.innerText"
    )


def test_pictures_and_actions_go_together(site, visit):
    visitor = settled(visit(of_kind(site, KINDS[2])))
    said = "document.querySelector('.said').innerText"
    assert visitor.evaluate(said) == "start"
    assert "grid.find-v0" in visitor.evaluate(
        "document.querySelector('.player figcaption').innerText"
    )
    visitor.wait_for("document.querySelector('.thumbs canvas')")
    visitor.evaluate("document.querySelector('.player input[type=range]').focus()")
    for _ in range(3):
        visitor.press("ArrowRight")
    run = read(Found(site.parent / "submissions" / "strong.zip", "strong.zip", True)).runs[0]
    (episode,) = [one for one in run.results if one.plan.key == ("grid.find-v0", 0)]
    names = ("left", "right", "ahead")
    assert visitor.evaluate(said) == names[run.actions(episode)[2]]
    pen = "document.querySelector('.screen canvas').getContext('2d')"
    middle = visitor.evaluate(f"[...{pen}.getImageData(8, 8, 1, 1).data]")
    assert np.abs(np.array(middle[:3]) - (60, 80, 195)).max() < 24  # the third frame of the strip
    visitor.evaluate("document.querySelector('.thumbs button:last-child').click()")
    assert "step 12 of 12" in visitor.evaluate("document.querySelector('.where').innerText")
    assert visitor.problems == []


def test_episodes_are_listed_by_task_and_end(site, visit):
    visitor = settled(visit(of_kind(site, KINDS[2])))
    lines = "[...document.querySelectorAll('.episodes tbody tr')].map(e => e.innerText)"
    assert len(visitor.evaluate(lines)) == 25
    visitor.evaluate("[...document.querySelectorAll('.pages button')].at(-1).click()")
    assert len(visitor.evaluate(lines)) == 36 - 25
    visitor.evaluate(
        "(select => { select.value = 'failure'; select.dispatchEvent(new Event('change')); })"
        "(document.querySelectorAll('.episodes select')[1])"
    )
    found = visitor.evaluate(lines)
    assert 0 < len(found) < 25
    assert all("failure" in line for line in found)


# The comparison


def test_the_page_gives_the_verdict_that_the_command_gives(site, submissions, visit):
    runs = [read(Found(submissions / name, name, True)).runs[0] for name in
            ("strong.zip", "middling.zip")]  # fmt: skip
    due = compare(*((run.manifest, run.results) for run in runs))
    keys = [next(site.glob(f"submission/{name}-*.html")).stem for name in ("strong", "middling")]
    page = of_kind(site, KINDS[3])
    visitor = settled(visit(page, f"#{keys[0]}-0~{keys[1]}-0"))
    told = visitor.evaluate("document.getElementById('verdict').innerText")
    assert f"A is {due.verdict}" in told or due.verdict.capitalize() in told
    sign = "−" if due.difference.value < 0 else "+"
    assert f"A − B = {sign}{abs(due.difference.value):.3f}" in told
    assert f"[+{due.difference.low:.3f}, +{due.difference.high:.3f}]" in told
    assert f"{due.difference.n} pairs" in told
    assert "polyathlon compare strong.zip middling.zip" in told
    table = visitor.evaluate("[...document.querySelectorAll('#result table')][0].innerText")
    for task in due.tasks:
        assert task.task in table
    assert visitor.problems == []


def random_pairs(dice, tasks, episodes, wins):
    pairs = {}
    for number in range(tasks):
        scores = dice.random((episodes + number % 3, 2))
        pairs[f"t{number}"] = (scores < [0.7, 0.5]).astype(float) if wins else scores.round(3)
    return pairs


CASES = {
    "wins of one task": (1, 40, True),
    "wins of tasks of other sizes": (5, 12, True),
    "scores": (4, 25, False),
    "one pair a task": (3, 1, False),
    "many": (20, 50, False),
}


@pytest.mark.parametrize("case", CASES)
def test_the_page_throws_the_same_dice(site, visit, case):
    """numpy's generator, byte for byte: p values, intervals, and what would settle it."""
    tasks, episodes, wins = CASES[case]
    pairs = random_pairs(np.random.default_rng(len(case)), tasks, episodes, wins)
    due = compare_pairs(pairs, "success" if wins else "score")
    visitor = visit(of_kind(site, KINDS[3]))
    given = [{"first": one[:, 0].tolist(), "second": one[:, 1].tolist()} for one in pairs.values()]
    found = visitor.evaluate(f"statistics.compare({json.dumps(given)}, shared.data.statistics)")
    assert found["verdict"] == due.verdict
    assert found["further"] == due.further
    for name, value in {
        "difference": due.difference.value, "low": due.difference.low,
        "high": due.difference.high, "p": due.p_value, "detectable": due.detectable,
        "improvement": due.improvement, "n": due.difference.n,
    }.items():  # fmt: skip
        if value is None:
            assert found[name] is None
        else:
            assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_the_dice_are_numpy_s(site, visit):
    visitor = visit(of_kind(site, KINDS[3]))
    thrown = visitor.evaluate(
        "(dice => Array.from({ length: 1000 }, () => dice.random()))"
        "(new statistics.Dice(shared.data.statistics.dice))"
    )
    from polyathlon.leaderboard.intervals import BOOTSTRAP_SEED

    assert thrown == np.random.Generator(np.random.PCG64(BOOTSTRAP_SEED)).random(1000).tolist()


def test_figures_are_rounded_as_the_pages_are(site, visit):
    """Ties go to the even digit here and there."""
    visitor = visit(of_kind(site, KINDS[3]))
    shares = [0.0625, 0.1875, 0.0005, 1 / 3, 0.98765, 0.14499999999999999, 0.5]
    from polyathlon.leaderboard.wording import number, percent

    for value in [*shares, 12.25, 123.45, 1234.5, 1e10]:
        assert visitor.evaluate(f"shared.number({value!r})") == number(value)
    for value in shares:
        assert visitor.evaluate(f"shared.percent({value!r})") == percent(value)


# Hostile names

SIGNS = "\u202e\u2066\x1b\x07\u0000"
EVIL = "<img src=x onerror=alert(1)>\"'&--><script>alert(2)</script>"


@pytest.fixture
def hostile_site(tmp_path, made_run):
    """A run directory may hold what no submission may: a board shows it all the same."""
    folder = tmp_path / "runs"
    run = made_run(folder / f"a{EVIL.replace('/', '')}", EVIL + SIGNS, f"{EVIL}{SIGNS}שלום")
    made_run(folder / "b", "good", "a good word")
    assert run.exists()
    build_site([folder], tmp_path / "site")
    return tmp_path / "site"


def test_hostile_names_stay_inert(hostile_site, visit):
    for page in sorted(hostile_site.rglob("*.html")):
        visitor = settled(visit(page))
        assert visitor.problems == [], page.name
        assert visitor.evaluate("document.querySelectorAll('img, [onerror]').length") == 0
        scripts = visitor.evaluate("[...document.scripts].map(s => s.type + '|' + s.src)")
        own = (r"\|", r"application/json\|", r"\|file://.*/(asset|data|film)/[a-z0-9-]+\.js")
        assert all(any(re.fullmatch(one, script) for one in own) for script in scripts)
        shown = visitor.evaluate("document.body.innerText")
        assert not set(SIGNS) & set(shown)
    boards = sorted(hostile_site.glob("board/*.html"))
    texts = [visit(page).evaluate("document.body.innerText") for page in boards]
    assert any("<script>alert(2)</script>" in text for text in texts)  # as words


def test_nothing_that_somebody_put_into_a_page_runs(site, tmp_path, visit):
    """The policy holds even where a page was made to hold a script, a handler and a picture."""
    page = of_kind(site, KINDS[1])
    copied = tmp_path / "site" / "board" / page.name
    import shutil

    shutil.copytree(site, tmp_path / "site")
    bad = (
        "<script>window.ran = 1</script><img src='https://example.org/x' onerror='window.ran = 2'>"
    )
    copied.write_text(page.read_text().replace("</main>", f"{bad}<iframe src='x'></iframe></main>"))
    visitor = visit(copied)
    assert visitor.evaluate("window.ran") is None
    assert len(visitor.problems) >= 2
    assert all("Content Security Policy" in one for one in visitor.problems)
    html = "document.querySelector('main').innerHTML = '<b>x</b>'"
    refused = f"(() => {{ try {{ {html}; return 'ran'; }} catch (e) {{ return e.name; }} }})()"
    assert visitor.evaluate(refused) == "TypeError"  # trusted types: no text becomes HTML


def test_of_many_rows_the_first_are_shown_and_the_rest_when_asked_for(
    submissions, tmp_path, visit, monkeypatch
):
    from polyathlon.leaderboard.website import ranking, row

    for module in (row, ranking):
        monkeypatch.setattr(module, "FIRST_SHOWN", 2)
    build_site([submissions], tmp_path / "site")
    visitor = visit(of_kind(tmp_path / "site", KINDS[1]))
    shown = "[...document.querySelectorAll('#rows tbody tr')].filter(e => e.offsetHeight).length"
    count = "document.getElementById('count').textContent"
    assert visitor.evaluate(shown) == 2
    assert visitor.evaluate(count) == "2 of 4 rows shown"
    visitor.evaluate("document.querySelector('[data-sort=name] button').click()")
    first = "document.querySelector('#rows tbody tr .who').innerText"
    assert visitor.evaluate(first).startswith("Middling")
    assert visitor.evaluate(shown) == 2
    button = "document.getElementById('all')"
    assert visitor.evaluate(f"{button}.textContent") == "Show all 4"
    visitor.evaluate(f"{button}.click()")
    assert visitor.evaluate(shown) == 4
    assert visitor.evaluate(f"{button}.hidden")
    assert visitor.evaluate(count) == ""
    assert visitor.problems == []
