"""Which labels count no more; how they are kept is shown by the pulls of tests/test_rounds.py."""

from screentime.gone import gone
from screentime.records import Label

TOM, JERRY = frozenset({"Tom"}), frozenset({"Jerry"})


def label(uid, characters, person, annotation=1):
    return Label(uid, characters, 1, annotation, person, "2025-01-02T03:04:05Z", "manual", None)


def test_a_frame_that_nobody_answers_lost_its_label_and_one_that_is_skipped_did_not():
    known = [label("a", TOM, "1"), label("b", TOM, "1"), label("c", TOM, "1")]
    assert gone(known, {"c": [label("c", TOM, "1")]}, {"b"}) == [known[0]]


def test_a_label_of_somebody_who_answers_no_more_is_lost_where_others_say_something_else():
    known = [label("a", TOM, "2")]
    assert gone(known, {"a": [label("a", JERRY, "3")]}, ()) == known
    # Said by another one too, as when labels were put back under one account; or changed by the same person.
    assert gone(known, {"a": [label("a", JERRY, "3"), label("a", TOM, "1")]}, ()) == []
    assert gone(known, {"a": [label("a", JERRY, "2", 9)]}, ()) == []
