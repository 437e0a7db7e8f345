"""Reviewing films: put up once, pulled to the frame, labels and totals that follow, and undone again."""

import re
import secrets
import shutil
from dataclasses import replace

import pytest

from screentime.demo.annotator import Annotator, truth_of
from screentime.demo.film import draw_film
from screentime.errors import FilmError, NotReady
from screentime.labelstudio import server
from screentime.labelstudio.images import ensure_local_storage, local_url
from screentime.labelstudio.predictions import prediction_versions
from screentime.labelstudio.reviewing import ensure_review, push_film
from screentime.labelstudio.stream import submit
from screentime.projects import begin, extract_films, screen_films
from screentime.records import Appearance, Frame, Label, Review, frame_uid
from screentime.reviews import find_film, merge, review_film
from screentime.rounds import Loop
from screentime.schema import Schema
from screentime.summary import seconds_so_far, summary
from screentime.talk import Talk
from screentime.video.proxy import make_playable
from screentime.video.reader import Reader
from screentime.workspace import Workspace
from tests.video.conftest import draw, ffmpeg

DIGEST = "0123456789abcdef"
FRAMES = [Frame(frame_uid(DIGEST, float(k)), f"frames/f/{k}.jpg", k, float(k), "film.mp4") for k in range(6)]
OTHER = Frame(frame_uid("f" * 16, 0.0), "frames/o/0.jpg", 0, 0.0, "other.mp4")
BEFORE, GIVEN, AFTER = (f"2026-01-01T0{hour}:00:00.5Z" for hour in (1, 2, 3))


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def review_of(*spans):
    found = tuple(Appearance(name, start, end, 1.0, "reviewed") for name, start, end in spans)
    return Review(DIGEST, found, 9, 77, "4", GIVEN)


def label(second, characters, when=BEFORE, origin="manual", lead_time=None):
    return Label(frame_uid(DIGEST, float(second)), frozenset(characters), 1, second, "1", when, origin, lead_time)


def merged(labels, review, mode="multi"):
    found, notes = merge(labels, [review], [*FRAMES, OTHER], Schema(mode, ("Tom", "Jerry")))
    return {one.uid: (set(one.characters), one.origin) for one in found}, notes


def test_a_review_labels_every_frame_of_its_film_and_no_other():
    found, notes = merged([], review_of(("Tom", 0.0, 2.0), ("Jerry", 1.0, 1.5)))
    assert found == {
        frame.uid: (who, "review")
        for frame, who in zip(FRAMES, [{"Tom"}, {"Tom", "Jerry"}, set(), set(), set(), set()])
    }
    assert notes == []


def test_a_character_is_gone_at_the_end_and_there_at_the_start_whatever_the_rounding():
    found, _ = merged([], review_of(("Tom", 1.0009, 2.9995)))
    assert [bool(found[frame.uid][0]) for frame in FRAMES] == [False, True, True, False, False, False]


def test_a_frame_label_that_says_the_same_stays_an_older_one_gives_way_a_newer_one_stays():
    said = [label(0, {"Tom"}), label(1, {"Jerry"}), label(2, set(), AFTER), label(3, {"Jerry"}, AFTER)]
    found, notes = merged(said, review_of(("Tom", 0.0, 6.0)))
    assert [found[frame.uid] for frame in FRAMES] == [
        ({"Tom"}, "manual"), ({"Tom"}, "review"), (set(), "manual"), ({"Jerry"}, "manual"), ({"Tom"}, "review"),
        ({"Tom"}, "review"),
    ]
    assert notes == [
        "1 frame label of film.mp4 (the first at 0:00:01.000) says otherwise than its review, which is newer and counts.",
        "2 frame labels of film.mp4 (the first at 0:00:02.000) contradict its review and were given after it: they"
        " count for their frames, the review for the seconds.",
    ]


