"""A PostgreSQL server for the tests: made in a temporary directory, reached by a socket there.

It listens on no port, keeps nothing and does not wait for the disk. PostgreSQL refuses to run
as root, so root starts it as somebody who owns nothing else.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patience import PATIENCE_S
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

SERVER = os.environ.get("HANSE_TEST_POSTGRES", "")
"""SQLAlchemy URL of a server to be used instead of one of our own."""
DEBIAN = Path("/usr/lib/postgresql")
UNPRIVILEGED = ("postgres", "nobody")
OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
)


class NoPostgres(Exception):
    """There is no server, and why."""


def server_url(socket_directory: Path) -> str:
    """URL of the server whose socket lies there."""
    return f"postgresql+psycopg://hanse@/postgres?host={socket_directory}"


def in_schema(url: str, schema: str) -> str:
    """The same server with everything in a schema of that name."""
    made = make_url(url).update_query_dict({"options": f"-csearch_path={schema}"})
    return made.render_as_string(hide_password=False)


@contextmanager
def postgres_server() -> Iterator[str]:
    """A server while the block runs; its SQLAlchemy URL.

    Raises:
        NoPostgres: the programs are not installed, or nobody may run them.
    """
    if SERVER:
        yield SERVER
        return
    programs, user = _programs(), _user()
    with tempfile.TemporaryDirectory(prefix="hanse-postgres-") as name:
        home = Path(name)
        if user is not None:
            os.chown(home, user.pw_uid, user.pw_gid)
        _run(user, home, programs / "initdb", *_INITDB, "-D", str(home / "data"))
        with _started(user, home, programs / "postgres"):
            yield server_url(home)


_INITDB = ("--username=hanse", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")


def _programs() -> Path:
    """The directory of ``initdb`` and ``postgres``: on the path, or Debian's newest."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise NoPostgres("PostgreSQL is not installed: no initdb on the path or in " + str(DEBIAN))
    return versions[-1].parent


def _user() -> pwd.struct_passwd | None:
    """Whom to run it as; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in UNPRIVILEGED:
        if name in known:
            return known[name]
    raise NoPostgres("PostgreSQL does not run as root, and there is no other user")


def _as(user: pwd.struct_passwd | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(user: pwd.struct_passwd | None, home: Path, *command: str | Path) -> None:
    done = subprocess.run(
        command, cwd=home, env=_environment(), capture_output=True, text=True, check=False,
        **_as(user),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _started(user: pwd.struct_passwd | None, home: Path, program: Path) -> Iterator[None]:
    options = [word for option in (*OPTIONS, f"unix_socket_directories={home}")
               for word in ("-c", option)]  # fmt: skip
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", home / "data", *options],
            cwd=home, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            **_as(user),
        )  # fmt: skip
    try:
        _wait(process, home)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # "fast": sessions are ended
        process.wait(PATIENCE_S)


def _wait(process: subprocess.Popen[bytes], home: Path) -> None:
    engine = create_engine(server_url(home))
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except OperationalError:
            alive = process.poll() is None and time.monotonic() < ends
            assert alive, (home / "log").read_text()
            time.sleep(0.05)
        else:
            engine.dispose()
            return


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
