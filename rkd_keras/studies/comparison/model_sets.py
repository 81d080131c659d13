"""Sets of rows of a comparison, as plain data."""

# Sets of rows by name. `STUDENT@TEACHER` is a distilled student, `NAME:option=value`
# a network with other arguments, `FEATURES+CLASSIFIER` a classical pipeline.
MODEL_SETS = {
    # Table 6, each row the network that its parameter count identifies.
    "paper": (
        "googlenet",
        "densenet121",
        "inception_v3",
        "squeezenet",
        "mobilenet_v1",
        "resnet101",
        "resnext50",
        "se_resnet101",
        "sarsn101",
        "resnet18@sarsn101",
    ),
    # Figure 15.
    "fig15": tuple(
        f"{family}{depth}"
        for depth in (34, 50, 101)
        for family in ("resnet", "se_resnet", "sarsn")
    ),
    # Figure 15 at depth 34, with both forms of SADDT and DRSN's soft threshold.
    "thresholds": (
        "resnet34",
        "se_resnet34",
        "sarsn34:threshold=soft",
        "sarsn34:form=paper",
        "sarsn34:form=continuous",
    ),
    # Figure 17.
    "classical": tuple(
        f"{features}+{classifier}"
        for features in ("gabor", "lbp", "hog")
        for classifier in ("svm", "knn")
    ),
    # Table 4 and Figure 13.
    "distilled": tuple(
        student if teacher is None else f"{student}@{teacher}"
        for student in ("resnet18", "resnet34")
        for teacher in (None, "sarsn34", "sarsn50", "sarsn101")
    ),
    # Students for the line, under a teacher that they can afford to wait for.
    "edge": tuple(
        f"{student}@sarsn34:stem_stride=2"
        for student in (
            "edge_resnet_medium",
            "edge_resnet_small",
            "edge_resnet_tiny",
            "edge_resnet_nano",
            "resnet18:width=0.5:stem_stride=2",
            "resnet18:width=0.25:stem_stride=2:stage_strides=[2,2,2,1]",
            "resnet18:width=0.25:stem_stride=2:stage_strides=[2,2,2,2]",
            "resnet18:width=0.1875:stem_stride=2:stage_strides=[2,2,2,1]",
            "resnet18:width=0.125:stem_stride=2:stage_strides=[2,2,2,1]",
            "mobilenet_v1:width=0.25:stem_stride=2",
        )
    ),
}
