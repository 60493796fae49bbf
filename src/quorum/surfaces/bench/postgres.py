"""A PostgreSQL server of one's own: on loopback, in a folder of its own, as an ordinary user, gone in the end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quorum.domain import NotFound, StoreError

INSTALLED = Path("/usr/lib/postgresql")
MEMORY, ROOM = Path("/dev/shm"), 1 << 30
FOR_ALL = Path("/var/tmp")  # where every user may enter, which the folder of root may forbid
USER = "quorum"
STARTS_WITHIN, STOPS_WITHIN, PAUSE = 60.0, 20.0, 0.02
QUICK: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
}
ALWAYS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "autovacuum": "off",
    "jit": "off",
}
DOORS = """\
host all guest 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def find_postgres() -> Path | None:
    """The folder of initdb and postgres, the newest where Debian keeps several; None when there is none."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    versions = [place for place in INSTALLED.glob("*/bin") if place.parent.name.isdigit()]
    places += sorted(versions, key=lambda place: int(place.parent.name), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@contextmanager
def own_postgres(*, durable: bool = False) -> Iterator[OwnPostgres]:
    """A new server, stopped and removed at the end; one that is not `durable` keeps all in memory where it can.

    NotFound where PostgreSQL is not installed. Its user `quorum` needs no password, `guest` would.
    """
    binaries = find_postgres()
    if binaries is None:
        raise NotFound("PostgreSQL is not installed", "`make services` installs it on Debian")
    runs_as = _ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="quorum-postgres-", dir=_place(durable, runs_as)))
    server = OwnPostgres(folder, binaries, runs_as, {} if durable else QUICK)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


class OwnPostgres:
    """A server in `folder`; it may be stopped and started again, and keeps its port."""

    def __init__(self, folder: Path, binaries: Path, runs_as: str | None, settings: Mapping[str, str]) -> None:
        self._data = folder / "data"
        self._log = folder / "log"
        self._binaries = binaries
        self._as = {"user": runs_as, "group": pwd.getpwnam(runs_as).pw_gid, "extra_groups": []} if runs_as else {}
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        if runs_as:
            shutil.chown(folder, runs_as)
        self.port = _free_port()

    def url(self, database: str = "postgres") -> str:
        """Where a database of the server is."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Make the server's files; StoreError with what initdb said when it fails."""
        words = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={USER}")
        command = [str(self._binaries / "initdb"), *words, "-D", str(self._data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._how())
        if done.returncode != 0:
            raise StoreError(f"initdb failed: {done.stderr[-500:]}", "run it by hand to see more")
        (self._data / "pg_hba.conf").write_text(DOORS, encoding="ascii")

    def start(self) -> None:
        """Start the server and wait until it takes connections; StoreError with its last words when it does not."""
        settings = {**ALWAYS, **self._settings, "port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [*_dying_with_us(), str(self._binaries / "postgres"), "-D", str(self._data), *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._how())
        until = time.monotonic() + STARTS_WITHIN
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                words = self._log.read_text(encoding="utf-8", errors="replace")[-500:]
                raise StoreError(f"PostgreSQL did not start: {words}", "look for what is missing there")
            time.sleep(PAUSE)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server, all transactions undone: in order by SIGINT, at once by SIGQUIT."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ready(self) -> bool:
        """Whether the server says so, in the last line of the file that bears its process id."""
        try:
            return (self._data / "postmaster.pid").read_text(encoding="ascii").split()[-1] == "ready"
        except (OSError, IndexError):
            return False

    def _how(self) -> dict[str, Any]:
        return {"cwd": self._data.parent, "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}, **self._as}


def _ordinary_user() -> str | None:
    """The user that a server started by root runs as; None for anyone else, who is ordinary enough."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _place(durable: bool, runs_as: str | None) -> Path | None:
    """Where the server's folder goes; root's own folder for such things would hide it from another user."""
    if not durable and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        return MEMORY
    return FOR_ALL if runs_as else None


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _dying_with_us() -> list[str]:
    """What goes before a command so that it ends with whoever kills us, on Linux."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "QUIT"] if found else []
