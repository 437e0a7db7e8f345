"""How far people agree: the values that Krippendorff's paper gives, and what nobody can say."""

import pytest

from screentime.agreement import Agreement, Annotator, Influence, agreement, by_person, influence
from screentime.records import Label

TOM, JERRY, BOTH, NOBODY = map(frozenset, (("Tom",), ("Jerry",), ("Tom", "Jerry"), ()))


@pytest.mark.parametrize(
    ("people", "frames", "agreed", "alpha"),
    [
        # Section A of the paper: two people, two values.
        (("0100000010", "1110010000"), 10, 6, 0.095),
        # Section B: two people, five values.
        (("aabbdcccedda", "babbbccceddd"), 12, 9, 0.692),
        # Section C: four people of whom not all answered all; the last frame has one answer only.
        (("123321412...", "1233224125..", ".33323422513", "12332441251."), 11, 8, 0.743),
    ],
)
def test_values_of_the_paper(people, frames, agreed, alpha):
    """One line a person, one sign a frame; a dot is a frame that this person did not label."""
    doubles = [[frozenset(said) for said in frame if said != "."] for frame in zip(*people)]
    found = agreement(doubles)
    assert (found.frames, found.agreed) == (frames, agreed)
    assert found.alpha == pytest.approx(alpha, abs=0.0005)


def test_answers_are_the_same_or_they_are_not():
    # By hand: of 6 answers 3 are {Tom}, 1 {Tom, Jerry}, 2 nobody. In the frames 2 ordered pairs differ, at
    # large 36 - (9 + 1 + 4) = 22, so alpha is 1 - 5 x 2 / 22.
    found = agreement([[TOM, TOM], [TOM, BOTH], [NOBODY, NOBODY]])
    assert (found.frames, found.agreed) == (3, 2)
    assert found.alpha == pytest.approx(6 / 11)


def test_all_agree_and_none_agrees():
    assert agreement([[TOM, TOM, TOM], [JERRY, JERRY]]) == Agreement(2, 2, 1.0)
    found = agreement([[TOM, JERRY], [JERRY, TOM]])
    assert (found.frames, found.agreed) == (2, 0)
    # By hand: 1 - 3 x 4 / 8; people who always differ agree less than chance.
    assert found.alpha == pytest.approx(-0.5)


def test_one_answer_says_nothing():
    assert agreement([]) is None
    assert agreement([[TOM], []]) is None
    assert agreement([[TOM], [TOM, TOM], [JERRY, JERRY]]) == Agreement(2, 2, 1.0)


def test_where_only_one_answer_occurs_alpha_is_not_defined():
    assert agreement([[TOM, TOM], [TOM, TOM]]) == Agreement(2, 2, None)


# -- what seeing a pre-annotation does ------------------------------------------------------------


def answers(right, of):
    """So many answers, some of which say what the model said."""
    return [True] * right + [False] * (of - right)


@pytest.mark.parametrize(
    ("shown", "blind", "low", "high"),
    # Newcombe, Statistics in Medicine 1998, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_the_difference_is_the_published_one(shown, blind, low, high):
    found = influence(answers(*shown), answers(*blind))
    assert (found.shown, found.blind) == (shown[1], blind[1])
    assert (found.agreed_shown, found.agreed_blind) == (shown[0] / shown[1], blind[0] / blind[1])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_the_difference_is_that_of_shown_over_blind():
    found = influence(answers(56, 70), answers(48, 80))
    other = influence(answers(48, 80), answers(56, 70))
    assert found.agreed_shown - found.agreed_blind == pytest.approx(0.2)
    assert (other.low, other.high) == pytest.approx((-found.high, -found.low))
    assert other == Influence(80, 70, 0.6, 0.8, other.low, other.high)


@pytest.mark.parametrize(("shown", "blind"), [([], []), ([True], []), ([], [False])])
def test_without_frames_of_both_kinds_nothing_can_be_compared(shown, blind):
    assert influence(shown, blind) is None


def test_who_labelled_how_much_and_how_often_as_others_did():
    def label(uid, person, names, seconds):
        return Label(uid, frozenset(names), 1, 1, person, "2025-01-02T03:04:05Z", "manual", seconds)

    answers = {
        "a": [label("a", "2", {"Tom"}, 1.0), label("a", "10", set(), 4.0), label("a", "3", {"Tom"}, None)],
        "b": [label("b", "2", {"Jerry"}, 3.0)],
        "c": [label("c", "2", {"Tom"}, 9.0), label("c", "10", {"Tom"}, 2.0)],
    }
    assert by_person(answers) == (
        Annotator("2", 3, 3, 2, 3, 3.0), Annotator("10", 2, 3, 1, 2, 3.0), Annotator("3", 1, 2, 1, 0, None),
    )
    assert by_person({}) == ()


def test_of_two_people_who_differ_neither_is_the_one_who_agrees():
    first, last = (Label("a", names, 1, 1, person, f"2025-01-0{day}T03:04:05Z", "manual", None)
                   for names, person, day in ((TOM, "1", 1), (JERRY, "2", 2)))
    assert [(one.shared, one.agreed) for one in by_person({"a": [first, last]})] == [(1, 0), (1, 0)]
