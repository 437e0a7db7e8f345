"""What people submitted of a film's timeline, read to the frame."""

import pytest

from screentime.labelstudio import reviewed, reviewing
from screentime.records import Film
from screentime.schema import Schema
from screentime.video.grid import Grid

SCHEMA = Schema("multi", ("Tom", "Jerry"))
GRID = Grid([number / 24 for number in range(240)], 10.0, 24.0)


@pytest.fixture
def film(tmp_path):
    return Film(f"{abs(hash(tmp_path.name)):016x}"[:16], "film <b>.mp4", "/films/film.mp4", 10.0, 24.0, 64, 36, 10)


@pytest.fixture
def put_up(ls_client, film, tmp_path):
    project = reviewing.ensure_review(ls_client, workspace_id=tmp_path.name, film=film, schema=SCHEMA)
    task, _ = reviewing.push_film(ls_client, project, film, "/data/local-files/?d=a/b.mp4", GRID)
    return task


def annotate(client, task, regions, **more):
    result = [
        {"id": f"r{n}", "from_name": "appearances", "to_name": "film", "type": "timelinelabels",
         "value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [name]}}
        for n, (name, start, end) in enumerate(regions)
    ]
    return client.request("POST", f"api/tasks/{task}/annotations/", json={"result": result, **more})["id"]


def parse(regions, grid=GRID, schema=SCHEMA, result=None):
    film = Film("0" * 16, "film.mp4", "", grid.end, grid.rate, 64, 36, 10)
    annotation = {
        "id": 7, "completed_by": {"id": 3}, "updated_at": "2026-01-01T00:00:00Z",
        "result": result or [
            {"from_name": "appearances", "value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [name]}}
            for name, start, end in regions
        ],
    }
    review, problems = reviewed.parse(annotation, film, 5, schema, grid)
    assert (review.digest, review.task, review.annotation, review.annotator) == ("0" * 16, 5, 7, "3")
    return [(one.character, one.start, one.end) for one in review.appearances], problems


def test_of_what_people_submitted_the_newest_counts_and_skips_do_not(ls_client, film, put_up):
    task = put_up
    assert reviewed.submitted(ls_client, task, film.digest) == (True, None)
    annotate(ls_client, task, [("Tom", 1, 5)], was_cancelled=True)
    assert reviewed.submitted(ls_client, task, film.digest) == (True, None)
    first = annotate(ls_client, task, [("Tom", 1, 5)], lead_time=95.5)
    assert reviewed.parse(reviewed.submitted(ls_client, task, film.digest)[1], film, task, SCHEMA, GRID)[0].lead_time == 95.5
    second = annotate(ls_client, task, [])
    assert reviewed.submitted(ls_client, task, film.digest)[1]["id"] == second
    result = ls_client.request("GET", f"api/annotations/{first}/")["result"]
    ls_client.request("PATCH", f"api/annotations/{first}/", json={"result": [*result, *result]})
    assert reviewed.submitted(ls_client, task, film.digest)[1]["id"] == first
    # The same number on another server is another task.
    assert reviewed.submitted(ls_client, task, "f" * 16) == (False, None)
    ls_client.request("DELETE", f"api/tasks/{task}/")
    assert reviewed.submitted(ls_client, task, film.digest) == (False, None)


def test_a_review_is_read_to_the_frame():
    assert parse([("Jerry", 25, 240), ("Tom", 1, 48), ("Jerry", 3, 3)]) == (
        [("Tom", 0.0, 2.0), ("Jerry", 2 / 24, 3 / 24), ("Jerry", 1.0, 10.0)], [],
    )


@pytest.mark.parametrize("told, known", [({"lead_time": 95.5}, 95.5), ({"lead_time": None}, None), ({}, None)])
def test_how_long_a_review_took_is_kept_where_it_is_known(told, known):
    annotation = {"id": 7, "completed_by": 3, "updated_at": "2026-01-01T00:00:00Z", "result": [], **told}
    film = Film("0" * 16, "film.mp4", "", GRID.end, GRID.rate, 64, 36, 10)
    assert reviewed.parse(annotation, film, 5, SCHEMA, GRID)[0].lead_time == known


def test_intervals_of_one_character_that_touch_are_one():
    assert parse([("Tom", 1, 24), ("Tom", 25, 48), ("Tom", 40, 60), ("Jerry", 49, 60), ("Tom", 100, 110)])[0] == [
        ("Tom", 0.0, 2.5), ("Jerry", 2.0, 2.5), ("Tom", 99 / 24, 110 / 24),
    ]


def test_a_review_without_a_line_says_that_nobody_appears():
    assert parse([]) == ([], [])


def test_what_cannot_count_is_said_and_the_rest_counts():
    found, problems = parse([("Spike", 1, 5), ("Tom", 9, 5), ("Tom", 242, 250), ("Tom", 230, 999), ("Jerry", -3, 24), ("Tom", -9, 0)])
    assert found == [("Jerry", 0.0, 1.0), ("Tom", 229 / 24, 10.0)]
    assert problems == [
        "1 interval in the review of film.mp4 names what is no character of this project and is left out.",
        "1 interval in the review of film.mp4 ends before it begins and is left out.",
        "2 intervals in the review of film.mp4 lie outside of the film and are left out.",
        "2 intervals in the review of film.mp4 reach beyond the film and are cut off at its ends.",
    ]


def test_the_one_frame_that_the_page_may_count_more_is_the_films_last():
    assert parse([("Tom", 230, 241), ("Jerry", 241, 241)]) == (
        [("Tom", 229 / 24, 10.0), ("Jerry", 239 / 24, 10.0)], [],
    )
    assert parse([("Tom", 230, 242)])[1] == [
        "1 interval in the review of film.mp4 reaches beyond the film and is cut off at its end.",
    ]
    assert parse([("Tom", 242, 250)]) == ([], ["1 interval in the review of film.mp4 lies outside of the film and is left out."])


def test_other_shapes_of_regions():
    unnamed = {"from_name": "appearances", "value": {"ranges": [{"start": 1, "end": 5}]}}
    half = {"from_name": "appearances", "value": {"ranges": [{"start": 24, "end": None}], "timelinelabels": ["Tom"]}}
    twice = {"from_name": "appearances", "value": {"ranges": [{"start": 1, "end": 2}, {"start": 4, "end": 5}], "timelinelabels": ["Spike"]}}
    several = {"from_name": "appearances", "value": {"ranges": [{"start": 1, "end": 5}, {"start": 48, "end": 48}], "timelinelabels": ["Jerry"]}}
    foreign = {"from_name": "mood", "value": {"choices": ["good"]}}
    found, problems = parse([], result=[unnamed, half, twice, several, foreign])
    assert found == [("Jerry", 0.0, 5 / 24), ("Tom", 23 / 24, 1.0), ("Jerry", 47 / 24, 2.0)]
    assert problems == [
        "1 interval in the review of film.mp4 names no character and is left out.",
        "2 intervals in the review of film.mp4 name what is no character of this project and are left out.",
    ]
