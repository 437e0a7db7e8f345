"""The report as a reader has it: opened from disk in a real browser, without a network, whatever the names."""

from __future__ import annotations

import importlib.util
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from screentime.effort import effort
from screentime.findings import gather
from screentime.records import Appearance, Review
from screentime.report import page as module
from screentime.report.page import clock, code, lasting, percent, plain, render, wanted, write_page
from screentime.report.thumbnails import Thumbnails
from screentime.standing import AskedReview
from screentime.summary import summary
from screentime.talk import Talk

NOW = datetime(2025, 1, 2, 8, 30, tzinfo=UTC)
ARGUMENTS = ["screentime", "report", "--workspace", "/home/me/tom"]
HOSTILE = ("<script>alert(1)</script>", "{{7*7}} $\\frac_^ <b>", "'&quot&gt><img src onerror>", "#010101 url(#a)", "مرحبا", "汤姆")

_spec = importlib.util.spec_from_file_location("reported", Path(__file__).parent.parent / "reported.py")
reported = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reported)


def written(place):
    out = place.root / "report.html"
    write_page(gather(place, NOW, ARGUMENTS), place.root, out, Talk())
    return out


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return reported.make(tmp_path_factory.mktemp("p") / "project")


@pytest.fixture(scope="module")
def report(project):
    return written(project)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    place = reported.make(
        tmp_path_factory.mktemp("h") / "project",
        {"</style><script>alert(3)</script>\n\u202egnp.mp4": 60, "javascript:alert(4) {{7*7}}.mp4": 430}, HOSTILE,
        title="</title><script>alert(5)</script>",
    )
    return written(place)


@pytest.fixture
def opened(browser):
    """Opens a page and checks that it asks for nothing, says nothing on its console and pops nothing up."""
    faults = []
    pages = []

    def open_page(path, width=1280, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: faults.append(request.url)
                if request.url != path.as_uri() and not request.url.startswith("data:") else None)
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert faults == []


# -- what it shows --------------------------------------------------------------------------------


def test_numbers_are_those_of_status(project, report, opened):
    page = opened(report)
    [row] = summary(project)["screen_time"]
    cells = page.locator("#seconds tbody tr").all_inner_texts()
    assert [cell.replace("\u00a0", " ").split("\t") for cell in cells] == [
        [name, f"{row[name]:.1f}", f"{row[f'{name}_low']:.1f} to {row[f'{name}_high']:.1f}", f"{row[name] / 0.6:.1f} %",
         f"{row[f'{name}_low'] / 0.6:.1f} % to {row[f'{name}_high'] / 0.6:.1f} %", f"±{row[f'{name}_sampling']:.1f} s"]
        for name in ("tom", "jerry", "both", "neither")
    ]
    last = page.locator("#accuracy .scroll[aria-label=Rounds] tbody tr").last.inner_text().split("\t")
    assert last == [
        "v002-0123456789ab", "20", "0.75", "0.72", "0.50 to 0.90", "0.88", "–",
        "4 audit frames, drawn at random one in each block of time", "yes",
    ]


def test_every_part_that_was_promised_is_there(project, report, opened):
    page = opened(report)
    assert page.locator("h2").all_inner_texts() == [
        "Screen time", "Timeline", "Together", "Accuracy", "Labels and the work of people", "What is audited and what is not",
        "How it was made",
    ]
    assert page.locator(".chart:visible").count() == 3 and page.locator(".mistakes img").count() == 2
    matrix = page.locator("#together .matrix tbody tr").all_inner_texts()
    assert [re.sub(r"\s+", " ", row) for row in matrix] == [
        "tom 26.0 s 43.3 % 6.0 s 23.1 %", "jerry 6.0 s 23.1 % 26.0 s 43.3 %",
    ]
    text = page.inner_text("body").replace("\u00a0", " ")
    [film] = gather(project, NOW, ARGUMENTS).films
    lower = min(one.probability for one, _ in film.appearances[:2])
    assert f"tom and jerry\t0:00:10.000\tmixed\t{lower:.2f}\t6.0\t10.0 %" in text  # first meeting
    assert "screentime report --workspace tom" in text and "mobile, digest abcd, view tiles" in text
    assert "/home/" not in report.read_text("utf-8")
    assert page.locator("#audited tbody tr").inner_text() == "film.mp4\t60\t10\t4\taudited an estimate with an interval"


