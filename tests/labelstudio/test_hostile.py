"""Whatever people, other programs and other versions leave in Label Studio: labels, or a sentence, and no doubles."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from screentime.labelstudio.labels import judge
from screentime.labelstudio.reviewed import parse
from screentime.records import Film
from screentime.schema import Schema
from screentime.video.grid import Grid

TEXT = st.text(max_size=8) | st.sampled_from(["Tom", "Jerry", "neither", "tom", "<script>", "Spike", "x" * 5000, "😀", "a\nb", ""])
MOMENT = st.sampled_from([
    "2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05Z", "2025-01-02T03:04:05.5+02:00", "2026-01-02T03:04:06.000006Z",
])
# More of what is a label than of what is none: else hardly any would count.
CHOICES = st.sampled_from([["Tom"], ["Jerry"], ["neither"], ["Tom", "Jerry"]]) | st.lists(st.sampled_from(["Tom", "Jerry", "neither"]) | TEXT, max_size=4)
RESULT = st.fixed_dictionaries(
    {"from_name": st.sampled_from(["characters", "characters", "other", None]), "value": st.fixed_dictionaries({"choices": CHOICES})},
    optional={"origin": st.sampled_from(["manual", "prediction", "prediction-changed", "odd", None]), "more": TEXT},
)
ANNOTATION = st.fixed_dictionaries(
    {
        "id": st.integers(1, 9), "updated_at": MOMENT, "created_at": MOMENT,
        "completed_by": st.integers(1, 3) | st.fixed_dictionaries({"id": st.integers(1, 3)}) | st.none(),
        "result": st.lists(RESULT, min_size=1, max_size=1) | st.lists(RESULT, max_size=3) | st.none(),
    },
    optional={
        "was_cancelled": st.booleans() | st.none(), "lead_time": st.none() | st.floats(0, 1e9),
        "parent_prediction": st.none() | st.integers(1, 3), "updated_by": st.none() | st.integers(1, 3),
        "import_id": st.none() | st.integers(1, 3), "draft_created_at": MOMENT,
    },
)
PREDICTION = st.fixed_dictionaries(
    {"id": st.integers(1, 3), "created_at": MOMENT, "updated_at": MOMENT, "result": st.lists(RESULT, max_size=2)}
)
UIDS = [f"{'a' * 16}-{second:09d}" for second in range(3)]


@st.composite
def tasks(draw):
    """Tasks with their annotations, each with a number of its own; of a frame there may be several."""
    found = []
    for number in range(draw(st.integers(0, 4))):
        data = draw(st.fixed_dictionaries({"uid": st.sampled_from([*UIDS, *UIDS, "", None, "x" * 3000])}, optional={
            "film": TEXT, "timecode": TEXT, "more": TEXT,
        }))
        annotations = draw(st.lists(ANNOTATION, max_size=4, unique_by=lambda one: one["id"]))
        found.append({
            "id": number + 1, "data": data, "annotations": [{**one, "id": one["id"] + 10 * number} for one in annotations],
            **draw(st.fixed_dictionaries({}, optional={"predictions": st.lists(PREDICTION, max_size=2)})),
        })
    return found


@settings(max_examples=200)
@given(tasks(), st.sampled_from(["multi", "exclusive"]), st.randoms(use_true_random=False))
def test_what_people_left_is_labels_or_told_once_a_frame_in_whatever_order_it_comes(left, mode, random):
    schema = Schema(mode, ("Tom", "Jerry"))
    found = judge(left, schema)
    uids = [label.uid for label in found.labels]
    assert len(uids) == len(set(uids)) and not set(uids) & found.skipped
    assert all(label.characters <= {"Tom", "Jerry"} for label in found.labels)
    assert mode == "multi" or all(len(label.characters) <= 1 for label in found.labels)
    assert all(problem.endswith((".", ").")) for problem in found.problems)
    assert set(found.doubles) <= set(uids)
    again = judge(random.sample(left, len(left)), schema)
    assert {(one.uid, one.characters) for one in again.labels} == {(one.uid, one.characters) for one in found.labels}
    assert again.skipped == found.skipped and sorted(again.hollow) == sorted(found.hollow)
    assert sorted(again.problems) == sorted(found.problems) or sum(not task["data"].get("uid") for task in left) > 1
    # What was pulled and is pulled again says the same.
    assert {one.uid: one.characters for one in judge(left, schema, found.labels).labels} == {
        one.uid: one.characters for one in found.labels
    }


SPAN = st.fixed_dictionaries({}, optional={
    "start": st.none() | st.integers(-10**12, 10**12), "end": st.none() | st.integers(-10**12, 10**12) | st.integers(-3, 60),
})
REGION = st.fixed_dictionaries(
    {"from_name": st.sampled_from(["appearances", "other", None])},
    optional={"value": st.fixed_dictionaries({}, optional={
        "ranges": st.lists(SPAN | st.builds(lambda start, more: {"start": start, "end": start + more}, st.integers(-5, 60), st.integers(0, 30)), max_size=4),
        "timelinelabels": st.none() | CHOICES,
    })},
)


@given(st.lists(REGION, max_size=5) | st.none())
def test_a_review_holds_appearances_inside_the_film_that_do_not_overlap_or_says_why_not(result):
    film = Film("a" * 16, "film <b>.mp4", "/f", 2.0, 25.0, 8, 8, 2)
    grid = Grid([k / 25 for k in range(50)], 2.0, 25.0)
    schema = Schema("multi", ("Tom", "Jerry"))
    annotation = {"id": 1, "updated_at": "2026-01-02T03:04:05Z", "completed_by": {"id": 1}, "result": result}
    review, problems = parse(annotation, film, 3, schema, grid)
    assert all(problem.endswith(".") for problem in problems)
    for name in schema.characters:
        mine = [one for one in review.appearances if one.character == name]
        assert all(0 <= one.start < one.end <= film.seconds for one in mine)
        assert all(before.end < after.start for before, after in zip(mine, mine[1:]))
    assert {one.character for one in review.appearances} <= set(schema.characters)
