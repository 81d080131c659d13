"""CycleGAN: translate images between two production lines without pairs."""

import math

import keras
import tensorflow as tf

from rkd_keras.losses import GANLoss
from rkd_keras.trainers.cycle_gan_losses import discriminator_losses, generator_losses
from rkd_keras.trainers.image_pool import ImagePool

NETWORKS = ("generator_g", "generator_f", "discriminator_x", "discriminator_y")
TERMS = (
    "loss",
    "generator_g_loss",
    "generator_f_loss",
    "discriminator_x_loss",
    "discriminator_y_loss",
    "cycle_x_loss",
    "cycle_y_loss",
    "identity_x_loss",
    "identity_y_loss",
)


@keras.saving.register_keras_serializable(package="rkd_keras")
class CycleGAN(keras.Model):
    """Two generators and two discriminators, trained together (eqs. 1 to 4).

    G makes images of domain Y out of X, F the reverse; D_X and D_Y tell real
    images from made ones. The generators minimise

    L = L_GAN(G, D_Y) + L_GAN(F, D_X) + lambda1 * L_cyc + lambda2 * L_id

    with L_cyc = |F(G(x)) - x| + |G(F(y)) - y| and L_id = |G(y) - y| + |F(x) - x|
    (means over pixels, in units of half the grey range). Eq. 2 of the paper as
    printed is L_id under the name of L_cyc. The discriminators see generated
    images through an `ImagePool`.

    `fit` takes batches `(x, y)` that need not belong together. Calling the model,
    and `predict`, is G. Training needs the TensorFlow backend, in float32 or
    mixed_bfloat16.

    Args:
        generator_g: model from X to Y, pixels 0 to 255 in and out, for example
            `rkd_keras.models.ResNetGenerator`.
        generator_f: model from Y to X.
        discriminator_x: model from images to a map of scores, for example
            `rkd_keras.models.PatchDiscriminator`.
        discriminator_y: the same for Y.
        cycle_weight: lambda1. Defaults to `10.0`.
        identity_weight: lambda2; at 0 the identity passes are not computed.
            Defaults to `5.0`.
        gan_mode: `"lsgan"` or `"vanilla"`, see `GANLoss`. Defaults to `"lsgan"`.
        pool_size: images in each pool, 0 for none. Defaults to `50`.
        seed: integer for the pools, or `None`. Defaults to `None`.
        **kwargs: `keras.Model` arguments such as `name`.

    Call arguments:
        images: tensor `(N, height, width, channels)`, pixels 0 to 255.
        training: passed on to G.

    Output shape:
        The shape of `images`.

    Raises:
        ValueError: for a negative weight or an unknown mode.

    Reference:
        - Zhu et al. 2017, Unpaired Image-to-Image Translation using
          Cycle-Consistent Adversarial Networks; Huang et al. 2023, section 2.2.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import PatchDiscriminator, ResNetGenerator
        >>> shape = (16, 16, 1)
        >>> g, f = (ResNetGenerator(shape, 2, 1, name=n) for n in "gf")
        >>> dx, dy = (PatchDiscriminator(shape, 2, 1, name=n) for n in ("dx", "dy"))
        >>> gan = CycleGAN(g, f, dx, dy)
        >>> gan.compile()
        >>> x = np.zeros((2, *shape), "float32")
        >>> history = gan.fit(x, x + 255, batch_size=1, verbose=0)
        >>> len(history.history)
        9
    """

    def __init__(
        self,
        generator_g,
        generator_f,
        discriminator_x,
        discriminator_y,
        cycle_weight=10.0,
        identity_weight=5.0,
        gan_mode="lsgan",
        pool_size=50,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for argument, value in (
            ("cycle_weight", cycle_weight),
            ("identity_weight", identity_weight),
        ):
            if not 0 <= value < math.inf:
                raise ValueError(
                    f"`{argument}` must not be negative. Received: {argument}={value}"
                )
        self.generator_g = generator_g
        self.generator_f = generator_f
        self.discriminator_x = discriminator_x
        self.discriminator_y = discriminator_y
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.gan_mode = gan_mode
        self.pool_size = pool_size
        self.seed = seed
        self.gan_loss = GANLoss(gan_mode)
        self.pool_x = ImagePool(pool_size, seed, name="pool_x")
        self.pool_y = ImagePool(
            pool_size, None if seed is None else seed + 1, name="pool_y"
        )
        self.pool_x.build((None, *generator_f.output_shape[1:]))
        self.pool_y.build((None, *generator_g.output_shape[1:]))
        self._trackers = {
            term: keras.metrics.Mean(name=term)
            for term in TERMS
            if identity_weight or not term.startswith("identity")
        }
        self.built = True

    def build(self, input_shape):
        """Do nothing: the four networks are built already."""

    def compile(
        self,
        generator_g_optimizer=None,
        generator_f_optimizer=None,
        discriminator_x_optimizer=None,
        discriminator_y_optimizer=None,
        **kwargs,
    ):
        """Set the four optimizers.

        Args:
            generator_g_optimizer: optimizer of G. Defaults to `None`:
                `Adam(2e-4, beta_1=0.5)`.
            generator_f_optimizer: optimizer of F; the default is the same.
            discriminator_x_optimizer: optimizer of D_X; the default is the same.
            discriminator_y_optimizer: optimizer of D_Y; the default is the same.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile` of
                `keras.Model.compile`.

        Raises:
            ValueError: when two networks are given one optimizer, or under a
                float16 policy, which would need the losses to be scaled.
        """
        if any("float16" == net.compute_dtype for net in self.networks):
            raise ValueError(
                "CycleGAN trains in float32 or mixed_bfloat16. Received: "
                f"compute dtypes {[net.compute_dtype for net in self.networks]}"
            )
        given = (
            generator_g_optimizer,
            generator_f_optimizer,
            discriminator_x_optimizer,
            discriminator_y_optimizer,
        )
        optimizers = [
            keras.optimizers.Adam(2e-4, beta_1=0.5)
            if optimizer is None
            else keras.optimizers.get(optimizer)
            for optimizer in given
        ]
        if len(set(map(id, optimizers))) < 4:
            raise ValueError(
                "Each network needs an optimizer of its own. "
                f"Received: {[type(o).__name__ for o in optimizers]}, some the same"
            )
        kwargs.setdefault("jit_compile", False)
        super().compile(optimizer=optimizers[0], **kwargs)
        for name, network, optimizer in zip(
            NETWORKS, self.networks, optimizers, strict=True
        ):
            optimizer.build(network.trainable_variables)
            setattr(self, f"{name}_optimizer", optimizer)

    @property
    def networks(self):
        """The four networks: G, F, D_X, D_Y."""
        return [getattr(self, name) for name in NETWORKS]

    @property
    def optimizers(self):
        """The four optimizers, in the order of `networks`."""
        return [getattr(self, f"{name}_optimizer") for name in NETWORKS]

    def call(self, images, training=None):
        """Translate images from X to Y."""
        return self.generator_g(images, training=training)

    def train_step(self, data):
        """Do one step: both generators, then both discriminators."""
        x, y = data
        with tf.GradientTape() as tape:
            losses, fake_x, fake_y = generator_losses(self, x, y)
        self._apply(tape, losses["loss"], slice(2))

        fake_x, fake_y = self.pool_x(fake_x), self.pool_y(fake_y)
        with tf.GradientTape() as tape:
            judged = discriminator_losses(self, x, y, fake_x, fake_y)
            total = sum(judged.values())
        self._apply(tape, total, slice(2, 4))
        return self._track({**losses, **judged}, tf.shape(x)[0])

    def test_step(self, data):
        """Compute the losses without learning; the pools are passed by."""
        x, y = data
        losses, fake_x, fake_y = generator_losses(self, x, y, training=False)
        losses |= discriminator_losses(self, x, y, fake_x, fake_y, training=False)
        return self._track(losses, tf.shape(x)[0])

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            **{
                name: keras.saving.serialize_keras_object(getattr(self, name))
                for name in NETWORKS
            },
            "cycle_weight": self.cycle_weight,
            "identity_weight": self.identity_weight,
            "gan_mode": self.gan_mode,
            "pool_size": self.pool_size,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        """Make the model of its configuration."""
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in NETWORKS
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        """Return the arguments of `compile`."""
        if not self.compiled:
            return {}
        return {
            f"{name}_optimizer": keras.optimizers.serialize(optimizer)
            for name, optimizer in zip(NETWORKS, self.optimizers, strict=True)
        }

    def compile_from_config(self, config):
        """Compile as the saved model was."""
        self.compile(
            **{
                name: keras.optimizers.deserialize(optimizer)
                for name, optimizer in config.items()
            }
        )

    def _apply(self, tape, loss, which):
        weights = [network.trainable_variables for network in self.networks[which]]
        gradients = tape.gradient(loss, weights)
        for optimizer, own_gradients, own_weights in zip(
            self.optimizers[which], gradients, weights, strict=True
        ):
            optimizer.apply(own_gradients, own_weights)

    def _track(self, losses, count):
        for term, tracker in self._trackers.items():
            tracker.update_state(losses[term], sample_weight=count)
        return {term: tracker.result() for term, tracker in self._trackers.items()}
