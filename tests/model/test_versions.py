"""Model versions: made whole or not at all, and found again."""

from __future__ import annotations

import csv
import hashlib
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
from screentime.estimation import accuracy as estimated
from screentime.model import versions
from screentime.model.backbone import open_backbone
from screentime.model.classifier import load, read_card, write_card
from screentime.model.dataset import input_size, read_pictures
from screentime.model.embeddings import embed_frames
from screentime.model.material import Material
from screentime.model.recipes import Made
from screentime.model.shift import reference
from screentime.model.tables import read_predictions, read_rows
from screentime.model.training import Training
from screentime.model.versions import draw_curves, make, set_reached
from screentime.model.views import View
from screentime.report import curves
from screentime.schema import Schema
from screentime.talk import Talk
from screentime.timeline import SMOOTHING

# Shots of two seconds, each of one colour but for the last.
COLOURS = [colour for colour in ["red", "green", "blue", "red", "blue", "green"] * 2 for _ in range(2)]
COLOURS[-1] = "red"
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
    """Twenty-four frames of three colours in twelve shots, of which sixteen are labelled."""
    root = tmp_path_factory.mktemp("workspace")
    frames = [replace(frame, shot=i // 2) for i, frame in enumerate(draw_frames(root, COLOURS))]
    schema = Schema("multi", ("Tom", "Jerry"))
    labelled = np.arange(4, 20)
    targets = schema.encode([SHOWN[COLOURS[i]] for i in labelled])
    return Material(
        root, frames, schema, labelled, targets, block=np.arange(16) // 2, fold=np.arange(16) % 4,
        judges=np.ones(16, bool), own=np.ones(24, bool), by_audit=False,
        split=SPLIT, config=configure(), backbone=tiny, target=0.8,
    )


@pytest.fixture(scope="module")
def first(material):
    """The first version's card and the folder of the versions, in which a run was killed before."""
    models = material.root / "models"
    (models / ".making-killed_1" / f"v001-{material.digest}").mkdir(parents=True)
    return make(material, models, Talk()), models


def table(path):
    """Heading, uids and numbers of one of a version's tables."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert all(re.fullmatch(r"[01]\.\d{6}", cell) for row in rows for cell in row[1:])
    return header, [row[0] for row in rows], np.array([row[1:] for row in rows], float)


def test_a_version_is_a_folder_with_model_card_tables_curves_and_what_it_knows(first, material):
    card, models = first
    assert card["version"] == f"v001-{material.digest}"
    assert re.fullmatch("[0-9a-f]{12}", material.digest)
    folder = models / card["version"]
    assert sorted(os.listdir(folder)) == [
        "by_block.csv", "card.json", "crossfit.csv", "curves.png", "head.npz", "known.npz", "network.tflite",
        "predictions.csv", "unsmoothed.csv",
    ]
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    # The killed run's folder is gone.
    assert os.listdir(models) == [card["version"]]


def test_the_card_says_what_the_version_was_made_from(first, material):
    card, models = first
    assert json.loads((models / card["version"] / "card.json").read_text()) == card
    round_, history, packages = card.pop("round"), card.pop("history"), card.pop("packages")
    files = card.pop("files")
    assert sorted(files) == [
        "by_block.csv", "crossfit.csv", "head.npz", "known.npz", "network.tflite", "predictions.csv", "unsmoothed.csv",
    ]
    for name, digest in files.items():
        assert hashlib.sha256((models / card["version"] / name).read_bytes()).hexdigest() == digest
    assert card == {
        "version": f"v001-{material.digest}", "mode": "multi", "characters": ["Tom", "Jerry"],
        "classes": ["Tom", "Jerry"], "recipe": "head",
        "backbone": {
            "name": str(material.backbone.folder), "digest": material.backbone.digest, "view": "whole",
            "runtime": f"LiteRT {installed('ai-edge-litert')}",
        },
        "network": {
            "file": "network.tflite", "view": "whole", "side": 224,
            "sha256": hashlib.sha256((models / card["version"] / "network.tflite").read_bytes()).hexdigest(),
        },
        "short_side": 224, "fps": 2.0, "smoothing": SMOOTHING, "target": 0.8, "epochs": 20, "seed": 5,
        "accuracy": {
            "validation": 1.0, "value": 1.0, "low": 0.806392, "high": 1.0, "frames": 16, "judged_on": SPLIT,
            "random_split": 1.0,
            "whole_blocks": 1.0,
        },
        "label_uids": [f"00112233445566aa-{1000 * second:09d}" for second in range(4, 20)],
        "held_out_uids": [],
    }
    card.update(round=round_, history=history, packages=packages, files=files)
    assert round_.pop("seconds") > 0
    assert round_ == {
        "version": card["version"], "labels": 16, "validation_accuracy": 1.0,
        "epochs": 20, "target_reached": True,
    }
    assert {len(values) for values in history.values()} == {20}
    round_["seconds"] = 1.0
    assert packages == {
        "screentime": __version__,
        **{
            name: installed(name)
            for name in (
                "tensorflow", "tf_keras", "tensorflow-hub", "ai-edge-litert", "numpy", "opencv-python-headless"
            )
        },
    }


def test_predictions_are_those_of_the_saved_model_for_all_frames_and_their_neighbours(first, material):
    card, models = first
    header, uids, told = table(models / card["version"] / "predictions.csv")
    assert header == ["uid", "Tom", "Jerry"]
    assert uids == [frame.uid for frame in material.frames]
    files = [material.root / frame.file for frame in material.frames]
    (pictures,) = read_pictures(files, lambda width, height: input_size(width, height, 224), 24)
    says = load(models / card["version"]).probabilities(pictures)
    heading, same, alone = table(models / card["version"] / "unsmoothed.csv")
    assert (heading, same) == (header, uids)
    assert alone == pytest.approx(says, abs=1e-4)
    twins = says.reshape(12, 2, 2)[:, ::-1].reshape(24, 2)  # the other second of the shot
    assert (says + SMOOTHING * twins) / (1 + SMOOTHING) == pytest.approx(told, abs=1e-4)
    assert np.abs(says - told)[22:].max() > 0.1  # the shot of two colours
    assert [material.schema.decode(row) for row in material.schema.decide(told)] == [SHOWN[c] for c in COLOURS]


def test_what_the_model_knows_are_the_embeddings_of_all_frames(first, material):
    card, models = first
    embeddings = embed_frames(
        material.frames, material.root, material.root / "embeddings", material.backbone, Talk()
    )
    # Five shots make a block.
    expected = reference(embeddings, np.arange(24) // 10, np.random.default_rng(5))
    found = load(models / card["version"]).reference
    assert np.array_equal(found.known, expected.known) and found.known.shape == (24, 8)
    assert found.threshold == expected.threshold < 0.1


@pytest.fixture(scope="module")
def audited(material, tmp_path_factory):
    """A version of which every other labelled frame only teaches, and one label is wrong: card and folder."""
    targets = material.targets.copy()
    assert targets[4].tolist() == [0, 0]  # blue
    targets[4] = [1, 1]
    fold = np.where(np.arange(16) % 2, -1, np.arange(16) // 2 % 4)
    models = tmp_path_factory.mktemp("models")
    card = make(replace(material, targets=targets, fold=fold, by_audit=True), models, Talk())
    return card, models / card["version"]


def test_crossfit_holds_the_frames_that_validate_and_by_block_all_that_are_labelled(audited, material):
    card, folder = audited
    uids = [frame.uid for frame in material.frames[4:20]]
    header, validated, told = table(folder / "crossfit.csv")
    assert (header, validated) == (["uid", "Tom", "Jerry"], uids[::2])
    # All but the wrong label are right, which is what the accuracy says too.
    truth = np.array([[name in SHOWN[COLOURS[i]] for name in ("Tom", "Jerry")] for i in range(4, 20, 2)])
    assert ((told >= 0.5) == truth).all()
    assert (card["accuracy"]["frames"], card["accuracy"]["validation"]) == (8, 0.875)
    assert card["round"]["validation_accuracy"] == 0.875
    # On the unlabelled it is corrected for how sure the model is of them.
    _, _, everything = table(folder / "predictions.csv")
    rest = everything[[*range(4), *range(20, 24)]]
    expected = estimated(
        np.array([1.0, 1, 0, 1, 1, 1, 1, 1]), material.schema.expected_right(told),
        material.schema.expected_right(rest)
    )
    assert [card["accuracy"][key] for key in ("value", "low", "high")] == pytest.approx(expected, abs=1e-5)
    assert card["accuracy"]["low"] < card["accuracy"]["value"] < 0.875
    header, labelled, told = table(folder / "by_block.csv")
    assert (header, labelled) == (["uid", "Tom", "Jerry"], uids)
    assert (told[4] < 0.5).all()  # the wrong label's own block had no voice
    assert card["accuracy"]["whole_blocks"] == 0.9375


def test_rows_are_read_by_uid_and_other_classes_are_refused(audited, material):
    _, folder = audited
    rows = read_rows(folder / "crossfit.csv", material.schema)
    _, uids, told = table(folder / "crossfit.csv")
    assert rows == dict(zip(uids, told.tolist()))
    assert read_rows(folder / "nothing.csv", material.schema) == {}
    for schema in (Schema("multi", ("Jerry", "Tom")), Schema("exclusive", ("Tom", "Jerry"))):
        with pytest.raises(NotReady) as caught:
            read_rows(folder / "crossfit.csv", schema)
        assert str(caught.value) == (
            f"The model {folder.name} was trained for other characters or another mode. Run `screentime"
            " train`."
        )


def test_where_each_block_has_looks_of_its_own_a_random_split_claims_what_whole_blocks_do_not(
    tiny, tmp_path, draw_frames
):
    # Four scenes of six frames. Who is in a scene is known by heart, from other frames of it, or not at all.
    scenes = ["red", "green", "black", "blue"]
    frames = [
        replace(frame, shot=i // 6) for i, frame in enumerate(draw_frames(tmp_path, np.repeat(scenes, 6)))
    ]
    schema = Schema("multi", ("Tom", "Jerry"))
    said = [frozenset({"Tom"} if i // 6 % 2 else {"Jerry"}) for i in range(24)]
    card = make(
        Material(
            tmp_path, frames, schema, np.arange(24), schema.encode(said), block=np.arange(24) // 6,
            fold=np.arange(24) % 6, judges=np.ones(24, bool), own=np.ones(24, bool), by_audit=False, split=SPLIT,
            config=configure(epochs=1), backbone=tiny,
            target=2.0,
        ),
        tmp_path / "models", Talk(),
    )
    assert (card["accuracy"]["random_split"], card["accuracy"]["whole_blocks"]) == (1.0, 0.5)


def test_whether_the_loop_ends_can_be_written_into_the_card_later(audited, tmp_path):
    card, folder = audited
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    assert card["round"]["target_reached"] is True
    before = (copy / "card.json").stat()
    assert set_reached(copy, True) == card
    assert (copy / "card.json").stat().st_ino == before.st_ino  # nothing was to be written
    expected = {**card, "round": {**card["round"], "target_reached": False}}
    assert set_reached(copy, False) == expected == read_card(copy)
    assert sorted(os.listdir(copy)) == sorted(os.listdir(folder))


def test_read_predictions_gives_the_frames_that_are_asked_for_in_their_order(first, material):
    card, models = first
    everything = read_predictions(models / card["version"], material.frames, material.schema)
    some = [material.frames[i] for i in (7, 0, 7, 23)]
    assert everything.shape == (24, 2)
    assert (read_predictions(models / card["version"], some, material.schema) == everything[[7, 0, 7, 23]]).all()
    alone = read_predictions(models / card["version"], some, material.schema, smoothed=False)
    assert (alone == table(models / card["version"] / "unsmoothed.csv")[2][[7, 0, 7, 23]]).all()
    assert (alone != everything[[7, 0, 7, 23]]).any()
    unknown = [replace(material.frames[0], uid="9" * 16 + "-000000000", film=name) for name in ("new.mp4", "b.mp4")]
    with pytest.raises(NotReady) as caught:
        read_predictions(models / card["version"], [*material.frames, *unknown], material.schema)
    assert str(caught.value) == (
        f"The model {card['version']} has not seen 2 frames, for example of new.mp4. Run `screentime train`."
    )


def test_the_same_material_finds_its_version(first, material, monkeypatch):
    card, models = first
    before = os.listdir(models)
    monkeypatch.setattr(versions, "train", lambda *_: pytest.fail("trained again"))
    assert make(material, models, Talk())["label_uids"] == card["label_uids"]
    assert os.listdir(models) == before


def test_the_digest_changes_with_all_that_a_version_depends_on(material, make_backbone):
    flipped = material.targets.copy()
    flipped[0, 0] = 1 - flipped[0, 0]
    project = material.config
    others = [
        replace(material, targets=flipped),
        replace(material, labelled=material.labelled[:-1], targets=material.targets[:-1], fold=material.fold[:-1]),
        replace(material, fold=material.fold[::-1]),
        replace(material, config=configuration.override(project, {"target": 0.9})),
        replace(material, config=configuration.override(project, {"stop": "seconds"})),
        replace(material, frames=material.frames[:-1]),
        replace(material, schema=Schema("multi", ("Jerry", "Tom"))),
        replace(material, config=configuration.override(project, {"epochs": 21})),
        replace(material, config=configuration.override(project, {"seed": 6})),
        replace(material, config=configuration.override(project, {"recipe": "finetune"})),
        replace(material, backbone=open_backbone(str(material.backbone.folder), "tiles")),
        replace(material, backbone=open_backbone(str(make_backbone(seed=2)), "whole")),
    ]
    assert len({material.digest, *(other.digest for other in others)}) == 13
    # The half width is looked at when the version is there: it is no reason to train again.
    for changes in ({"title": "Other"}, {"half_width": 3.0}):
        assert replace(material, config=configuration.override(project, changes)).digest == material.digest


@pytest.fixture
def trained(monkeypatch):
    """Training that takes no time, for what happens around it."""
    values = {"loss": [0.1], "accuracy": [1.0], "val_loss": [0.1], "val_accuracy": [0.9]}
    training = Training(None, values, 0.9, 1, True, np.full((16, 2), 0.5))
    view = View("square", 32)
    made = Made(training, np.full((24, 2), 0.5), None, None, view, None, {"runtime": "none"})
    monkeypatch.setattr(versions, "train", lambda material, talk: made)

    def save(folder, network, view, head, card, reference):
        write_card(folder, card)
        return card

    monkeypatch.setattr(versions, "save", save)


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


@pytest.mark.parametrize("step", ["plot_curves", "save", "sync_tree"])
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


def test_curves_may_be_drawn_later_and_are_when_the_drawing_was_killed(trained, material, tmp_path, monkeypatch):
    card = make(material, tmp_path, Talk(), curves=False)
    folder = tmp_path / card["version"]
    assert not (folder / "curves.png").exists()

    def fail(picture, *_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(curves, "write_atomically", fail)
        with pytest.raises(KeyboardInterrupt):
            draw_curves(tmp_path)
    assert not (folder / "curves.png").exists()
    draw_curves(tmp_path)
    drawn = (folder / "curves.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert sorted(os.listdir(folder)) == [
        "by_block.csv", "card.json", "crossfit.csv", "curves.png", "predictions.csv", "unsmoothed.csv",
    ]
    monkeypatch.setattr(versions, "plot_curves", lambda *_: pytest.fail("drawn again"))
    draw_curves(tmp_path)


def test_a_version_from_kept_embeddings_needs_a_picture_where_nobody_judged_the_backbone(
    first, material, tmp_path, monkeypatch
):
    """As after an update: the embeddings are there, the converted backbone is not."""
    monkeypatch.setenv("SCREENTIME_CACHE", str(tmp_path / "cache"))
    anew = replace(material, backbone=open_backbone(material.backbone.name, "whole"), config=configure(epochs=1))
    card = make(anew, tmp_path / "models", Talk())
    assert card["backbone"]["runtime"].startswith("LiteRT ")
    flat, known = sorted((tmp_path / "cache" / "networks").glob("*.tflite"))[0], card["network"]["sha256"]
    assert hashlib.sha256(flat.read_bytes()).hexdigest() == known
    # One file on disk, by two names.
    assert flat.samefile(tmp_path / "models" / card["version"] / "network.tflite")


def test_what_two_versions_know_alike_is_one_file(first, material, tmp_path):
    shutil.copytree(first[1], tmp_path / "models")
    targets = material.targets.copy()
    targets[0] = 1 - targets[0]
    second = make(replace(material, targets=targets), tmp_path / "models", Talk())["version"]
    known = tmp_path / "models" / second / "known.npz"
    assert known.samefile(tmp_path / "models" / first[0]["version"] / "known.npz")
    # It is whole without the other folder.
    shutil.rmtree(tmp_path / "models" / first[0]["version"])
    assert len(load(tmp_path / "models" / second).reference.known) == 24


def test_a_card_is_not_read_where_the_curves_are_there(tmp_path):
    folder = tmp_path / "v001-abc"
    folder.mkdir()
    (folder / "curves.png").write_bytes(b"drawn")
    (folder / "card.json").write_text("{")
    draw_curves(tmp_path)
    assert (folder / "curves.png").read_bytes() == b"drawn"


def test_a_fine_tuned_version_sees_squares_and_stands_alone(material, tmp_path):
    squares = replace(material, config=configure("finetune", epochs=1))
    card = make(squares, tmp_path, Talk())
    assert (card["recipe"], card["short_side"], card["round"]["epochs"]) == ("finetune", 224, 1)
    assert card["smoothing"] == 0.0
    folder = tmp_path / card["version"]
    # The first of the folds, a quarter of the labels, was held out.
    held_out = [material.frames[i].uid for i in (4, 8, 12, 16)]
    assert card["held_out_uids"] == held_out
    assert table(folder / "crossfit.csv")[1] == held_out
    assert (card["accuracy"]["frames"], card["accuracy"]["judged_on"]) == (4, SPLIT)
    # What other splits would claim, and who says what by block, would take a training each.
    assert (card["accuracy"]["random_split"], card["accuracy"]["whole_blocks"]) == (None, None)
    assert (folder / "by_block.csv").read_text() == "uid,Tom,Jerry\n"
    assert (folder / "unsmoothed.csv").read_text() == (folder / "predictions.csv").read_text()
    assert not (folder / "known.npz").exists() and not (folder / "head.npz").exists()
    assert (card["network"]["file"], card["network"]["view"], card["network"]["side"]) == (
        "network.tflite", "square", 224
    )
    assert card["backbone"]["view"] == "square"
    files = [material.root / frame.file for frame in material.frames]
    (pictures,) = read_pictures(files, lambda width, height: (224, 224), 24)
    told = read_predictions(tmp_path / card["version"], material.frames, material.schema)
    assert load(tmp_path / card["version"]).probabilities(pictures) == pytest.approx(told, abs=1e-5)