def test_the_picture_of_an_appearance_is_shown_to_the_keyboard_and_to_the_pointer(report, opened):
    page = opened(report)
    bar = page.get_by_role("link", name="tom, 0:00:30.000 to 0:00:43.000, probability 0.92, mixed")
    assert bar.get_attribute("href") == "http://127.0.0.1:8080/projects/7/data?task=136"
    picture = bar.locator(".pic")
    assert not picture.is_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if bar.evaluate("bar => bar === document.activeElement"):
            break
    assert picture.is_visible()
    assert picture.evaluate("one => getComputedStyle(one).backgroundImage").startswith('url("data:image/jpeg;base64,')
    box = picture.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["width"] > 150
    other = page.get_by_role("link", name="jerry, 0:00:10.000")
    other.hover()
    assert other.locator(".pic").is_visible()


def test_on_a_telephone_the_picture_stays_on_the_screen(report, opened):
    page = opened(report, width=360)
    page.locator(".bar").first.hover()
    box = page.locator(".bar .card").first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["y"] + box["height"] <= 900


def test_labelled_and_predicted_look_unlike_one_another_whatever_the_colour(tmp_path, opened):
    page = opened(written(reported.make(tmp_path / "p", {"a.mp4": 430})))
    looks = {
        kind: page.locator(f".bar.{kind}").first.evaluate("one => getComputedStyle(one, '::before').backgroundImage")
        for kind in ("mixed", "predicted") if page.locator(f".bar.{kind}").count()
    }
    assert "repeating-linear-gradient" in looks["mixed"]
    assert len(page.locator(".legend li").all()) == len(looks) + 1


def test_printing_opens_what_is_folded_and_leaves_the_navigation_out(report, opened):
    page = opened(report, scheme="dark")
    table = page.locator("#after-0 table")
    assert not table.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    page.emulate_media(media="print")
    assert table.is_visible() and table.bounding_box()["height"] > 50
    assert not page.locator(".contents").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# -- whom it serves -------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["report", "hostile"])
@pytest.mark.parametrize("width, scheme", [(1280, "light"), (1280, "dark"), (360, "light")])
def test_axe_finds_no_serious_fault_and_nothing_sticks_out(request, opened, which, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(request.getfixturevalue(which), width, scheme)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    result = Axe().run(page, options={"resultTypes": ["violations", "passes"]}).response
    assert len(result["passes"]) > 15
    assert [(one["id"], one["nodes"][0]["target"]) for one in result["violations"] if one["impact"] in ("serious", "critical")] == []


def test_headings_are_in_order_and_there_is_one_main(report, opened):
    page = opened(report)
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1 and all(after - before <= 1 for before, after in zip(levels, levels[1:]))
    assert page.locator("main").count() == 1 and page.get_attribute("html", "lang") == "en"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))


# -- whatever it is told --------------------------------------------------------------------------


def test_names_are_text_and_nothing_else(hostile, opened):
    page = opened(hostile)
    assert page.title() == "</title><script>alert(5)</script> – screen time"
    assert page.locator("script").count() == 0
    text = page.inner_text("body")
    for name in HOSTILE:
        assert name in text
    # A line break and an order to write backwards are spelled out.
    assert "</style><script>alert(3)</script>\\n\\u202egnp.mp4" in text and "\u202e" not in text
    labels = page.locator(".chart text").all_text_contents()
    assert "<script>alert(1)</scr…" in labels and "{{7*7}} $\\frac_^ <b>" in labels and "#010101 url(#a)" in labels
    assert page.locator("a:not([href^='http://127.0.0.1:8080/projects/7/data?task=']):not([href^='#'])").count() == 0


