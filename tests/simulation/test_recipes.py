"""The other recipe in a replay: the whole network on the pictures that the loop asks for."""

from __future__ import annotations

import numpy as np
import pytest

from screentime.config import Config, Project, override
from screentime.model import training
from screentime.model.backbone import open_backbone, tensorflow
from screentime.schema import Schema
from screentime.simulation.recipes import finetuned, summed_up
from screentime.simulation.replay import STRATEGIES, Known, replay

CONFIG = override(
    Config(project=Project(id="simulation", title="s", characters=("one",), films=("none",))),
    {"first_batch": 16, "epochs": 1, "recipe": "finetune"},
)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A SavedModel that can be trained: the mean colour times a matrix."""
    tf = tensorflow()
    module = tf.train.Checkpoint()
    kernel = tf.Variable(np.random.default_rng(0).normal(size=(3, 8)), dtype=tf.float32, name="kernel")

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    def call(pictures):
        return tf.reduce_mean(pictures, axis=(1, 2)) @ kernel

    module.__call__, module.variables, module.trainable_variables = call, [kernel], [kernel]
    module.regularization_losses = []
    folder = tmp_path_factory.mktemp("backbone")
    tf.saved_model.save(module, str(folder))
    return open_backbone(str(folder), "whole")


@pytest.fixture
def film():
    """Forty squares of two colours in scenes of two, and a red one is Tom."""
    red = np.arange(40) // 2 % 2 == 1
    random = np.random.default_rng(0)
    pictures = random.integers(0, 60, (40, 64, 64, 3)).astype(np.uint8)
    pictures[red, :, :, 0] += 150
    embeddings = pictures.reshape(40, -1, 3).mean(axis=1) + random.normal(size=(40, 3))
    targets = np.stack([red, ~red], axis=1).astype(np.float32)
    return Known(
        embeddings.astype(np.float32), targets, (np.arange(40) // 2).tolist(), [5.0 * i for i in range(40)],
        Schema("multi", ("tom", "jerry")),
    ), pictures


@pytest.mark.parametrize(("audit_every", "audited"), [(2, True), (100, False)])
def test_it_learns_from_what_the_loop_asks_for_and_is_judged_on_the_rest(
    film, backbone, monkeypatch, audit_every, audited
):
    known, pictures = film
    config, seen = override(CONFIG, {"audit_every": audit_every}), []

    def learn(*arguments, **options):
        seen.append(arguments[1:4])
        found = finetune(*arguments, **options)
        seen.append(found.network.predict(film[1].astype(np.float32) / 255, verbose=0))
        return found

    finetune = training.finetune
    monkeypatch.setattr(training, "finetune", learn)
    shares = finetuned(known, pictures, backbone, STRATEGIES["loop"], 16, config, 1)

    [look] = replay(known, STRATEGIES["loop"], [16], [16], config.loop, 1)
    labelled, (given, targets, held_out), says = np.flatnonzero(look.labelled), *seen
    assert given == pytest.approx(pictures[labelled].astype(np.float32) / 255)
    assert (targets == known.targets[labelled]).all()
    if audited:
        assert len(look.audits) == 8 and labelled[held_out].tolist() == look.audits.tolist()
    else:
        # Whole blocks of two scenes and more, a quarter of the labels or less.
        assert len(look.audits) == 0 and 1 <= held_out.sum() <= 4
    right = ((says >= 0.5) == known.targets)[~look.labelled]
    assert shares == pytest.approx([right.mean(), *right.mean(axis=0)])


def test_what_a_recipe_reached_is_the_mean_over_runs():
    assert summed_up([[0.7, 0.6, 0.8], [0.9, 0.9, 0.9]], ("tom", "jerry")) == {
        "runs": 2, "accuracy": 0.8, "sd": 0.1, "accuracy_of": {"tom": 0.75, "jerry": 0.85},
    }
