"""Model versions: made whole or not at all, and found again."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from dataclasses import replace
from importlib.metadata import version as installed

import numpy as np
import pytest

from screentime import __version__
from screentime import config as configuration
from screentime.errors import NotReady
from screentime.model import versions
from screentime.model.classifier import load
from screentime.model.dataset import input_size, read_pictures
from screentime.model.training import Training
from screentime.model.versions import Material, make, read_predictions
from screentime.schema import Schema
from screentime.talk import Talk

COLOURS = ["red", "green", "blue", "red", "blue", "green"] * 4
SHOWN = {"red": frozenset({"Tom"}), "green": frozenset({"Tom", "Jerry"}), "blue": frozenset()}
SPLIT = "16 labels, in blocks"


def configure(recipe="head", epochs=20, mode="multi"):
    return configuration.Config(
        project=configuration.Project(
            id="0123456789", title="Film", characters=("Tom", "Jerry"), films=("film.mp4",), mode=mode
        ),
        frames=configuration.Frames(fps=2.0),
        model=configuration.Model(recipe=recipe, epochs=epochs, view="whole", seed=5),
    )


@pytest.fixture(scope="module")
def material(tiny, tmp_path_factory, draw_frames):
    """Twenty-four frames of three colours, of which sixteen are labelled."""
    root = tmp_path_factory.mktemp("workspace")
    frames = draw_frames(root, COLOURS)
    schema = Schema("multi", ("Tom", "Jerry"))
    labelled = np.arange(4, 20)
    targets = schema.encode([SHOWN[COLOURS[i]] for i in labelled])
    return Material(
        root, frames, schema, labelled, targets, np.arange(16) % 4, SPLIT, configure(), tiny, target=0.8
    )


@pytest.fixture(scope="module")
def first(material):
    """The first version's card and the folder of the versions, in which a run was killed before."""
    models = material.root / "models"
    (models / ".making-killed" / f"v001-{material.digest}").mkdir(parents=True)
    return make(material, models, Talk()), models


def test_a_version_is_a_folder_with_model_card_predictions_and_curves(first, material):
    card, models = first
    assert card["version"] == f"v001-{material.digest}"
    assert re.fullmatch("[0-9a-f]{12}", material.digest)
    folder = models / card["version"]
    assert sorted(os.listdir(folder)) == ["card.json", "curves.png", "model", "predictions.csv"]
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "model" / "saved_model.pb").is_file()
    # The killed run's folder is no version and in nobody's way.
    assert sorted(os.listdir(models)) == [".making-killed", card["version"]]


def test_the_card_says_what_the_version_was_made_from(first, material):
    card, models = first
    assert json.loads((models / card["version"] / "card.json").read_text()) == card
    round_, history, packages = card.pop("round"), card.pop("history"), card.pop("packages")
    assert card == {
        "version": f"v001-{material.digest}", "mode": "multi", "characters": ["Tom", "Jerry"],
        "classes": ["Tom", "Jerry"], "recipe": "head",
        "backbone": {"name": str(material.backbone.folder), "digest": material.backbone.digest, "view": "whole"},
        "short_side": 224, "fps": 2.0, "split": SPLIT, "validation_frames": 16, "target": 0.8, "epochs": 20,
        "seed": 5, "label_uids": [f"00112233445566aa-{1000 * second:09d}" for second in range(4, 20)],
    }
    card.update(round=round_, history=history, packages=packages)
    assert round_.pop("seconds") > 0
    assert round_ == {
        "version": card["version"], "labels": 16, "validation_accuracy": 1.0,
        "epochs": len(history["loss"]), "target_reached": True,
    }
    round_["seconds"] = 1.0
    assert packages == {
        "screentime": __version__,
        **{
            name: installed(name)
            for name in (
                "tensorflow", "tf_keras", "tensorflow-hub", "numpy", "opencv-python-headless"
            )
        },
    }


