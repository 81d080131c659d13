"""`rkd-keras evaluate`: score a model of any kind on labelled images."""

from rkd_keras.cli.command import command
from rkd_keras.cli.report_scores import print_scores
from rkd_keras.runs.evaluation import evaluate

evaluate = command(
    evaluate, print_scores, "rkd-keras evaluate runs/student --split test"
)
