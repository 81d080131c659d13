"""What the networks of a CycleGAN minimise (eqs. 1 to 4)."""

from keras import ops


def generator_losses(gan, x, y, training=True):
    """Compute what the generators minimise (eq. 3) and its parts.

    Args:
        gan: a `CycleGAN`, whose networks and weights count.
        x: images of X, `(N, height, width, channels)`, pixels 0 to 255.
        y: images of Y, of the same shape.
        training: passed on to the networks. Defaults to `True`.

    Returns:
        Triple: dict of scalars (`loss` is their weighted sum), F(y), G(x).
    """
    x, y = ops.cast(x, "float32"), ops.cast(y, "float32")
    fake_y = gan.generator_g(x, training=training)
    fake_x = gan.generator_f(y, training=training)
    losses = {
        "generator_g_loss": gan.gan_loss.generator(
            gan.discriminator_y(fake_y, training=training)
        ),
        "generator_f_loss": gan.gan_loss.generator(
            gan.discriminator_x(fake_x, training=training)
        ),
        "cycle_x_loss": distance(gan.generator_f(fake_y, training=training), x),
        "cycle_y_loss": distance(gan.generator_g(fake_x, training=training), y),
    }
    losses["loss"] = (
        losses["generator_g_loss"]
        + losses["generator_f_loss"]
        + gan.cycle_weight * (losses["cycle_x_loss"] + losses["cycle_y_loss"])
    )
    if gan.identity_weight:
        losses["identity_x_loss"] = distance(gan.generator_f(x, training=training), x)
        losses["identity_y_loss"] = distance(gan.generator_g(y, training=training), y)
        losses["loss"] += gan.identity_weight * (
            losses["identity_x_loss"] + losses["identity_y_loss"]
        )
    return losses, fake_x, fake_y


def discriminator_losses(gan, x, y, fake_x, fake_y, training=True):
    """Compute what each discriminator minimises.

    Args:
        gan: a `CycleGAN`.
        x: images of X, `(N, height, width, channels)`, pixels 0 to 255.
        y: images of Y, of the same shape.
        fake_x: made images of X, of the same shape.
        fake_y: made images of Y, of the same shape.
        training: passed on to the networks. Defaults to `True`.

    Returns:
        Dict of two scalars.
    """
    return {
        f"discriminator_{name}_loss": gan.gan_loss.discriminator(
            discriminator(real, training=training),
            discriminator(fake, training=training),
        )
        for name, discriminator, real, fake in (
            ("x", gan.discriminator_x, x, fake_x),
            ("y", gan.discriminator_y, y, fake_y),
        )
    }


def distance(first, second):
    """Mean absolute difference of images, in units of half the grey range."""
    return ops.mean(ops.abs(first - second)) / 127.5
