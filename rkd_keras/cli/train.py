"""`rkd-keras train`: train a classifier."""

from rkd_keras.cli.command import command
from rkd_keras.cli.report_scores import print_run
from rkd_keras.runs.training import train

train = command(
    train,
    print_run,
    "rkd-keras train --data NEU-DET --split neu-600 --model sarsn34 --stem-stride 2 "
    "--out runs/teacher",
)
