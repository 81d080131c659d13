"""What the paper prints and the package does not need."""

from . import query

# Section 3.2.1: accuracy of a classifier of original and of migrated samples.
FIGURE_10 = {"original": 0.908, "migrated": 0.887}
# Table 7, one image a class: area ratio in per cent, perimeter / area, perimeter, area.
TABLE_7 = {
    "crazing": (40.18, 0.289, 475.911, 1646),
    "inclusion": (18.53, 0.094, 71.414, 759),
    "patches": (56.93, 0.048, 113.314, 2332),
    "pitted_surface": (24.88, 0.362, 368.426, 1019),
    "rolled-in_scale": (28.30, 0.183, 213.012, 1159),
    "scratches": (19.48, 0.103, 82.243, 789),
}
# Table 4: training accuracy of the student alone and under each teacher.
TABLE_4 = {"alone": 0.8918, "sarsn34": 0.9056, "sarsn50": 0.9231, "sarsn101": 0.9523}


@query
def printed_figure10(results, which):
    """Return the paper's accuracy on original or on migrated samples."""
    return FIGURE_10[which]


@query
def printed_table7(results, class_name):
    """Return what the paper's Table 7 has of a class."""
    return dict(
        zip(("ratio", "k", "perimeter", "area"), TABLE_7[class_name], strict=True)
    )
