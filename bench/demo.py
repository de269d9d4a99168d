"""Time of the demo by step: set-up, both flows, audit.

Usage: ``python bench/demo.py [--two-party]``. Aim: both flows within 90 s after set-up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Run the demo once and print its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        home = Path(folder) / "homes"
        command = [sys.executable, "-m", "hanse.cli", "demo", "--home", str(home)]
        command += ["--report", str(report), *sys.argv[1:]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds: dict[str, float] = json.loads(report.read_text())["seconds"]
    for step, value in seconds.items():
        print(f"{step:16} {value:7.1f} s")
    flows = sum(value for step, value in seconds.items() if step.startswith("flow"))
    print(f"{'flows together':16} {flows:7.1f} s   (aim: at most 90 s)")


if __name__ == "__main__":
    main()
