"""Contestants in turn, medians, ratios and exponents."""

import pytest

from scripts.benchmarks.measuring import Failed, Result, Taken, alone, exponent, in_turn, versus


def test_turns_the_order_round_in_each_round():
    order = []

    def contestant(name):
        def run():
            order.append(name)
            return float(len(order))

        return run

    told = []
    taken = in_turn(
        {"ours": contestant("ours"), "anchor": contestant("anchor")}, 3, lambda number, name: told.append((number, name))
    )
    assert order == ["ours", "anchor", "anchor", "ours", "ours", "anchor"]
    assert told == [(1, "ours"), (1, "anchor"), (2, "anchor"), (2, "ours"), (3, "ours"), (3, "anchor")]
    assert taken.figures == {"ours": [1.0, 4.0, 5.0], "anchor": [2.0, 3.0, 6.0]}
    assert taken.failed == {}


def test_takes_no_further_round_when_there_is_no_time_but_always_one():
    assert in_turn({"ours": lambda: 1.0}, 5, go_on=lambda: False).figures == {"ours": [1.0]}


def test_a_contestant_that_fails_takes_no_further_part_and_its_rows_say_why():
    rounds = []

    def second_fails():
        rounds.append(1)
        if len(rounds) == 2:
            raise Failed("The film is broken.")
        return 2.0

    taken = in_turn({"ours": second_fails, "anchor": lambda: 1.0}, 3)
    assert len(rounds) == 2
    assert taken == Taken({"anchor": [1.0, 1.0, 1.0]}, {"ours": "The film is broken."})
    assert taken.versus("row", "ours", "anchor") == Result("row", None, note="The film is broken.", failed=True)
    assert taken.versus("row", "anchor", "ours") == Result("row", None, note="The film is broken.", failed=True)


def test_the_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds():
    row = versus("row", [2.0, 3.0, 9.0], [4.0, 4.0, 3.0], "a note")
    assert row == Result("row", 3.0, 4.0, 0.75, 0.5, 3.0, "a note")


def test_a_row_without_anchor_has_no_ratio():
    assert alone("row", [3.0, 1.0, 2.0]) == Result("row", 2.0)


@pytest.mark.parametrize(("large", "power"), [(10.0, 1.0), (100.0, 2.0), (1.0, 0.0)])
def test_the_exponent_of_growth_over_ten_times_the_work(large, power):
    assert exponent(1.0, large, 10) == pytest.approx(power)
