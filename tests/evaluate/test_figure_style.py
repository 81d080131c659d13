"""Names of any script appear in figures: as they are, or escaped."""

import os
import warnings

import numpy as np
import pytest

from rkd_keras.evaluate import figure_style, save_figure
from rkd_keras.evaluate.mistake_gallery import plot_mistakes
from rkd_keras.evaluate.plots import plot_confusion_matrix
from rkd_keras.files.images import read_image

NAMES = ["划痕", "Krätze", "a$b$c", os.fsdecode(b"crack_\xb4")]


@pytest.fixture
def only_dejavu(monkeypatch):
    for function in ("families", "_letters", "_warn_of_missing"):
        getattr(figure_style, function).cache_clear()
    monkeypatch.setattr(figure_style, "WORLD_FONTS", ())
    yield
    for function in ("families", "_letters", "_warn_of_missing"):
        getattr(figure_style, function).cache_clear()


def test_letters_without_a_font_are_escaped_with_one_warning(
    only_dejavu, tmp_path, caplog
):
    assert figure_style.drawable("划痕 ü") == "\\u5212\\u75d5 ü"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(3):
            figure = plot_confusion_matrix(np.eye(4, dtype=int), NAMES)
            save_figure(figure, tmp_path / f"{number}.svg")
    text = (tmp_path / "0.svg").read_text()
    assert len(caplog.records) == 1 and "Noto Sans CJK" in caplog.text
    assert "nan" not in text


def test_a_font_that_has_the_letters_is_used(monkeypatch):
    """Which fonts are installed differs; the order is ours."""
    figure_style.families.cache_clear()
    monkeypatch.setattr(figure_style, "WORLD_FONTS", ("No Such Font", "STIXGeneral"))
    assert figure_style.families() == ["DejaVu Sans", "STIXGeneral"]
    figure_style.families.cache_clear()


def test_a_dollar_is_no_formula(tmp_path):
    images = np.zeros((1, 8, 8), "uint8")
    mistake = {"truth": "a$b", "predicted": "$\\frac{", "probability": 0.7}
    path = save_figure(plot_mistakes(images, [mistake]), tmp_path / "a.png")
    assert read_image(path).size


def test_every_name_can_be_drawn(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot_confusion_matrix(np.eye(4, dtype=int), NAMES)
        assert read_image(save_figure(figure, tmp_path / "matrix.png")).size
