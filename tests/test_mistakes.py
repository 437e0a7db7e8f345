"""Where a model is wrong."""

import pytest

from screentime.mistakes import Confusion, Judged, Mistake, confusion, worst
from screentime.records import Label
from screentime.schema import Schema

MULTI, EXCLUSIVE = Schema("multi", ("tom", "jerry")), Schema("exclusive", ("tom", "jerry"))


def said(uid, *names):
    return Label(uid, frozenset(names), 1, 1, "1", "2025", "manual")


def test_answers_against_answers_and_character_by_character():
    labels = [said("a", "tom"), said("b", "tom", "jerry"), said("c"), said("d", "tom"), said("not judged")]
    rows = {"a": [0.9, 0.1], "b": [0.8, 0.2], "c": [0.6, 0.1], "d": [0.7, 0.4], "no label": [1, 1]}
    assert confusion(labels, rows, MULTI) == Confusion(
        4, ("neither", "tom", "tom + jerry"), ((0, 1, 0), (0, 2, 0), (0, 1, 0)),
        (Judged("tom", 3, 0, 1, 0), Judged("jerry", 0, 1, 0, 3)),
    )


def test_exclusive_answers():
    found = confusion([said("a", "jerry"), said("b")], {"a": [0.2, 0.7, 0.1], "b": [0.8, 0.1, 0.1]}, EXCLUSIVE)
    assert (found.answers, found.counts) == (("neither", "tom", "jerry"), ((1, 0, 0), (0, 0, 0), (0, 1, 0)))
    assert found.characters == (Judged("tom", 0, 0, 1, 1), Judged("jerry", 0, 1, 0, 1))


def test_more_answers_than_a_table_can_show_are_told_by_character_alone():
    schema = Schema("multi", tuple("abcdefghij"))
    labels = [said(f"{i}{j}", schema.characters[i], schema.characters[j]) for i in range(10) for j in range(i)]
    found = confusion(labels, {label.uid: [0.1] * 10 for label in labels}, schema)
    assert (found.frames, found.answers, found.counts) == (45, (), ())
    assert found.characters[0] == Judged("a", 0, 9, 0, 36)


def test_nothing_to_judge():
    assert confusion([said("a")], {}, MULTI) is None
    assert worst([said("a")], {}, MULTI) == ()


def test_the_worst_mistakes_come_first_and_what_is_right_is_none():
    labels = [said("a", "tom"), said("b", "jerry"), said("c"), said("d", "tom", "jerry"), said("not judged")]
    rows = {"a": [0.9, 0.2], "b": [0.3, 0.05], "c": [0.7, 0.1], "d": [0.02, 0.9]}
    found = worst(labels, rows, MULTI)
    assert [one.uid for one in found] == ["d", "b", "c"]
    assert found[0] == Mistake("d", "tom + jerry", "jerry", pytest.approx(0.02))
    assert (found[1].said, found[1].model) == ("jerry", "neither")
    assert worst(labels, rows, MULTI, most=1) == found[:1]
