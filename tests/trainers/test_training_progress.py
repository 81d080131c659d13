"""A training says how far it is, on a terminal and in a log."""

import io
import re

import pytest

from rkd_keras.progress import Lines, shown_progress, tracked
from rkd_keras.trainers import TrainingProgress


def trained(progress, epochs, steps, finished=0):
    progress.set_params({"steps": steps})
    progress.on_train_begin()
    for epoch in range(finished, epochs):
        progress.on_epoch_begin(epoch)
        for step in range(steps):
            progress.on_train_batch_end(step, {"loss": 1 / (step + 1)})
        progress.on_epoch_end(epoch, {"loss": 0.5, "val_accuracy": 0.9})
    progress.on_train_end()


def test_a_log_gets_a_line_every_ten_seconds_and_a_last_one(monkeypatch, capsys):
    now = [0.0]

    def clock():
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(Lines.__init__, "__defaults__", (None, 10.0, clock))
    trained(TrainingProgress(4, label="resnet18"), epochs=4, steps=8)
    lines = capsys.readouterr().err.splitlines()
    assert 3 <= len(lines) <= 5
    for line in lines:
        assert re.match(r"resnet18: epoch \d/4, step \d/8, .* left, loss", line)
        assert len(line) <= 80
    assert "epoch 4/4, step 8/8, 0 s left" in lines[-1] and "val 90.0 %" in lines[-1]


def test_a_terminal_gets_a_bar_within_eighty_columns(monkeypatch):
    import rich.console

    screen = io.StringIO()
    console = rich.console.Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr(rich.console, "Console", lambda: console)
    trained(TrainingProgress(4, 1, label="edge_resnet_small"), 4, 2, finished=1)
    assert "epoch 4/4" in screen.getvalue() and "val 90.0 %" in screen.getvalue()
    assert "…" not in screen.getvalue()


def test_quiet_is_quiet(capsys):
    trained(TrainingProgress(2, disable=True), epochs=2, steps=2)
    with shown_progress("reading", quiet=True) as progress:
        progress(1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("done", [0, 5])
def test_a_loop_in_a_log_tells_the_time_left(monkeypatch, capsys, done):
    monkeypatch.setattr(Lines.__init__, "__defaults__", (None, 0.0, lambda: 1.0))
    with shown_progress("decoding") as progress:
        progress(done, 10)
    assert f"decoding: {done} of 10, " in capsys.readouterr().err


def test_a_sequence_is_gone_over_whole_and_told_of(monkeypatch, capsys):
    monkeypatch.setattr(Lines.__init__, "__defaults__", (None, 0.0, lambda: 1.0))
    assert list(tracked("abc", "spelling")) == ["a", "b", "c"]
    assert "spelling: 3 of 3, " in capsys.readouterr().err
    assert list(tracked(range(2), "spelling", quiet=True)) == [0, 1]
    assert capsys.readouterr() == ("", "")
