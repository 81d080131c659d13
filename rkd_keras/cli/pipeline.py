"""`rkd-keras pipeline`: from a folder of images to a student on the line."""

from rkd_keras.cli.command import command
from rkd_keras.cli.report_scores import print_pipeline
from rkd_keras.runs.pipelining import pipeline

pipeline = command(
    pipeline, print_pipeline, "rkd-keras pipeline --data NEU-DET --minutes 15"
)