def test_labels_that_were_taken_over_in_bulk_give_way_whenever_that_was():
    said = [
        label(0, {"Jerry"}, AFTER, "prediction"), label(1, {"Jerry"}, AFTER, "prediction", 1.5), label(2, {"Tom"}, AFTER, "prediction"),
        label(3, {"Jerry"}, BEFORE, "prediction"),
    ]
    found, notes = merged(said, review_of(("Tom", 0.0, 6.0)))
    assert [found[frame.uid] for frame in FRAMES[:4]] == [
        ({"Tom"}, "review"), ({"Jerry"}, "prediction"), ({"Tom"}, "prediction"), ({"Tom"}, "review"),
    ]
    assert notes == [
        "2 frame labels of film.mp4 (the first at 0:00:00.000) were confirmed without being looked at one by one, and"
        " otherwise than its review, which counts.",
        "1 frame label of film.mp4 (the first at 0:00:01.000) contradicts its review and was given after it: it"
        " counts for its frame, the review for the seconds.",
    ]


def test_two_characters_are_no_label_of_an_exclusive_project():
    found, notes = merged([label(1, {"Tom"})], review_of(("Tom", 0.0, 3.0), ("Jerry", 1.0, 3.0)), "exclusive")
    assert found[FRAMES[1].uid] == ({"Tom"}, "manual") and FRAMES[2].uid not in found
    assert found[FRAMES[0].uid] == ({"Tom"}, "review") and found[FRAMES[3].uid] == (set(), "review")
    assert notes == [
        "2 frames of film.mp4 (the first at 0:00:01.000) show two characters in its review, for which an exclusive"
        " project has no label: they keep their own, and the seconds count both characters."
    ]


@pytest.fixture(scope="module")
def finished(cartoon, colour_backbone, ls_home, ls_server, tmp_path_factory):
    """A project of the drawn film after one round: made once, since training takes its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREENTIME_HOME", str(ls_home))
        patch.delenv("LABEL_STUDIO_URL", raising=False)
        workspace = begin(
            tmp_path_factory.mktemp("finished") / "project", [cartoon[0]], ("cat", "mouse"),
            backbone=str(colour_backbone), view="whole", first_batch=24, every=4, batch=6, audit_every=3,
        )
        extract_films(workspace, workspace.config(), Talk())
        loop = Loop(workspace, workspace.config(), Talk())
        loop.push()
        label_frames(loop, cartoon, 24)
        loop.sync()
    return workspace.root


@pytest.fixture
def trained(finished, ls_home, tmp_path, monkeypatch):
    """A copy of it with reviews of its own; the frames' project is shared, so nobody may label there."""
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    shutil.copytree(finished, tmp_path / "copy")
    file = tmp_path / "copy" / "screentime.toml"
    identity = secrets.token_hex(8)
    file.write_text(re.sub(r'id = "\w+"', f'id = "{identity}"', file.read_text("utf-8"), count=1), "utf-8")
    workspace = Workspace(tmp_path / "copy")
    loop = Loop(workspace, workspace.config(), Talk())
    path = f"api/projects/{workspace.progress().project}/"
    marked = loop.link.client.request("GET", path)["description"]
    loop.link.client.request("PATCH", path, json={"description": f"{marked}\nscreentime workspace {identity}"})
    return loop


@pytest.fixture
def own(cartoon_loop, cartoon_annotator):
    """A project of its own after one round, in which frames may be labelled."""
    cartoon_loop.push()
    cartoon_annotator(24)
    cartoon_loop.sync()
    return cartoon_loop


def label_frames(loop, cartoon, how_many):
    known = truth_of(loop.frames, cartoon[1], cartoon[0])
    Annotator(loop.link.client, loop.project(), loop.schema, known).label(loop.workspace.progress().tab, how_many)


