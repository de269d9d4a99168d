"""hanse attestation verify, on quotes of real hardware."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hanse.cli.main import main

VECTORS = Path(__file__).parents[2] / "vectors" / "attestation"
CURRENT = "2025-06-21"


def verify(tee: str, *more: str) -> int:
    files = (f"{tee}_quote.bin", "--collateral", f"{tee}_quote_collateral.json")
    paths = [part if part.startswith("--") else str(VECTORS / part) for part in files]
    return main(["attestation", "verify", *paths, "--json", *more])


def test_quote_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("tdx", "--at", CURRENT) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["tee"], shown["tcb_status"], shown["debug"]) == ("tdx", "UpToDate", False)
    assert shown["policy_holds"] is False


def test_policy_that_holds_and_one_that_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("tdx", "--at", CURRENT) == 0
    measured = json.loads(capsys.readouterr().out)["registers"]["mr_td"]
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"tee": "tdx", "registers": {"mr_td": [measured]}}))
    assert verify("tdx", "--at", CURRENT, "--policy", str(policy)) == 0
    assert json.loads(capsys.readouterr().out)["policy_holds"] is True
    policy.write_text(json.dumps({"tee": "tdx", "registers": {"mr_td": ["00" * 48]}}))
    assert verify("tdx", "--at", CURRENT, "--policy", str(policy)) == 6
    assert "attestation.wrong_measurement" in capsys.readouterr().err


def test_expired_collateral_and_broken_policy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("sgx", "--at", "2026-01-01") == 6
    assert "attestation.bad_quote" in capsys.readouterr().err
    policy = tmp_path / "policy.json"
    policy.write_text('{"tee": "abacus"}')
    assert verify("sgx", "--at", CURRENT, "--policy", str(policy)) == 2
    assert "cli.bad_usage" in capsys.readouterr().err
