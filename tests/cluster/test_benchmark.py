"""The benchmark of workers, on a film that takes no time."""

from __future__ import annotations

from scripts.benchmarks.clustering import rate_in_child


def test_a_pace_comes_with_what_each_worker_had_of_a_core(moving, model_folder, cache):
    film, shares = moving("closed.mp4"), []
    pace = rate_in_child(model_folder, film, film, 13, 4, 2, shares)
    assert pace > 0
    assert len(shares) == 2 and all(share > 0 for share in shares)
