"""Replays ask for what the loop asks for, and judge with what has no voice."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from screentime.batches import ask, next_look
from screentime.config import Config, Project, override
from screentime.model.optimum import out_of_fold, solve
from screentime.model.span import coordinates
from screentime.records import Film, Frame, Label, Round, frame_uid
from screentime.schema import Schema
from screentime.selection import cover
from screentime.simulation.replay import STRATEGIES, Known, judge, replay
from screentime.validation import blocks
from screentime.workspace import create

DIGEST = "ab" * 8


@pytest.fixture(autouse=True)
def one_thread():
    """As in joblib's workers: two threads wait for one another longer than they work."""
    with threadpool_limits(1):
        yield


LOOP = override(
    Config(project=Project(id="0123456789ab", title="t", characters=("tom", "jerry"), films=("x.mp4",))),
    {"first_batch": 24, "every": 10, "batch": 8, "audit_every": 4, "seed": 5},
)


def film_of(mode="multi", frames=120, seed=0):
    """Scenes of four frames that look alike, in each of which somebody is or is not; random embeddings."""
    random = np.random.default_rng(seed)
    scene = np.arange(frames) // 4
    embeddings = random.normal(size=(frames // 4, 30))[scene] + 0.3 * random.normal(size=(frames, 30))
    who = random.integers(0, 3 if mode == "exclusive" else 2, (frames // 4, 2))[scene]
    targets = np.eye(3)[who[:, 0]] if mode == "exclusive" else who
    return Known(
        embeddings.astype(np.float32), targets.astype(np.float32), scene.tolist(),
        [float(i) for i in range(frames)],
        Schema(mode, ("tom", "jerry")),
    )


# -- the loop -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["multi", "exclusive"])
def test_the_loop_asks_for_just_what_the_product_asks_for(tmp_path, mode):
    """Batch after batch, with a version at every look, as `watch` has it."""
    film = film_of(mode)
    config = override(LOOP, {"mode": mode})
    place = create(tmp_path, config)
    frames = [
        Frame(frame_uid(DIGEST, second), f"frames/x/{i}.jpg", i, second, "x.mp4", film.shots[i])
        for i, second in enumerate(film.seconds)
    ]
    place.write_frames([Film(DIGEST, "x.mp4", "x.mp4", 120.0, 1.0, 8, 8, 120)], frames)
    position = {frame.uid: i for i, frame in enumerate(frames)}
    order, probabilities, learned, asked = [], None, 0, []
    while len(order) < 60:
        ask(place, config, frames, lambda: film.embeddings, probabilities)
        batch = [position[uid] for uid in place.progress().batch]
        # As far as the next look; a batch that is labelled before has one too.
        asked.append((len(order), len(batch)))
        order += batch[: next_look(learned, config.loop) - learned]
        place.write_labels([
            Label(frames[i].uid, film.schema.decode(film.targets[i]), 1, i, "1", "2026-01-02T00:00:00Z", "manual") for i in order
        ])
        learned, folder = len(order), place.models_folder / f"v{len(order):03d}-0123456789ab"
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(
            json.dumps({
                "version": folder.name, "round": asdict(Round(folder.name, learned, 0.5, 1, 1.0, False)),
                "accuracy": {
            "validation": 0.8, "value": 0.8, "low": 0.7, "high": 0.9, "frames": 10, "judged_on": "",
            "random_split": None, "whole_blocks": None,
        }, "label_uids": [], "held_out_uids": [],
            })
        )
        probabilities = judge(film, np.array(order))
    assert asked == [(0, 24), (12, 12), (22, 2), (24, 8), (32, 8), (40, 8), (48, 8), (56, 8)]
    audits = {position[uid] for uid in place.progress().audits} & set(order)

    ((first, _), (replayed, drawn)) = STRATEGIES["loop"](film, [12, 64], config.loop, config.model.seed)
    assert first == order[:12]
    assert replayed == order
    assert drawn == audits and len(drawn) == 16  # one in four


# -- every strategy -------------------------------------------------------------------------------

COUNTS = (10, 25, 40)


@pytest.mark.parametrize("mode", ["multi", "exclusive"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_gives_as_many_labels_as_wanted_of_different_frames_and_the_same_again(name, mode):
    film = film_of(mode)
    found, again, other = (list(STRATEGIES[name](film, COUNTS, LOOP.loop, seed)) for seed in (1, 1, 2))
    for count, (order, drawn) in zip(COUNTS, found):
        assert len(set(order)) == len(order) <= count
        assert name == "centres" or len(order) == count  # one frame can be the nearest to two centres
        assert set(order) <= set(range(120)) and drawn <= set(order)
    assert found == again
    assert (found == other) is (name == "cover")  # in which nothing is left to chance


@pytest.mark.parametrize("name", ["loop", "cover", "doubt", "chance"])
def test_labels_once_given_stay(name):
    orders = [order for order, _ in STRATEGIES[name](film_of(), COUNTS, LOOP.loop, 1)]
    assert orders[0] == orders[2][:10] and orders[1] == orders[2][:25]


def test_only_the_loop_and_the_blocks_have_audit_frames():
    drawn = {
        name: list(strategy(film_of(), COUNTS, LOOP.loop, 1))[-1][1] for name, strategy in STRATEGIES.items()
    }
    assert {name: len(audits) for name, audits in drawn.items()} == {
        "loop": 10, "cover": 0, "centres": 0, "doubt": 0, "chance": 0, "blocks": 40,
    }


def test_blocks_draws_one_frame_in_each_of_as_many_blocks_anew_for_each_count():
    (few, _), (many, audits) = STRATEGIES["blocks"](film_of(), [12, 40], LOOP.loop, 3)
    assert [i // 10 for i in few] == list(range(12))
    assert [i // 3 for i in many] == list(range(40)) and audits == set(many)
    assert not set(few) <= set(many)


def test_cover_is_facility_location_on_the_embeddings_alone():
    film = film_of()
    [(order, _)] = STRATEGIES["cover"](film, [30], LOOP.loop, 1)
    assert order == cover(film.embeddings, np.zeros(120, bool), 30).tolist()
    assert sorted(film.shots[i] for i in order) == list(range(30))  # there are thirty scenes


def test_centres_are_frames_of_as_many_scenes():
    [(order, _)] = STRATEGIES["centres"](film_of(), [30], LOOP.loop, 1)
    assert len({i // 4 for i in order}) > 25


def test_doubt_begins_with_ten_random_frames_and_goes_on_with_the_least_sure():
    film = film_of()
    [(order, _)] = STRATEGIES["doubt"](film, [20], LOOP.loop, 1)
    says = judge(film, np.array(order[:10]))
    sure = np.abs(2 * says - 1).min(axis=1)
    sure[order[:10]] = 2
    assert order[10:] == np.argsort(sure, kind="stable")[:10].tolist()


# -- what is looked at ----------------------------------------------------------------------------


def test_a_look_holds_what_is_known_at_its_count():
    film = film_of()
    few, many = replay(film, STRATEGIES["loop"], [15, 40], [40], LOOP.loop, 1)
    assert (few.labelled.sum(), many.labelled.sum()) == (15, 40)
    assert few.probabilities.shape == many.probabilities.shape == (120, 2)
    # Nobody asked for a verdict at fifteen.
    assert (len(few.audits), few.crossfit.shape, few.by_random_split, few.by_block) == (0, (0, 2), None, None)
    order, audits = list(STRATEGIES["loop"](film, [40], LOOP.loop, 1))[0]
    assert many.audits.tolist() == sorted(audits)
    assert many.crossfit.shape == (10, 2)
    assert many.by_random_split.shape == many.by_block.shape == (40, 2)
    # The loop chooses by each frame alone; what is counted is smoothed over its neighbours.
    assert many.probabilities == pytest.approx(film.near.smooth(judge(film, np.sort(order))))


def test_probabilities_are_smoothed_as_much_as_the_film_says():
    film = film_of()

    def look(smoothing):
        [found] = replay(replace(film, smoothing=smoothing), STRATEGIES["chance"], [40], [], LOOP.loop, 1)
        return found.probabilities

    labelled = np.sort(next(STRATEGIES["chance"](film, [40], LOOP.loop, 1))[0])
    points = coordinates(film.embeddings, labelled)
    plain = solve(points[labelled], film.targets[labelled], "multi", points)
    assert judge(film, labelled) == pytest.approx(plain)
    assert look(0.0) == pytest.approx(plain)
    # Scenes take four seconds.
    assert look(1.0)[1] == pytest.approx(plain[:3].mean(axis=0))
    assert look(1.0)[4] == pytest.approx(plain[4:6].mean(axis=0))


def test_audit_frames_are_judged_by_heads_that_did_not_learn_from_them():
    film = film_of()
    [before] = replay(film, STRATEGIES["blocks"], [24], [24], LOOP.loop, 1)
    place = 7
    targets = film.targets.copy()
    targets[before.audits[place]] = 1 - targets[before.audits[place]]
    # The choice of this strategy does not look at labels.
    [after] = replay(replace(film, targets=targets), STRATEGIES["blocks"], [24], [24], LOOP.loop, 1)
    assert (after.audits == before.audits).all() and len(before.audits) == 24
    for name in ("crossfit", "by_random_split", "by_block"):
        one, other = getattr(before, name), getattr(after, name)
        assert (one[place] == other[place]).all()
        assert np.abs(one - other).max() > 0.01
    assert np.abs(before.probabilities - after.probabilities)[before.audits[place]].max() > 0.1


def test_a_block_is_judged_by_heads_that_learned_nothing_from_it():
    film = film_of()
    [look] = replay(film, STRATEGIES["chance"], [60], [60], LOOP.loop, 1)
    labelled = np.flatnonzero(look.labelled)
    block = blocks(["film"] * 60, labelled.astype(float), [film.shots[i] for i in labelled])
    # The whole block says the opposite: what is told of it stays.
    targets = film.targets.copy()
    mine = labelled[block == 2]
    targets[mine] = 1 - targets[mine]
    [other] = replay(replace(film, targets=targets), STRATEGIES["chance"], [60], [60], LOOP.loop, 1)
    assert (look.by_block[block == 2] == other.by_block[block == 2]).all()
    assert (look.by_random_split[block == 2] != other.by_random_split[block == 2]).any()


def test_too_few_audit_frames_give_no_verdict():
    film = film_of()
    found = {}
    for strategy, count in (("loop", 12), ("loop", 24), ("chance", 24)):
        [look] = replay(film, STRATEGIES[strategy], [count], [count], LOOP.loop, 1)
        found[strategy, count] = len(look.audits), look.crossfit.shape
    assert found == {("loop", 12): (0, (0, 2)), ("loop", 24): (6, (6, 2)), ("chance", 24): (0, (0, 2))}


def test_the_crossfit_of_the_loop_is_that_of_all_other_labels_by_folds_of_blocks():
    film = film_of()
    [look] = replay(film, STRATEGIES["blocks"], [8], [8], LOOP.loop, 1)
    # With eight audit frames, more than a block apart, each is a fold of its own.
    labelled = np.flatnonzero(look.labelled)
    points = coordinates(film.embeddings, labelled)
    expected = out_of_fold(points, labelled, film.targets[labelled], np.arange(8), film.near, "multi")
    assert look.crossfit == pytest.approx(expected)
