"""The report tells what the run holds, needs nothing else, and hides nothing."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from typer.testing import CliRunner

from rkd_keras.cli.app import app
from rkd_keras.errors import InputError
from rkd_keras.evaluate import (
    classification_scores,
    plot_mistakes,
    save_figure,
)
from rkd_keras.runs import Run, summarize
from rkd_keras.runs.report_page import write_report
from rkd_keras.runs.run_facts import list_limits
from rkd_keras.runs.summary import percent

NAMES = ["crazing", "inclusion", "scratches"]
CONFIG = {
    "data": "path/to/NEU-DET",
    "out": "runs/student",
    "model": "resnet18",
    "model_options": {"width": 0.5, "threshold": "soft"},
    "seed": 3,
    "epochs": 40,
    "augment": True,
    "mix": None,
    "teacher": "runs/teacher",
    "kd_weight": 1.0,
    "resume": True,
    "deterministic": True,
    "versions": {"keras": "3.15.1", "rkd-keras": "0.1.0"},
}


def scores_of(wrong=3, per_class=100, split="test"):
    """The first `wrong` images of class 1 are called class 2."""
    labels = np.repeat(range(3), per_class)
    answers = labels.copy()
    answers[per_class : per_class + wrong] = 2
    return classification_scores(labels, np.eye(3)[answers], NAMES, split)


def write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def run(tmp_path):
    """A run directory with everything that a report can show."""
    path = tmp_path / "student"
    path.mkdir()
    write_json(path / "config.json", CONFIG)
    row = {"file": "x.jpg", "label": 0}
    parts = {"train": [row] * 5, "val": [row], "test": [{**row, "label": 2}] * 3}
    write_json(path / "split.json", {"class_names": NAMES, **parts})
    write_json(path / "metrics.json", scores_of())
    noisy = {**scores_of(60), "noise": "gaussian:25"}
    write_json(path / "metrics_gaussian_25.json", noisy)
    (path / "history.csv").write_text("epoch,accuracy,loss\n1,0.5,1.0\n2,0.75,0.5\n")
    mistake = {"truth": "inclusion", "predicted": "scratches", "probability": 0.9}
    gallery = plot_mistakes(np.zeros((1, 8, 8), "uint8"), [mistake])
    save_figure(gallery, path / "figures" / "mistakes.png")
    (path / "model.keras").write_bytes(b"0" * 2_500_000)
    row = {"file": "student.tflite", "equal_verdicts": 0.9967, "images": 300}
    write_json(path / "exports.json", [row])
    timed = {
        "model": "runs/student/student.tflite",
        "runtime": "LiteRT",
        "median_ms": 1.234,
        "p95_ms": 1.5,
        "images_per_s": 801.0,
        "size_bytes": 2_900_000,
    }
    slow = {**timed, "model": "model.keras", "runtime": "Keras", "median_ms": 0.5}
    machine = {"processor": "Abacus 9000"}
    content = {"settings": {"threads": 1}, "machine": machine, "results": [timed, slow]}
    write_json(path / "benchmark.json", content)
    return path


class Page(HTMLParser):
    """Text, links and balance of an HTML page."""

    VOID = {"meta", "img", "br", "link", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.sources, self.hidden = [], [], [], 0
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.sources += [attributes[k] for k in ("src", "href") if k in attributes]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def page_of(run):
    return Page(write_report(run).read_text(encoding="utf-8"))


def test_report_tells_every_fact_of_the_run(run):
    words = page_of(run).words
    for fact in (
        "297 of 300 test images correctly (99.0 %)",
        "inclusion: 3 of 100",
        "inclusion called scratches, 3 times",
        "resnet18, width 0.5, threshold soft, distilled from runs/teacher",
        "1.23 ms an image, with student.tflite on 1 thread",
        "Abacus 9000",
        "2.90 MB",
        "99.7 %",
        "801",
        "Gaussian, deviation 25 of 255 grey levels",
        "3.15.1",
        "one training with one seed",
        "rkd-keras distill --data path/to/NEU-DET",
    ):
        assert fact in words, fact


def test_report_fetches_nothing_and_embeds_its_figures(run):
    text = write_report(run).read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.sources) == 2
    kinds = set()
    for source in page.sources:
        kind, _, content = source.partition(";base64,")
        kinds.add(kind)
        assert base64.b64decode(content, validate=True)
    assert kinds == {"data:image/png", "data:image/svg+xml"}
    outside_data = re.sub(r"data:[^\"]+", "", text)
    for word in ("http:", "https:", "<script", "@import", "url("):
        assert word not in outside_data


def test_confusion_matrix_of_the_report_is_that_of_the_scores(run):
    text = write_report(run).read_text(encoding="utf-8")
    table = text[text.index('class="matrix"') :]
    table = table[: table.index("</table>")]
    counts = [int(n) for n in re.findall(r"<td[^>]*>(\d+)</td>", table)]
    assert counts == [100, 0, 0, 0, 97, 3, 0, 0, 100]
    kinds = re.findall(r'<td class="(\w+)', table)
    assert kinds == ["right", *["zero"] * 3, "right", "wrong", *["zero"] * 2, "right"]


def test_names_from_outside_cannot_break_out_of_the_page(run):
    evil = "<script>alert(1)</script>"
    scores = classification_scores([0, 1], np.eye(2), [evil, "b & c"])
    write_json(run / "metrics.json", scores)
    write_json(run / "config.json", {**CONFIG, "teacher": evil})
    text = write_report(run).read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "b & c" in Page(text).words


@pytest.mark.parametrize("present", ["config.json", "metrics.json", "history.csv"])
def test_report_of_a_run_that_holds_one_file_only(run, tmp_path, present):
    lean = tmp_path / "lean"
    lean.mkdir()
    (lean / present).write_bytes((run / present).read_bytes())
    words = page_of(lean).words
    assert ("Not judged yet" in words) == (present != "metrics.json")
    assert "None" not in words
    assert "nan" not in words


def test_report_without_mistakes_says_so_and_shows_no_old_gallery(run):
    write_json(run / "metrics.json", scores_of(wrong=0))
    (run / "figures" / "mistakes.png").unlink()
    words = page_of(run).words
    assert "every image was named correctly" in words
    assert "Every class was found without a miss." in words


def test_report_is_written_anew_and_leaves_no_partial_file(run):
    first = write_report(run).read_text(encoding="utf-8")
    write_json(run / "metrics.json", scores_of(wrong=50))
    second = write_report(run).read_text(encoding="utf-8")
    assert "297 of 300" in first
    assert "250 of 300" in second
    assert not list(run.glob("*.partial"))


@pytest.mark.parametrize(
    ("wrong", "per_class", "grade"),
    [(0, 300, "good"), (0, 10, "fair"), (15, 200, "good"), (20, 100, "fair")],
)
def test_grade_follows_from_the_lower_end_of_the_interval(wrong, per_class, grade):
    assert summarize(scores_of(wrong, per_class))["grade"] == grade


def test_a_perfect_score_on_few_images_is_no_triumph():
    verdict = summarize(scores_of(wrong=0, per_class=3))
    assert verdict["grade"] == "poor"
    assert any("too few to judge" in sentence for sentence in verdict["sentences"])


def test_classes_that_are_equally_weak_are_all_named():
    labels = np.repeat(range(3), 100)
    answers = labels.copy()
    answers[[0, 100]] = 2
    verdict = summarize(classification_scores(labels, np.eye(3)[answers], NAMES))
    sentence = "are crazing and inclusion: 1.0 % of each"
    assert any(sentence in text for text in verdict["sentences"])


def test_settings_without_effect_are_not_shown(run):
    assert "kd weight" in page_of(run).words
    write_json(run / "config.json", {**CONFIG, "teacher": None})
    assert "kd weight" not in page_of(run).words


def test_expected_mistakes_enclose_the_observed_rate():
    verdict = summarize(scores_of(wrong=30, per_class=100))
    low, high = map(float, re.findall(r"expect ([\d.]+) to ([\d.]+)", str(verdict))[0])
    assert low < 10 < high


def test_percent_never_rounds_up_to_perfection():
    assert percent(0.99999) == "99.9 %"
    assert percent(1) == "100 %"
    assert percent(0) == "0.0 %"


def test_command_repeats_the_run(run):
    command = Run(run).settings.command()
    assert command.startswith("rkd-keras distill --data path/to/NEU-DET")
    for words in (
        "--seed 3",
        "--width 0.5",
        "--model-option threshold=soft",
        "--teacher runs/teacher",
        "--deterministic",
    ):
        assert words in command
    for word in ("resume", "augment", "mix", "versions", "model-options"):
        assert word not in command


def test_command_is_understood_by_the_command_line(run):
    """Every option of the rebuilt command is one that the command has."""
    from typer.main import get_command

    for teacher in (None, "runs/teacher"):
        write_json(run / "config.json", {**CONFIG, "teacher": teacher})
        command = Run(run).settings.command()
        options = re.findall(r"--[a-z-]+", command)
        known = {
            name
            for option in get_command(app).commands[command.split()[1]].params
            for name in option.opts
        }
        assert len(options) > 6
        assert set(options) <= known


def test_limits_name_drawn_images_and_parts_that_were_seen(run, tmp_path):
    data = tmp_path / "strips"
    data.mkdir()
    write_json(run / "config.json", {**CONFIG, "data": str(data)})
    write_json(run / "metrics.json", scores_of(split="val"))
    limits = " ".join(list_limits(Run(run)))
    assert "drawn by a program" not in limits
    assert "Only the test part counts" in limits
    write_json(data / "synthetic.json", {})
    assert "drawn by a program" in " ".join(list_limits(Run(run)))


@pytest.mark.parametrize("content", [None, "{", '"text"'])
def test_no_run_or_a_broken_one_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(InputError, match=re.escape(str(tmp_path))):
        write_report(tmp_path)


def test_command_writes_the_report_and_keeps_what_is_there(run, tmp_path):
    runner = CliRunner()
    result = runner.invoke(app, ["report", str(run)])
    assert result.exit_code == 0, result.output
    assert (run / "report.html").is_file()
    other = tmp_path / "mine.html"
    other.write_text("mine")
    result = runner.invoke(app, ["report", str(run), "--out", str(other)])
    assert isinstance(result.exception, InputError)
    assert other.read_text() == "mine"
    arguments = ["report", str(run), "--out", str(other), "--overwrite"]
    assert runner.invoke(app, arguments).exit_code == 0
    assert "297 of 300" in other.read_text(encoding="utf-8")
