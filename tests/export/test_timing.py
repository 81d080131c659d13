"""What `rkd_keras.export.timing.benchmark` adds to its command, see tests/cli."""

import json

import pytest

from rkd_keras.errors import InputError, OptionError
from rkd_keras.export.timing import benchmark

QUICK = {"references": False, "quiet": True}


def test_one_model_by_its_text(files, tmp_path, capsys):
    out = tmp_path / "new" / "times.json"
    (row,) = benchmark(
        str(files["int8"]), out, runs=12, batch=2, runtimes=["litert"], **QUICK
    )
    assert (row["model"], row["runtime"]) == (str(files["int8"]), "LiteRT")
    assert (row["runs"], row["threads"]) == (12, 1)
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["results"] == [row]
    assert set(content["machine"]) == {"processor", "cores", "system", "python"}
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runs": 0}, "runs must be at least 1, not 0"),
        ({"reference": "student.onnx"}, "reference must be a .keras file"),
        ({"runtimes": ["tensorrt"]}, "runtimes must be one of litert"),
        ({"protocol": "neu-600"}, "protocol goes with --data alone"),
    ],
)
def test_options_are_checked(files, tmp_path, options, message):
    if "reference" in options:
        options = {"reference": files["onnx"]}
    with pytest.raises(OptionError, match=message):
        benchmark([files["int8"]], quiet=True, **options)


def test_there_must_be_a_model(tmp_path):
    with pytest.raises(InputError, match="at least one model file"):
        benchmark([])
    with pytest.raises(InputError, match="gone.tflite does not exist"):
        benchmark([tmp_path / "gone.tflite"])


def test_one_that_no_file_goes_by(files):
    with pytest.raises(InputError, match="none of the files goes by runtime keras"):
        benchmark([files["int8"]], runtimes=["keras"], **QUICK)
