"""Figures show the numbers they were given and leave nothing behind."""

import matplotlib
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.evaluate import (
    plot_class_scores,
    plot_comparison,
    plot_confusion_matrix,
    plot_mistakes,
    plot_training_curves,
    read_history,
    save_figure,
)
from rkd_keras.files.images import read_image

HISTORY = {
    "epoch": [1, 2, 3],
    "accuracy": [0.5, 0.8, 0.9],
    "loss": [1.2, 0.6, 0.4],
    "val_accuracy": [0.4, 0.85, 0.8],
    "val_loss": [1.3, 0.7, 0.6],
}
PER_CLASS = {
    "inclusion": {"precision": 0.91, "recall": 0.83, "f1": 0.87, "support": 100},
    "scratches": {"precision": 0.99, "recall": 0.96, "f1": 0.97, "support": 100},
}


def drawn(figure):
    """Pixels of the figure as a reader sees them."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def all_figures():
    mistake = {"truth": "in", "predicted": "sc", "probability": 0.7}
    yield plot_confusion_matrix([[9, 1], [0, 10]], ["in", "sc"])
    yield plot_training_curves(HISTORY)
    yield plot_class_scores(PER_CLASS)
    yield plot_mistakes(np.zeros((2, 8, 8, 3), "uint8"), [mistake] * 2)
    yield plot_comparison({"a": HISTORY, "b": HISTORY})


def test_no_global_state_is_left():
    before = dict(matplotlib.rcParams)
    for figure in all_figures():
        assert drawn(figure).std() > 0
    assert dict(matplotlib.rcParams) == before
    from matplotlib import pyplot

    assert pyplot.get_fignums() == []


def test_confusion_matrix_shows_every_count_in_its_place():
    matrix = np.arange(9).reshape(3, 3)
    axes = plot_confusion_matrix(matrix, ["a", "b", "c"]).axes[0]
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    for row in range(3):
        for column in range(3):
            assert shown[column, row] == str(matrix[row, column])
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b", "c"]
    # The first row stands at the top.
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_confusion_matrix_tells_right_from_wrong_by_colour():
    patches = plot_confusion_matrix([[5, 5], [0, 9]], ["a", "b"]).axes[0].patches
    right, wrong, empty, _ = (patch.get_facecolor() for patch in patches)
    assert right[2] > right[0]
    assert wrong[0] > wrong[2]
    assert empty[:3] == (1, 1, 1)


def test_training_curves_draw_the_history_and_mark_the_best_epoch():
    accuracy, loss = plot_training_curves(HISTORY).axes
    lines = {line.get_label(): line.get_ydata() for line in accuracy.lines}
    np.testing.assert_array_equal(lines["training"], HISTORY["accuracy"])
    np.testing.assert_array_equal(lines["validation"], HISTORY["val_accuracy"])
    best = [label for label in lines if label.startswith("best")]
    assert best == ["best: 85.0 % in epoch 2"]
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), HISTORY["loss"])


def test_training_curves_of_one_epoch_without_validation():
    history = {"epoch": [1], "accuracy": [0.5], "loss": [1.0]}
    figure = plot_training_curves(history)
    assert len(figure.axes[0].lines) == 1
    assert drawn(figure).std() > 0


def test_class_scores_end_at_their_values():
    axes = plot_class_scores(PER_CLASS).axes[0]
    ends = sorted(round(bar.get_x() + bar.get_width(), 6) for bar in axes.patches)
    expected = sorted(
        row[key] for row in PER_CLASS.values() for key in ("precision", "recall", "f1")
    )
    assert ends == expected
    assert axes.get_xlabel() == "the axis begins at 80 %"


def test_class_scores_of_a_hopeless_model_begin_at_zero():
    row = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    axes = plot_class_scores({"a": row}).axes[0]
    assert axes.get_xlim()[0] == 0
    assert axes.get_xlabel() == ""


def test_gallery_shows_the_images_unscaled_and_names_both_classes():
    images = np.full((3, 8, 8), 40, "uint8")
    mistakes = [
        {"truth": "in", "predicted": f"p{i}", "probability": 0.9} for i in range(3)
    ]
    (axes,) = plot_mistakes(images, mistakes, columns=2).axes
    assert [text.get_text() for text in axes.texts] == [
        f"is in\ncalled p{i}\nwith 90 %" for i in range(3)
    ]
    grid = np.asarray(axes.images[0].get_array())
    # Whatever the largest grey value is: no other is added, on white.
    assert set(np.unique(grid)) == {40, 255} and (grid == 40).sum() == images.size * 3
    for text in axes.texts:
        left, top = map(int, text.get_position())
        assert (grid[top : top + 8, left : left + 8] == 40).all()


def test_gallery_without_mistakes_says_so():
    figure = plot_mistakes([], [])
    assert figure.texts[0].get_text() == "No image was named wrongly."


def test_comparison_has_a_line_and_a_colour_for_each_run():
    runs = {f"run {i}": HISTORY for i in range(9)}
    lines = plot_comparison(runs).axes[0].lines
    assert [line.get_label() for line in lines] == list(runs)
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == 9


def test_same_figure_gives_the_same_file(tmp_path):
    for suffix in ("png", "svg"):
        files = [
            save_figure(
                plot_training_curves(HISTORY), tmp_path / str(i) / f"c.{suffix}"
            )
            for i in range(2)
        ]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert read_image(tmp_path / "0" / "c.png").shape[1] > 600


def test_history_file_round_trip(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,val_loss\n1,0.5,\n2,0.25,0.75\n")
    history = read_history(path)
    np.testing.assert_array_equal(history["epoch"], [1, 2])
    np.testing.assert_array_equal(history["val_loss"], [np.nan, 0.75])
    assert len(plot_training_curves(path).axes) == 1


@pytest.mark.parametrize(
    "content", [None, "", "epoch,loss\n", "loss\n1\n", "epoch\nx\n"]
)
def test_broken_history_is_named(tmp_path, content):
    path = tmp_path / "history.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"history\.csv"):
        read_history(path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_confusion_matrix([[1, 2]], ["a"]), "row and a column"),
        (lambda: plot_mistakes(np.zeros((1, 4, 4)), []), "one image for each"),
        (lambda: plot_comparison({}), "at least one run"),
        (lambda: plot_comparison({"a": HISTORY}, "gmean"), "no column 'gmean'"),
        (lambda: plot_training_curves({"epoch": []}), "at least one row"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
