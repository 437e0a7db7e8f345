"""Auditing another film on a real server: drawn once, blind, judged and learned from."""

import pytest

from screentime import config as configuration
from screentime.demo.annotator import Annotator, truth_of
from screentime.demo.cast import CHARACTERS
from screentime.demo.film import draw_film
from screentime.errors import NotReady, UserMistake
from screentime.labelstudio.marks import read_marks
from screentime.labelstudio.stream import next_task
from screentime.labelstudio.tasks import list_tasks, read_tasks
from screentime.otherfilms import audit_film
from screentime.projects import screen_films
from screentime.talk import Talk
from screentime.workspace import Workspace


@pytest.fixture(scope="session")
def other(tmp_path_factory):
    """Another drawn film of 30 s, and who is on screen in each second."""
    path = tmp_path_factory.mktemp("other") / "other.mp4"
    rows = draw_film(path, seconds=30, seed=9, size=(320, 180))
    return path, [frozenset(name for name, on in zip(CHARACTERS, row) if on) for row in rows]


def label_all(loop, other, tab):
    [audited] = loop.workspace.audited()
    known = truth_of(audited.frames, other[1], other[0])
    return Annotator(loop.link.client, loop.project(), loop.schema, known).label(tab, 99)


def tab_of(audit):
    return int(audit.url.split("tab=")[1].split("&")[0])


def test_a_film_is_audited_blind_judged_and_learned_from(cartoon_loop, cartoon_annotator, other):
    loop = cartoon_loop
    loop.push()
    cartoon_annotator(24)
    version = loop.sync().round.version
    [before], _ = screen_films([other[0]], None, loop.workspace.root, Talk())
    assert (before.labels, before.audited, before.estimates["cat"].low) == (0, 0, None)
    assert before.strange is not None

    audit = audit_film(loop, other[0], 10)
    assert (audit.frames, audit.created, audit.waiting) == (10, 10, 10)
    tasks = list_tasks(loop.link.client, loop.project())
    assert len(tasks) == 50
    assert loop.workspace.progress().tasks == tasks
    task = next_task(loop.link.client, loop.project(), tab_of(audit))
    assert (task["data"]["film"], task["predictions"]) == ("other.mp4", [])
    assert task["data"]["next"] != task["data"]["image"]

    marks = {uid: mark for uid, mark in read_marks(loop.link.client, loop.project()).items() if uid in tasks}
    [kept] = loop.workspace.audited()
    drawn = kept.frames
    assert kept.film.name == "other.mp4" and len(drawn) == 10
    assert kept.marks == {frame.uid: marks[frame.uid] for frame in drawn}
    for number, frame in enumerate(drawn):
        assert marks[frame.uid]["block"] == [3.0 * number, 3.0 * number + 2]
        assert marks[frame.uid]["probability"] == pytest.approx(1 / 3)
        assert 3 * number <= frame.second < 3 * number + 3

    assert label_all(loop, other, tab_of(audit)) == 10
    assert len(loop.pull()) == 34
    [judged], _ = screen_films([other[0]], None, loop.workspace.root, Talk())
    assert (judged.labels, judged.audited, judged.version) == (10, 10, version)
    for name in CHARACTERS:
        one = judged.estimates[name]
        true = sum(name in said for said in other[1])
        assert one.low <= true <= one.high
        assert 0 < one.high - one.low < 30

    # Now they teach too, and the film's own frames stay out of the project's batches and seconds.
    synced = loop.sync()
    assert synced.new and synced.labels == 34
    # They say nothing of how well the project's own film is known.
    assert loop.workspace.cards()[-1]["accuracy"]["judged_on"].startswith("8 audit frames")
    assert {frame.uid for frame in drawn} <= set(loop.workspace.cards()[-1]["label_uids"])
    assert not {frame.uid for frame in drawn} & set(loop.workspace.progress().batch)
    [learned], _ = screen_films([other[0]], None, loop.workspace.root, Talk())
    assert (learned.labels, learned.audited, learned.strange) == (10, 10, None)
    assert loop.push() == (0, 40)


