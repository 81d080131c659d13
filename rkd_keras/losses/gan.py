"""The adversarial loss, least squares and vanilla."""

import keras
from keras import ops

MODES = ("lsgan", "vanilla")


@keras.saving.register_keras_serializable(package="rkd_keras")
class GANLoss(keras.losses.Loss):
    """Adversarial loss of a discriminator's scores (eq. 1).

    With target t (1 for real, 0 for generated) and score s:

    - `mode="lsgan"`: (s - t)^2, which keeps a gradient where the discriminator is
      sure;
    - `mode="vanilla"`: the cross-entropy of sigmoid(s), which is eq. 1. As usual
      the generator maximises log D(G(x)) instead of minimising
      log(1 - D(G(x))), whose gradient vanishes when the discriminator wins.

    Args:
        mode: `"lsgan"` or `"vanilla"`. Defaults to `"lsgan"`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"gan_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for an unknown mode.

    Reference:
        - Goodfellow et al. 2014, Generative Adversarial Networks; Mao et al.
          2017, Least Squares Generative Adversarial Networks.

    Example:
        >>> import numpy as np
        >>> scores = np.full((2, 4, 4, 1), 0.5, "float32")
        >>> loss = GANLoss()
        >>> float(loss.generator(scores)), float(loss.discriminator(scores, scores))
        (0.25, 0.25)
    """

    def __init__(
        self,
        mode="lsgan",
        reduction="sum_over_batch_size",
        name="gan_loss",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if mode not in MODES:
            raise ValueError(f"`mode` must be one of {MODES}. Received: mode={mode}")
        self.mode = mode

    def call(self, y_true, y_pred):
        """Loss of each sample `(N,)`: the mean over the score map.

        Args:
            y_true: targets, 1 for real and 0 for generated, in the shape of the
                scores or one that broadcasts to it.
            y_pred: scores `(N, ...)`, without a sigmoid.
        """
        if self.mode == "lsgan":
            values = ops.square(y_pred - y_true)
        else:
            values = ops.softplus(y_pred) - y_true * y_pred
        return ops.mean(values, axis=tuple(range(1, len(values.shape))))

    def generator(self, fake_scores):
        """What the generator minimises: its images should score as real.

        Args:
            fake_scores: the discriminator's scores of made images, tensor
                `(N, h, w, 1)`.

        Returns:
            Scalar.
        """
        return self(ops.ones_like(fake_scores), fake_scores)

    def discriminator(self, real_scores, fake_scores):
        """What the discriminator minimises: the mean over real and generated.

        Args:
            real_scores: its scores of real images, tensor `(N, h, w, 1)`.
            fake_scores: its scores of made images, tensor `(N, h, w, 1)`.

        Returns:
            Scalar.
        """
        real = self(ops.ones_like(real_scores), real_scores)
        fake = self(ops.zeros_like(fake_scores), fake_scores)
        return 0.5 * (real + fake)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "mode": self.mode}
