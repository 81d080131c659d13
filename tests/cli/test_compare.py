import json
import re

import pytest

from rkd_keras.cli.compare_figures import plot_pareto, write_figures
from rkd_keras.cli.compare_finished import finished_rows, take_run
from rkd_keras.cli.compare_grid import (
    MODEL_SETS,
    make_rows,
    parse_losses,
    parse_models,
)
from rkd_keras.cli.compare_published import DISTILLED, TABLE_6
from rkd_keras.cli.compare_report import (
    group_rows,
    markdown,
    mean_and_spread,
    noise_table,
    score_table,
    write_report,
)
from rkd_keras.cli.compare_run import fits_as_teacher, row_settings
from rkd_keras.cli.compare_store import RowStore
from rkd_keras.cli.settings import Settings
from rkd_keras.errors import InputError

TINY = "resnet18:width=0.0625:stem_stride=4"


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


def rows_of(models, losses="cross_entropy", splits=("holdout",), seeds=1):
    parsed = parse_models(models), parse_losses(losses)
    return make_rows(*parsed, list(splits), range(seeds))


# The grid.


def test_every_row_of_table_6_is_in_the_paper_set():
    assert set(MODEL_SETS["paper"]) == set(TABLE_6)
    assert len(parse_models("paper")) == 10


@pytest.mark.parametrize("name", MODEL_SETS)
def test_sets_name_known_models(name):
    assert len(parse_models(name)) == len(MODEL_SETS[name])


def test_fig15_is_three_families_at_three_depths():
    assert {re.sub(r"\d", "", m) for m in MODEL_SETS["fig15"]} == {
        "resnet",
        "se_resnet",
        "sarsn",
    }
    assert len(MODEL_SETS["fig15"]) == 9


def test_grid_is_the_product_with_seeds_outermost():
    rows = rows_of(
        "resnet18,sarsn34", "cross_entropy,ldam", ("neu-600", "neu-lt20"), seeds=2
    )
    assert len(rows) == 2 * 2 * 2 * 2
    assert len({row.key for row in rows}) == 16
    assert [row.seed for row in rows] == [0] * 8 + [1] * 8


def test_students_come_after_the_others_and_know_their_teachers():
    rows = rows_of("resnet18:width=0.5@sarsn34:stem_stride=2,sarsn101")
    assert [row.label for row in rows] == [
        "sarsn101",
        "resnet18:width=0.5@sarsn34:stem_stride=2",
    ]
    student = rows[1]
    assert student.network.options == (("width", 0.5),)
    teacher = student.teacher_row()
    assert teacher.label == "sarsn34:stem_stride=2"
    assert teacher.network.model == "sarsn34"
    assert teacher.teacher is None


def test_classical_pipelines_appear_once_whatever_the_losses():
    rows = rows_of("lbp+svm,resnet18", "cross_entropy,ldam")
    assert [row.label for row in rows].count("lbp+svm") == 1
    assert len(rows) == 3


def test_losses_with_sampling():
    entries = parse_losses("all")
    assert "adaptive_gmean" in entries and "cross_entropy+balanced" in entries
    row = rows_of("resnet18", "cross_entropy+balanced")[0]
    assert row.loss_and_sampling == ("cross_entropy", "balanced")
    row = rows_of("resnet18", "ldam+mosaic+fusion")[0]
    assert row.loss_and_sampling == ("ldam", "mosaic+fusion")
    assert "cross_entropy+mosaic+fusion" in entries


def test_options_of_a_row_go_over_the_common_ones():
    common = Settings(data="d", out="o", model_options={"width": 0.5})
    row = rows_of("sarsn34:form=paper:stem_stride=2")[0]
    settings = row_settings(row, common, "o")
    assert settings.model == "sarsn34"
    assert settings.model_options == {"width": 0.5, "form": "paper", "stem_stride": 2}
    assert re.fullmatch(r"[\w.@=+,-]+", row.key)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ("resnet19", "unknown model 'resnet19'; the known ones are densenet121"),
        ("resnet18@resnet19", "unknown model 'resnet19'"),
        ("resnet18:width", "'width' in --models resnet18:width must be argument=value"),
        ("lbp+forest", "unknown pipeline 'lbp.forest'; give one of gabor, lbp, hog"),
        (" , ", "--models must name at least one"),
    ],
)
def test_bad_models(models, message):
    with pytest.raises(InputError, match=message):
        parse_models(models)


def test_bad_losses():
    with pytest.raises(InputError, match="unknown loss 'l2'; the known ones are cross"):
        parse_losses("l2")
    with pytest.raises(InputError, match="unknown sampling 'twice'"):
        parse_losses("ldam+twice")


# What is kept.


def test_rows_survive_a_kill_while_writing(tmp_path):
    path = tmp_path / "rows.jsonl"
    store = RowStore(path)
    store.add(finished("a"))
    store.add(finished("b"))
    whole = path.read_text()
    path.write_text(whole + '{"key": "c", "accu')
    again = RowStore(path)
    assert list(again.rows) == list(store.rows)
    assert path.read_text() == whole
    again.add(finished("c"))
    assert len(RowStore(path).rows) == 3


