"""One CycleGAN training, from two folders to two generators on disk."""

from dataclasses import asdict, dataclass

from rkd_keras.errors import DivergedError, InputError


@dataclass
class MigrationSettings:
    """All that decides the training; the options of `migrate train`."""

    a: list
    b: list
    out: str
    size: int = 64
    epochs: int = 100
    batch_size: int = 1
    learning_rate: float = 2e-4
    decay_start: float = 0.5
    cycle_weight: float = 10.0
    identity_weight: float = 5.0
    gan_mode: str = "lsgan"
    pool_size: int = 50
    filters: int = 64
    blocks: int = None
    depth: int = 3
    upsampling: str = "transpose"
    residual: bool = False
    match_levels: bool = False
    grey: bool = None
    sample_every: int = 5
    seed: int = 0
    precision: str = "auto"
    resume: bool = False
    overwrite: bool = False
    quiet: bool = False


def train_migration(settings, echo=print):
    """Train, or go on training, and write both generators.

    Args:
        settings: a `MigrationSettings`.
        echo: function that shows a sentence to the user.

    Returns:
        The `Run`.

    Raises:
        InputError: when a setting or a domain cannot be used, or the training
            diverged; then the generators of the last good epoch are written.
    """
    import keras

    from rkd_keras.data.domains import (
        domain_levels,
        match_domains,
        open_domain,
    )
    from rkd_keras.runs.precision import choose_precision
    from rkd_keras.runs.run import Run

    size = (settings.size, settings.size)
    domains = [
        open_domain(n, p, size) for n, p in (("A", settings.a), ("B", settings.b))
    ]
    x, y, messages = match_domains(*domains, size, settings.grey)
    for message in messages:
        echo(message)
    run = Run.begin(settings.out, asdict(settings), settings.resume, settings.overwrite)
    levels = None
    if settings.match_levels:
        levels = domain_levels(y)
        x, y = _matched(x, levels), _matched(y, levels)
        echo(
            "all images get line B's levels: median {:.0f}, median absolute deviation "
            "of at most {:.1f} grey levels".format(*levels)
        )
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(settings.precision))
    try:
        keras.utils.set_random_seed(settings.seed)
        gan = make_cycle_gan(settings, x.shape[1:])
        _fit(gan, run, settings, x, y, levels)
    finally:
        keras.config.set_dtype_policy(policy)
    return run


def make_cycle_gan(settings, shape):
    """Build the four networks of the settings."""
    from rkd_keras.models import PatchDiscriminator, ResNetGenerator
    from rkd_keras.trainers import CycleGAN

    try:
        generators = [
            ResNetGenerator(
                shape,
                settings.filters,
                settings.blocks,
                settings.upsampling,
                settings.residual,
                name=name,
            )
            for name in ("generator_a2b", "generator_b2a")
        ]
        discriminators = [
            PatchDiscriminator(shape, settings.filters, settings.depth, name=name)
            for name in ("discriminator_a", "discriminator_b")
        ]
        return CycleGAN(
            *generators,
            *discriminators,
            cycle_weight=settings.cycle_weight,
            identity_weight=settings.identity_weight,
            gan_mode=settings.gan_mode,
            pool_size=settings.pool_size,
            seed=settings.seed,
        )
    except ValueError as error:
        raise InputError(str(error)) from error


def _fit(gan, run, settings, x, y, levels):
    import keras

    from rkd_keras.data.domains import unpaired_dataset
    from rkd_keras.trainers import (
        CycleGANCheckpoint,
        DivergenceGuard,
        EpochFacts,
        LinearDecay,
        SampleGrid,
        TrainingProgress,
    )

    checkpoint = CycleGANCheckpoint(run.path / "checkpoints", run.path / "history.csv")
    start = checkpoint.initial_epoch
    dataset, steps = unpaired_dataset(
        x, y, settings.batch_size, settings.seed, initial_epoch=start
    )
    gan.compile(
        *(
            keras.optimizers.Adam(
                LinearDecay(
                    settings.learning_rate,
                    steps * settings.epochs,
                    settings.decay_start,
                ),
                beta_1=0.5,
            )
            for _ in range(4)
        )
    )
    grid = SampleGrid(
        _spread(x), _spread(y), run.figures / "samples", settings.sample_every
    )
    callbacks = [
        keras.callbacks.TensorBoard(str(run.path / "tensorboard"), write_graph=False),
        EpochFacts(),
        TrainingProgress(settings.epochs, start, "CycleGAN", settings.quiet),
        DivergenceGuard(checkpoint),
        grid,
        checkpoint,
    ]
    try:
        if start < settings.epochs:
            gan.fit(
                dataset,
                epochs=settings.epochs,
                initial_epoch=start,
                steps_per_epoch=steps,
                shuffle=False,
                verbose=0,
                callbacks=callbacks,
            )
        else:
            checkpoint.set_model(gan)
            checkpoint.on_train_begin()
    except DivergedError as error:
        raise InputError(
            _after_divergence(gan, run, checkpoint, error, levels)
        ) from error
    _save(gan, run, levels)
    grid.set_model(gan)
    grid.write("final.png")


def _after_divergence(gan, run, checkpoint, error, levels):
    """Keep what was good, and tell where it is."""
    if not checkpoint.rows:
        return f"training stopped in its first epoch: {error}"
    checkpoint.on_train_begin()
    _save(gan, run, levels)
    return (
        f"training stopped: {error}; the generators of epoch {len(checkpoint.rows)}, "
        f"the last good one, are in {run.path}"
    )


def _save(gan, run, levels):
    for name, network in (
        ("generator_a2b", gan.generator_g),
        ("generator_b2a", gan.generator_f),
    ):
        if levels is not None:
            network = _with_levels(network, levels)
        # Under its own name only when whole: a kill must not leave half a model.
        partial = run.path / f"partial_{name}.keras"
        network.save(partial)
        partial.replace(run.path / f"{name}.keras")


def _matched(images, levels):
    """Images with a line's levels, in parts that fit into memory."""
    import numpy as np

    from rkd_keras.layers import MatchLevels

    layer = MatchLevels(*levels)
    parts = [layer(images[i : i + 256]) for i in range(0, len(images), 256)]
    return np.round(np.concatenate(parts)).astype("uint8")


def _with_levels(generator, levels):
    """A generator that takes raw images of its line."""
    import keras

    from rkd_keras.layers import MatchLevels

    images = keras.Input(generator.input_shape[1:], name="image")
    matched = MatchLevels(*levels, name="levels")(images)
    return keras.Model(images, generator(matched), name=f"{generator.name}_levels")


def _spread(images, count=8):
    """A few images from all over the domain."""
    import numpy as np

    return images[np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)]
