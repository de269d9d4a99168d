"""Import, digest, profile and export in memory that does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = """
    import sys
    from pathlib import Path
    from hanse.crypto.suite import get_suite
    from hanse.data.digest import content_digest
    from hanse.data.importing import import_file
    from hanse.data.profile import profile
    from hanse.data.vault import Vault

    folder, mebibytes = Path(sys.argv[1]), int(sys.argv[2])
    source = folder / "source.csv"
    row = 0
    with source.open("w") as file:
        file.write("id,名称,amount,code,day\\n")
        while file.tell() < mebibytes << 20:
            for row in range(row, row + 5_000):
                file.write(f'{row},"客户 {row * 7919 % 1000003}",{row * 31 % 99991 / 7},'
                           f"K{row:09d},2024-01-{row % 28 + 1:02d}\\n")
            row += 1

    def peak_mebibytes():
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) // 1024

    before = peak_mebibytes()
    vault = Vault(folder / "vault", get_suite("intl"), bytes(32))
    table = import_file(source, vault, key_columns=["id"])
    assert table.rows == row
    content_digest(vault.suite, table)
    profile(table)
    vault.export(table.id, folder / "out.csv")
    print(peak_mebibytes() - before)
"""


def growth_mebibytes(tmp_path: Path, mebibytes: int) -> int:
    script, folder = tmp_path / "script.py", tmp_path / str(mebibytes)
    script.write_text(textwrap.dedent(SCRIPT))
    folder.mkdir()
    command = [sys.executable, str(script), str(folder), str(mebibytes)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    for path in folder.rglob("*.csv"):
        path.unlink()
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.long
def test_memory_does_not_follow_the_file(tmp_path: Path) -> None:
    small, large = growth_mebibytes(tmp_path, 24), growth_mebibytes(tmp_path, 120)
    assert large - small < 100, (small, large)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_gibibyte_passes_through_less_than_half_of_it(tmp_path: Path) -> None:
    assert growth_mebibytes(tmp_path, 1024) < 450
