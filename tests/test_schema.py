"""Characters and mode: what they allow, and rows of numbers there and back."""

import numpy as np
import pytest

from screentime.errors import ConfigError
from screentime.schema import Schema

EXCLUSIVE = Schema("exclusive", ("jerry", "tom"))
MULTI = Schema("multi", ("jerry", "tom"))


def test_one_hot_has_neither_first_and_then_the_characters_as_given():
    rows = EXCLUSIVE.encode([frozenset(), frozenset({"jerry"}), frozenset({"tom"})])
    assert rows.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_multi_rows_have_a_one_for_each_character():
    rows = MULTI.encode([frozenset(), frozenset({"jerry"}), frozenset({"tom", "jerry"})])
    assert rows.tolist() == [[0, 0], [1, 0], [1, 1]]


@pytest.mark.parametrize("schema", [EXCLUSIVE, MULTI])
def test_decode_undoes_encode(schema):
    labels = [frozenset(), frozenset({"jerry"}), frozenset({"tom"})]
    assert [schema.decode(row) for row in schema.encode(labels)] == labels


def test_decisions_take_the_likeliest_class_or_every_character_above_one_half():
    assert EXCLUSIVE.decide(np.array([[0.2, 0.5, 0.3]])).tolist() == [[0, 1, 0]]
    assert MULTI.decide(np.array([[0.49, 0.5]])).tolist() == [[0, 1]]


def test_certainty_is_that_of_the_least_sure_character():
    assert MULTI.certainty(np.array([[0.9, 0.4]])) == pytest.approx([0.6])
    assert EXCLUSIVE.certainty(np.array([[0.2, 0.5, 0.3]])) == pytest.approx([0.5])


def test_the_part_that_is_expected_to_be_right_is_that_of_the_decision():
    assert MULTI.expected_right(np.array([[0.9, 0.4], [0.5, 1.0]])) == pytest.approx([0.75, 0.75])
    assert EXCLUSIVE.expected_right(np.array([[0.2, 0.5, 0.3]])) == pytest.approx([0.5])


def test_right_is_the_share_of_characters_in_multi_mode():
    truth, decided = np.array([[1, 0], [1, 1]]), np.array([[1, 1], [1, 1]])
    assert MULTI.right(truth, decided).tolist() == [0.5, 1.0]
    assert EXCLUSIVE.right(np.eye(3)[[0, 1]], np.eye(3)[[0, 2]]).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ([], "nothing is chosen"),
        (["spike"], "'spike' is no choice of this project"),
        (["neither", "tom"], "'neither' is chosen together with a character"),
    ],
)
def test_contradictory_choices_are_refused_with_the_reason(chosen, reason):
    with pytest.raises(ValueError, match=f"^{reason}$"):
        MULTI.parse_choices(chosen)


def test_two_characters_are_refused_in_an_exclusive_project():
    with pytest.raises(ValueError, match="^more than one character is chosen in an exclusive project$"):
        EXCLUSIVE.parse_choices(["tom", "jerry"])


def test_choices_of_a_set_and_back():
    for characters in (frozenset(), frozenset({"tom"}), frozenset({"tom", "jerry"})):
        assert MULTI.parse_choices(MULTI.choose(characters)) == characters
    assert MULTI.choose(()) == ["neither"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "No character is named."),
        (("Tom", "tom"), "The character 'Tom' is named twice."),
        (("both",), "The character name 'both' has a meaning of its own here."),
        (("Neither",), "The character name 'Neither' has a meaning of its own here."),
        (("Far",), "The character name 'Far' has a meaning of its own here."),
        (("Tom", "Tom_low"), "The character name 'Tom_low' has a meaning of its own here."),
        ((" Tom",), "The character name ' Tom' is empty or has spaces around it."),
        (("a|b",), "The character name 'a|b' is over 60 characters long or holds one of"),
        (tuple(f"c{i}" for i in range(20)), "20 characters are named. Name at most 19"),
    ],
)
def test_names_that_cannot_be_used_are_refused(names, words):
    with pytest.raises(ConfigError) as caught:
        Schema("multi", names)
    assert words in str(caught.value)


def test_names_that_look_the_same_are_one():
    for pair in (("\u00e9", "e\u0301"), ("Stra\u00dfe", "STRASSE")):
        with pytest.raises(ConfigError, match="is named twice. Name each one once.$"):
            Schema("multi", pair)
