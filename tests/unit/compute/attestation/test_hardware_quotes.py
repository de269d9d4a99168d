"""A quote asked of the kernel, through the files its documented interface has.

There is no trust domain where the tests run: a directory takes the place of the kernel's file
system, and a thread fills in what the kernel would. The real quote it hands out is a public one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hanse.compute.attestation import AttestationPolicy, read_quote, verify_attestation
from hanse.compute.attestation import errors as wrong
from hanse.compute.attestation.hardware import make_evidence, tdx_quote

VECTORS = Path(__file__).parents[3] / "vectors" / "attestation"
QUOTE = (VECTORS / "tdx_quote.bin").read_bytes()
COLLATERAL = (VECTORS / "tdx_quote_collateral.json").read_text("utf-8")
NOW_MS = 1_750_500_000_000
ASKED = bytes(range(64))
PATIENCE_S = 20.0


@contextmanager
def kernel(root: Path, provider: str, steps: int) -> Iterator[list[bytes]]:
    """Serve one request below ``root``; yields what was asked to be signed."""
    asked: list[bytes] = []
    servers: list[threading.Thread] = []
    staged = root / "staged"
    staged.mkdir()
    (staged / "provider").write_text(provider + "\n")
    (staged / "generation").write_text("7\n")
    os.mkfifo(staged / "outblob")
    real, gone = Path.mkdir, Path.rmdir

    def make(self: Path, *args: object, **more: object) -> None:
        real(self)
        for file in list(staged.iterdir()):
            file.rename(self / file.name)
        server = threading.Thread(target=serve, args=(self,), daemon=True)
        if provider == "tdx_guest":  # of another nobody reads, and the thread would wait for it
            servers.append(server)
            server.start()

    def serve(entry: Path) -> None:
        with (entry / "outblob").open("wb") as out:  # opens when the reader does
            asked.append((entry / "inblob").read_bytes())
            (entry / "generation").write_text(f"{7 + steps}\n")
            out.write(QUOTE)

    def leave(self: Path) -> None:
        for file in list(self.iterdir()):
            file.unlink()
        gone(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "mkdir", make)
        patch.setattr(Path, "rmdir", leave)
        yield asked
    for server in servers:
        server.join(PATIENCE_S)


def test_quote_is_the_kernels_over_what_was_asked(tmp_path: Path) -> None:
    with kernel(tmp_path, "tdx_guest", 1) as asked:
        made = make_evidence("tdx", ASKED, code="", collateral=COLLATERAL, reports=tmp_path)
    assert asked == [ASKED]
    assert (made.tee, made.quote) == ("tdx", QUOTE)
    assert not list(tmp_path.glob("hanse-*"))
    claims = read_quote(made.quote, made.collateral, NOW_MS)
    policy = AttestationPolicy(tee="tdx", registers={"mr_td": [claims.registers["mr_td"]]})
    with pytest.raises(wrong.NotBound):  # a genuine quote, but not over what this session asked
        verify_attestation(made, policy, ASKED, 4, NOW_MS)


@pytest.mark.parametrize(
    ("provider", "steps", "error"),
    [("tdx_guest", 2, wrong.QuoteDisturbed), ("sev_guest", 1, wrong.NoTrustedHardware)],
)
def test_quote_of_another_kind_or_request_is_refused(
    tmp_path: Path, provider: str, steps: int, error: type[Exception]
) -> None:
    with kernel(tmp_path, provider, steps), pytest.raises(error):
        tdx_quote(ASKED, tmp_path)


def test_machine_without_the_hardware_says_so(tmp_path: Path) -> None:
    with pytest.raises(wrong.NoTrustedHardware, match="no report"):
        tdx_quote(ASKED, tmp_path / "absent")
    (tmp_path / "plain").mkdir()
    with pytest.raises(wrong.NoTrustedHardware, match="made no quote"):
        tdx_quote(ASKED, tmp_path / "plain")
    for tee, collateral in (("sgx", COLLATERAL), ("tdx", "")):
        with pytest.raises(wrong.NoTrustedHardware):
            make_evidence(tee, ASKED, code="", collateral=collateral, reports=tmp_path)  # type: ignore[arg-type]