def test_a_page_may_load_nothing_and_run_nothing(report):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', report.read_text("utf-8"))[1]
    assert unescape(policy) == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


def test_the_same_folder_gives_the_same_page(project, report):
    before = report.read_bytes()
    assert written(project).read_bytes() == before


@pytest.mark.parametrize("mode", ["multi", "exclusive"])
@pytest.mark.parametrize("how_many", [1, 19])
def test_one_character_and_many(tmp_path, opened, mode, how_many):
    names = tuple(f"character {k}" for k in range(how_many))
    page = opened(written(reported.make(tmp_path / "p", {"a.mp4": 300}, names, mode)), 360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".lane").count() == how_many
    assert page.locator("#together .matrix").count() == (how_many > 1 and mode == "multi")
    said = "In exclusive mode a frame shows one character or neither" in page.inner_text("#together")
    assert said == (how_many > 1 and mode == "exclusive")


def test_films_that_are_not_audited_say_so(tmp_path, opened):
    page = opened(written(reported.make(tmp_path / "p", audited=False)))
    assert page.locator("#seconds h3 .badge").inner_text() == "not audited"
    assert "No labelled frame can judge the latest model." in page.inner_text("#accuracy")


NONE = Thumbnails({}, 0, 0)
BETTER = (
    " That is the better figure: the seconds together and the first meetings below are counted on the decided frames"
    " and have no interval."
)


def test_the_estimate_of_both_stands_beside_the_seconds_together(project, report, opened):
    [row] = summary(project)["screen_time"]
    said = opened(report).locator("#together .both").inner_text().replace("\u00a0", " ")
    assert said == (
        f"Two characters or more are on screen for an estimated {row['both']:.1f} s (95 % interval {row['both_low']:.1f}"
        f" to {row['both_high']:.1f} s)." + BETTER
    )


