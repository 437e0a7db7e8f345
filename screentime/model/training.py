"""The two recipes: `head` on kept embeddings, and `finetune`, the original, on pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from screentime.model.backbone import Backbone
from screentime.model.head import Head, activate
from screentime.model.manyheads import ACTIVATION, HEAD_STEPS, many_heads, measures
from screentime.model.runtime import tensorflow, tensorflow_hub
from screentime.model.span import basis, standardise
from screentime.schema import Mode
from screentime.timeline import Near

if TYPE_CHECKING:
    import numpy as np

# Inverse strength of the L2 penalty, as scikit-learn's LogisticRegression(C=100) has it. In multi mode
# Keras means the loss over the k characters, so it is C=100/k for each of them.
HEAD_C = 100.0
# The original recipe's numbers.
FINETUNE_UNITS = (512, 128)
FINETUNE_DROPOUT = 0.5
FINETUNE_RATE = 0.001
FINETUNE_BATCH = 32

Say = Callable[[int, int], None]


@dataclass(frozen=True)
class Training:
    """What a training gave.

    Attributes
    ----------
    network : Head or tf_keras.Sequential
        Head: embeddings to probabilities. Finetune: pictures to probabilities.
    history : dict of str to list of float
        Keras's record, one value an epoch: loss, accuracy, val_loss, val_accuracy.
    validation_accuracy : float
        Share of validation frames right in the last epoch, in [0, 1].
    epochs : int
        Epochs until the callback or the end.
    target_reached : bool
        Whether the callback saw the target.
    crossfit : ndarray, shape (m, k)
        Probabilities of each labelled frame that validates, by a head or network that has not learned
        from it; NaN for the others.
    """

    network: Any
    history: dict[str, list[float]]
    validation_accuracy: float
    epochs: int
    target_reached: bool
    crossfit: np.ndarray


def class_weights(targets: np.ndarray, mode: Mode) -> np.ndarray:
    """Weights that let rare classes count as much as common ones.

    Parameters
    ----------
    targets : ndarray, shape (n, k)
        Rows of zeros and ones.
    mode : {"exclusive", "multi"}

    Returns
    -------
    ndarray of float32, shape (n,)
        ``n / (classes * members)`` of each frame's class, the mean is 1 [1]_. In multi mode, where a
        frame may belong to several classes, its combination of characters is its class.

    References
    ----------
    .. [1] King, Zeng: Logistic Regression in Rare Events Data, 2001, as scikit-learn's "balanced".
    """
    import numpy as np

    if mode == "exclusive":
        member = targets.argmax(axis=1)
    else:
        member = np.unique(targets, axis=0, return_inverse=True)[1].ravel()
    size = np.bincount(member)
    return (len(targets) / (np.count_nonzero(size) * size[member])).astype(np.float32)


def train_head(
    embeddings: np.ndarray,
    labelled: np.ndarray,
    targets: np.ndarray,
    fold: np.ndarray,
    near: Near,
    mode: Mode,
    *,
    judges: np.ndarray | None = None,
    target: float,
    epochs: int,
    progress: Say = lambda done, total: None,
) -> Training:
    """Train the head on embeddings, judged by cross-validation.

    The head is L2-regularised logistic regression: one dense layer. One head a fold and one on all
    labels are trained side by side as one Keras model, each with its own rows: the validation
    accuracy of an epoch is that of every validation frame judged by the head that has not seen its
    fold, smoothed over its neighbours as the predictions will be. The callback watches it, and the last epoch has the say.

    Parameters
    ----------
    embeddings : ndarray of float32, shape (n, d)
        Of all frames, labelled or not: they are centred and scaled as a whole, to a mean squared
        length of one.
    labelled : ndarray of int, shape (m,)
        Which of them have a label.
    targets : ndarray of float32, shape (m, k)
        Their labels as rows of zeros and ones.
    fold : ndarray of int, shape (m,)
        Which frames are held out together, see `screentime.validation`; -1 for those that only
        teach and do not validate.
    near : Near
        Neighbours of all frames.
    mode : {"exclusive", "multi"}
    judges : ndarray of bool, shape (m,), optional
        Which of those that are held out count for the validation accuracy; None for all.
    target : float
        Validation accuracy that the callback looks for.
    epochs : int
        Epochs, of `HEAD_STEPS` gradient steps each.
    progress : callable
        Called with epochs done and epochs at most.

    Returns
    -------
    Training
        Its network is a `Head`, whose probabilities are not smoothed yet; its ``crossfit`` is smoothed.
    """
    import numpy as np

    tf = tensorflow()

    from screentime.model.callback import TargetAccuracy

    mean, scale = standardise(embeddings)
    axes = basis((embeddings[labelled] - mean) / scale)
    # A frame with its neighbours; while it is learned from it stands alone.
    points = ((embeddings[near.index[labelled]] - mean) / scale) @ axes
    weights = near.weight[labelled]
    heads = int(fold.max()) + 2
    held_out = np.zeros((len(fold), heads), dtype=np.float32)
    held_out[fold >= 0, fold[fold >= 0]] = 1
    judged = held_out if judges is None else held_out * judges[:, None]
    many = many_heads(len(points), points.shape[2], targets.shape[1], heads, mode)
    many.begin(_prior(targets, mode), 1 / (2 * HEAD_C * len(points) * heads))
    data = tf.data.Dataset.from_tensors(
        many.given(points[:, :1], np.ones((len(points), 1)), targets, 1 - held_out)
    ).repeat()
    callback = TargetAccuracy(target, stop=False)
    history = many.model.fit(
        data, steps_per_epoch=HEAD_STEPS, epochs=epochs, verbose=0,
        validation_data=tf.data.Dataset.from_tensors(many.given(points, weights, targets, judged)),
        callbacks=[callback, _reporter(progress, epochs)],
    ).history
    kernel, bias = many.learned(points.shape[2])
    activation = ACTIVATION[mode]
    says = activate(np.einsum("mjr,rmk->mjk", points, kernel[:, fold]) + bias[fold][:, None], activation)
    crossfit = np.where(fold[:, None] >= 0, (says * weights[:, :, None]).sum(axis=1), np.nan)
    head = Head(mean, scale, axes @ kernel[:, heads - 1], bias[heads - 1], activation)
    return Training(head, history, history["val_accuracy"][-1], len(history["loss"]), callback.reached, crossfit)


def finetune(
    backbone: Backbone,
    pictures: np.ndarray,
    targets: np.ndarray,
    held_out: np.ndarray,
    mode: Mode,
    *,
    target: float,
    epochs: int,
    seed: int,
    progress: Say = lambda done, total: None,
) -> Training:
    """Train the whole network on pictures: the original recipe.

    Backbone trainable; three dense layers, relu, relu and softmax (sigmoid in multi mode), dropout
    0.5, SGD with rate 0.001, categorical (binary) cross-entropy, class weights, the callback.

    Parameters
    ----------
    backbone : Backbone
    pictures : ndarray of float32, shape (n, height, width, 3)
        RGB in [0, 1].
    targets : ndarray of float32, shape (n, k)
        Rows of zeros and ones.
    held_out : ndarray of bool, shape (n,)
        Frames that validate and do not train.
    mode : {"exclusive", "multi"}
    target : float
        Validation accuracy that ends the training.
    epochs : int
        Epochs at most.
    seed : int
        Of the initial weights, the order and the dropout.
    progress : callable
        Called with epochs done and epochs at most.

    Returns
    -------
    Training
        Its network takes pictures and gives probabilities, shape (n, k).
    """
    import numpy as np

    tf, hub = tensorflow(), tensorflow_hub()
    import tf_keras

    from screentime.model.callback import TargetAccuracy

    backbone.network  # noqa: B018 - says in a sentence when it is no feature vector
    tf_keras.utils.set_random_seed(seed)
    loss, accuracy = measures(mode)
    network = tf_keras.Sequential([
        tf_keras.Input((None, None, 3)),
        # Square and of one size, as the original had them; training pictures are already.
        tf_keras.layers.Resizing(backbone.view.side, backbone.view.side, interpolation="area"),
        hub.KerasLayer(str(backbone.folder), trainable=True, name="backbone"),
        *(
            layer
            for units in FINETUNE_UNITS
            for layer in (tf_keras.layers.Dense(units, "relu"), tf_keras.layers.Dropout(FINETUNE_DROPOUT))
        ),
        tf_keras.layers.Dense(targets.shape[1], ACTIVATION[mode]),
    ])
    network.compile(tf_keras.optimizers.SGD(FINETUNE_RATE), loss=loss, weighted_metrics=[accuracy])
    callback = TargetAccuracy(target)
    train = ~held_out
    weights = class_weights(targets[train], mode)
    data = tf.data.Dataset.from_tensor_slices((pictures[train], targets[train], weights))
    data = data.shuffle(int(train.sum()), seed=seed).batch(FINETUNE_BATCH)
    validation = tf.data.Dataset.from_tensor_slices((pictures[held_out], targets[held_out]))
    history = network.fit(
        data, epochs=epochs, verbose=0, validation_data=validation.batch(FINETUNE_BATCH),
        callbacks=[callback, _reporter(progress, epochs)],
    ).history
    crossfit = np.full(targets.shape, np.nan)
    crossfit[held_out] = network.predict(pictures[held_out], batch_size=FINETUNE_BATCH, verbose=0)
    return Training(
        network, history, history["val_accuracy"][-1], len(history["loss"]), callback.reached, crossfit
    )


def body(network: Any) -> Any:
    """What `finetune` trained, without its first layer: squares as they are to probabilities.

    Parameters
    ----------
    network : tf_keras.Sequential

    Returns
    -------
    tf_keras.Sequential
        Of the same layers.
    """
    import tf_keras

    return tf_keras.Sequential(network.layers[1:])


def _prior(targets: np.ndarray, mode: Mode) -> np.ndarray:
    """Logits of the classes' frequencies among the labels, half a frame added to each class."""
    import numpy as np

    share = (targets.sum(axis=0) + 0.5) / (len(targets) + 1)
    return np.log(share) if mode == "exclusive" else np.log(share / (1 - share))


def _reporter(progress: Say, epochs: int) -> Any:
    import tf_keras

    return tf_keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress(epoch + 1, epochs))
