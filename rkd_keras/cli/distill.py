"""`rkd-keras distill`: distil a teacher into a student."""

from rkd_keras.cli.command import command
from rkd_keras.cli.report_scores import print_run
from rkd_keras.runs.training import distill

distill = command(
    distill,
    print_run,
    "rkd-keras distill --teacher runs/teacher --model resnet18 --width 0.5 "
    "--stem-stride 2 --out runs/student",
)
