"""Many heads as one Keras model, which is traced once and then trained on any labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from screentime.model.runtime import tensorflow
from screentime.schema import Mode
from screentime.validation import FOLDS

if TYPE_CHECKING:
    import numpy as np

# Gradient steps that make one epoch: with 60 labels a pass over them is one step, and twenty of
# those would not train anything.
HEAD_STEPS = 50
# For embeddings whose mean squared length is one, ten epochs then come close to the optimum.
HEAD_RATE = 0.3
# Rows and dimensions are filled up to this, one and a half times, twice, three times, four times, six times ...
# as much: so the next labels meet a traced model, and thousands of labels meet few of them.
ROUND = 256
ACTIVATION = {"exclusive": "softmax", "multi": "sigmoid"}


@dataclass(frozen=True)
class ManyHeads:
    """A compiled model of heads side by side, larger than what it is given: the rest weighs nothing.

    Attributes
    ----------
    model : tf_keras.Model
        Points, (rows, neighbours, dimensions), and their weights, (rows, neighbours), to probabilities by
        each head, (rows, heads, classes).
    penalty : tf.Variable
        What the kernels' squares weigh in the loss.
    start : list of ndarray
        The optimizer's variables before its first step.
    rows, dimensions, classes, heads : int
    """

    model: Any
    penalty: Any
    start: list[np.ndarray]
    rows: int
    dimensions: int
    classes: int
    heads: int

    def begin(self, prior: np.ndarray, penalty: float) -> None:
        """Forget what was learned.

        Parameters
        ----------
        prior : ndarray, shape (classes,)
            Logits to begin at.
        penalty : float
        """
        import numpy as np

        # The problem is convex: begun at the classes' frequencies it has one answer, whatever the seed.
        kernel = np.zeros((self.dimensions, self.heads * self.classes))
        self.model.set_weights([kernel, np.tile(prior, self.heads)])
        for variable, value in zip(self.model.optimizer.variables, self.start):
            variable.assign(value)
        self.penalty.assign(penalty)

    def given(
        self, points: np.ndarray, weights: np.ndarray, targets: np.ndarray, counted: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
        """Inputs, outputs and sample weights, filled up.

        Parameters
        ----------
        points : ndarray, shape (m, j, r)
        weights : ndarray, shape (m, j)
        targets : ndarray, shape (m, k)
        counted : ndarray, shape (m, h)
            Which rows count for which head.
        """
        import numpy as np

        rows, around, dimensions = points.shape
        inputs = np.zeros((self.rows, around, self.dimensions), np.float32)
        inputs[:rows, :, :dimensions] = points
        shares = np.zeros((self.rows, around), np.float32)
        shares[:, 0] = 1  # of what fills up, too: probabilities that are all 0 have no logarithm
        shares[:rows] = weights
        outputs = np.zeros((self.rows, self.heads, self.classes), np.float32)
        outputs[:rows] = targets[:, None]
        counts = np.zeros((self.rows, self.heads), np.float32)
        # Keras divides the loss by all rows and heads, those that fill up too.
        counts[:rows, : counted.shape[1]] = counted * (counts.size / counted.size)
        return (inputs, shares), outputs, counts

    def learned(self, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
        """Kernels, shape (dimensions, heads, classes), and biases, shape (heads, classes)."""
        kernel, bias = self.model.get_weights()
        return (
            kernel[:dimensions].reshape(dimensions, self.heads, self.classes),
            bias.reshape(self.heads, self.classes),
        )


def many_heads(rows: int, dimensions: int, classes: int, heads: int, mode: Mode) -> ManyHeads:
    """A model that has room for what is to be learned; the same one for as long as it has.

    Parameters
    ----------
    rows, dimensions, classes, heads : int
    mode : {"exclusive", "multi"}

    Returns
    -------
    ManyHeads
    """
    # As many heads as there ever are, usually: their number changes with the folds.
    return _traced(filled(rows), filled(dimensions), classes, max(heads, FOLDS + 1), mode)


def measures(mode: Mode) -> tuple[str, Any]:
    """The loss, and the accuracy that is told."""
    import tf_keras

    # Named in full: for rows of several classes Keras takes "accuracy" for that of the largest one,
    # which in multi mode would be wrong.
    if mode == "exclusive":
        return "categorical_crossentropy", tf_keras.metrics.CategoricalAccuracy("accuracy")
    return "binary_crossentropy", tf_keras.metrics.BinaryAccuracy("accuracy")


def filled(count: int) -> int:
    """The rows, or dimensions, that a model is traced for where there are so many."""
    power = ROUND
    while 2 * power <= count:
        power *= 2
    return next(size for size in (power, 3 * power // 2, 2 * power) if size >= count)


# All are kept: TensorFlow gives a traced loop's graph (some 5 MB) never back, whoever lets go of it, so one
# that was dropped and is traced again would cost memory each time.
@cache
def _traced(rows: int, dimensions: int, classes: int, heads: int, mode: Mode) -> ManyHeads:
    tf = tensorflow()
    import tf_keras

    penalty = tf.Variable(0.0, trainable=False)
    inputs = [tf_keras.Input((None, dimensions)), tf_keras.Input((None,))]
    each = tf_keras.layers.Dense(
        heads * classes, kernel_initializer="zeros",
        kernel_regularizer=lambda kernel: penalty * tf.reduce_sum(tf.square(kernel)),
    )(inputs[0])
    each = tf_keras.layers.Reshape((-1, heads, classes))(each)
    each = tf_keras.layers.Activation(ACTIVATION[mode])(each)
    model = tf_keras.Model(inputs, tf_keras.layers.Lambda(_weighted)([each, inputs[1]]))
    loss, accuracy = measures(mode)
    model.compile(
        tf_keras.optimizers.Adam(HEAD_RATE), loss=loss, weighted_metrics=[accuracy],
        steps_per_execution=HEAD_STEPS,
    )
    model.optimizer.build(model.trainable_variables)
    start = [variable.numpy() for variable in model.optimizer.variables]
    return ManyHeads(model, penalty, start, rows, dimensions, classes, heads)


def _weighted(parts: list[Any]) -> Any:
    """Means over a frame and its neighbours: probabilities (n, 3, heads, k) and weights (n, 3)."""
    import tensorflow as tf

    return tf.reduce_sum(parts[0] * parts[1][..., None, None], axis=1)
