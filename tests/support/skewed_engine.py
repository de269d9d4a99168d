"""The engine with a clock that can be set wrong.

Go programs read the kernel's clock themselves, so that no preloaded library shifts it, and a time
namespace shifts only clocks that count from the machine's start. So the engine is built from its
own sources with a standard library whose `time.Now` adds what the environment says.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

VARIABLE = "HANSE_ENGINE_SKEW_S"
INSTALLER = Path(__file__).parents[2] / "tools" / "cometbft.py"
READING = re.compile(r"(?m)^func Now\(\) Time \{\n\tsec, nsec, mono := \w+\(\)\n")
SKEW = f"""package time

import "syscall"

var skewSeconds = readSkew()

func readSkew() int64 {{
	text, _ := syscall.Getenv("{VARIABLE}")
	seconds, _ := atoi(text)
	return int64(seconds)
}}
"""


def skewed_engine(folder: Path) -> Path:
    """Build it; the program, which runs an hour ahead under ``HANSE_ENGINE_SKEW_S=3600``."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("an engine with another clock is built, and there is no Go here")
    library = Path(run(go, "env", "GOROOT").strip()) / "src" / "time"
    source, found = READING.subn(
        lambda match: match[0] + "\tsec += skewSeconds\n", (library / "time.go").read_text("utf-8")
    )
    if found != 1:
        pytest.skip("this Go reads its clock in another place")
    changed, added, overlay = (folder / name for name in ("time.go", "skew.go", "overlay.json"))
    changed.write_text(source, "utf-8")
    added.write_text(SKEW, "utf-8")
    replaced = {str(library / "time.go"): str(changed), str(library / "skew.go"): str(added)}
    overlay.write_text(json.dumps({"Replace": replaced}), "utf-8")
    package = runpy.run_path(str(INSTALLER))["PACKAGE"]
    run(go, "install", "-overlay", str(overlay), package, cwd=folder, GOBIN=str(folder))
    return folder / "cometbft"


def run(*command: str, cwd: Path | None = None, **environment: str) -> str:
    given = {**os.environ, **environment}
    done = subprocess.run(command, cwd=cwd, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