def send(loop, task, regions, annotation=None):
    """Submit a timeline as the page does."""
    result = [
        {"from_name": "appearances", "to_name": "film", "type": "timelinelabels",
         "value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [name]}}
        for name, start, end in regions
    ]
    where = f"api/annotations/{annotation}/" if annotation else f"api/tasks/{task}/annotations/"
    return loop.link.client.request("PATCH" if annotation else "POST", where, json={"result": result})["id"]


def seconds(loop):
    [time] = seconds_so_far(loop.workspace)
    return {name: (one.low, one.seconds, one.high) for name, one in time.estimates.items()}


def test_a_film_is_put_up_once_with_what_people_and_the_model_say(trained):
    heard = Heard()
    loop = Loop(trained.workspace, trained.config, heard)
    [time] = seconds_so_far(loop.workspace)
    first = review_film(loop, "cartoon.mp4")
    assert (first.film.name, first.version, first.created, first.submitted, first.rate) == (
        "cartoon.mp4", time.version, True, False, 12.0,
    )
    assert first.appearances == len(time.appearances) > 4
    assert heard.sentences == [
        "Browsers do not play cartoon.mp4 (mpeg4); a copy that they play is made, with the same frames."
    ]
    [asked] = loop.workspace.asked_reviews()
    client = loop.link.client
    [shown] = client.request("GET", "api/predictions/", params={"task": asked.task})
    page = [(one["value"]["timelinelabels"][0], *one["value"]["ranges"][0].values()) for one in shown["result"][::-1]]
    assert shown["model_version"] == time.version
    # The drawn film has 12 frames a second, and was looked at once a second.
    assert page == [(one.character, round(12 * one.start) + 1, round(12 * one.end)) for one in time.appearances]

    again = review_film(Loop(loop.workspace, loop.config, heard), first.film.path)
    assert (again.created, again.url, len(heard.sentences)) == (False, first.url, 1)
    assert [one["id"] for one in client.request("GET", "api/predictions/", params={"task": asked.task})] == [shown["id"]]


def test_a_newer_version_shows_its_appearances_until_somebody_submitted(own, cartoon_annotator):
    first = review_film(own, "cartoon.mp4")
    cartoon_annotator(4)
    newer = own.sync().round.version
    assert review_film(own, "cartoon.mp4").version == newer != first.version
    [asked] = own.workspace.asked_reviews()
    project = own.project().__class__(asked.project, "")
    assert prediction_versions(own.link.client, project) == {newer: 1}
    send(own, asked.task, [("cat", 1, 12)])
    own.pull()
    newest = own.sync().round.version
    late = review_film(own, "cartoon.mp4")
    assert (late.submitted, late.version) == (True, newer) and newest != newer
    assert prediction_versions(own.link.client, project) == {newer: 1}


def test_a_pulled_review_gives_exact_seconds_and_a_label_to_every_frame_and_is_undone(trained):
    before_labels, before_seconds = trained.pull(), seconds(trained)
    review_film(trained, "cartoon.mp4")
    [asked] = trained.workspace.asked_reviews()
    trained.pull()
    assert trained.workspace.reviews() == []
    number = send(trained, asked.task, [("mouse", 14, 30), ("cat", 1, 13), ("cat", 20, 480)])
    labels = trained.pull()
    [review] = trained.workspace.reviews()
    assert (review.digest, review.task, review.annotation) == (asked.film.digest, asked.task, number)
    assert [(one.character, one.start, one.end) for one in review.appearances] == [
        ("cat", 0.0, pytest.approx(13 / 12)), ("mouse", pytest.approx(13 / 12), 2.5), ("cat", pytest.approx(19 / 12), 40.0),
    ]
    # Each of the 480 frames lasts a twelfth of a second.
    exact = {"cat": 474 / 12, "mouse": 17 / 12, "both": 11 / 12, "neither": 0.0}
    found = seconds(trained)
    assert {name: one[1] for name, one in found.items()} == pytest.approx(exact, abs=1e-5)
    assert all(one[0] == one[1] == one[2] for one in found.values())
    said = {label.uid: label.characters for label in labels}
    by_second = [said[frame.uid] for frame in trained.frames]
    assert by_second == [{"cat"}, {"cat"}, {"cat", "mouse"}, *[{"cat"}] * 37]
    own = {label.uid for label in before_labels}
    assert {label.uid for label in labels if label.origin == "review"} >= {frame.uid for frame in trained.frames} - own
    assert trained.workspace.labels() == sorted(labels, key=lambda label: label.uid)
    [row] = summary(trained.workspace)["screen_time"]
    assert (row["reviewed"], row["cat"], row["cat_low"], row["both"]) == (True, 39.5, 39.5, 0.917)
    [again], _ = screen_films([asked.film.path], None, trained.workspace.root, Talk())
    assert again.reviewed and again.estimates["cat"].seconds == pytest.approx(39.5, abs=1e-5)

    trained.link.client.request("DELETE", f"api/annotations/{number}/")
    assert trained.pull() == before_labels
    assert trained.workspace.reviews() == [] and seconds(trained) == before_seconds


def test_the_loop_goes_on_after_a_review(own, cartoon):
    review_film(own, "cartoon.mp4")
    [asked] = own.workspace.asked_reviews()
    runs, known = [], cartoon[1]
    for name in ("cat", "mouse"):
        runs += [(name, 12 * k + 1, 12 * k + 12) for k, who in enumerate(known) if name in who]
    send(own, asked.task, runs)
    synced = own.sync()
    assert (synced.new, synced.labels) == (True, 40)
    assert [set(one.characters) for one in own.workspace.labels()] == [set(who) for who in known]
    again = own.sync()
    assert (again.new, again.round) == (False, synced.round)
    assert own.push() == (0, 40)
    [row] = summary(own.workspace)["screen_time"]
    assert row["cat"] == row["cat_high"] == sum("cat" in who for who in known)
    # A label of a frame that is given now counts for its frame, and the seconds stay.
    heard = Heard()
    frame = next(one for one in own.frames if one.uid in own.workspace.progress().tasks)
    task = {"id": own.workspace.progress().tasks[frame.uid], "predictions": []}
    other = {"cat"} if known[0] != {"cat"} else {"mouse"}
    submit(own.link.client, task, own.schema, other)
    labels = Loop(own.workspace, own.config, heard).pull()
    assert {label.uid: label.characters for label in labels}[frame.uid] == other
    assert heard.sentences == [
        "1 frame label of cartoon.mp4 (the first at 0:00:00.000) contradicts its review and was given after it: it"
        " counts for its frame, the review for the seconds."
    ]
    assert summary(own.workspace)["screen_time"][0]["cat"] == row["cat"]


def test_a_review_without_a_line_says_that_nobody_appears(trained):
    review_film(trained, "cartoon.mp4")
    [asked] = trained.workspace.asked_reviews()
    trained.link.client.request("POST", f"api/tasks/{asked.task}/annotations/", json={"result": [], "was_cancelled": True})
    trained.pull()
    assert trained.workspace.reviews() == []
    send(trained, asked.task, [])
    labels = trained.pull()
    assert len(labels) == 40 and not any(label.characters for label in labels)
    assert seconds(trained)["neither"] == (40.0, 40.0, 40.0)


def test_another_film_is_screened_and_reviewed(trained, tmp_path):
    path = tmp_path / "other.mp4"
    draw_film(path, seconds=12, seed=9, size=(320, 180))
    asked = review_film(trained, str(path))
    assert (asked.film.name, asked.created) == ("other.mp4", True)
    [kept] = trained.workspace.asked_reviews()
    send(trained, kept.task, [("mouse", 7, 18)])
    labels = trained.pull()
    assert all(label.origin != "review" for label in labels)  # none of its frames is known here
    [found], _ = screen_films([path], None, trained.workspace.root, Talk())
    assert found.reviewed and found.estimates["mouse"].seconds == pytest.approx(1.0)
    # By its name too, now that it is known.
    assert review_film(trained, "other.mp4").submitted


def test_what_is_gone_from_label_studio_or_the_folder_is_said_and_kept(trained):
    heard = Heard()
    loop = Loop(trained.workspace, trained.config, heard)
    review_film(loop, "cartoon.mp4")
    [asked] = loop.workspace.asked_reviews()
    send(loop, asked.task, [("cat", 1, 480)])
    loop.pull()
    [review] = loop.workspace.reviews()
    times = loop.workspace.review_folder / f"{asked.film.digest}.json"
    times.unlink()
    heard.sentences.clear()
    loop.pull()
    assert loop.workspace.reviews() == [review]
    assert heard.sentences[0] == (
        f"Which frames cartoon.mp4 has is not known in {loop.workspace.review_folder} any more, so its review is not"
        f" read. Run `screentime review {asked.film.path}`, then pull again."
    )
    loop.link.client.request("DELETE", f"api/projects/{asked.project}/")
    heard.sentences.clear()
    loop.pull()
    kept = loop.workspace.root / "reviews-before-1.json"
    assert heard.sentences == [f"The review of cartoon.mp4 is not in Label Studio any more. {kept} keeps it."]
    assert (loop.workspace.reviews(), loop.workspace.asked_reviews()) == ([], [])
    assert review.annotation and str(review.annotation) in kept.read_text("utf-8")
    heard.sentences.clear()
    loop.pull()
    assert heard.sentences == []


def test_reviews_are_found_again_when_the_file_that_keeps_them_is_gone(trained, tmp_path):
    heard = Heard()
    loop = Loop(trained.workspace, trained.config, heard)
    path = tmp_path / "other.mp4"
    draw_film(path, seconds=12, seed=9, size=(320, 180))
    other = review_film(loop, str(path))
    first = review_film(loop, "cartoon.mp4")
    asked = {one.film.digest: one for one in loop.workspace.asked_reviews()}
    send(loop, asked[first.film.digest].task, [("cat", 1, 480)])
    send(loop, asked[other.film.digest].task, [("mouse", 7, 18)])
    labels, reviews = loop.pull(), loop.workspace.reviews()
    file = loop.workspace.reviews_file
    file.unlink()
    heard.sentences.clear()
    assert loop.pull() == labels
    assert heard.sentences[0] == f"{file} is missing; the reviews of 2 films were found again in Label Studio."
    assert {one.digest: one for one in loop.workspace.reviews()} == {one.digest: one for one in reviews}
    again = {one.film.digest: one for one in loop.workspace.asked_reviews()}
    assert again[first.film.digest] == asked[first.film.digest]
    unknown = again[other.film.digest]
    assert (unknown.film.name, unknown.film.seconds, unknown.url) == ("other.mp4", 12.0, other.url)

    # Another film that is put up meanwhile does not hide them.
    file.unlink()
    assert review_film(loop, "cartoon.mp4").submitted
    assert {one.film.digest for one in loop.workspace.asked_reviews()} == set(asked)

    loop.pull()
    for one in asked.values():
        loop.link.client.request("DELETE", f"api/projects/{one.project}/")
    file.unlink()
    heard.sentences.clear()
    assert all(label.origin != "review" for label in loop.pull())
    assert heard.sentences == [
        f"{file} is missing, and the review of cartoon.mp4 is not in Label Studio at {loop.link.client.url}: what it"
        " said does not count any more."
    ]
    heard.sentences.clear()
    loop.pull()
    assert heard.sentences == []


def test_a_film_that_moved_is_reviewed_where_it_is_now(trained, tmp_path):
    [film] = trained.workspace.films()
    here = tmp_path / "moved.mp4"
    shutil.copy(film.path, here)
    # The extracted one is gone.
    trained.workspace.write_frames([replace(film, path=str(tmp_path / "gone.mp4"))], trained.frames)
    assert review_film(trained, str(here)).film.path == str(here)
    [asked] = trained.workspace.asked_reviews()
    assert (asked.film.path, asked.film.digest) == (str(here), film.digest)
    assert find_film(trained.workspace, "cartoon.mp4") == here


def test_a_missing_model_is_said(cartoon_loop):
    with pytest.raises(NotReady, match=r"^There is no model yet, so nothing to review\. Run `screentime sync` first\.$"):
        review_film(cartoon_loop, "cartoon.mp4")


def test_a_film_that_nobody_knows_is_said(cartoon_loop):
    with pytest.raises(FilmError, match=r"^There is no film no\.mp4\. Name a file, or one of: cartoon\.mp4\.$"):
        find_film(cartoon_loop.workspace, "no.mp4")


@pytest.fixture
def page(browser, ls_home, ls_server):
    account = server.credentials(ls_home)
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{ls_server.url}/user/login/")
    page.fill("input[name=email]", account.username)
    page.fill("input[name=password]", account.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)
    yield page
    context.close()


class Timeline:
    """The page's timeline, as a person handles it."""

    STEP, NAMES = 16, 150

    def __init__(self, page, rate):
        self.page, self.rate = page, rate
        self.area = page.locator(".lsf-timeline-frames__scroll")

    def rows(self):
        """Region, character, first and last frame of each line, from the top."""
        return self.page.eval_on_selector_all(
            ".lsf-keypoints", "e => e.map(x => [x.dataset.id, x.innerText.split('\\n')[0], +x.dataset.start, +x.dataset.end])"
        )

    def frame(self):
        return int(self.page.locator(".lsf-frames-control").inner_text().split()[0])

    def choose(self, region):
        self.page.locator(f'[data-id="{region}"] .lsf-keypoints__label').click()

    def until(self, region, first, last):
        self.page.wait_for_selector(f'[data-id="{region}"][data-start="{first}"][data-end="{last}"]')

    def seek(self, frame):
        """Click a column of the timeline, below the lines, and wait until the film is there."""
        area = self.area.bounding_box()
        self.page.mouse.click(self._x(frame), area["y"] + 120)
        self.page.wait_for_function(
            "([frame, rate]) => { const film = document.querySelector('video');"
            " return !film.seeking && Math.floor(film.currentTime * rate + 1e-3) + 1 === frame"
            " && document.querySelector('.lsf-frames-control').innerText.startsWith(frame + '\\n') }",
            arg=[frame, self.rate],
        )

    def drag(self, region, frame, to):
        line = self.page.locator(f'[data-id="{region}"]').bounding_box()
        height = line["y"] + line["height"] / 2
        self.page.mouse.move(self._x(frame), height)
        self.page.mouse.down()
        self.page.mouse.move(self._x(to), height, steps=4)
        self.page.mouse.up()

    def _x(self, frame):
        left = self.area.bounding_box()["x"] + self.NAMES - self.area.evaluate("e => e.scrollLeft")
        return left + (frame - 0.5) * self.STEP


def test_a_timeline_reviewed_on_the_page_is_what_pull_finds(trained, page):
    asked = review_film(trained, "cartoon.mp4")
    [time] = seconds_so_far(trained.workspace)
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(asked.url)
    page.wait_for_selector(".lsf-keypoints", timeout=30_000)
    film = "document.querySelector('video')"
    page.wait_for_function(f"{film}.readyState === 4")
    assert page.evaluate(f"[{film}.duration, {film}.videoWidth, {film}.videoHeight, {film}.error]") == [40, 320, 180, None]
    assert page.locator(".lsf-frames-control").inner_text().split() == ["1", "of", "480"]
    timeline = Timeline(page, 12)
    rows = timeline.rows()
    assert [row[1:] for row in rows] == [
        [one.character, round(12 * one.start) + 1, round(12 * one.end)] for one in time.appearances
    ]
    assert [one.inner_text() for one in page.locator(".screentime-caption .lsf-label").all()] == ["cat\n1", "mouse\n2"]
    area = timeline.area.bounding_box()
    assert area["y"] + 5 * 24 < page.locator("button:has-text('Submit')").bounding_box()["y"]  # five lines in sight

    # The film plays.
    page.get_by_test_id("playback-button:play").click()
    page.wait_for_function(f"{film}.currentTime > 0.5 && !{film}.paused")
    page.reload()
    page.wait_for_selector(".lsf-keypoints", timeout=30_000)

    # The first line's beginning is dragged, and the film shows the frame under the mouse.
    (first, _, begin, end), (second, *_), (third, *_) = rows[0], rows[1], rows[2]
    timeline.choose(first)
    if begin > 1:
        page.get_by_label("Hop forward").click()
    page.wait_for_function(f"Math.abs({film}.currentTime - {(begin - 1) / 12}) < 0.01")
    timeline.drag(first, begin, begin + 5)
    timeline.until(first, begin + 5, end)
    assert timeline.frame() == begin + 5
    page.wait_for_function(f"Math.abs({film}.currentTime - {(begin + 4) / 12}) < 0.01")
    # The second one's end is typed, the third one is deleted, and a mouse is added.
    timeline.choose(second)
    page.get_by_label("End frame").fill("477")
    page.get_by_label("End frame").press("Enter")
    timeline.until(second, rows[1][2], 477)
    timeline.choose(third)
    page.keyboard.press("Backspace")
    page.wait_for_selector(f'[data-id="{third}"]', state="detached")
    page.keyboard.press("2")
    page.wait_for_selector('[data-id="new"]')
    at = begin + 5
    timeline.drag("new", at, at + 6)
    page.wait_for_selector(f'[data-start="{at}"][data-end="{at + 6}"]')
    assert timeline.rows()[0][1:] == ["mouse", at, at + 6]
    with page.expect_response(lambda r: r.request.method == "POST" and "/annotations" in r.url):
        page.get_by_role("button", name="Submit").click()
    assert faults == []

    wanted = [
        ["mouse", at, at + 6], [rows[0][1], begin + 5, end], [rows[1][1], rows[1][2], 477], *[row[1:] for row in rows[3:]],
    ]
    holds = {name: set() for name in ("cat", "mouse")}
    for name, start, stop in wanted:
        holds[name] |= set(range(start, stop + 1))
    labels = {label.uid: label for label in trained.pull()}
    [review] = trained.workspace.reviews()
    reviewed = {name: set() for name in holds}
    for one in review.appearances:
        held = range(round(12 * one.start) + 1, round(12 * one.end) + 1)
        assert not reviewed[one.character] & set(held)
        assert (one.start, one.end) == (pytest.approx((held[0] - 1) / 12, abs=1e-6), pytest.approx(held[-1] / 12, abs=1e-6))
        reviewed[one.character] |= set(held)
    assert reviewed == holds
    # The frame at second s is the film's frame 12 s + 1.
    for frame in trained.frames:
        shown = {name for name, frames in holds.items() if round(12 * frame.second) + 1 in frames}
        assert set(labels[frame.uid].characters) == shown, frame
    exact = {name: len(frames) / 12 for name, frames in holds.items()}
    exact |= {"both": len(holds["cat"] & holds["mouse"]) / 12, "neither": (480 - len(holds["cat"] | holds["mouse"])) / 12}
    for name, (low, total, high) in seconds(trained).items():
        assert low == total == high == pytest.approx(exact[name], abs=1e-5)


NUMBER = """() => {
  const film = document.querySelector('video'), canvas = document.createElement('canvas')
  canvas.width = 160; canvas.height = 96
  const context = canvas.getContext('2d')
  context.drawImage(film, 0, 0, 160, 96)
  const pixels = context.getImageData(0, 24, 160, 1).data
  return [...Array(12).keys()].reduce((sum, bit) => sum + (pixels[(25 + 10 * bit) * 4] > 125 ? 1 << bit : 0), 0)
}"""


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_the_page_shows_the_frames_that_pull_takes_it_to_show(page, ls_home, ls_client, tmp_path, container):
    # Frames come after 40, 90, 40, 250, 33 and 41 ms, each with its number drawn on it; in MKV the film is
    # one that browsers do not play.
    raw = b"".join(draw(number).tobytes() for number in range(31))
    steps = "40*N+50*floor((N+4)/6)+210*floor((N+2)/6)-7*floor((N+1)/6)+floor(N/6)"
    codec = ["libx264", "-preset", "ultrafast"] if container == "mp4" else ["mpeg4", "-q:v", "2"]
    path = tmp_path / f"uneven.{container}"
    ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", "160x96", "-r", "25", "-i", "-", "-vf", f"settb=1/1000,setpts='{steps}'",
        "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-c:v", *codec, "-pix_fmt", "yuv420p", path, stdin=raw,
    )
    with Reader(path, fps=1000) as reader:
        read = [sample.second for sample in reader]
    playable = make_playable(reader.film, tmp_path / "review", Talk())
    assert playable.times == pytest.approx(read, abs=0.0015) and playable.times[4] == pytest.approx(0.42, abs=0.0015)
    project = ensure_review(ls_client, workspace_id=tmp_path.name, film=reader.film, schema=Schema("multi", ("Tom",)))
    ensure_local_storage(ls_client, project, server.serve_folder(ls_home, tmp_path.name, tmp_path / "review"))
    grid = playable.grid()
    task, _ = push_film(ls_client, project, reader.film, local_url(tmp_path.name, playable.file), grid)
    page.goto(f"{project.url}/data?task={task}")
    page.wait_for_selector(".lsf-timeline-frames__scroll", timeout=30_000)
    assert page.locator(".lsf-frames-control").inner_text().split() == ["1", "of", str(grid.length)]
    timeline, shown = Timeline(page, grid.rate), []
    for number in range(2, 36):
        timeline.seek(number)
        shown.append(page.evaluate(NUMBER))
    began = [grid.to_seconds(number, number)[0] for number in range(2, 36)]
    assert [playable.times[number] for number in shown] == began
    assert len(set(shown)) > 10
