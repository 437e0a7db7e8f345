"""The callback ends training at the target, not before and not for want of numbers; or it only watches."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from screentime.model.backbone import tensorflow


@pytest.fixture
def after_epoch():
    """Whether training stops after an epoch with these numbers, and what the callback says of it."""
    tensorflow()
    from screentime.model.callback import TargetAccuracy

    def ask(target, logs):
        callback = TargetAccuracy(target)
        callback.set_model(SimpleNamespace(stop_training=False))
        callback.on_epoch_end(0, logs)
        assert callback.reached == callback.model.stop_training
        return callback.reached

    return ask


@pytest.mark.parametrize(
    ("target", "accuracy"), [(0.8, 0.8), (0.8, 0.81), (0.8, np.float32(0.8)), (1.0, 1.0), (0.01, 0.02)]
)
def test_it_stops_at_the_target_and_above(after_epoch, target, accuracy):
    assert after_epoch(target, {"val_accuracy": accuracy})


@pytest.mark.parametrize("right", range(1, 41))
def test_float32_s_rounding_does_not_hide_a_share_that_is_reached(after_epoch, right):
    assert after_epoch(right / 41, {"val_accuracy": np.nextafter(np.float32(right / 41), np.float32(0))})


def test_one_frame_too_few_of_a_hundred_thousand_is_too_few(after_epoch):
    assert not after_epoch(0.8, {"val_accuracy": 0.79999})


@pytest.mark.parametrize("logs", [None, {}, {"accuracy": 1.0}, {"val_accuracy": float("nan")}])
def test_without_a_validation_accuracy_it_goes_on(after_epoch, logs):
    assert not after_epoch(0.01, logs)


def test_a_target_above_one_is_never_reached(after_epoch):
    assert not after_epoch(1.01, {"val_accuracy": 1.0})


def test_where_it_only_watches_training_goes_on_and_the_last_epoch_has_the_say():
    tensorflow()
    from screentime.model.callback import TargetAccuracy

    callback = TargetAccuracy(0.8, stop=False)
    callback.set_model(SimpleNamespace(stop_training=False))
    seen = []
    for epoch, accuracy in enumerate((0.7, 0.9, 0.79, 0.8)):
        callback.on_epoch_end(epoch, {"val_accuracy": accuracy})
        seen.append(callback.reached)
    assert seen == [False, True, False, True]
    assert callback.model.stop_training is False
