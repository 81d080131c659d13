"""The kinds of heat map."""

VARIANTS = ("grad_cam", "grad_cam++")
