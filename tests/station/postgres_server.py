"""A PostgreSQL server of our own, in a temporary folder, on loopback."""

import getpass
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


def find_binaries():
    """The folder of initdb and postgres: where Debian puts them, or in the path."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    usable = [f for f in folders if (f / "initdb").exists()]
    if usable:
        return max(usable, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """Starts in the constructor; `stop` and `start` again as a server that fails."""

    def __init__(self, binaries):
        self._binaries = binaries
        self._numbers = itertools.count()
        # Not below pytest's own folder, which nobody else may enter.
        self._folder = Path(tempfile.mkdtemp(prefix="rkd-keras-postgres-"))
        self._as = {}
        self.user = getpass.getuser()
        if os.geteuid() == 0:
            # PostgreSQL's server refuses to run as root.
            self.user = _unprivileged()
            entry = pwd.getpwnam(self.user)
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
            self._as = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._run("initdb", "--auth=trust", "--no-sync", "--encoding=UTF8", "-U", "rkd")
        self.start()

    def url(self):
        """Make a database; return its SQLAlchemy URL."""
        import psycopg

        name = f"station_{next(self._numbers)}"
        address = f"postgresql://rkd@127.0.0.1:{self.port}"
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://rkd@127.0.0.1:{self.port}/{name}"

    def start(self):
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1"
        options += " -c fsync=off"  # the tests kill the server, not the machine
        log = str(self._folder / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", options, "start")

    def stop(self):
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def remove(self):
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program, *arguments):
        command = [self._binaries / program, "-D", self._folder / "data", *arguments]
        with open(self._folder / "out", "a") as out:
            # No pipe: the server would keep it open.
            subprocess.run(
                command,
                check=True,
                stdout=out,
                stderr=out,
                cwd=self._folder,
                **self._as,
            )


def _unprivileged():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("there is no user that the server could run as")
