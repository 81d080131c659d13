"""A teacher's answers, computed by several workers for each other."""

import numpy as np

from rkd_keras.trainers.distributed.workers import sum_over_workers


def complete_answers(folder, answers, views, strategy, chief):
    """Make what the workers' folders of a teacher's answers lack.

    The workers share among them the views that the chief lacks; the chief sends the
    others. Each worker has a folder of its own.

    Args:
        folder: this worker's `AnswerFolder`.
        answers: function of a view's number that gives its batches, as
            `AnswerFolder.write` takes them.
        views: number of views.
        strategy: the `tf.distribute.Strategy` that joins the workers.
        chief: whether this worker is the chief.
    """
    missing = folder.missing(views)
    lacks = np.zeros(views, "int64")
    if chief:
        lacks[missing] = 1
    lacks = np.flatnonzero(sum_over_workers(strategy, lacks)).tolist()
    context = strategy.extended._make_input_context()
    mine = lacks[context.input_pipeline_id :: context.num_input_pipelines]
    for view in set(mine).intersection(missing):
        folder.write(view, answers(view))
    if chief:
        mine += [view for view in range(views) if view not in lacks]
    for view in range(views):
        known = view in mine
        rows = folder.rows(view) if known else np.zeros(folder.shape)
        rows = sum_over_workers(strategy, np.asarray(rows, "float32"))
        if not known:
            folder.write(view, [np.split(rows, [folder.classes], axis=1)])
