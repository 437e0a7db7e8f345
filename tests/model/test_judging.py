"""How good a version is told to be: by audit frames, by blocks, by a random split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from screentime.config import Config, Project
from screentime.estimation import accuracy as estimated
from screentime.model.judging import blocks_of, judge, near_of
from screentime.model.material import Material
from screentime.model.training import Training
from screentime.records import Frame, frame_uid
from screentime.schema import Schema
from screentime.validation import wilson

MULTI, EXCLUSIVE = Schema("multi", ("tom", "jerry")), Schema("exclusive", ("tom", "jerry"))
CONFIG = Config(project=Project(id="0123456789", title="t", characters=("tom", "jerry"), films=("f.mp4",)))
SPLIT = "so many frames"


@pytest.fixture(autouse=True)
def one_thread():
    """As in joblib's workers: two threads wait for one another longer than they work."""
    with threadpool_limits(1):
        yield


def frames_of(shots, digest="ab" * 8, step=5.0):
    return [
        Frame(frame_uid(digest, step * i), f"frames/f/{i}.jpg", i, step * i, "f.mp4", shot)
        for i, shot in enumerate(shots)
    ]


def material_of(targets, schema=MULTI, by_audit=False, block=None):
    """Two frames of each label, the second of which is labelled; no shot has neighbours."""
    targets = np.array(targets, np.float32)
    many = len(targets)
    return Material(
        None, frames_of(range(2 * many)), schema, np.arange(many) * 2 + 1, targets,
        block=np.arange(many) if block is None else block, fold=np.zeros(many, int),
        judges=np.ones(many, bool), own=np.ones(2 * many, bool), by_audit=by_audit,
        split=SPLIT, config=CONFIG, backbone=None, target=0.8,
    )


def trained(crossfit, accuracy=0.75):
    return Training(None, {}, accuracy, 20, False, np.array(crossfit, float))


def test_without_audit_frames_the_validation_accuracy_is_all_there_is():
    material = material_of([[1, 0], [0, 1], [1, 1], [0, 0]])
    low, high = wilson(0.75, 4)
    accuracy, by_block = judge(material, trained([[0.9, 0.1]] * 4), np.full((8, 2), 0.5), None)
    assert accuracy == {
        "validation": 0.75, "value": 0.75, "low": round(low, 6), "high": round(high, 6), "frames": 4,
        "judged_on": SPLIT, "random_split": None, "whole_blocks": None,
    }
    assert by_block.shape == (4, 2) and np.isnan(by_block).all()


@pytest.mark.parametrize("schema", [MULTI, EXCLUSIVE])
def test_audit_frames_tell_the_accuracy_on_the_frames_without_a_label(schema):
    if schema is MULTI:
        targets = [[1, 0], [0, 1], [1, 1], [0, 0]]
        says = [[0.9, 0.2], [np.nan] * 2, [0.8, 0.4], [0.3, 0.1]]
        right, sure = [1.0, 0.5, 1.0], [0.85, 0.7, 0.8]
        rest, unlabelled = [[0.9, 0.6], [0.5, 1.0], [0.2, 0.2], [0.7, 0.9]], [0.75, 0.75, 0.8, 0.8]
    else:
        targets = np.eye(3)[[0, 1, 2, 1]]
        says = [[0.6, 0.3, 0.1], [np.nan] * 3, [0.5, 0.1, 0.4], [0.1, 0.8, 0.1]]
        right, sure = [1.0, 0.0, 1.0], [0.6, 0.5, 0.8]
        rest, unlabelled = [[0.9, 0.1, 0], [0.2, 0.3, 0.5], [0, 1, 0], [0.4, 0.3, 0.3]], [0.9, 0.5, 1.0, 0.4]
    everything = np.zeros((8, len(rest[0])))
    everything[0::2] = rest  # what is said of the labelled ones has no voice
    material = material_of(targets, schema, by_audit=True)
    accuracy, _ = judge(material, trained(says, 0.8125), everything, None)
    expected = estimated(np.array(right), np.array(sure), np.array(unlabelled))
    assert [accuracy[key] for key in ("value", "low", "high")] == pytest.approx(expected, abs=1e-6)
    assert (accuracy["validation"], accuracy["frames"]) == (0.8125, 3)


def test_where_every_frame_has_a_label_nothing_is_in_doubt():
    material = replace(material_of([[1, 0], [0, 1]], by_audit=True), labelled=np.arange(2))
    material = replace(material, frames=material.frames[:2], own=material.own[:2])
    accuracy, _ = judge(material, trained([[0.9, 0.1], [0.9, 0.1]]), np.zeros((2, 2)), None)
    assert (accuracy["value"], accuracy["low"], accuracy["high"]) == (1.0, 1.0, 1.0)


@pytest.fixture
def scenes():
    """Four scenes of six labels that look alike; who is there can only be known by heart."""
    scene = np.repeat(np.arange(4), 6)
    random = np.random.default_rng(0)
    embeddings = np.repeat(5 * np.eye(4)[scene], 2, axis=0) + 0.1 * random.normal(size=(48, 4))
    targets = np.stack([scene % 2 == 0, scene % 2 == 1], axis=1)
    return material_of(targets, block=scene), embeddings.astype(np.float32)


def test_a_random_split_claims_what_neighbours_know_and_whole_blocks_do_not(scenes):
    material, embeddings = scenes
    training = trained(np.full((24, 2), 0.5))
    accuracy, by_block = judge(material, training, np.full((48, 2), 0.5), embeddings)
    assert (accuracy["random_split"], accuracy["whole_blocks"]) == (1.0, 0.0)
    # The other three scenes say more often that it is the other one.
    assert ((by_block >= 0.5) != material.targets).all()


def test_a_label_has_no_voice_in_its_own_block(scenes):
    material, embeddings = scenes
    targets = material.targets.copy()
    targets[:6] = 1 - targets[:6]
    training = trained(np.full((24, 2), 0.5))
    before, after = (
        judge(replace(material, targets=said), training, np.full((48, 2), 0.5), embeddings)[1]
        for said in (material.targets, targets)
    )
    assert (before[:6] == after[:6]).all()
    assert (before[6:] != after[6:]).any(axis=1).all()


def test_neighbours_and_blocks_are_those_of_each_film():
    frames = [*frames_of([0, 0, 1, 1]), *frames_of([1, 1], digest="cd" * 8)]
    assert near_of(frames).index[:, 2].tolist() == [1, 1, 3, 3, 5, 5]
    assert blocks_of(frames).tolist() == [0, 0, 1, 1, 2, 2]