def test_a_torn_line_in_the_middle_is_no_kill(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "a"\n{"key": "b"}\n')
    with pytest.raises(ValueError):
        RowStore(path)


# Tables and figures.


def test_mean_and_spread():
    assert mean_and_spread([1.0]) == (1.0, None)
    mean, spread = mean_and_spread([1.0, 2.0, 3.0])
    assert (mean, spread) == (2.0, 1.0)


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


def test_markdown_has_a_line_a_row():
    text = markdown(["model", "ms"], [["a", "1.5"], ["b", "-"]])
    assert text == "| model | ms |\n| --- | ---: |\n| a | 1.5 |\n| b | - |\n"


def test_figures_and_report(tmp_path):
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


def test_losses_have_a_figure_of_their_own(tmp_path):
    results = [
        finished("resnet18", seed, 0.8, loss, "neu-lt20")
        for loss in ("cross_entropy", "ldam")
        for seed in (0, 1)
    ]
    write_figures(tmp_path, results, {})
    assert [p.stem for p in (tmp_path / "figures").iterdir()] == ["losses_neu-lt20"]


# Teachers.


def test_which_run_may_teach(tmp_path):
    wanted = Settings(data="d", out="o", model="sarsn34", split="neu-600", seed=1)
    run = tmp_path / "teacher"
    run.mkdir()
    config = {
        "model": "sarsn34",
        "model_options": {},
        "size": 64,
        "split": "neu-600",
        "split_seed": 0,
        "seed": 0,
        "data": "d",
    }

    def fits(**changes):
        (run / "config.json").write_text(json.dumps({**config, **changes}))
        return fits_as_teacher(run, wanted)

    assert not fits()
    (run / "model.keras").touch()
    assert fits()
    assert not fits(model="sarsn50")
    assert not fits(split_seed=1)
    assert not fits(model_options={"width": 0.5})
    assert not fits(data="elsewhere")
    # On few images the teacher must have seen the same ones.
    wanted.split = "neu-few10"
    assert not fits(split="neu-few10")
    assert fits(split="neu-few10", seed=1)
    assert not fits_as_teacher(tmp_path / "nothing", wanted)


# The command.


def test_bad_data_is_told_before_training(strips, tmp_path, invoke):
    def refusal(*arguments):
        arguments = ("--data", strips, "--out", tmp_path / "out", *arguments)
        result = invoke("compare", *arguments)
        assert isinstance(result.exception, InputError)
        assert not (tmp_path / "out").exists()
        return str(result.exception)

    assert "needs 300 images of each class" in refusal("--split", "neu-600")
    assert "unknown model 'x'" in refusal("--models", "x")
    assert "unknown split 'half'" in refusal("--split", "half")
    assert "holds no finished run" in refusal("--teachers", tmp_path)
    assert "--seeds must be at least 1" in refusal("--seeds", "0")
    single = tmp_path / "single" / "scratch"
    single.mkdir(parents=True)
    for path in list(strips.glob("**/*.jpg"))[:4]:
        (single / path.name).write_bytes(path.read_bytes())
    assert "one class" in refusal("--data", tmp_path / "single")


def test_arguments_that_a_network_lacks(strips, tmp_path, invoke):
    result = invoke(
        "compare", "--data", strips, "--out", tmp_path / "o", "--models", "resnet18:a=1"
    )
    assert isinstance(result.exception, InputError)
    assert "unexpected keyword argument 'a'" in str(result.exception)


@pytest.mark.slow
def test_grid_runs_resumes_and_grows(strips, tmp_path, invoke):
    out = tmp_path / "comparison"

    def compare(models, *more):
        result = invoke(
            "compare", "--data", strips, "--out", out, "--models", models,
            "--epochs", 1, "--size", 32, "--batch-size", 16, "--quiet", *more,
        )  # fmt: skip
        if result.exception:
            raise result.exception
        return [json.loads(x) for x in (out / "rows.jsonl").read_text().splitlines()]

    student = f"{TINY}@{TINY}"
    rows = compare(f"{student},hog+knn", "--no-latency")
    # The teacher was nowhere: it is trained first, and is a row too.
    assert [row["label"] for row in rows] == ["hog+knn", TINY, student]
    assert rows[2]["teacher"].endswith(rows[1]["key"])
    assert rows[1]["parameters"] > 0 and rows[1]["multiply_adds"] > 0
    assert 0 <= rows[0]["accuracy"] <= 1
    assert not (out / "runs" / rows[1]["key"] / "checkpoints").exists()
    report = (out / "report.md").read_text(encoding="utf-8")
    assert f"| {student} |" in report

    with pytest.raises(InputError, match="holds a run already; continue it with"):
        compare(student)
    before = (out / "runs" / rows[1]["key"] / "model.keras").stat().st_mtime_ns
    more = compare(TINY, "--resume", "--noise", "--seeds", 2, "--runs", 2)
    assert more[:3] == rows
    assert [row["seed"] for row in more[3:]] == [1]
    assert set(more[3]["noise"]) >= {"gaussian:25", "salt-pepper:5"}
    assert (out / "runs" / rows[1]["key"] / "model.keras").stat().st_mtime_ns == before
    times = json.loads((out / "latency.json").read_text())["networks"][TINY]
    assert times["float32_ms"] > 0 and times["int8_ms"] > 0
    assert 0 <= times["int8_accuracy"] <= 1
    assert "int8 ms" in (out / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_latency_only(strips, tmp_path, invoke):
    result = invoke(
        "compare", "--data", strips, "--out", tmp_path / "out", "--models", TINY,
        "--size", 32, "--latency-only", "--runs", 2, "--quiet",
    )  # fmt: skip
    assert result.exception is None
    assert not (tmp_path / "out" / "rows.jsonl").exists()
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "# Sizes and times" in report and f"| {TINY} |" in report


# Finished runs.


def finished_run(folder, name, accuracy=0.9, scored="test", **config):
    """Write what is read of a finished run, without a training."""
    run = folder / name
    run.mkdir(parents=True)
    config = {
        "model": "resnet18",
        "model_options": {},
        "split": "neu-600",
        "seed": 0,
        "loss": "cross_entropy",
        "sampling": "natural",
        "teacher": None,
        **config,
    }
    classes = {name: {"recall": accuracy} for name in ("in", "sc")}
    metrics = {
        "accuracy": accuracy,
        "macro_recall": accuracy,
        "gmean": accuracy,
        "per_class": classes,
        "class_names": list(classes),
        "confusion_matrix": [[9, 1], [1, 9]],
        "images": 20,
        "split": scored,
    }
    (run / "config.json").write_text(json.dumps(config))
    (run / "metrics.json").write_text(json.dumps(metrics))
    (run / "history.csv").write_text("epoch,val_accuracy,seconds\n1,0.5,3\n2,0.8,4\n")
    (run / "model.keras").touch()
    return run


SMALL = {"width": 0.25, "stem_stride": 2, "stage_strides": [2, 2, 2, 1]}


def test_finished_runs_are_chosen_by_their_networks(tmp_path):
    teacher = finished_run(tmp_path, "t", model="sarsn34", model_options={"width": 0.5})
    small = finished_run(tmp_path, "a", model_options=SMALL, teacher=str(teacher))
    finished_run(tmp_path, "b", model_options=SMALL, split="neu-few10")
    finished_run(tmp_path, "c", model_options={**SMALL, "width": 0.3})
    rows = finished_rows([tmp_path], parse_models("edge"), "neu-600")
    # The preset and the ResNet18 of its shape are one network.
    assert list(rows.values()) == [small]
    (row,) = rows
    shape = "width=0.25:stem_stride=2:stage_strides=[2,2,2,1]"
    assert row.label == f"resnet18:{shape}@sarsn34:width=0.5"
    assert row.teacher_row().network.options == (("width", 0.5),)
    assert len(finished_rows([tmp_path], None, "neu-600")) == 3
    with pytest.raises(InputError, match="no finished run of"):
        finished_rows([tmp_path], parse_models("sarsn101"), "neu-600")
    finished_run(tmp_path, "d", model_options=SMALL, teacher=str(teacher))
    with pytest.raises(InputError, match="are the same row"):
        finished_rows([tmp_path], parse_models("edge"), "neu-600")


def test_a_finished_run_becomes_a_row(tmp_path):
    run = finished_run(tmp_path / "runs", "a", 0.95, model_options=SMALL)
    common = Settings(data="d", out=str(tmp_path / "out"), split="neu-600")
    (row,) = finished_rows([run], None, "neu-600")
    result = take_run(row, run, common, tmp_path / "out")
    assert result["accuracy"] == 0.95 and result["seconds"] == 7
    # 701,238 with six classes; a class is 128 weights and a bias.
    assert result["parameters"] == 701_238 - 4 * 129
    copied = tmp_path / "out" / "runs" / row.key
    assert (copied / "model.keras").exists() and (copied / "history.csv").exists()


def test_scores_of_another_part_are_no_result(tmp_path):
    run = finished_run(tmp_path, "a", scored="val")
    (row,) = finished_rows([run], None, "neu-600")
    common = Settings(data="d", out=str(tmp_path / "out"))
    with pytest.raises(InputError, match="scored on its val part"):
        take_run(row, run, common, tmp_path / "out")
    (run / "metrics.json").unlink()
    with pytest.raises(InputError, match="has no scores"):
        take_run(row, run, common, tmp_path / "out")


def test_lists_in_options_stay_whole():
    (entry,) = parse_models("resnet18:stage_strides=[2,2,2,1]:width=0.25")
    assert entry[1].options == (("stage_strides", (2, 2, 2, 1)), ("width", 0.25))


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
