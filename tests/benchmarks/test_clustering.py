"""Figures of workers that had no core each are not told."""

import pytest

from scripts.benchmarks.clustering import unfair
from scripts.benchmarks.measuring import Result


@pytest.mark.parametrize("shares", [[], [0.9, 1.1], [0.97, 0.99, 1.02]])
def test_a_core_each_is_fair(shares):
    assert unfair("row", shares) is None


def test_a_row_of_a_busy_machine_is_left_out():
    assert unfair("row", [0.98, 0.616]) == Result(
        "row", None, note="left out: a worker had 0.62 of a core; others kept the machine busy."
    )


def test_a_worker_of_more_than_a_core_is_a_fault_also_on_a_busy_machine():
    assert unfair("row", [1.31, 0.5]) == Result(
        "row", None, note="A worker had 1.31 cores: it does not keep to one.", failed=True
    )
