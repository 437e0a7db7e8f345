"""The backbone that comes with screentime: small, whole, and to be used and fine-tuned as any of TF-Hub's."""

import json

import numpy as np
import pytest

from screentime.model.backbone import BUILTIN_FOLDER
from screentime.model.runtime import tensorflow, tensorflow_hub


@pytest.fixture(scope="module")
def builtin():
    tensorflow()
    return tensorflow_hub().load(str(BUILTIN_FOLDER))


@pytest.fixture
def layer():
    tensorflow()
    return tensorflow_hub().KerasLayer(str(BUILTIN_FOLDER), trainable=True)


def pictures(count=4, height=96, width=96, seed=0):
    return np.random.default_rng(seed).random((count, height, width, 3), dtype=np.float32)


def test_it_is_under_three_megabytes_and_says_what_it_is():
    assert sum(file.stat().st_size for file in BUILTIN_FOLDER.rglob("*") if file.is_file()) < 3_000_000
    card = json.loads((BUILTIN_FOLDER / "card.json").read_text(encoding="utf-8"))
    assert {"architecture", "data", "seed", "command", "versions", "metrics"} <= card.keys()
    assert card["metrics"]["validation"]["cells"] > 0.2  # a network that learnt nothing has 0.03


@pytest.mark.parametrize("height, width", [(96, 96), (96, 171), (144, 256), (64, 64), (33, 47)])
def test_pictures_of_any_size_give_192_finite_features(builtin, height, width):
    features = builtin(pictures(3, height, width)).numpy()
    assert features.shape == (3, 192) and features.dtype == np.float32
    assert np.isfinite(features).all()
    assert features.std(axis=0).max() > 0.01  # other pictures, other features


def test_a_picture_has_the_same_features_in_any_batch(builtin):
    batch = pictures(5)
    alone = np.concatenate([builtin(batch[i : i + 1]).numpy() for i in range(5)])
    assert np.allclose(builtin(batch).numpy(), alone, atol=1e-4)


def test_its_signature_gives_the_same_features(builtin):
    batch = pictures(2)
    served = builtin.signatures["serving_default"](inputs=tensorflow().constant(batch))["default"]
    assert np.allclose(served.numpy(), builtin(batch).numpy(), atol=1e-5)


def test_it_is_a_reusable_savedmodel(builtin):
    assert len(builtin.trainable_variables) == 153 and len(builtin.variables) == 257
    assert list(builtin.regularization_losses) == []


def test_training_moves_batch_statistics_and_inference_does_not(builtin):
    fresh = tensorflow_hub().load(str(BUILTIN_FOLDER))
    before = [variable.numpy() for variable in fresh.variables]
    fresh(pictures(), training=False)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, fresh.variables))
    fresh(pictures(), training=True)
    moved = sum(not np.array_equal(a, b.numpy()) for a, b in zip(before, fresh.variables))
    assert moved == 102  # mean and variance of 51 batch normalisations


def test_every_trainable_variable_gets_a_gradient_through_the_hub_layer(layer):
    tf = tensorflow()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.constant(pictures()), training=True) ** 2)
    assert len(layer.trainable_variables) == 153
    gradients = tape.gradient(loss, layer.trainable_variables)
    assert all(gradient is not None and np.isfinite(gradient.numpy()).all() for gradient in gradients)


def test_a_fine_tuned_classifier_comes_back_the_same_from_a_savedmodel(layer, tmp_path):
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    inputs = tf_keras.Input((96, 96, 3))
    model = tf_keras.Model(inputs, tf_keras.layers.Dense(2, activation="softmax")(layer(inputs)))
    model.compile(tf_keras.optimizers.SGD(0.01), "categorical_crossentropy")
    before = [weight.copy() for weight in layer.get_weights()]
    model.fit(pictures(8), np.eye(2, dtype=np.float32)[[0, 1] * 4], epochs=1, batch_size=4, verbose=0)
    assert sum(not np.array_equal(a, b) for a, b in zip(before, layer.get_weights())) > 200
    model.save(tmp_path / "saved")
    again = tf_keras.models.load_model(tmp_path / "saved")
    assert np.allclose(again.predict(pictures(), verbose=0), model.predict(pictures(), verbose=0), atol=1e-5)
