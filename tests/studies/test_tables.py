from rkd_keras.studies.tables import markdown, mean_and_spread, percent_cell


def test_mean_and_spread():
    assert mean_and_spread([1.0]) == (1.0, None)
    mean, spread = mean_and_spread([1.0, 2.0, 3.0])
    assert (mean, spread) == (2.0, 1.0)


def test_markdown_has_a_line_a_row():
    text = markdown(["model", "ms"], [["a", "1.5"], ["b", "-"]])
    assert text == "| model | ms |\n| --- | ---: |\n| a | 1.5 |\n| b | - |\n"


def test_percent_cell():
    assert percent_cell([0.5]) == "50.00"
    assert percent_cell([0.9, 0.92], digits=1) == "91.0 ± 1.4"
