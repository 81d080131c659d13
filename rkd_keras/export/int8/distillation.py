"""A few epochs in which a network learns to answer, rounded, as it does in float."""

import math

import numpy as np

EPOCHS = 6
BATCH = 16
LEARNING_RATE = 2e-4
# Softens the teacher's answers, so that the classes it does not name count too.
TEMPERATURE = 2.0


def distilled(model, images, epochs=EPOCHS, tracked=lambda items: items, seed=0):
    """Train a copy of a model to bear the rounding of int8.

    The copy computes with rounded weights and activations; its teacher is the model
    itself, in float32. The loss is the divergence of their softened answers and the
    relative square difference of their embeddings; no labels are needed. Batch
    normalisation keeps its statistics.

    Args:
        model: functional `keras.Model` of float32, see `rkd_keras.models.tapped`: its
            outputs are logits and embedding.
        images: array `(n, H, W, 3)`, uint8, real training images.
        epochs: passes over the images. Defaults to `6`.
        tracked: function that shows how far a loop over a sequence is.
        seed: decides order and mirroring. Defaults to `0`.

    Returns:
        A `keras.Model` of the architecture of `model`, without the rounding.
    """
    import keras
    import tensorflow as tf

    from rkd_keras.export.int8.fake_quantization import (
        fake_quantized,
        rounded_weights,
    )

    student = fake_quantized(model)
    variables = student.trainable_variables
    constants = student.non_trainable_variables
    batches = math.ceil(len(images) / BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * batches)
    optimizer = keras.optimizers.Adam(rate, clipnorm=1.0)
    optimizer.build(variables)

    @tf.function
    def step(batch):
        logits, embedding = model(batch, training=False)
        with tf.GradientTape() as tape:
            answers, _ = student.stateless_call(
                rounded_weights(student), constants, batch, training=False
            )
            loss = _loss(logits, embedding, *answers)
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(images)) for _ in range(epochs)]
    parts = [
        order[start : start + BATCH]
        for order in orders
        for start in range(0, len(images), BATCH)
    ]
    for part in tracked(parts):
        batch = images[part].astype(np.float32)
        mirrored = rng.random(len(batch)) < 0.5
        batch[mirrored] = batch[mirrored, :, ::-1]
        step(tf.constant(batch))
    copy = keras.models.clone_model(model)
    copy.set_weights(student.get_weights())
    return copy


def _loss(logits, embedding, answers, features):
    from keras import ops

    wanted = ops.softmax(logits / TEMPERATURE)
    found = ops.log_softmax(answers / TEMPERATURE)
    missed = ops.sum(wanted * (ops.log(wanted + 1e-9) - found), axis=-1)
    apart = ops.mean(ops.square(features - embedding))
    size = ops.mean(ops.square(embedding)) + 1e-9
    return TEMPERATURE**2 * ops.mean(missed) + apart / size
