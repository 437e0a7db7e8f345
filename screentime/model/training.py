"""The two recipes: `head` on kept embeddings, and `finetune`, the original, on pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from screentime.model.backbone import Backbone, tensorflow, tensorflow_hub
from screentime.model.span import basis, standardise
from screentime.schema import Mode
from screentime.timeline import Near

if TYPE_CHECKING:
    import numpy as np

# Gradient steps that make one epoch of the head: with 60 labels a pass over them is one step, and
# twenty of those would not train anything.
HEAD_STEPS = 50
# For embeddings whose mean squared length is one, ten epochs then come close to the optimum.
HEAD_RATE = 0.3
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
    network : tf_keras.Model
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
        Its network takes embeddings, shape (n, d), and gives probabilities, shape (n, k), that are not
        smoothed yet; its ``crossfit`` is smoothed.
    """
    import numpy as np

    tf = tensorflow()
    import tf_keras

    from screentime.model.callback import TargetAccuracy

    mean, scale = standardise(embeddings)
    whole = (embeddings - mean) / scale
    axes = basis(whole[labelled])
    # A frame with its neighbours; while it is learned from it stands alone.
    points = (whole @ axes)[near.index[labelled]]
    weights = near.weight[labelled][:, :, None]
    alone = np.zeros_like(weights)
    alone[:, 0] = 1
    heads = int(fold.max()) + 2
    held_out = np.zeros((len(fold), heads), dtype=np.float32)
    held_out[fold >= 0, fold[fold >= 0]] = 1
    rows = np.repeat(targets[:, None, :], heads, axis=1)
    activation, loss, accuracy = _output(mode)
    inputs = [tf_keras.Input(points.shape[1:]), tf_keras.Input(weights.shape[1:])]
    each = tf_keras.layers.EinsumDense(
        "njd,fdk->njfk", (None, heads, targets.shape[1]), bias_axes="fk", activation=activation,
        # The problem is convex: begun at the classes' frequencies it has one answer, whatever the seed.
        kernel_initializer="zeros",
        kernel_regularizer=tf_keras.regularizers.L2(1 / (2 * HEAD_C * len(points) * heads)),
        bias_initializer=tf_keras.initializers.Constant(np.tile(_prior(targets, mode), (heads, 1))),
    )(inputs[0])
    model = tf_keras.Model(inputs, tf_keras.layers.Lambda(_weighted)([each, inputs[1]]))
    model.compile(
        tf_keras.optimizers.Adam(HEAD_RATE), loss=loss, weighted_metrics=[accuracy],
        steps_per_execution=HEAD_STEPS,
    )
    data = tf.data.Dataset.from_tensors(((points, alone), rows, 1 - held_out)).repeat()
    callback = TargetAccuracy(target, stop=False)
    history = model.fit(
        data, steps_per_epoch=HEAD_STEPS, epochs=epochs, verbose=0, validation_batch_size=len(points),
        validation_data=((points, weights), rows, held_out if judges is None else held_out * judges[:, None]),
        callbacks=[callback, _reporter(progress, epochs)],
    ).history
    heads_say = model.predict((points, weights), batch_size=len(points), verbose=0)
    validates = fold >= 0
    crossfit = np.full(targets.shape, np.nan)
    crossfit[validates] = heads_say[validates, fold[validates]]
    kernel, bias = model.get_weights()
    dense = tf_keras.layers.Dense(targets.shape[1], activation=activation)
    network = tf_keras.Sequential([
        tf_keras.Input(embeddings.shape[1:]),
        tf_keras.layers.Normalization(mean=mean, variance=np.full_like(mean, scale**2)),
        dense,
    ])
    dense.set_weights([axes @ kernel[-1], bias[-1]])
    return Training(
        network, history, history["val_accuracy"][-1], len(history["loss"]), callback.reached, crossfit
    )


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
    activation, loss, accuracy = _output(mode)
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
        tf_keras.layers.Dense(targets.shape[1], activation),
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


def _weighted(parts: list[Any]) -> Any:
    """Means over a frame and its neighbours: probabilities (n, 3, heads, k) and weights (n, 3, 1)."""
    import tensorflow as tf

    return tf.reduce_sum(parts[0] * parts[1][..., None], axis=1)


def _output(mode: Mode) -> tuple[str, str, Any]:
    """Activation and loss of the last layer, and the accuracy that is told."""
    import tf_keras

    # Named in full: for rows of several classes Keras takes "accuracy" for that of the largest one,
    # which in multi mode would be wrong.
    if mode == "exclusive":
        return "softmax", "categorical_crossentropy", tf_keras.metrics.CategoricalAccuracy("accuracy")
    return "sigmoid", "binary_crossentropy", tf_keras.metrics.BinaryAccuracy("accuracy")


def _prior(targets: np.ndarray, mode: Mode) -> np.ndarray:
    """Logits of the classes' frequencies among the labels, half a frame added to each class."""
    import numpy as np

    share = (targets.sum(axis=0) + 0.5) / (len(targets) + 1)
    return np.log(share) if mode == "exclusive" else np.log(share / (1 - share))


def _reporter(progress: Say, epochs: int) -> Any:
    import tf_keras

    return tf_keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress(epoch + 1, epochs))
