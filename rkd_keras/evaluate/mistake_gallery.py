"""The wrong answers of a classifier, each with its image."""

from rkd_keras.errors import InputError
from rkd_keras.evaluate.figure_style import new_figure, styled
from rkd_keras.files.images import to_rgb_uint8
from rkd_keras.files.picture_grid import GridLayout, picture_grid


@styled
def plot_mistakes(images, mistakes, columns=6):
    """Draw a gallery of wrong answers.

    Args:
        images: array `(n, H, W)`, `(n, H, W, 1)` or `(n, H, W, 3)`, uint8; the
            i-th image belongs to the i-th mistake.
        mistakes: list of dicts with `truth`, `predicted` and `probability`, as
            `top_mistakes` gives.
        columns: images in a row. Defaults to 6.

    Returns:
        A `matplotlib.figure.Figure`; one that says so when there is none.

    Raises:
        InputError: when there is not one image for each mistake.

    Example:
        >>> import numpy as np
        >>> mistake = {"truth": "in", "predicted": "sc", "probability": 0.7}
        >>> figure = plot_mistakes(np.zeros((1, 8, 8), "uint8"), [mistake])
        >>> len(figure.axes[0].texts)
        1
    """
    if len(images) != len(mistakes):
        raise InputError(
            f"images must hold one image for each of the {len(mistakes)} mistakes. "
            f"Received: {len(images)} images"
        )
    if not mistakes:
        figure = new_figure(4, 0.8)
        figure.text(0.5, 0.5, "No image was named wrongly.", ha="center", va="center")
        return figure
    pictures = [("", to_rgb_uint8(image)) for image in images]
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    height, width = pictures[0][1].shape[:2]
    # Three lines of text beside an image of 1.25 inches.
    space = {"gap": max(1, width // 12), "caption": max(1, width // 3), "above": True}
    grid = picture_grid(rows, **space)
    inches = 1.25 / width
    figure = new_figure(inches * grid.shape[1], inches * grid.shape[0])
    axes = figure.add_subplot()
    axes.imshow(grid)
    axes.set_axis_off()
    layout = GridLayout(height, width, **space)
    for place, mistake in enumerate(mistakes):
        top, left = layout.picture(*divmod(place, columns))
        # Set by matplotlib, which knows the letters of more scripts than OpenCV.
        axes.text(
            left,
            top,
            f"is {mistake['truth']}\ncalled {mistake['predicted']}\n"
            f"with {100 * mistake['probability']:.0f} %",
            fontsize=7,
            va="bottom",
        )
    return figure
