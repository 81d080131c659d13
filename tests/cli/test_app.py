"""What ends a command ends it in one sentence."""

import errno

import pytest

from rkd_keras.cli import app as cli
from rkd_keras.errors import InputError, WorkerLostError


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("the lamp is off"), 2, "Error: the lamp is off"),
        (WorkerLostError("worker 1 is gone"), 3, "Error: worker 1 is gone"),
        (OSError(errno.ENOSPC, "No space", "/d/a.png"), 2, "/d/a.png: the disk is fu"),
        (OSError(errno.EROFS, "Read-only", "/d"), 2, "/d: the disk is read-only"),
        (PermissionError(errno.EACCES, "denied", "/d"), 2, "/d: no permission"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            2,
            "Error: the disk is full",
        ),
    ],
)
def test_every_error_of_the_user_is_one_sentence(
    monkeypatch, capsys, error, status, message
):
    def failing():
        raise error

    monkeypatch.setattr(cli, "app", failing)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr().err.strip()
    assert ended.value.code == status
    assert message in printed and "\n" not in printed


def test_errors_of_ours_keep_their_traceback(monkeypatch):
    def failing():
        raise OSError(errno.ECONNREFUSED, "refused")

    monkeypatch.setattr(cli, "app", failing)
    with pytest.raises(OSError, match="refused"):
        cli.main()
