"""Both recipes, held against other people's arithmetic: scikit-learn's and NumPy's."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from screentime.model import manyheads
from screentime.model.backbone import tensorflow
from screentime.model.training import HEAD_C, class_weights, finetune, train_head
from screentime.timeline import near

UNREACHABLE = 2.0
RECORD = {"loss", "accuracy", "val_loss", "val_accuracy"}


def alone(frames):
    """Neighbours of frames that are shots of their own: none."""
    return near(["film"] * frames, range(frames))


def scaled(embeddings):
    """Centred, with a mean squared length of one: what the head learns on."""
    centred = embeddings - embeddings.mean(axis=0)
    return centred / np.sqrt((centred**2).sum(axis=1).mean())


def judged(points, targets, fold, mode):
    """Decisions on each validation frame by scikit-learn's head that has not seen its fold, and the truth."""
    decided, truth = [], []
    for number in range(fold.max() + 1):
        train, held = fold != number, fold == number
        decided.append(decide(points[train], targets[train], points[held], mode))
        truth.append(targets[held])
    return np.concatenate(decided), np.concatenate(truth)


def decide(points, targets, asked, mode):
    if mode == "exclusive":
        likely = LogisticRegression(C=HEAD_C, max_iter=5000).fit(points, targets.argmax(axis=1)).predict(asked)
        return np.eye(targets.shape[1])[likely]
    # Keras means the loss over the characters, so each one's weighs less against the penalty.
    heads = [LogisticRegression(C=HEAD_C / targets.shape[1], max_iter=5000).fit(points, y) for y in targets.T]
    return np.stack([head.predict(asked) for head in heads], axis=1)


# -- head -----------------------------------------------------------------------------------------


def test_on_separable_frames_the_target_is_seen_and_all_epochs_are_run():
    random = np.random.default_rng(5)
    kind = np.arange(60) % 3
    embeddings = (5 * np.eye(6)[kind] + 0.1 * random.normal(size=(60, 6))).astype(np.float32)
    steps = []
    training = train_head(
        embeddings, np.arange(48), np.eye(3, dtype=np.float32)[kind[:48]], np.arange(48) % 4, alone(60),
        "exclusive", target=0.8, epochs=3, progress=lambda done, total: steps.append((done, total)),
    )
    assert (training.epochs, training.target_reached, training.validation_accuracy) == (3, True, 1.0)
    assert set(training.history) == RECORD
    assert {len(values) for values in training.history.values()} == {3}
    assert training.history["val_accuracy"] == [1.0] * 3  # the first epoch would have been enough
    assert steps == [(1, 3), (2, 3), (3, 3)]
    # The network judges frames that nobody labelled, too.
    assert training.network(embeddings).argmax(axis=1).tolist() == kind.tolist()


@pytest.fixture(scope="module")
def cloud():
    """Ninety embeddings, of which sixty get a label that a straight line cannot tell in full."""
    random = np.random.default_rng(3)
    embeddings = random.normal(size=(90, 6)).astype(np.float32) + 7
    return embeddings, random.permutation(90)[:60], random


def test_one_of_several_classes_is_learned_as_scikit_learn_does(cloud):
    embeddings, labelled, random = cloud
    scores = (embeddings[labelled] - 7) @ random.normal(size=(6, 3)) + random.normal(size=(60, 3))
    targets = np.eye(3, dtype=np.float32)[scores.argmax(axis=1)]
    fold = np.arange(60) % 5
    training = train_head(
        embeddings, labelled, targets, fold, alone(90), "exclusive", target=UNREACHABLE, epochs=60
    )
    assert (training.epochs, training.target_reached) == (60, False)
    points = scaled(embeddings)
    decided, truth = judged(points[labelled], targets, fold, "exclusive")
    accuracy = (decided.argmax(axis=1) == truth.argmax(axis=1)).mean()
    assert 0.5 < accuracy < 0.95
    assert training.validation_accuracy == pytest.approx(accuracy, abs=1e-6)
    assert training.history["val_accuracy"][-1] == training.validation_accuracy

    everything = LogisticRegression(C=HEAD_C, max_iter=5000).fit(points[labelled], targets.argmax(axis=1))
    probabilities = training.network(embeddings)
    assert probabilities == pytest.approx(everything.predict_proba(points), abs=0.03)
    for number in range(5):
        held = fold == number
        other = LogisticRegression(C=HEAD_C, max_iter=5000)
        other.fit(points[labelled][~held], targets[~held].argmax(axis=1))
        assert training.crossfit[held] == pytest.approx(other.predict_proba(points[labelled][held]), abs=0.03)


