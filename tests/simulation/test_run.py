"""A small film replayed as a whole: what is summed up, what is written, what is refused."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from screentime.config import Config, Project, override
from screentime.errors import TruthError, UserMistake
from screentime.simulation import run
from screentime.simulation.measures import DEFAULT
from screentime.simulation.run import simulate
from screentime.talk import Talk
from screentime.timeline import SMOOTHING

CONFIG = override(
    Config(project=Project(id="simulation", title="simulation", characters=("one",), films=("none",))),
    {"backbone": "builtin", "view": "whole", "target": 0.7, "first_batch": 16, "audit_every": 3},
)


class Heard(Talk):
    """Keeps how far each task came."""

    def __init__(self):
        self.ends = {}

    @contextmanager
    def progress(self, task):
        def step(done, total):
            self.ends[task] = done, total

        yield step


@pytest.fixture(scope="module")
def truth(cartoon, tmp_path_factory):
    """The CSV of the drawn film's labels."""
    path = tmp_path_factory.mktemp("truth") / "labels.csv"
    rows = [f"{second},{int('cat' in who)},{int('mouse' in who)}" for second, who in enumerate(cartoon[1])]
    path.write_text("\n".join(["second,cat,mouse", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def replayed(cartoon, truth, tmp_path_factory):
    """Two runs of three strategies up to twenty labels: the result, the folder and what was said."""
    folder, talk = tmp_path_factory.mktemp("result"), Heard()
    result = simulate(
        cartoon[0], truth, 0, 2, ["loop", "cover", "blocks"], 20, CONFIG, SMOOTHING, folder / "r.json",
        folder / "r.png",
        talk,
    )
    return result, folder, talk


def test_the_result_says_what_was_replayed(replayed):
    result = replayed[0]
    assert {key: result[key] for key in list(result) if key not in (
        "strategies", "totals", "totals_at", "accuracy_told"
    )} == {
        "runs": 2, "budget": 20, "drawn_films": 0, "smoothing": 0.3, "mode": "multi",
        "characters": ["cat", "mouse"],
        "backbone": "builtin", "view": "whole", "target": 0.7, "default": DEFAULT,
    }


def test_each_strategy_has_a_learning_curve_up_to_the_budget(replayed):
    strategies = replayed[0]["strategies"]
    assert list(strategies) == ["loop", "cover", "blocks"]
    for one in strategies.values():
        assert list(one) == ["labels", "accuracy", "sd", "accuracy_of", "labels_to_target"]
        assert one["labels"] == [8, 10, 15, 20]  # half the first batch is a look, too
        assert all(0.4 < share <= 1 for share in one["accuracy"])
        assert len(one["sd"]) == len(one["accuracy"]) == len(one["accuracy_of"]["cat"]) == 4
        # A character counts as much as the other.
        halves = [
            (cat + mouse) / 2 for cat, mouse in zip(one["accuracy_of"]["cat"], one["accuracy_of"]["mouse"])
        ]
        assert one["accuracy"] == pytest.approx(halves, abs=1e-4)
    assert strategies["cover"]["sd"] == [0.0] * 4
    assert max(strategies["blocks"]["sd"]) > 0


def test_totals_are_told_at_half_the_first_batch_and_at_the_budget(replayed):
    result = replayed[0]
    names = ["composite", "direct", "probabilities", "count", "blocks_direct", "blocks_labels"]
    assert {count: list(one) for count, one in result["totals_at"].items()} == {"8": names, "20": names}
    assert result["totals"] == result["totals_at"]["20"]
    for name, one in result["totals"].items():
        assert list(one) == ["error_s", "error_sd_s", "bias_s", "coverage", "half_width_s"]
        assert abs(one["bias_s"]) <= one["error_s"] < 20
        if name == "count":
            assert (one["coverage"], one["half_width_s"]) == (None, None)
        else:
            # Two runs of two characters.
            assert one["coverage"] in (0.0, 0.25, 0.5, 0.75, 1.0) and 0 < one["half_width_s"] < 40


def test_what_is_told_of_the_accuracy_is_held_against_what_is_true(replayed):
    result = replayed[0]
    assert list(result["accuracy_told"]) == ["8", "20"]
    assert result["accuracy_told"]["8"] is None  # too few audit frames
    one = result["accuracy_told"]["20"]
    assert list(one) == [
        "true", "told", "validation", "random_split", "whole_blocks", "coverage", "target_seen"
    ]
    assert one["true"] == result["strategies"]["loop"]["accuracy"][-1]
    assert one["coverage"] in (0.0, 0.5, 1.0) and one["target_seen"] in (0.0, 0.5, 1.0)


def test_the_result_is_written_as_json_and_as_a_picture(replayed):
    result, folder, _ = replayed
    text = (folder / "r.json").read_text("utf-8")
    assert json.loads(text) == result and text.endswith("}\n")
    assert (folder / "r.png").read_bytes().startswith(b"\x89PNG")


def test_it_says_how_far_it_is(replayed):
    ends = replayed[2].ends
    assert ends["Looking at cartoon.mp4"] == (40, 40)
    assert ends["Replaying"][0] == 2 + 1 + 2  # of what never differs there is one run


def test_the_same_again_gives_the_same(cartoon, truth, replayed):
    again = simulate(cartoon[0], truth, 0, 2, ["loop"], 20, CONFIG, SMOOTHING, None, None, Talk())
    assert again["strategies"] == {"loop": replayed[0]["strategies"]["loop"]}
    assert list(again["totals"]) == ["composite", "direct", "probabilities", "count"]
    rough = simulate(cartoon[0], truth, 0, 2, ["loop"], 20, CONFIG, 0.0, None, None, Talk())
    assert rough["smoothing"] == 0.0
    assert rough["strategies"] != again["strategies"]


def test_drawn_films_are_replayed_one_run_each(monkeypatch):
    monkeypatch.setattr(run, "DRAWN_SECONDS", 30)
    talk = Heard()
    result = simulate(None, None, 2, 7, ["chance"], 20, CONFIG, SMOOTHING, None, None, talk)
    assert (result["runs"], result["drawn_films"], result["characters"]) == (2, 2, ["cat", "mouse"])
    assert list(result["strategies"]) == ["chance"]
    assert (result["totals"], result["accuracy_told"]) == ({}, {})  # neither is made from such labels
    assert talk.ends == {"Drawing films": (2, 2), "Replaying": (2, 2)}


# -- refusals -------------------------------------------------------------------------------------


def refused(
    error=UserMistake, *, film=None, labels=None, drawn=0, strategies=("loop",), budget=20, config=CONFIG,
    out=None, plot=None,
):
    with pytest.raises(error) as caught:
        simulate(film, labels, drawn, 2, strategies, budget, config, SMOOTHING, out, plot, Talk())
    assert type(caught.value) is error
    return str(caught.value)


def test_an_unknown_strategy_is_named_with_those_there_are():
    assert refused(drawn=1, strategies=["loop", "best"]) == (
        "'best' is no strategy. Use some of loop, cover, centres, doubt, chance, blocks."
    )


def test_there_has_to_be_a_film_with_labels_or_drawn_ones(cartoon, truth):
    words = "Name what to replay. Give --film and --labels, or --drawn N."
    assert refused() == words
    assert refused(film=cartoon[0]) == words
    assert refused(labels=truth, drawn=2) == words
    assert refused(film=cartoon[0], labels=truth, drawn=2) == words


def test_a_missing_folder_is_said_before_anything_is_done(tmp_path):
    gone = tmp_path / "gone"
    assert refused(drawn=1, out=gone / "r.json") == (
        f"{gone}/r.json cannot be written: its folder is missing. Make that folder first."
    )
    assert refused(drawn=1, plot=gone / "r.png").startswith(
        f"{gone}/r.png cannot be written: its folder is missing."
    )


def test_a_plot_that_cannot_be_drawn_is_said_before_anything_is_done(tmp_path):
    assert refused(drawn=1, plot=tmp_path / "r.txt") == (
        f"{tmp_path}/r.txt is no picture that can be written. Name a file that ends in .png or .svg."
    )


def test_a_budget_that_leaves_nothing_to_judge_by_is_refused(cartoon, truth):
    assert refused(film=cartoon[0], labels=truth, budget=40) == (
        "A film has 40 frames, so 40 labels leave nothing to judge by. Use a smaller --budget."
    )


def test_labels_that_are_missing_or_too_few_are_named(cartoon, truth, tmp_path):
    gone = tmp_path / "gone.csv"
    assert refused(TruthError, film=cartoon[0], labels=gone).startswith(f"{gone} cannot be read")
    short = tmp_path / "short.csv"
    short.write_text("\n".join(truth.read_text().splitlines()[:31]) + "\n")
    assert refused(TruthError, film=cartoon[0], labels=short) == (
        f"{short} has labels of 30 seconds and the film has frames up to second 39."
        " Give the labels of the whole film."
    )


def test_drawn_films_are_not_fine_tuned_on():
    assert refused(drawn=1, config=override(CONFIG, {"recipe": "finetune"})) == (
        "Drawn films are replayed with the recipe head alone. Give --film and --labels."
    )
