import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.files.images import encode_image, write_image
from rkd_keras.predict import Answer, AnswerFile, answer_requests, load, watch
from rkd_keras.predict.requests import LARGEST_IMAGE, LONGEST_LINE

ABOUT = {"bytes": 6, "modified_ns": 17}


@pytest.fixture(scope="module")
def predictor():
    return load()


@pytest.fixture(scope="module")
def png():
    return encode_image(np.full((64, 64), 90, np.uint8))


def ask(text, predictor):
    answers = list(answer_requests(io.BytesIO(text), predictor))
    assert [each.about["request"] for each in answers] == [
        number + 1 for number in range(len(answers))
    ]
    return answers


def test_a_wrong_request_costs_no_other(predictor, png, tmp_path):
    """After each, an image that must be answered."""
    overlay = tmp_path / "overlay.png"
    write_image(overlay, np.zeros((9, 9), "uint8"), is_result=True)
    good = b"  %d \n%s\n" % (len(png), png)  # as `wc -c` may write it
    for wrong, message in (
        (b"0\n", "cannot be decoded"),
        (b"3\nabc", "the image of request 1 cannot be decoded"),
        (b"x" * (3 * LONGEST_LINE) + b"\n", f"more than {LONGEST_LINE} bytes"),
        (b"a\0b.png\n", "cannot be read"),
        (b"\xff\xfe.png\n", "cannot be read"),
        (b"-5\n", "-5 cannot be read"),
        (str(tmp_path).encode() + b"\n", "cannot be read"),
        (str(overlay).encode() + b"\n", "shows results of rkd-keras"),
    ):
        first, second = ask(wrong + good, predictor)
        assert first.verdict is None and message in first.error, wrong
        assert second.error is None and second.verdict is not None, wrong
        assert "\n" not in first.to_json() and first.to_json().isascii()


def test_an_input_that_ends_within_an_image_is_told(predictor, png):
    (answer,) = ask(b"%d\n%s" % (len(png) + 1, png), predictor)
    assert f"ended after {len(png)} of {len(png) + 1} bytes" in answer.error
    assert ask(b"\n\r\n", predictor) == []


def test_an_image_too_large_is_dropped_without_memory(predictor, png):
    class Endless(io.RawIOBase):
        """A number, that many zeros, and an image."""

        head = b"%d\n" % (LARGEST_IMAGE + 1)
        zeros = LARGEST_IMAGE + 1

        def __init__(self):
            self.tail = io.BytesIO(b"\n%d\n%s" % (len(png), png))

        def readline(self, size):
            head, self.head = self.head, b""
            return head or self.tail.readline(size)

        def read(self, size):
            if self.zeros:
                self.zeros -= min(size, self.zeros)
                return bytes(size)
            return self.tail.read(size)

    first, second = answer_requests(Endless(), predictor)
    assert f"more than {LARGEST_IMAGE} bytes" in first.error
    assert second.verdict is not None


def test_a_folder_that_goes_away_is_told_once_and_waited_for(predictor, tmp_path):
    folder = tmp_path / "camera"
    folder.mkdir()
    ended = []
    stop = ended.__len__
    answers = watch(folder, predictor, settle_seconds=0.01, stop=stop)
    shutil.rmtree(folder)
    away = next(answers)
    assert away.file == folder and "cannot be opened" in away.error
    folder.mkdir()
    write_image(folder / "a.png", np.zeros((64, 64), np.uint8))
    assert next(answers).file == folder / "a.png"
    ended.append(1)
    assert list(answers) == []
    with pytest.raises(InputError, match="gone is no folder"):
        watch(tmp_path / "gone", predictor)


def test_without_the_existing_files_new_ones_count(predictor, tmp_path):
    write_image(tmp_path / "old.png", np.zeros((64, 64), np.uint8))
    answers = watch(tmp_path, predictor, existing=False, settle_seconds=0.01)
    write_image(tmp_path / "new.png", np.zeros((64, 64), np.uint8))
    assert next(answers).file.name == "new.png"


def test_a_line_is_whole_or_not_there(tmp_path):
    path = tmp_path / "sub" / "answers.jsonl"
    first, second = (Answer(Path(f"/{n}"), error="ä\n", about=ABOUT) for n in "ab")
    with AnswerFile(path) as answers:
        answers.add(first)
        with pytest.raises(InputError, match="another process writes to"):
            AnswerFile(path)
    whole = path.read_bytes()
    line = second.to_json().encode()
    for length in range(len(line) + 1):
        path.write_bytes(whole + line[:length])
        with AnswerFile(path) as answers:
            assert list(answers.known()) == [("/a", 6, 17)]
            answers.add(second)
        assert path.read_bytes() == whole + line + b"\n"
    assert [json.loads(each)["error"] for each in path.read_text().splitlines()] == [
        "ä\\n",
        "ä\\n",
    ]


@pytest.mark.parametrize(
    "content", [b"mine", b"mine\n", b'{"file": "/a"}\nmine', b'{"file": "/a"}\nmine\n']
)
def test_what_is_no_file_of_answers_is_left_alone(tmp_path, content):
    path = tmp_path / "notes.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match="of .*notes.jsonl is no answer"):
        with AnswerFile(path) as answers:
            list(answers.known())
    assert path.read_bytes() == content


def test_a_full_disk_is_told_and_leaves_whole_lines(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        AnswerFile(tmp_path)
    with AnswerFile(tmp_path / "a.jsonl") as answers:
        answers.add(Answer(Path("/a"), error="x"))
        stream, left = answers._stream, [5]

        class Full:
            def write(self, data):
                if not left:
                    raise OSError(28, "No space left on device")
                return stream.write(data[: left.pop()])

            truncate, close = stream.truncate, stream.close

        answers._stream = Full()
        with pytest.raises(InputError, match="No space left"):
            answers.add(Answer(Path("/b"), error="x"))
    assert (tmp_path / "a.jsonl").read_text().count("\n") == 1
    assert (tmp_path / "a.jsonl").read_text().endswith("}\n")
