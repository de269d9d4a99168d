"""Which attested workers a node accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hanse.compute.worker import code_fingerprint
from hanse.node.attestation import accepted_workers
from hanse.node.errors import BadSettings
from hanse.node.settings import ComputeSettings

TDX = {"tee": "tdx", "registers": {"mr_td": ["ab" * 48]}}
SGX = {"tee": "sgx", "registers": {"mr_enclave": ["cd" * 32]}}
SOFTWARE = {"tee": "software", "registers": {"code": ["ef" * 32]}}


def test_nothing_is_accepted_unless_named() -> None:
    assert accepted_workers(ComputeSettings()) == []


def test_policies_of_the_file_and_software_of_this_release(tmp_path: Path) -> None:
    path = tmp_path / "策略.json"
    path.write_text(json.dumps([TDX, SGX]))
    settings = ComputeSettings(attestation_policies=str(path), software_workers=True)
    found = accepted_workers(settings)
    assert [policy.tee for policy in found] == ["tdx", "sgx", "software"]
    assert found[2].registers == {"code": [code_fingerprint()]}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[1]", '[{"tee": "tdx", "registers": {}}]', '[{"tee": "sev"}]'),
        *(json.dumps([TDX, TDX]), json.dumps([SOFTWARE])),
        json.dumps([TDX | {"registers": {"mr_td": []}}]),
        json.dumps([TDX | {"unknown": 1}]),
    ],
)
def test_file_that_says_too_little_or_too_much_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policies.json"
    path.write_text(text)
    with pytest.raises(BadSettings, match="attestation_policies"):
        accepted_workers(ComputeSettings(attestation_policies=str(path)))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"gone\.json"):
        accepted_workers(ComputeSettings(attestation_policies=str(tmp_path / "gone.json")))
