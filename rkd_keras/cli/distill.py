"""`rkd-keras distill`: distil a teacher into a student."""

from typing import Annotated

import typer

from rkd_keras.cli import options as o


def distill(
    data: o.Data,
    out: o.Out,
    teacher: Annotated[
        str, typer.Option(help="The teacher's run directory or .keras file.")
    ],
    model: o.Model = "resnet18",
    width: o.Width = 1.0,
    stem_stride: o.StemStride = 1,
    model_option: o.ModelOption = None,
    temperature: Annotated[float, typer.Option(help="Softens probabilities.")] = 4.0,
    hard_weight: Annotated[float, typer.Option(help="Of the labels' loss.")] = 1.0,
    kd_weight: Annotated[float, typer.Option(help="Of Hinton's distillation.")] = 1.0,
    distance_weight: Annotated[float, typer.Option(help="Of RKD distances.")] = 25.0,
    angle_weight: Annotated[float, typer.Option(help="Of RKD angles.")] = 50.0,
    teacher_views: Annotated[
        int, typer.Option(help="Views with stored teacher answers; 0 stores none.")
    ] = 8,
    teacher_cache: Annotated[
        str | None,
        typer.Option(
            help="File that stores the teacher's answers, shared by runs of one seed."
        ),
    ] = None,
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
    """Distil a teacher into a small student by relations and probabilities.

    Give the split and the seed with which the teacher was trained, so that the
    student is tested on images that neither has seen.

    Example: rkd-keras distill --teacher runs/teacher --data NEU-DET --split
    neu-600 --model resnet18 --width 0.5 --stem-stride 2 --out runs/student
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
        strategy=choose_strategy(strategy),
        sync_batch_norm=sync_batch_norm,
        deterministic=deterministic,
        teacher=teacher,
        temperature=temperature,
        hard_weight=hard_weight,
        kd_weight=kd_weight,
        distance_weight=distance_weight,
        angle_weight=angle_weight,
        teacher_views=teacher_views,
        teacher_cache=teacher_cache,
        evaluate=evaluate,
        resume=resume,
        overwrite=overwrite,
        strict=strict,
        quiet=quiet,
    )
    print_scores(run_experiment(settings), out)
