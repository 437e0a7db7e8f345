"""Labels and reviews that were pulled: what is written reads back, and what is damaged is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from screentime.errors import ConfigError, ScreentimeError
from screentime.records import Appearance, Film, Review
from screentime.standing import AskedReview
from screentime.workspace import Workspace, create
from tests.folders import DIGEST, LABELS, configure, label


def test_labels_read_back_neither_and_several_characters_too(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS[::-1])
    assert Workspace(workspace.root).labels() == LABELS


def test_labels_are_a_table_for_people(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    assert workspace.labels_table.read_text("utf-8") == (
        "uid,film,timecode,characters,task,annotation,annotator,updated_at,origin,lead_time\n"
        "0011223344556677-000000000,film-00112233,0:00:00.000,neither,17,18,1,2025-01-02T03:04:05.000006Z,manual,3.25\n"
        "0011223344556677-000001001,film-00112233,0:00:01.001,Jerry,17,18,1,2025-01-02T03:04:05.000006Z,prediction,\n"
        "0011223344556677-000003003,film-00112233,0:00:03.003,Tom|Jerry,4,18,2,2025-01-02T03:04:05.000006Z,manual,\n"
    )


def test_names_with_spaces_quotes_and_letters_of_the_world_read_back(tmp_path, extracted):
    names = ("Том Кот", "Jerry 'the' mouse", "-Spike")
    workspace = create(tmp_path / "other", configure(characters=names))
    workspace.write_frames([extracted[1]], extracted[2])
    labels = [label(0.0, *names), label(2.044, names[2])]
    workspace.write_labels(labels)
    assert workspace.labels() == labels


def test_labels_of_several_characters_are_refused_where_these_exclude_one_another(extracted):
    """A model would learn that a frame is wholly both."""
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    options = workspace.config_file.read_text("utf-8")
    workspace.config_file.write_text(options.replace('mode = "multi"', 'mode = "exclusive"'), "utf-8")
    with pytest.raises(ConfigError) as caught:
        workspace.labels()
    assert str(caught.value) == (
        f"{workspace.labels_table} has 1 labels of more than one character, and {workspace.config_file} says that they"
        ' exclude one another. Write mode = "multi" again, as the labels were given, or change those labels in Label'
        " Studio and run `screentime pull`."
    )


def test_labels_of_an_older_screentime_lack_the_time_they_took(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    rows = workspace.labels_table.read_text("utf-8").splitlines()
    workspace.labels_table.write_text("".join(f"{row.rpartition(',')[0]}\n" for row in rows), "utf-8")
    assert workspace.labels() == [replace(one, lead_time=None) for one in LABELS]


def test_before_the_first_pull_there_are_none(extracted):
    assert extracted[0].labels() == []
    extracted[0].write_labels([])
    assert extracted[0].labels() == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0011223344556677-000001001,film", "it has 2 columns instead of 10"),
        (
            "0011223344556677-000001001,film-00112233,0:00:01.001,Jerry,seventeen,18,1,2025-01-02T03Z,manual,",
            "invalid literal for int() with base 10: 'seventeen'",
        ),
        (
            "0011223344556677-000001001,film-00112233,0:00:01.001,Jerry,17,,1,2025-01-02T03Z,manual,",
            "invalid literal for int() with base 10: ''",
        ),
    ],
)
def test_a_damaged_line_of_the_labels_is_named(extracted, row, reason):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    lines = workspace.labels_table.read_text().splitlines()
    lines[2] = row
    workspace.labels_table.write_text("\n".join(lines) + "\n")
    with pytest.raises(ScreentimeError) as caught:
        workspace.labels()
    assert str(caught.value) == (
        f"{workspace.labels_table} is damaged (line 3: {reason})."
        " Run `screentime pull`: it sets the file aside and copies the labels out of Label Studio again."
    )


def test_labels_whose_heading_is_gone_are_not_taken_for_none(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    workspace.labels_table.write_text("".join(workspace.labels_table.read_text().splitlines(True)[1:]))
    with pytest.raises(ScreentimeError, match="labels.csv is damaged .line 1: its columns should be uid,film,"):
        workspace.labels()


def test_labels_of_other_films_are_kept_beside_the_projects_own(extracted, other):
    workspace, _, _ = extracted
    workspace.write_audited([other])
    labels = [LABELS[1], replace(LABELS[2], uid=other.frames[1].uid)]
    workspace.write_labels(labels)
    assert workspace.labels() == labels
    assert workspace.labels_table.read_text("utf-8").splitlines()[2] == (
        "ffffffffffffffff-000041040,film-ffffffff,0:00:41.040,Tom|Jerry,4,18,2,2025-01-02T03:04:05.000006Z,"
        "manual,"
    )


REVIEWED = Film(DIGEST, "ж film.mp4", "/films/ж film.mp4", 10.0, 24.0, 64, 36, 10)


def test_reviews_begin_empty_and_read_back(workspace):
    assert (workspace.asked_reviews(), workspace.reviews()) == ([], [])
    asked = AskedReview(REVIEWED, 3, 44, "http://localhost:8080/projects/3/data?task=44", "v001-x")
    done = Review(
        DIGEST, (Appearance("Tom", 0.0, 1.041667, 1.0, "reviewed"),), 44, 7, "1", "2025-01-02T03:04:05.000006Z", 95.5
    )
    empty = replace(done, digest="f" * 16, appearances=())
    workspace.write_reviews([asked], [done, empty])
    assert (workspace.asked_reviews(), workspace.reviews()) == ([asked], [done, empty])
    kept = workspace.keep_reviews()
    assert kept.name == "reviews-before-1.json" and kept.read_bytes() == workspace.reviews_file.read_bytes()
    assert workspace.keep_reviews().name == "reviews-before-2.json"


def test_reviews_that_were_kept_before_their_time_was_read_on(workspace):
    workspace.write_reviews([], [Review(DIGEST, (), 44, 7, "1", "2025-01-02T03:04:05.000006Z", 95.5)])
    kept = json.loads(workspace.reviews_file.read_text("utf-8"))
    assert kept["done"][0].pop("lead_time") == 95.5
    workspace.reviews_file.write_text(json.dumps(kept), "utf-8")
    assert workspace.reviews() == [Review(DIGEST, (), 44, 7, "1", "2025-01-02T03:04:05.000006Z", None)]


@pytest.mark.parametrize("damage", ["{", "[]", '{"asked": []}', '{"asked": [{}], "done": []}', '{"asked": [], "done": [{"digest": 1}]}'])
def test_damaged_reviews_are_named_with_what_to_do(workspace, damage):
    workspace.reviews_file.write_text(damage, "utf-8")
    with pytest.raises(ScreentimeError) as caught:
        workspace.reviews()
    assert caught.value.what.startswith(f"{workspace.reviews_file} is damaged (")
    assert caught.value.remedy == (
        "Delete it and run `screentime pull`: reviews are safe in Label Studio."
    )
