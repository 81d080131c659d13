"""Segment and measure one image by the settings that commands share."""


def measure_image(image, settings, heat=None):
    """Segment and measure an image.

    Args:
        image: array `(H, W, 3)`, uint8.
        settings: dict with `method`, `polarity`, `min_contrast`, `mm_per_pixel`
            and `size`, the options of `rkd-keras measure`.
        heat: heat map that weighs the surface, or `None`. Defaults to `None`.

    Returns:
        Triple: the image as it was measured, its mask, its `Measurement`.

    Raises:
        InputError: when a setting cannot be used.
    """
    from rkd_keras.files.images import resize_image
    from rkd_keras.measure import measure, segment

    if settings["size"] is not None:
        image = resize_image(image, (settings["size"],) * 2)
    if settings["method"] == "paper":
        mask = segment(image, "paper")
    else:
        mask = segment(
            image,
            settings["method"],
            prior=heat,
            polarity=settings["polarity"],
            min_contrast=settings["min_contrast"],
        )
    return image, mask, measure(image, mask, settings["mm_per_pixel"])
