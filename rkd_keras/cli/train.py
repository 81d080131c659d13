"""`rkd-keras train`: train a classifier."""

from rkd_keras.cli import options as o


def train(
    data: o.Data,
    out: o.Out,
    model: o.Model = "sarsn34",
    width: o.Width = 1.0,
    stem_stride: o.StemStride = 1,
    model_option: o.ModelOption = None,
    size: o.Size = 64,
    split: o.Split = "holdout",
    epochs: o.Epochs = None,
    preset: o.Preset = "fast",
    batch_size: o.BatchSize = None,
    learning_rate: o.LearningRate = None,
    label_smoothing: o.LabelSmoothing = None,
    zoom: o.Zoom = None,
    loss: o.Loss = "cross_entropy",
    sampling: o.Sampling = "natural",
    mix: o.Mix = None,
    seed: o.Seed = 0,
    split_seed: o.SplitSeed = 0,
    val_fraction: o.ValFraction = None,
    precision: o.Precision = "auto",
    keep: o.Keep = "last",
    evaluate: o.Evaluate = "test",
    strategy: o.Strategy = None,
    sync_batch_norm: o.SyncBatchNorm = False,
    deterministic: o.Deterministic = False,
    resume: o.Resume = False,
    overwrite: o.Overwrite = False,
    strict: o.Strict = False,
    quiet: o.Quiet = False,
):
    """Train a classifier and score it.

    Writes a run directory: settings, split, history, checkpoints, TensorBoard
    logs, model.keras and metrics.json. A killed run goes on with --resume.

    Example: rkd-keras train --data NEU-DET --split neu-600 --model sarsn34
    --stem-stride 2 --out runs/teacher
    """
    from rkd_keras.cli.report_scores import print_scores
    from rkd_keras.runs.experiment import Settings, run_experiment
    from rkd_keras.trainers.distributed.tf_config import choose_strategy

    settings = Settings(
        data=str(data),
        out=str(out),
        model=model,
        model_options=o.model_options(width, stem_stride, model_option),
        size=size,
        split=split,
        seed=seed,
        split_seed=split_seed,
        val_fraction=val_fraction,
        preset=preset,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        label_smoothing=label_smoothing,
        zoom=zoom,
        loss=loss,
        sampling=sampling,
        mix=mix,
        precision=precision,
        keep=keep,
        evaluate=evaluate,
        strategy=choose_strategy(strategy),
        sync_batch_norm=sync_batch_norm,
        deterministic=deterministic,
        resume=resume,
        overwrite=overwrite,
        strict=strict,
        quiet=quiet,
    )
    print_scores(run_experiment(settings), out)