def test_predictions_are_those_of_the_saved_model_for_all_frames(first, material):
    card, models = first
    with (models / card["version"] / "predictions.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["uid", "Tom", "Jerry"]
    assert [row[0] for row in rows] == [frame.uid for frame in material.frames]
    assert all(re.fullmatch(r"[01]\.\d{6}", cell) for row in rows for cell in row[1:])
    files = [material.root / frame.file for frame in material.frames]
    (pictures,) = read_pictures(files, lambda width, height: input_size(width, height, 224), 24)
    told = np.array([row[1:] for row in rows], float)
    assert load(models / card["version"]).probabilities(pictures) == pytest.approx(told, abs=1e-4)
    assert [material.schema.decode(row) for row in material.schema.decide(told)] == [SHOWN[c] for c in COLOURS]


def test_read_predictions_gives_the_frames_that_are_asked_for_in_their_order(first, material):
    card, models = first
    everything = read_predictions(models / card["version"], material.frames, material.schema)
    some = [material.frames[i] for i in (7, 0, 7, 23)]
    assert everything.shape == (24, 2)
    assert (read_predictions(models / card["version"], some, material.schema) == everything[[7, 0, 7, 23]]).all()
    unknown = [replace(material.frames[0], uid="9" * 16 + "-000000000", film=name) for name in ("new.mp4", "b.mp4")]
    with pytest.raises(NotReady) as caught:
        read_predictions(models / card["version"], [*material.frames, *unknown], material.schema)
    assert str(caught.value) == (
        f"The model {card['version']} has not seen 2 frames, for example of new.mp4. Run `screentime train`."
    )


def test_the_same_material_finds_its_version(first, material, monkeypatch):
    card, models = first
    before = os.listdir(models)
    monkeypatch.setattr(versions, "_train", lambda *_: pytest.fail("trained again"))
    assert make(material, models, Talk())["label_uids"] == card["label_uids"]
    assert os.listdir(models) == before


def test_the_digest_changes_with_all_that_a_version_depends_on(material, make_backbone):
    from screentime.model.backbone import open_backbone

    flipped = material.targets.copy()
    flipped[0, 0] = 1 - flipped[0, 0]
    project = material.config
    others = [
        replace(material, targets=flipped),
        replace(material, labelled=material.labelled[:-1], targets=material.targets[:-1], fold=material.fold[:-1]),
        replace(material, config=configuration.override(project, {"target": 0.9})),
        replace(material, frames=material.frames[:-1]),
        replace(material, schema=Schema("multi", ("Jerry", "Tom"))),
        replace(material, config=configuration.override(project, {"epochs": 21})),
        replace(material, config=configuration.override(project, {"seed": 6})),
        replace(material, config=configuration.override(project, {"recipe": "finetune"})),
        replace(material, backbone=open_backbone(str(material.backbone.folder), "tiles")),
        replace(material, backbone=open_backbone(str(make_backbone(seed=2)), "whole")),
    ]
    assert len({material.digest, *(other.digest for other in others)}) == 11
    # Who judges is no reason to train again: it changes when the next batch is chosen.
    assert replace(material, fold=material.fold[::-1]).digest == material.digest
    assert replace(material, config=configuration.override(project, {"title": "Other"})).digest == material.digest


@pytest.fixture
def trained(monkeypatch):
    """Training that takes no time, for what happens around it."""
    values = {"loss": [0.1], "accuracy": [1.0], "val_loss": [0.1], "val_accuracy": [0.9]}
    training = Training(None, values, 0.9, 1, True)
    monkeypatch.setattr(versions, "_train", lambda material, talk: (training, np.full((24, 2), 0.5)))
    monkeypatch.setattr(versions, "save", lambda folder, network, backbone, card: (folder / "model").mkdir())


def test_other_labels_make_the_next_version_and_numbers_are_never_taken_twice(trained, material, tmp_path):
    def name(number):
        targets = material.targets.copy()
        targets[number] = 1 - targets[number]
        return make(replace(material, targets=targets), tmp_path, Talk())["version"]

    names = [name(number) for number in range(3)]
    assert [one[:5] for one in names] == ["v001-", "v002-", "v003-"]
    assert sorted(os.listdir(tmp_path)) == names
    shutil.rmtree(tmp_path / names[1])
    assert name(3)[:5] == "v004-"


@pytest.mark.parametrize("step", ["plot_curves", "save", "sync_folder"])
def test_a_run_that_fails_leaves_nothing_and_the_next_one_succeeds(trained, material, tmp_path, monkeypatch, step):
    def fail(*_):
        # A kill would leave just this: nothing that could be taken for a version.
        assert [name[:8] for name in os.listdir(tmp_path)] == [".making-"]
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(versions, step, fail)
        with pytest.raises(KeyboardInterrupt):
            make(material, tmp_path, Talk())
    assert os.listdir(tmp_path) == []
    assert make(material, tmp_path, Talk())["version"] == f"v001-{material.digest}"


def test_a_fine_tuned_version_sees_squares_and_stands_alone(material, tmp_path):
    squares = replace(material, config=configure("finetune", epochs=1))
    card = make(squares, tmp_path, Talk())
    assert (card["recipe"], card["short_side"], card["round"]["epochs"]) == ("finetune", 224, 1)
    files = [material.root / frame.file for frame in material.frames]
    (pictures,) = read_pictures(files, lambda width, height: (224, 224), 24)
    told = read_predictions(tmp_path / card["version"], material.frames, material.schema)
    assert load(tmp_path / card["version"]).probabilities(pictures) == pytest.approx(told, abs=1e-5)
