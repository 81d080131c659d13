from rkd_keras.rating.archive.progress import ScoreProgress, duration


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Stream:
    def __init__(self, terminal):
        self.text, self.terminal = "", terminal

    def isatty(self):
        return self.terminal

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_progress_tells_the_time_left():
    clock, stream = Clock(), Stream(terminal=True)
    progress = ScoreProgress(5000, skipped=1000, stream=stream, clock=clock)
    assert "time left unknown" in progress.line()
    clock.now = 10.0
    progress.advance(500, errors=2)
    expected = "1,500 of 5,000 images, 50.0 images/s, 1 min 10 s left, 2 errors"
    assert progress.line() == expected
    assert stream.text.endswith(expected)


def test_progress_in_a_file_is_a_line_at_times():
    clock, stream = Clock(), Stream(terminal=False)
    progress = ScoreProgress(400, stream=stream, clock=clock)
    for _ in range(100):
        clock.now += 1.0
        progress.advance(4)
    lines = stream.text.splitlines()
    # Every ten seconds, and at the end.
    shown = [int(line.partition(" ")[0]) for line in lines]
    assert shown == list(range(40, 401, 40))
    assert lines[2].endswith("4.0 images/s, 1 min 10 s left")


def test_durations():
    assert [duration(s) for s in (0, 59.6, 3600, 90_000)] == [
        "0 s",
        "1 min 0 s",
        "1 h 0 min",
        "1 d 1 h",
    ]