def test_asking_again_finds_the_same_frames_and_asking_for_more_draws_the_rest(cartoon_loop, other):
    cartoon_loop.push()
    first = audit_film(cartoon_loop, other[0], 6)
    drawn = cartoon_loop.workspace.audited()[0].frames
    again = audit_film(cartoon_loop, other[0], 6)
    assert (again.created, again.url) == (0, first.url)
    assert cartoon_loop.workspace.audited()[0].frames == drawn
    more = audit_film(cartoon_loop, other[0], 9)
    assert (more.frames, more.created) == (9, 3)
    assert set(drawn) < set(cartoon_loop.workspace.audited()[0].frames)


def test_films_of_one_name_have_a_page_each(cartoon_loop, other, tmp_path):
    cartoon_loop.push()
    films = [tmp_path / folder / "other.mp4" for folder in ("first", "second")]
    for film, seed in zip(films, (9, 11)):
        film.parent.mkdir()
        draw_film(film, seconds=30, seed=seed, size=(320, 180))
    audits = [audit_film(cartoon_loop, film, 4) for film in films]
    client, project = cartoon_loop.link.client, cartoon_loop.project()

    def shown():
        return [{task["data"]["uid"] for task in read_tasks(client, project, view=tab_of(one), include="id,data")} for one in audits]

    drawn = [{frame.uid for frame in one.frames} for one in cartoon_loop.workspace.audited()]
    assert shown() == drawn and not drawn[0] & drawn[1]
    # Whichever is asked for again keeps its page.
    assert [audit_film(cartoon_loop, film, 4).url for film in films] == [one.url for one in audits]
    assert shown() == drawn


def test_two_people_get_different_audit_frames(cartoon_loop, other):
    cartoon_loop.config = configuration.override(cartoon_loop.config, {"people": 2})
    cartoon_loop.push()
    audit = audit_film(cartoon_loop, other[0], 8)
    tabs = [int(url.split("tab=")[1].split("&")[0]) for url in (audit.url, *audit.others)]
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    shares = [{task["id"] for task in read_tasks(client, project, view=tab, include="id,data")} for tab in tabs]
    assert [len(one) for one in shares] == [4, 4] and not shares[0] & shares[1]


def test_an_audit_killed_on_its_way_is_gone_on_with(cartoon_loop, other, monkeypatch):
    cartoon_loop.push()
    real = Workspace.update_progress

    def killed(self, **changes):
        raise KeyboardInterrupt

    monkeypatch.setattr(Workspace, "update_progress", killed)
    with pytest.raises(KeyboardInterrupt):
        audit_film(cartoon_loop, other[0], 6)
    monkeypatch.setattr(Workspace, "update_progress", real)
    audit_film(cartoon_loop, other[0], 6)
    [kept] = cartoon_loop.workspace.audited()
    assert len(kept.marks) == 6
    assert kept.marks.items() <= cartoon_loop.workspace.progress().audits.items()


def test_what_cannot_be_audited_is_said(cartoon_loop, cartoon, other, monkeypatch):
    with pytest.raises(NotReady, match=r"^The frames are not in Label Studio yet\. Run `screentime push`\.$"):
        audit_film(cartoon_loop, other[0], 6)
    cartoon_loop.push()
    with pytest.raises(UserMistake, match=r"^cartoon\.mp4 is one of the project's films: audit frames of it are in every batch\."):
        audit_film(cartoon_loop, cartoon[0], 6)
    with pytest.raises(UserMistake, match=r"^other\.mp4 has 30 frames, so 31 cannot be drawn\. Use --frames 30 or less\.$"):
        audit_film(cartoon_loop, other[0], 31)
    monkeypatch.setattr("screentime.otherfilms.MOST_ASKED", 20)
    with pytest.raises(UserMistake, match=r"^21 frames are more than one page hands out\. Use --frames 20 or less\.$"):
        audit_film(cartoon_loop, other[0], 21)
    assert cartoon_loop.workspace.audited() == []
