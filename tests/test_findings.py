"""What a report shows is what the project's folder holds, stage by stage."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from screentime.config import Config, Project
from screentime.effort import effort
from screentime.findings import gather
from screentime.records import Film, Frame, Review, frame_uid
from screentime.screening import rows_of
from screentime.standing import AskedReview, Audited
from screentime.summary import seconds_so_far, summary
from screentime.workspace import create

_spec = importlib.util.spec_from_file_location("reported", Path(__file__).with_name("reported.py"))
reported = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reported)

NOW = datetime(2025, 1, 2, 8, 30, tzinfo=UTC)
PAGE = "http://127.0.0.1:8080/projects/7/data?task="


def found(place):
    return gather(place, NOW, ["/bin/screentime", "report", "--workspace", "/home/me/tom"])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return reported.make(tmp_path_factory.mktemp("p") / "project", pictures=False)


def test_seconds_are_those_of_status(place):
    known = found(place)
    [film], [row] = known.films, summary(place)["screen_time"]
    assert known.stands["screen_time"] == [row] == rows_of([film.time])
    for total in film.totals:
        assert [round(value, 3) for value in (total.seconds, total.low, total.high, total.sampling)] == [
            row[total.name], row[f"{total.name}_low"], row[f"{total.name}_high"], row[f"{total.name}_sampling"],
        ]
        assert (total.share, total.share_low, total.share_high) == (total.seconds / 60, total.low / 60, total.high / 60)
    assert [total.name for total in film.totals] == ["tom", "jerry", "both", "neither"]
    assert film.both is film.totals[2]


def test_the_timeline_is_that_of_the_decided_frames_each_with_its_frame_and_task(place):
    [film] = found(place).films
    assert [(one.character, one.start, one.end) for one, _ in film.appearances] == [
        ("tom", 0.0, 13.0), ("jerry", 10.0, 23.0), ("tom", 30.0, 43.0), ("jerry", 40.0, 53.0),
    ]
    assert tuple(one for one, _ in film.appearances) == seconds_so_far(place)[0].appearances
    assert [sight.second for _, sight in film.appearances] == [6.0, 16.0, 36.0, 46.0]
    assert [sight.link for _, sight in film.appearances] == [f"{PAGE}{task}" for task in (106, 116, 136, 146)]
    [strip] = film.strips
    assert [(name, len(lane)) for name, lane in strip.lanes] == [("tom", 2), ("jerry", 2)]
    assert (film.learning, film.audits) == ((6, 12, 24, 30, 42, 48), (0, 18, 36, 54))
    assert film.at(16.9).second == film.at(16.0).second == 16.0
    assert film.at(0.0).second == 0.0 and film.at(99.0).second == 59.0
    assert film.relations.together("tom", "jerry") == 6.0


def test_the_rest_is_what_the_folder_holds(place):
    known = found(place)
    assert known.rounds == tuple(summary(place)["rounds"]) and len(known.rounds) == 2
    assert known.history == reported.HISTORY
    assert known.effort == effort(place.labels(), [])
    assert known.confusion.frames == 4  # the audit frames
    # Of the third and the fourth label heads say something else that did not learn from them.
    assert {sight.second for _, sight in known.mistakes} == {12.0, 18.0}
    assert all(sight.link == f"{PAGE}{100 + round(sight.second)}" for _, sight in known.mistakes)
    assert (known.missing, known.relations, known.others) == ((), None, ())
    assert (known.made, known.command) == (NOW, "screentime report --workspace tom")
    assert dict(known.provenance)["Backbone"] == "mobile, digest abcd, view tiles"


def test_several_films_have_what_is_theirs_and_what_is_common(tmp_path):
    place = reported.make(tmp_path / "p", {"one.mp4": 60, "two.mp4": 45}, pictures=False)
    known = found(place)
    assert [film.film.name for film in known.films] == ["one.mp4", "two.mp4"]
    assert [len(film.sights) for film in known.films] == [60, 45]
    assert known.relations.together("tom", "jerry") == sum(film.relations.together("tom", "jerry") for film in known.films) == 12.0
    assert known.films[1].at(3.0).film == "two.mp4"


def test_before_the_film_is_read_the_page_says_so(tmp_path):
    place = create(tmp_path / "p", Config(project=Project(id="0123456789ab", title="A", characters=("tom",), films=("f.mp4",))))
    known = found(place)
    assert known.missing == ("The film has not been read yet, so there is nothing to show. Next: `screentime extract`.",)
    assert (known.films, known.rounds, known.mistakes, known.confusion, known.history) == ((), (), (), None, {})


def test_before_the_first_model_the_page_says_what_comes_next(tmp_path):
    place = reported.make(tmp_path / "p", versions=0, pictures=False, url="")
    known = found(place)
    assert known.missing == (
        "There is no model yet: seconds, timeline and accuracy come with the first training. Next: `screentime push`.",
    )
    [film] = known.films
    assert (film.time, film.totals, film.strips, film.relations, film.both) == (None, (), (), None, None)


def test_a_film_that_was_added_since_leaves_the_accuracy_and_no_seconds(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    other = Film("f" * 16, "new.mp4", "/new.mp4", 5.0, 25.0, 8, 8, 1)
    frame = Frame(frame_uid(other.digest, 0.0), "frames/new/0.jpg", 0, 0.0, "new.mp4")
    place.write_frames([*place.films(), other], [*place.frames(), frame])
    known = found(place)
    assert known.missing[0].startswith("The model v002-0123456789ab does not fit the project any more: a film was added")
    assert [film.time for film in known.films] == [None, None] and len(known.rounds) == 2


def test_changed_characters_are_no_fault(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    path = place.config_file
    path.write_text(path.read_text("utf-8").replace('["tom", "jerry"]', '["jerry", "tom"]'), "utf-8")
    known = found(place)
    assert (known.confusion, known.mistakes) == (None, ()) and len(known.missing) == 1


def test_another_film_that_is_audited_is_told_and_judges_nothing_here(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    before = found(place).confusion
    other = Film("f" * 16, "other.mp4", "/other.mp4", 90.0, 25.0, 8, 8, 90)
    frames = [Frame(frame_uid(other.digest, float(i)), f"frames/o/{i}.jpg", i, float(i), "other.mp4") for i in (3, 5, 9)]
    place.write_audited([Audited(other, frames, {frame.uid: {} for frame in frames})])
    place.write_labels([*place.labels(), replace(place.labels()[0], uid=frames[0].uid)])
    known = found(place)
    [told] = known.others
    assert (told.film, told.drawn, told.labelled) == (other, 3, 1)
    assert known.confusion == before and len(known.films) == 1


def test_without_a_project_in_label_studio_nothing_is_linked(tmp_path):
    known = found(reported.make(tmp_path / "p", pictures=False, url=""))
    assert {sight.link for film in known.films for sight in film.sights} == {""}


def test_a_film_that_was_put_up_for_review_has_its_page(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    assert found(place).films[0].review == ""
    place.write_reviews(
        [AskedReview(place.films()[0], 9, 31, "http://me:secret@127.0.0.1:8080/projects/9/data?task=31", "v002-0123456789ab")], []
    )
    assert found(place).films[0].review == "http://127.0.0.1:8080/projects/9/data?task=31"


def test_the_time_of_a_review_counts_once(tmp_path):
    place = reported.make(tmp_path / "p", pictures=False)
    before = found(place).effort
    asked = AskedReview(place.films()[0], 9, 31, "http://127.0.0.1:8080/projects/9/data?task=31", "v002-0123456789ab")
    place.write_reviews([asked], [Review(place.films()[0].digest, (), 31, 1, "1", "2025-01-02T08:00:00Z", 95.5)])
    after = found(place).effort
    assert (after.total, after.median, after.reviews) == (before.total + 95.5, before.median, 1)


def test_in_exclusive_mode_nobody_is_told_together(tmp_path):
    assert found(reported.make(tmp_path / "p", mode="exclusive", pictures=False)).films[0].both is None