def test_the_estimate_of_both_says_where_it_is_not_audited(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    known = gather(place, NOW, ARGUMENTS)
    [film] = known.films
    totals = tuple(replace(one, low=None, high=None, share_low=None, share_high=None) for one in film.totals)
    text = render(replace(known, films=(replace(film, totals=totals),)), NONE, NONE)
    said = unescape(re.sub(r"<[^>]+>", "", re.search(r'<p class="note both">(.*?)</p>', text)[1])).replace("\u00a0", " ")
    assert said == f"Two characters or more are on screen for an estimated {film.both.seconds:.1f} s (not audited)." + BETTER


def test_of_several_films_each_has_its_estimate_of_both(hostile, opened):
    together = opened(hostile).locator("#together")
    assert together.locator(".both").count() == 2
    assert "The better figure of two characters or more on screen stands with each film below." in together.inner_text()


def test_a_meeting_of_what_is_labelled_and_what_is_predicted_says_both(tmp_path):
    known = gather(reported.make(tmp_path / "p", pictures=False), NOW, ARGUMENTS)
    [film] = known.films
    met = replace(film.relations.meetings[0], sources=("labelled", "predicted"), probability=0.514)
    shown = replace(film, relations=replace(film.relations, meetings=(met,)))
    assert '<td>labelled and predicted</td><td class="n">0.51</td>' in render(replace(known, films=(shown,)), NONE, NONE)


def test_how_long_people_took(tmp_path, opened):
    place = reported.make(tmp_path / "p", pictures=False)
    labels = place.labels()
    # Of ten labels: five confirmed in 1 s, three by hand in 7 s, one page left open, and one without a time.
    times = [("prediction", 1.0)] * 5 + [("manual", 7.0)] * 3 + [("manual", 900.0), ("prediction-changed", None)]
    place.write_labels([replace(one, origin=way, lead_time=time) for one, (way, time) in zip(labels, times, strict=True)])
    page = opened(written(place))
    assert rows(page) == [
        "by hand|4|40.0 %|7.0|41.0 s", "pre-annotation confirmed|5|50.0 %|1.0|5.0 s", "pre-annotation corrected|1|10.0 %|not known|not known",
    ]
    assert fact(page) == "46.0 s 1.0 s a label (median)"
    assert notes(page) == [
        "Time is how long pages were open, by Label Studio's count; that of a label counts up to 20.0 s, 20 times the"
        " median. 1 label was open for longer and counts for that much; without the limit the labels would come to 15 min 26 s.",
        "Not in the total: 1 label whose time is not known; skipped frames; answers in whose place another one counts.",
    ]
    film = place.films()[0]
    asked = AskedReview(film, 9, 31, "http://127.0.0.1:8080/projects/9/data?task=31", "v002-0123456789ab")
    place.write_labels([replace(one, origin="review", lead_time=None) for one in labels[:2]])
    place.write_reviews([asked], [Review(film.digest, (), 31, 1, "1", "2025-01-02T08:00:00Z", 300.0)])
    page = opened(written(place))
    assert rows(page) == ["by review of the timeline|2|100.0 %|–|5 min 0 s for 1 whole review"]
    assert fact(page) == "5 min 0 s"
    assert notes(page) == [
        "Time is how long pages were open, by Label Studio's count. A review's time counts once, for the whole film and"
        " without a limit.",
        "Not in the total: skipped frames; answers in whose place another one counts.",
    ]


def test_a_time_that_nobody_knows_is_told_as_such(tmp_path, opened):
    place = reported.make(tmp_path / "p", pictures=False)
    place.write_labels([replace(one, origin="prediction", lead_time=None) for one in place.labels()])
    film = place.films()[0]
    asked = AskedReview(film, 9, 31, "http://127.0.0.1:8080/projects/9/data?task=31", "v002-0123456789ab")
    place.write_reviews([asked], [Review(film.digest, (), 31, 1, "1", "2025-01-02T08:00:00Z")])
    page = opened(written(place))
    assert fact(page) == "not known"
    assert rows(page)[-1] == "by review of the timeline|0|0.0 %|–|not known for 1 whole review"
    assert notes(page) == [
        "Not in the total: 10 labels whose time is not known; 1 review whose time is not known; skipped frames; answers in"
        " whose place another one counts.",
    ]


def test_a_review_that_gave_no_label_has_its_time(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    known = gather(place, NOW, ARGUMENTS)
    review = Review(place.films()[0].digest, (), 31, 1, "1", "2025-01-02T08:00:00Z", 300.0)
    text = render(replace(known, effort=effort([], [review])), NONE, NONE)
    assert '<td class="n">0</td><td class="n">–</td><td class="n">–</td><td class="n">5\u00a0min 0\u00a0s <small>' in text


def rows(page):
    cells = page.locator("#labels tbody tr").all_inner_texts()
    return [row.replace("\u00a0", " ").replace("\t", "|") for row in cells]


def fact(page):
    text = page.locator("#labels dl.facts div", has_text="Time of people").locator("dd").inner_text()
    return re.sub(r"\s+", " ", text).strip()


def notes(page):
    return [note.replace("\u00a0", " ") for note in page.locator("#labels .note").all_inner_texts()]


def test_a_reviewed_film_is_counted_and_not_estimated(tmp_path, opened):
    place = reported.make(tmp_path / "p", mode="exclusive")
    [film] = place.films()
    seen = tuple(Appearance(name, start, end, 1.0, "reviewed") for name, start, end in (("tom", 1.5, 9.0), ("jerry", 8.0, 20.25)))
    asked = AskedReview(film, 9, 31, "http://127.0.0.1:8080/projects/9/data?task=31", "v002-0123456789ab")
    place.write_reviews([asked], [Review(film.digest, seen, 31, 1, "1", "2025-01-02T08:00:00Z")])
    page = opened(written(place))
    assert page.locator("#seconds h3 .badge").inner_text() == "reviewed by a person"
    assert [row.split("\t")[1:3] for row in page.locator("#seconds tbody tr").all_inner_texts()] == [
        ["7.5", "7.5 to 7.5"], ["12.2", "12.2 to 12.2"], ["1.0", "1.0 to 1.0"], ["41.2", "41.2 to 41.2"],
    ]
    assert page.locator(".bar.reviewed").count() == page.locator(".bar").count() == 2
    assert page.locator(".legend").inner_text().strip().startswith("reviewed: a person set its ends")
    assert page.get_by_role("link", name="whole film").get_attribute("href") == asked.url
    assert "tom and jerry\t0:00:08.000\treviewed\t1.00\t1.0" in page.inner_text("#together")
    assert page.locator("#together .both").inner_text().replace("\u00a0", " ") == (
        "Two characters or more are on screen for 1.0 s, counted by a person, as are the seconds below."
    )
    assert page.locator("#audited tbody td").last.inner_text() == "reviewed counted by a person"


def test_before_the_first_model_there_is_a_page_too(tmp_path, opened):
    page = opened(written(reported.make(tmp_path / "p", versions=0)))
    assert page.locator("h2").all_inner_texts() == [
        "Labels and the work of people", "What is audited and what is not", "How it was made",
    ]
    assert page.locator(".notice").inner_text().startswith("Not complete yet. There is no model yet:")
    assert "There are no labels yet. 1\u00a0frame was skipped." in page.inner_text("#labels")


def test_pictures_that_are_missing_or_left_out_are_told_in_words(tmp_path, opened, monkeypatch):
    place = reported.make(tmp_path / "p")
    shutil.rmtree(place.frames_folder)
    page = opened(written(place))
    assert "4\u00a0pictures cannot be shown" in page.inner_text("#timeline")
    page.locator(".bar").first.focus()
    assert page.locator(".bar").first.locator(".no-pic").text_content() == "no picture"
    assert "no picture: the frame's file is not there" in page.inner_text(".mistakes")
    reported.draw(place, place.frames())
    monkeypatch.setattr(module, "SMALL_ROOM", 20_000)
    found = gather(place, NOW, ARGUMENTS)
    small = write_page(found, place.root, place.root / "report.html", Talk())
    assert 0 < len(small.pictures) < 4 and small.left_out == 4 - len(small.pictures)
    assert f"{small.left_out}\u00a0picture" in opened(place.root / "report.html").inner_text("#timeline")


def test_without_label_studio_there_are_no_links_and_the_pictures_can_be_reached_all_the_same(tmp_path, opened):
    page = opened(written(reported.make(tmp_path / "p", url="")))
    assert page.locator("a[target]").count() == 0
    bar = page.locator(".bar").first
    bar.focus()
    assert bar.get_attribute("aria-label").startswith("tom, 0:00:00.000 to 0:00:13.000")


def test_a_film_of_two_hours_stays_small_and_every_appearance_can_be_hit(tmp_path, opened):
    place = reported.make(tmp_path / "p", {"long.mp4": 7200}, ("tom", "jerry", "spike"), pictures=False)
    out = written(place)
    assert out.stat().st_size < 15_000_000
    page = opened(out)
    assert page.locator(".strip").count() == 12 and page.locator(".bar").count() > 500
    assert page.locator(".bar").evaluate_all("all => Math.min(...all.map(one => one.getBoundingClientRect().width))") >= 5


def test_the_longest_stretches_get_their_pictures_first(tmp_path):
    known = gather(reported.make(tmp_path / "p", {"a.mp4": 65}, pictures=False), NOW, ARGUMENTS)
    assert [int(uid[-6:]) // 1000 for uid in wanted(known)] == [6, 36, 16, 46, 62]


# -- words ----------------------------------------------------------------------------------------


def test_words():
    assert [clock(second) for second in (0, 62.4, 3723)] == ["0:00", "1:02", "1:02:03"]
    assert [lasting(second) for second in (42, 185, 3720.4)] == ["42.0\u00a0s", "3\u00a0min 5\u00a0s", "1\u00a0h 2\u00a0min"]
    assert percent(0.4125) == "41.2\u00a0%"
    assert plain("a\nb\u202ec\u200dd") == "a\\nb\\u202ec\u200dd"
    assert str(code("Next: `a <b>` & c")) == "Next: <code>a &lt;b&gt;</code> &amp; c"
