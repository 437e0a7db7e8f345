"""Who is on screen together, counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.records import Appearance
from screentime.relations import Meeting, Presence, relations


def seen(character, start, end, probability=0.9, source="predicted"):
    return Appearance(character, start, end, probability, source)


ONE = [seen("tom", 0, 10), seen("jerry", 4, 6), seen("jerry", 8, 12), seen("tom", 20, 21)]


def test_one_film():
    known = relations([(ONE, 30.0)], ["tom", "jerry", "spike"])
    assert known.presences == (
        Presence("tom", 11.0, 2, (0, 0.0, 10.0)), Presence("jerry", 6.0, 2, (0, 8.0, 12.0)), Presence("spike", 0, 0, None),
    )
    assert known.meetings == (
        Meeting(("tom", "jerry"), 4.0, (0, 4.0), ("predicted", "predicted"), 0.9), Meeting(("tom", "spike"), 0.0, None), Meeting(("jerry", "spike"), 0.0, None),
    )
    assert (known.together("jerry", "tom"), known.together("tom", "tom"), known.together("spike", "tom")) == (4.0, 11.0, 0.0)
    with pytest.raises(KeyError):
        known.together("tom", "butch")


def test_several_films_are_added_and_the_first_meeting_is_that_of_the_first_film_that_has_one():
    first, second = [seen("jerry", 0, 3), seen("tom", 5, 9)], [seen("tom", 0, 9), seen("jerry", 7, 9)]
    known = relations([(first, 9.0), (second, 9.0)], ["tom", "jerry"])
    # What ends with one film and begins with the next are two appearances.
    assert known.presences == (Presence("tom", 13.0, 2, (1, 0.0, 9.0)), Presence("jerry", 5.0, 2, (0, 0.0, 3.0)))
    assert known.meetings == (Meeting(("tom", "jerry"), 2.0, (1, 7.0), ("predicted", "predicted"), 0.9),)


def test_appearances_that_overlap_or_touch_are_one_and_the_longest_is_the_first_of_equals():
    found = [seen("tom", 0, 5), seen("tom", 3, 6), seen("tom", 6, 8), seen("tom", 10, 18)]
    assert relations([(found, 20.0)], ["tom"]).presences == (Presence("tom", 16.0, 2, (0, 0.0, 8.0)),)


def test_a_first_meeting_rests_on_the_two_appearances_there_and_on_no_other():
    found = [
        seen("jerry", 0, 2, 0.2), seen("tom", 2, 9, 1.0, "labelled"), seen("jerry", 5, 6, 0.55),
        seen("jerry", 7, 9, 1.0, "labelled"),
    ]
    # In the order of the pair, whoever comes first; the first moment at which one has gone is not theirs.
    assert relations([(found, 9.0)], ["jerry", "tom"]).meetings == (
        Meeting(("jerry", "tom"), 3.0, (0, 5.0), ("predicted", "labelled"), 0.55),
    )
    # Of two of one character that overlap, the surer one has it on screen.
    double = [seen("tom", 0, 9, 0.8, "mixed"), seen("jerry", 3, 5, 0.6), seen("jerry", 2, 6, 0.7, "mixed")]
    [met] = relations([(double, 9.0)], ["tom", "jerry"]).meetings
    assert (met.first, met.sources, met.probability) == ((0, 2.0), ("mixed", "mixed"), 0.7)
    double[2] = seen("jerry", 3, 6, 0.7, "mixed")
    [met] = relations([(double, 9.0)], ["tom", "jerry"]).meetings
    assert (met.sources, met.probability) == (("mixed", "mixed"), 0.7)


def test_nothing_on_screen():
    assert relations([([], 9.0)], ["tom"]).presences == (Presence("tom", 0, 0, None),)
    assert relations([], ["tom", "jerry"]).meetings == (Meeting(("tom", "jerry"), 0.0, None),)


spans = st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 40), st.integers(1, 9))


@given(st.lists(spans, max_size=12))
def test_seconds_are_those_of_a_count_second_by_second(raw):
    found = [seen(name, start, start + length) for name, start, length in raw]
    known = relations([(found, 50.0)], ["a", "b", "c"])
    here = {name: {s for one in found if one.character == name for s in range(one.start, one.end)} for name in "abc"}
    for one in "abc":
        for other in "abc":
            assert known.together(one, other) == len(here[one] & here[other])
    for meeting in known.meetings:
        both = here[meeting.pair[0]] & here[meeting.pair[1]]
        assert meeting.first == ((0, min(both)) if both else None)
