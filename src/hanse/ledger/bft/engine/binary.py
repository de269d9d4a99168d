"""Which program the consensus engine is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from hanse.ledger.bft.engine.errors import EngineMissing, WrongEngineVersion

VARIABLE = "HANSE_COMETBFT"
SERIES = "0.38."  # other series speak another ABCI
_CLONE = Path(__file__).parents[5]
_ANSWER_SECONDS = 30


def find_engine(configured: str = "") -> Path:
    """The engine's program: configured, ``HANSE_COMETBFT``, made in the clone, or in PATH.

    Args:
        configured: path from the node's settings; empty to look for it.

    Raises:
        EngineMissing: there is none.
        WrongEngineVersion: it is not CometBFT 0.38.
    """
    path = _candidate(configured or os.environ.get(VARIABLE, ""))
    version = engine_version(path)
    if not version.startswith(SERIES):
        raise WrongEngineVersion(f"{path} is version {version[:40]!r}; {SERIES}x is needed")
    return path


def engine_version(path: Path) -> str:
    """What the program says its version is.

    Raises:
        EngineMissing: it cannot be run.
    """
    try:
        done = subprocess.run(  # noqa: S603 — the operator names the program
            [path, "version"], capture_output=True, timeout=_ANSWER_SECONDS, check=True, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineMissing(f"{path} cannot be run", debug=repr(error)) from None
    return done.stdout.strip()


def _candidate(named: str) -> Path:
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise EngineMissing(f"there is no {path}")
        return path.resolve()
    made = _CLONE / ".cometbft" / "bin" / "cometbft"
    if made.is_file():
        return made
    found = shutil.which("cometbft")
    if found is None:
        raise EngineMissing("no cometbft in the clone and none in PATH")
    return Path(found).resolve()
