"""`hanse demo` as a newcomer runs it: on its own data and on somebody's files."""

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bft_network import require_engine

from hanse.sdk import Client

KEYS = {
    "rows_bank",
    "rows_partner",
    "rows_common",
    "auc_bank_only",
    "auc_joint",
    "auc_joint_plaintext",
    "ks_joint",
    "seconds",
    "blocks",
    "transactions",
    "balances",
    "proof_verified",
    "refusals",
}
REFUSALS = {
    "without_a_grant": "rights.grant_not_found",
    "used_up": "rights.grant_used_up",
    "other_purpose": "rights.purpose_not_granted",
    "other_fields": "rights.field_not_granted",
    "other_party": "rights.grant_not_yours",
    "revoked": "rights.grant_revoked",
}


def _demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hanse.cli", "demo", "--home", str(folder / "homes"), *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, cwd=folder
    )


def _check(report: dict, computing: int) -> None:
    assert report.keys() >= KEYS
    assert report["refusals"] == REFUSALS
    assert report["proof_verified"] is True
    assert abs(report["auc_joint"] - report["auc_joint_plaintext"]) <= 0.005
    assert sum(report["balances"].values()) == 10_000
    assert report["balances"]["merchant"] == 300 * len(report["flows"])
    assert report["balances"]["bank"] == 10_000 - 300 * len(report["flows"]) - 50 * computing


def test_demo_on_its_own_data_reports_what_the_network_did(tmp_path: Path) -> None:
    done = _demo(tmp_path, "--report", "out.json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))
    _check(report, computing=3)
    assert (report["rows_bank"], report["rows_partner"], report["rows_common"]) == (900, 890, 790)
    assert [flow["computing"] for flow in report["flows"]] == [
        ["bank", "merchant", "compute_1"],
        ["bank", "compute_1", "compute_2"],
    ]
    assert not (tmp_path / "homes").exists()


def _somebodys_files(folder: Path) -> None:
    """Chinese headers, text and number columns, gaps, ids that overlap only partly."""
    dice = random.Random(7)
    people = [f"客户{number:05d}" for number in dice.sample(range(10_000, 99_999), 700)]
    risk = {person: dice.gauss(0, 1) for person in people}
    with (folder / "银行.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["客户编号", "申请金额", "职业", "是否违约"])
        for person in people[:600]:
            amount = "" if dice.random() < 0.1 else f"{50_000 + 20_000 * dice.gauss(0, 1):.2f}"
            bad = int(risk[person] + dice.gauss(0, 0.7) > 0.3)
            writer.writerow([person, amount, dice.choice(["教师", "工人", "农民", ""]), bad])
    with (folder / "商户.csv").open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["客户编号", "月消费", "会员等级"])
        for person in reversed(people[100:]):
            spend = "" if dice.random() < 0.2 else f"{3_000 - 900 * risk[person]:.1f}"
            writer.writerow([person, spend, "金卡" if risk[person] < 0 else "普通"])


@pytest.mark.long
def test_demo_two_party_on_somebodys_files_with_chinese_headers_and_gaps(tmp_path: Path) -> None:
    _somebodys_files(tmp_path)
    files = ["--bank", "银行.csv", "--partner", "商户.csv", "--id", "客户编号"]
    done = _demo(tmp_path, *files, "--label", "是否违约", "--two-party", "--report", "报告.json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    report = json.loads((tmp_path / "报告.json").read_text("utf-8"))
    _check(report, computing=0)
    assert (report["rows_bank"], report["rows_partner"], report["rows_common"]) == (600, 600, 500)
    assert report["auc_joint"] > report["auc_bank_only"] + 0.1
    assert [flow["protocol"] for flow in report["flows"]] == ["cheetah"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--bank", "银行.csv"], "demo.options_incomplete"),
        (
            ["--bank", "no.csv", "--partner", "商户.csv", "--id", "客户编号", "--label", "y"],
            "demo.file_unreadable",
        ),
        (
            ["--bank", "银行.csv", "--partner", "商户.csv", "--id", "客户编号", "--label", "y"],
            "demo.column_missing",
        ),
    ],
)
def test_demo_with_wrong_options_is_refused_before_anything_starts(
    tmp_path: Path, options: list[str], code: str
) -> None:
    _somebodys_files(tmp_path)
    done = _demo(tmp_path, *options)
    assert done.returncode == 2
    assert code in done.stderr
    assert not (tmp_path / "homes").exists()


@pytest.mark.faults
def test_demo_under_validators_is_left_up_and_says_how_to_look_around(tmp_path: Path) -> None:
    require_engine()
    done = _demo(tmp_path, "--ledger", "cometbft", "--two-party", "--keep", "--report", "out.json")
    pids = [int(pid) for pid in re.findall(r"\bpid (\d+)", done.stdout)]
    try:
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        _check(json.loads((tmp_path / "out.json").read_text("utf-8")), computing=0)
        assert len(set(pids)) == 6
        with Client(re.findall(r"http://127\.0\.0\.1:\d+", done.stdout)[0]) as client:
            assert client.node.health().ok
    finally:
        for pid in set(pids):
            os.kill(pid, signal.SIGTERM)