@pytest.fixture(scope="module")
def audited(cloud):
    """Characters of their own, judged on some frames alone: arguments and the training."""
    embeddings, labelled, _ = cloud
    random = np.random.default_rng(11)
    scores = (embeddings[labelled] - 7) @ random.normal(size=(6, 3)) + 0.7 * random.normal(size=(60, 3))
    targets = (scores > [0.0, 0.5, -0.5]).astype(np.float32)
    fold = np.where(np.arange(60) % 2, -1, np.arange(60) // 2 % 5)
    training = train_head(
        embeddings, labelled, targets, fold, alone(90), "multi", target=UNREACHABLE, epochs=20
    )
    return embeddings, labelled, targets, fold, training


def test_several_characters_count_each_on_its_own(audited):
    embeddings, labelled, targets, fold, training = audited
    decided, truth = judged(scaled(embeddings)[labelled], targets, fold, "multi")
    each = (decided == truth).mean(axis=0)
    assert len(set(each)) == 3
    assert training.validation_accuracy == pytest.approx(each.mean(), abs=1e-6)
    # What Keras would have told for "accuracy".
    assert abs((decided.argmax(axis=1) == truth.argmax(axis=1)).mean() - each.mean()) > 0.05


def test_frames_of_no_fold_teach_and_never_validate(audited):
    embeddings, labelled, targets, fold, training = audited
    points = scaled(embeddings)[labelled]
    # Counted in thirds of the 30 audit frames: nothing else has a voice.
    rights = training.validation_accuracy * 30 * 3
    assert rights == pytest.approx(round(rights), abs=1e-3)
    # And without those that only teach, the heads would decide otherwise.
    only = fold >= 0
    decided, truth = judged(points[only], targets[only], fold[only], "multi")
    assert (decided == truth).mean() != pytest.approx(training.validation_accuracy, abs=1e-3)


def test_what_heads_say_of_frames_that_they_did_not_learn_from_is_kept(audited):
    _, _, targets, fold, training = audited
    assert training.crossfit.shape == (60, 3)
    assert np.isnan(training.crossfit[fold < 0]).all()
    right = ((training.crossfit >= 0.5) == targets)[fold >= 0].mean()
    assert right == pytest.approx(training.validation_accuracy, abs=1e-6)


def test_the_last_epoch_has_the_say_and_not_the_best_one(audited):
    embeddings, labelled, targets, fold, training = audited
    accuracies = training.history["val_accuracy"]
    assert max(accuracies) > accuracies[-1]
    best = train_head(
        embeddings, labelled, targets, fold, alone(90), "multi", target=max(accuracies),
        epochs=len(accuracies)
    )
    assert (best.epochs, best.target_reached, best.validation_accuracy) == (20, False, accuracies[-1])


def test_frames_are_judged_with_their_neighbours_and_learned_from_alone(cloud):
    embeddings, _, _ = cloud
    random = np.random.default_rng(13)
    scores = (embeddings - 7) @ random.normal(size=(6, 2)) + 0.5 * random.normal(size=(90, 2))
    targets, labelled = (scores > 0).astype(np.float32), np.arange(0, 90, 2)
    fold = np.where(np.arange(45) % 3, np.arange(45) % 4, -1)
    # Shots of five frames, the neighbours as important as the frame itself.
    neighbours = near(["film"] * 90, np.arange(90) // 5, 1.0)
    training = train_head(
        embeddings, labelled, targets[labelled], fold, neighbours, "multi", target=UNREACHABLE, epochs=20
    )
    points, validates = scaled(embeddings), fold >= 0

    def heads(taught):
        """Probabilities of all frames by scikit-learn's heads, each frame alone."""
        learn = [
            LogisticRegression(C=HEAD_C / 2, max_iter=5000).fit(points[taught], y[taught]) for y in targets.T
        ]
        return np.stack([head.predict_proba(points)[:, 1] for head in learn], axis=1)

    assert training.network(embeddings) == pytest.approx(heads(labelled), abs=0.03)
    expected, by_itself = np.full((45, 2), np.nan), np.full((45, 2), np.nan)
    for place in np.flatnonzero(validates):
        says, frame = heads(labelled[fold != fold[place]]), labelled[place]
        around = [i for i in (frame - 1, frame, frame + 1) if 0 <= i < 90 and i // 5 == frame // 5]
        expected[place], by_itself[place] = says[around].mean(axis=0), says[frame]
    assert training.crossfit[validates] == pytest.approx(expected[validates], abs=0.03)
    assert np.isnan(training.crossfit[~validates]).all()
    # The accuracy is that of what is told, which is not what the heads say of each frame by itself.
    right = [((one >= 0.5) == targets[labelled])[validates].mean() for one in (training.crossfit, by_itself)]
    assert training.validation_accuracy == pytest.approx(right[0], abs=1e-6)
    assert abs(right[1] - right[0]) > 0.05


def test_probabilities_of_several_characters_need_not_add_up(audited):
    embeddings, _, _, _, training = audited
    probabilities = training.network(embeddings)
    assert probabilities.shape == (90, 3)
    assert probabilities.sum(axis=1).min() < 0.9 and probabilities.sum(axis=1).max() > 1.1


def test_two_runs_are_equal_to_the_last_digit(audited):
    embeddings, labelled, targets, fold, training = audited
    again = train_head(embeddings, labelled, targets, fold, alone(90), "multi", target=UNREACHABLE, epochs=2)
    assert again.history == {name: values[:2] for name, values in training.history.items()}


@pytest.mark.parametrize("mode", ["exclusive", "multi"])
def test_what_fills_a_traced_model_up_weighs_nothing(cloud, mode, monkeypatch):
    embeddings, labelled, _ = cloud
    random = np.random.default_rng(17)
    targets = np.eye(3, dtype=np.float32)[random.integers(0, 3, 60)]
    trainings = []
    for filled in (256, 1, 96):
        monkeypatch.setattr(manyheads, "ROUND", filled)
        trainings.append(train_head(
            embeddings, labelled, targets, np.arange(60) % 5, alone(90), mode, target=UNREACHABLE, epochs=3
        ))
    for other in trainings[1:]:
        assert other.history == {key: pytest.approx(values, abs=1e-4) for key, values in trainings[0].history.items()}
        assert other.crossfit == pytest.approx(trainings[0].crossfit, abs=1e-3)


def test_other_labels_are_trained_on_without_tracing_anew(cloud):
    embeddings, labelled, random = cloud
    targets = np.eye(3, dtype=np.float32)[np.arange(60) % 3]

    def train(many):
        train_head(
            embeddings, labelled[:many], targets[:many], np.arange(many) % (many // 10), alone(90), "exclusive",
            target=UNREACHABLE, epochs=1
        )

    train(40)
    model = manyheads.many_heads(40, 6, 3, 5, "exclusive").model
    # Keras's own functions of a training and of a validation step.
    traced = [model.train_tf_function, model.test_function]
    before = [function.experimental_get_tracing_count() for function in traced]
    train(50)
    train(60)
    assert manyheads.many_heads(60, 6, 3, 7, "exclusive").model is model
    assert [function.experimental_get_tracing_count() for function in traced] == before


def test_thousands_of_labels_meet_nine_traced_models(monkeypatch):
    met = []
    monkeypatch.setattr(manyheads, "_traced", lambda *sizes: met.append(sizes))
    for labels in range(1, 4097):
        manyheads.many_heads(labels, min(labels, 300), 3, 6, "exclusive")
    assert list(dict.fromkeys(rows for rows, *_ in met)) == [
        256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096
    ]
    assert len(set(met)) == 9
    assert all(rows >= labels for labels, (rows, *_) in enumerate(met, start=1))


def test_a_training_leaves_no_garbage_behind(cloud):
    embeddings, labelled, random = cloud
    targets = np.eye(3, dtype=np.float32)[np.arange(60) % 3]

    def train():
        train_head(
            random.normal(size=(90, 6)).astype(np.float32), labelled, targets, np.arange(60) % 5, alone(90),
            "exclusive", target=UNREACHABLE, epochs=1,
        )

    train()  # traces, and that leaves some
    gc.collect()
    gc.disable()
    try:
        train()
        found = gc.collect()
    finally:
        gc.enable()
    # Of validation data that are arrays Keras makes functions, and lets 600 objects of them lie in circles: a
    # watching process gathers a hundred thousand of those before Python looks for them.
    assert found == 0


@pytest.mark.parametrize("mode", ["exclusive", "multi"])
def test_a_character_that_nobody_saw_is_improbable_and_no_fault(cloud, mode):
    embeddings, labelled, _ = cloud
    seen = embeddings[labelled, 0] > 7
    targets = np.zeros((60, 3), np.float32)
    targets[:, 0] = ~seen if mode == "exclusive" else seen
    targets[:, 1] = seen
    training = train_head(
        embeddings, labelled, targets, np.arange(60) % 3, alone(90), mode, target=UNREACHABLE, epochs=2
    )
    probabilities = training.network(embeddings)
    assert all(np.isfinite(values).all() for values in training.history.values())
    assert np.isfinite(probabilities).all() and probabilities[:, 2].max() < 0.05


def test_pictures_that_are_all_the_same_and_no_validation_frames_are_no_fault():
    targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]]
    training = train_head(
        np.ones((6, 4), np.float32), np.arange(4), targets, np.full(4, -1), alone(6), "exclusive", target=0.8,
        epochs=1
    )
    assert (training.validation_accuracy, training.target_reached) == (0.0, False)
    assert np.isnan(training.crossfit).all()
    probabilities = training.network(np.ones((6, 4), np.float32))
    assert probabilities == pytest.approx(np.tile([0.7, 0.3], (6, 1)), abs=0.1)


# -- class weights --------------------------------------------------------------------------------


def test_rare_classes_weigh_as_much_as_common_ones():
    one_hot = np.eye(3, dtype=np.float32)[[1, 1, 1, 2]]
    assert class_weights(one_hot, "exclusive") == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    several = np.array([[0, 0], [1, 1], [0, 0], [1, 0], [0, 0], [0, 0]], np.float32)
    weights = class_weights(several, "multi")
    assert weights == pytest.approx([0.5, 2, 0.5, 2, 0.5, 0.5])
    assert weights.dtype == np.float32


# -- finetune -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures():
    """Thirty small pictures of three colours with noise, and which colour each has."""
    random = np.random.default_rng(8)
    kind = np.arange(30) % 3
    return (0.6 * np.eye(3)[kind][:, None, None] + 0.4 * random.random((30, 32, 32, 3))).astype(np.float32), kind


HELD_OUT = np.arange(30) < 9


def test_the_original_recipe_ends_at_the_target(tiny, pictures):
    kind = pictures[1]
    # All alike, so that after one epoch they are all decided alike: a third of them rightly.
    given = np.random.default_rng(9).random((30, 32, 32, 3), dtype=np.float32)
    steps = []
    targets = np.eye(3, dtype=np.float32)[kind]
    runs = [
        finetune(
            tiny, given, targets, HELD_OUT, "exclusive", target=0.01, epochs=4, seed=1,
            progress=lambda done, total: steps.append((done, total)),
        )
        for _ in range(2)
    ]
    assert (runs[0].epochs, runs[0].target_reached, steps) == (1, True, [(1, 4), (1, 4)])
    assert runs[0].history == runs[1].history and set(runs[0].history) == RECORD
    probabilities = runs[0].network.predict(given, verbose=0)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-5)
    assert len(set(probabilities.argmax(axis=1))) == 1
    assert runs[0].validation_accuracy == pytest.approx(1 / 3, abs=1e-6)
    assert runs[0].crossfit[HELD_OUT] == pytest.approx(probabilities[HELD_OUT], abs=1e-6)
    assert np.isnan(runs[0].crossfit[~HELD_OUT]).all()


@pytest.fixture(scope="module")
def tuned(tiny, pictures):
    """Characters of their own, the network trained in all its epochs."""
    given, kind = pictures
    targets = np.stack([kind != 0, kind == 2], axis=1).astype(np.float32)
    return finetune(tiny, given, targets, HELD_OUT, "multi", target=UNREACHABLE, epochs=2, seed=1), targets


def test_an_unreachable_target_runs_all_epochs(tuned, pictures):
    training, targets = tuned
    assert (training.epochs, training.target_reached) == (2, False)
    assert {len(values) for values in training.history.values()} == {2}
    probabilities = training.network.predict(pictures[0], verbose=0)
    each = ((probabilities > 0.5) == targets)[HELD_OUT].mean()
    assert training.validation_accuracy == pytest.approx(each, abs=1e-6)


def test_the_network_is_the_original_one(tuned):
    network = tuned[0].network
    layers = [(type(layer).__name__, layer.get_config()) for layer in network.layers]
    assert [name for name, _ in layers] == [
        "Resizing", "KerasLayer", "Dense", "Dropout", "Dense", "Dropout", "Dense"
    ]
    dense = [(config["units"], config["activation"]) for name, config in layers if name == "Dense"]
    assert dense == [(512, "relu"), (128, "relu"), (2, "sigmoid")]
    assert [config["rate"] for name, config in layers if name == "Dropout"] == [0.5, 0.5]
    assert layers[0][1]["height"] == layers[0][1]["width"] == 224
    assert type(network.optimizer).__name__ == "SGD"
    assert float(network.optimizer.learning_rate) == pytest.approx(0.001)
    assert network.loss == "binary_crossentropy"


def test_the_backbone_learns_too_and_its_folder_stays(tuned, tiny):
    layer = tuned[0].network.get_layer("backbone")
    untouched = tensorflow().saved_model.load(str(tiny.folder))
    assert [tuple(weight.shape) for weight in layer.trainable_weights] == [(3, 3, 3, 8)]
    assert not np.array_equal(layer.trainable_weights[0], untouched.trainable_variables[0])
    assert np.array_equal(layer.non_trainable_weights[0], untouched.variables[1])
    assert np.array_equal(tiny.network.trainable_variables[0], untouched.trainable_variables[0])
    assert len(layer.losses) == 1
