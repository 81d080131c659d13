"""A head that is learnt against a discriminator of two production lines (DANN)."""

import numpy as np

from rkd_keras.errors import DivergedError, InputError

# As published for features of a pretrained network: images of each line in a step, what
# the features are projected to, and the schedules of factor and learning rate.
BATCH = 64
WIDTH = 256
STEEPNESS = 10.0
LEARNING_RATE, MOMENTUM = 0.01, 0.9
DECAY, POWER = 10.0, 0.75
# Nothing bounds the game of a linear projection of many features: without it ends in
# what is no number.
CLIPNORM = 1.0


def domain_adversary(features, num_classes, width=WIDTH, seed=0):
    """Build the network of domain-adversarial training on features.

    A linear projection of the features goes to a linear classifier, and through a
    `GradientReversal` to a discriminator of one hidden layer, which tells line A (0)
    from line B (1). As the projection is linear, it and the classifier are one linear
    head of the features afterwards.

    Args:
        features: width of the features.
        num_classes: number of classes.
        width: width of the projection and of the hidden layer. Defaults to `256`.
        seed: integer that decides the first weights. Defaults to `0`.

    Returns:
        `keras.Model` of features `(batch, features)` to a dict of `logits`
        `(batch, num_classes)` and `line` `(batch, 1)`, the discriminator's logit; its
        layers are `projection`, `logits`, `reversal`, `hidden` and `line`.

    Example:
        >>> model = domain_adversary(features=8, num_classes=3, width=4)
        >>> answers = model(np.zeros((2, 8), "float32"))
        >>> tuple(answers["logits"].shape), tuple(answers["line"].shape)
        ((2, 3), (2, 1))
    """
    import keras

    from rkd_keras.layers import GradientReversal

    def dense(units, number, name, activation=None):
        return keras.layers.Dense(
            units,
            activation,
            kernel_initializer=keras.initializers.GlorotUniform(4 * seed + number),
            dtype="float32",
            name=name,
        )

    inputs = keras.Input((features,), name="features")
    projected = dense(width, 0, "projection")(inputs)
    logits = dense(num_classes, 1, "logits")(projected)
    hidden = GradientReversal(name="reversal", dtype="float32")(projected)
    hidden = dense(width, 2, "hidden", "relu")(hidden)
    line = dense(1, 3, "line")(hidden)
    return keras.Model(inputs, {"logits": logits, "line": line}, name="adversary")


def dann(source, labels, target, num_classes, steps=1000, seed=0):
    """Fit a linear head to line A's labels on what does not tell the lines apart.

    min over W, V and max over D of
    mean_A CE(V W x, y) - factor * (mean_A BCE(D(W x), 0) + mean_B BCE(D(W x), 1))

    with a projection W, a classifier V and a discriminator D, see `domain_adversary`,
    trained in steps of as many images of each line. The factor grows from 0 to 1 and
    the learning rate falls, by the published schedules; beyond what is published the
    gradient of a step is no longer than 1. Nothing tells when to stop, and as with
    every game of two networks another seed gives another head.

    Args:
        source: features of line A, `(n, features)`, at least two rows.
        labels: its labels, `(n,)`, integers from 0.
        target: features of line B, `(m, features)`, at least two rows; no labels.
        num_classes: number of classes.
        steps: steps of the training. Defaults to `1000`.
        seed: integer that decides first weights and batches. Defaults to `0`.

    Returns:
        Pair of `kernel` `(features, num_classes)` and `bias` `(num_classes,)`,
        float32, for features as they are: scaling and projection are worked in.

    Raises:
        InputError: when the features are not of one width, too few, or not labelled.
        DivergedError: when the training came to what is no number.

    Reference:
        - Ganin et al., "Domain-Adversarial Training of Neural Networks", Journal of
          Machine Learning Research, 2016.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.arange(80) % 2
        >>> a = rng.normal(0, 0.3, (80, 4)) + np.eye(4)[labels]
        >>> kernel, bias = dann(a, labels, a + [0, 0, 3, 0], 2, steps=50)
        >>> kernel.shape, bool(((a @ kernel + bias).argmax(1) == labels).mean() > 0.9)
        ((4, 2), True)
    """
    import keras

    source, target, labels = _checked(source, labels, target, num_classes)
    mean, scale = _moments(source, target)
    model = domain_adversary(source.shape[1], num_classes, seed=seed)
    model.compile(
        keras.optimizers.SGD(
            LEARNING_RATE, momentum=MOMENTUM, global_clipnorm=CLIPNORM
        ),
        {
            "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "line": keras.losses.BinaryCrossentropy(from_logits=True),
        },
        # The mean over both lines, twice, is the sum of the means over each.
        loss_weights={"logits": 1.0, "line": 2.0},
        jit_compile=False,
    )
    # With all variables made by now, TensorFlow traces the first step once.
    model.optimizer.build(model.trainable_variables)
    factor = model.get_layer("reversal").factor
    is_b = np.repeat([0.0, 1.0], BATCH).astype("float32")
    # Of line B nothing is known but the line; the mean is over both halves.
    known = {"logits": 2 * (1 - is_b), "line": np.ones_like(is_b)}
    batches = zip(
        _batches(len(source), [seed, 0]), _batches(len(target), [seed, 1]), strict=False
    )
    for step, (a, b) in zip(range(steps), batches, strict=False):
        progress = step / steps
        factor.assign(2 / (1 + np.exp(-STEEPNESS * progress)) - 1)
        model.optimizer.learning_rate = LEARNING_RATE / (1 + DECAY * progress) ** POWER
        rows = (np.concatenate([source[a], target[b]]) - mean) / scale
        given = np.append(labels[a], np.zeros(BATCH, labels.dtype))
        model.train_on_batch(
            rows.astype("float32"), {"logits": given, "line": is_b[:, None]}, known
        )
    projection, bias = model.get_layer("projection").get_weights()
    kernel, shift = model.get_layer("logits").get_weights()
    kernel, bias = (projection @ kernel) / scale[:, None], bias @ kernel + shift
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise DivergedError(
            "dann came to what is no number; take coral, or another seed"
        )
    return kernel.astype("float32"), (bias - mean @ kernel).astype("float32")


def _checked(source, labels, target, num_classes):
    source, target = np.asarray(source, "float32"), np.asarray(target, "float32")
    labels = np.asarray(labels)
    if source.ndim != 2 or target.ndim != 2 or source.shape[1] != target.shape[1]:
        raise InputError(
            "features of both lines must be of one width. Received: "
            f"{source.shape}, {target.shape}"
        )
    if min(len(source), len(target)) < 2 or labels.shape != (len(source),):
        raise InputError(
            "each line needs at least two images, and those of line A a label each. "
            f"Received: {len(source)}, {len(target)}, labels {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(
            f"labels must be from 0 to {num_classes - 1}. Received: {labels.min()} to "
            f"{labels.max()}"
        )
    return source, target, labels


def _moments(source, target):
    """Mean and spread of each feature, both lines counting alike; no spread is 0."""
    means = [each.mean(0, dtype="float64") for each in (source, target)]
    mean = np.mean(means, axis=0)
    squares = [np.square(each - mean).mean(0) for each in (source, target)]
    spread = np.sqrt(np.mean(squares, axis=0))
    return mean, np.where(spread > 1e-6, spread, 1.0)


def _batches(count, seed):
    """Yield indices of `BATCH` images, all of them before one comes again."""
    rng = np.random.default_rng(seed)
    left = np.empty(0, int)
    while True:
        while len(left) < BATCH:
            left = np.append(left, rng.permutation(count))
        yield left[:BATCH]
        left = left[BATCH:]
