"""What the paper publishes, as plain data, by the names of `rkd-keras compare`."""

# Table 6: name there, test accuracy, parameters, milliseconds (GTX 1080 Ti). The
# parameters say which network was counted, see docs/paper.md.
TABLE_6 = {
    "googlenet": ("GoogLeNet", 0.9407, 6_306_214, 58.0),
    "densenet121": ("DenseNet", 0.9413, 6_952_198, 96.0),
    "inception_v3": ("InceptionV3", 0.8011, 22_125_542, 248.0),
    "squeezenet": ("SqueezeNet", 0.9633, 732_934, 104.0),
    "mobilenet_v1": ("MobileNetV2", 0.8567, 3_219_078, 7.8),
    "resnet101": ("ResNet101", 0.8017, 42_504_774, 112.0),
    "resnext50": ("ResNext101", 0.9167, 14_788_772, 67.0),
    "se_resnet101": ("SE-ResNet101", 0.8451, 47_527_764, 187.0),
    "sarsn101": ("SARSN101", 0.9783, 46_127_174, 85.0),
    "resnet18@sarsn101": (
        "Teacher-SARSN101 Student-ResNet34",
        0.9440,
        11_171_910,
        51.0,
    ),
}

# The paper's teacher and student: what an edge student is held against.
PAIR = ("sarsn101", "resnet18@sarsn101")

# Section 3.2.2, with the teachers of Table 3: test accuracy. The student alone is
# what its gain of 5.78 points under SARSN101 leaves.
DISTILLED = {
    "resnet34": 0.8862,
    "resnet34@sarsn34": 0.8716,
    "resnet34@sarsn50": 0.9087,
    "resnet34@sarsn101": 0.9440,
    "sarsn34": 0.9685,
    "sarsn50": 0.9714,
}


def published_accuracy(entry):
    """Return the paper's test accuracy of a network, or `None`."""
    if entry in TABLE_6:
        return TABLE_6[entry][1]
    return DISTILLED.get(entry)
