"""Train a CycleGAN between two lines: the public function."""

from typing import Any

from rkd_keras.errors import DivergedError, InputError
from rkd_keras.options import AnyPath, AnyPaths, checked
from rkd_keras.studies.migrate.migration_run import MigrationRun
from rkd_keras.studies.migrate.settings import MigrationSettings


@checked(of=MigrationSettings)
def train(a: AnyPaths, b: AnyPaths, out: AnyPath, **options: Any) -> MigrationRun:
    """Train a CycleGAN that turns images of line A into images of line B and back.

    Writes a run directory: settings, history of all losses, checkpoints, pictures
    of samples, generator_a2b.keras and generator_b2a.keras. A killed run goes on
    with --resume.

    Returns:
        The finished `MigrationRun`; its `generator("a2b")` is a `keras.Model`.

    Raises:
        OptionError: for an option outside of its range.
        InputError: when a line cannot be used, the folder holds a run already, or
            the training diverged; then the generators of the last good epoch are
            written.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> line = write_dataset(folder / "strips", per_class=2, size=32)
        >>> small = {"filters": 2, "blocks": 1, "depth": 1, "batch_size": 4}
        >>> run = train(
        ...     line, line, folder / "run", size=16, epochs=1, quiet=True, **small
        ... )
        >>> run.generator("a2b").output_shape
        (None, 16, 16, 1)
    """
    from rkd_keras.files.images import list_images
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    settings = MigrationSettings(a, b, out, **options)
    start_tensorflow()
    x, y, levels = _load_lines(settings)
    with MigrationRun.begin(
        settings.out, settings.to_config(), settings.resume, settings.overwrite
    ) as run:
        lines = (("line A", settings.a), ("line B", settings.b))
        run.keep_images({name: list_images(paths) for name, paths in lines})
        _train(run, settings, x, y, levels)
    return run


def _load_lines(settings):
    """Images of both lines, and the levels that they were given, or `None`."""
    from rich.console import Console

    from rkd_keras.data.domains import domain_levels, match_domains, open_domain

    size = (settings.size, settings.size)
    domains = [
        open_domain(name, paths, size)
        for name, paths in (("A", settings.a), ("B", settings.b))
    ]
    x, y, messages = match_domains(*domains, size, settings.grey)
    levels = None
    if settings.match_levels:
        levels = domain_levels(y)
        x, y = _matched(x, levels), _matched(y, levels)
        messages.append(
            "all images get line B's levels: median {:.0f}, median absolute deviation "
            "of at most {:.1f} grey levels".format(*levels)
        )
    # What is done to the images is no progress: it is told also where all is quiet.
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    for message in messages:
        console.print(message)
    return x, y, levels


def _train(run, settings, x, y, levels):
    import keras

    from rkd_keras.runs.precision import choose_precision

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(settings.precision))
    try:
        keras.utils.set_random_seed(settings.seed)
        gan = make_cycle_gan(settings, x.shape[1:])
        _fit(gan, run, settings, x, y, levels)
    finally:
        keras.config.set_dtype_policy(policy)


def make_cycle_gan(settings, shape):
    """Build the four networks of the settings.

    Args:
        settings: a `MigrationSettings`.
        shape: `(height, width, channels)` of the images.

    Returns:
        A `CycleGAN`, not compiled.

    Raises:
        InputError: when the networks cannot be built so.
    """
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

    checkpoint = CycleGANCheckpoint(run.checkpoints, run.history_path)
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
        keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False),
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
    from rkd_keras.files.replacing import replacing

    for direction, network in (("a2b", gan.generator_g), ("b2a", gan.generator_f)):
        if levels is not None:
            network = _with_levels(network, levels)
        with replacing(run.generator_path(direction)) as temporary:
            network.save(temporary)


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
