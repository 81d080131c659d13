"""`rkd-keras demo`: the whole pipeline, from images to a report."""

from rkd_keras.cli.command import command
from rkd_keras.cli.report_scores import print_pipeline
from rkd_keras.runs.demonstration import demo

demo = command(demo, print_pipeline, "rkd-keras demo --data NEU-DET --out runs/demo")
