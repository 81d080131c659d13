import pytest

from rkd_keras.studies.comparison.figures import plot_curves, plot_pareto, write_figures
from rkd_keras.studies.comparison.published import DISTILLED
from rkd_keras.studies.comparison.report import (
    group_rows,
    noise_table,
    score_table,
    write_report,
)


def finished(
    label, seed=0, accuracy=0.9, loss="cross_entropy", split="neu-600", **more
):
    recalls = {"in": accuracy + 0.05, "sc": accuracy - 0.05}
    return {
        "key": f"{label}__{loss}__{split}__seed{seed}",
        "label": label,
        "loss": loss,
        "split": split,
        "seed": seed,
        "accuracy": accuracy,
        "macro_recall": accuracy,
        "gmean": accuracy - 0.01,
        "worst_recall": accuracy - 0.05,
        "per_class": recalls,
        "images": 600,
        "seconds": 60.0,
        "parameters": 1_000_000,
        "multiply_adds": 2_000_000,
        **more,
    }


def test_score_table_stands_beside_the_paper():
    results = [finished("googlenet", s, a) for s, a in ((0, 0.9), (1, 0.92))]
    results.append(finished("mobilenet_v2"))
    latency = {"googlenet": {"float32_ms": 40.0, "int8_ms": 11.5, "int8_bytes": 6e6}}
    titles, lines = score_table(group_rows(results), latency)
    table = dict(zip(titles, lines[0], strict=True))
    assert table["accuracy %"] == "91.00 ± 1.41"
    assert table["seeds"] == "2"
    assert table["int8 ms"] == "11.50"
    assert table["paper: accuracy %"] == "94.07"
    assert table["paper: parameters"] == "6,306,214"
    assert table["paper: ms"] == "58"
    # One loss and one split only: no column repeats it.
    assert "loss" not in titles and "split" not in titles
    assert dict(zip(titles, lines[1], strict=True))["paper: ms"] == "-"


def test_gains_are_those_of_each_seed():
    split = "neu-lt20"
    results = [
        finished(loss, seed, accuracy, loss, split)
        for loss, scores in (("cross_entropy", (0.5, 0.9)), ("ldam", (0.53, 0.92)))
        for seed, accuracy in enumerate(scores)
    ]
    results += [finished("ldam", 2, 0.3, "ldam", split), finished("new", 0)]
    titles, lines = score_table(group_rows(results), {})
    gains = [line[titles.index("GMean gain on the first")] for line in lines]
    # The seeds are 40 points apart, the gains 3 and 2; a third seed has no partner.
    assert gains == ["-", "+2.50 ± 0.71", "-"]
    titles, _ = score_table(group_rows([finished("new")]), {})
    assert "GMean gain on the first" not in titles


def test_published_numbers_are_the_papers():
    """Section 3.2.2: gains of -1.46, 2.25 and 5.78 points over the student alone."""
    alone = DISTILLED["resnet34"]
    for depth, gain in ((34, -1.46), (50, 2.25), (101, 5.78)):
        assert 100 * (DISTILLED[f"resnet34@sarsn{depth}"] - alone) == pytest.approx(
            gain
        )


def test_noise_table():
    noise = {"gaussian:10": 0.8, "salt-pepper:2": 0.7}
    results = [finished("resnet34", noise=noise), finished("sarsn34", noise=noise)]
    titles, lines = noise_table(group_rows(results))
    assert titles[-2:] == ["gaussian 10 %", "salt-pepper 2 %"]
    assert lines[0][-2:] == ["80.00", "70.00"]
    assert noise_table(group_rows([finished("resnet34")])) is None


def test_figures_and_report(tmp_path, capsys):
    results = [
        finished(label, seed, 0.9 + 0.01 * seed)
        for label in ("resnet34", "sarsn34", "sarsn101")
        for seed in (0, 1)
    ]
    for row in results:
        folder = tmp_path / "runs" / row["key"]
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text("epoch,val_accuracy\n1,0.5\n2,0.8\n")
    latency = {
        label: {"int8_ms": ms, "float32_ms": 4 * ms, "int8_bytes": 1e6}
        for label, ms in (("resnet34", 2.0), ("sarsn34", 3.0))
    }
    write_figures(tmp_path, results, latency)
    drawn = {path.stem for path in (tmp_path / "figures").iterdir()}
    kinds = ("curves", "per_class", "depths", "pareto")
    assert drawn == {f"{kind}_neu-600" for kind in kinds}
    report = write_report(tmp_path, "Budget: 2 epochs.", results, latency, True)
    text = report.read_text(encoding="utf-8")
    assert "Budget: 2 epochs." in text
    assert "| resnet34 | 2 | 90.50 ± 0.71 |" in text
    assert "figures/pareto_neu-600.png" in text
    assert "## Recall per class" in text
    # The command prints; the library writes.
    assert capsys.readouterr().out == ""


def test_curves_pass_over_epochs_that_were_not_validated(tmp_path):
    row = finished("resnet34")
    folder = tmp_path / "runs" / row["key"]
    folder.mkdir(parents=True)
    lines = ["epoch,val_accuracy", "1,", "2,0.5", "3,", "4,0.75"]
    (folder / "history.csv").write_text("\n".join(lines) + "\n")
    (line,) = plot_curves(group_rows([row]), tmp_path).axes[0].lines
    assert line.get_xdata().tolist() == [2, 4]
    assert line.get_ydata().tolist() == [0.5, 0.75]


def test_losses_have_a_figure_of_their_own(tmp_path):
    results = [
        finished("resnet18", seed, 0.8, loss, "neu-lt20")
        for loss in ("cross_entropy", "ldam")
        for seed in (0, 1)
    ]
    write_figures(tmp_path, results, {})
    assert [p.stem for p in (tmp_path / "figures").iterdir()] == ["losses_neu-lt20"]


def test_the_papers_pair_stands_at_its_time_here(tmp_path):
    results = [finished("edge_resnet_small"), finished("edge_resnet_tiny")]
    latency = {
        label: {"int8_ms": ms, "int8_bytes": 1e6}
        for label, ms in (
            ("edge_resnet_small", 0.4),
            ("edge_resnet_tiny", 0.2),
            ("resnet18@sarsn101", 5.5),
        )
    }
    figure = plot_pareto(group_rows(results), latency)
    texts = [text.get_text() for text in figure.axes[0].texts]
    student = next(text for text in texts if "paper's student" in text)
    assert "94.4 %" in student and "5.5 ms here" in student
    teacher = next(text for text in texts if "paper's teacher" in text)
    assert "97.83 %" in teacher and "here" not in teacher
