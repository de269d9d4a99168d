"""hanse node init, network create, node join: homes on disk, made by the real node code."""

import json
from pathlib import Path

import pytest

from hanse.cli.main import main
from hanse.ledger.genesis import decode_genesis, genesis_hash


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HANSE_PASSPHRASE", raising=False)
    monkeypatch.setenv("HANSE_CONFIG", str(tmp_path / "config.json"))


def call(capsys, *arguments: str) -> dict:
    code = main([*arguments, "--json"])
    captured = capsys.readouterr()
    if code:
        return {"exit": code, **json.loads(captured.err)["error"]}
    return json.loads(captured.out)


def init(capsys, home: Path, *more: str) -> dict:
    return call(capsys, "node", "init", "--home", str(home), "--name", home.name, *more)


def test_from_nothing_to_a_member_about_to_apply(capsys, tmp_path: Path) -> None:
    operator, bank = tmp_path / "operator", tmp_path / "招商银行"
    made = init(capsys, operator, "--port", "8700")
    assert made["did"].startswith("did:hanse:") and made["url"] == "http://127.0.0.1:8700"
    assert len(made["admin_password"]) >= 10
    assert Path(made["passphrase_file"]).stat().st_mode & 0o077 == 0

    handed_out = tmp_path / "genesis.json"
    created = call(capsys, "network", "create", "--home", str(operator), "--name", "trial",
                   "--points", "5000", "--output", str(handed_out))  # fmt: skip
    assert created["chain"] == genesis_hash(decode_genesis(handed_out.read_bytes()))

    init(capsys, bank, "--port", "8701")
    joined = call(capsys, "node", "join", "--home", str(bank), "--genesis", str(handed_out),
                  "--operator", "http://127.0.0.1:8700", "--role", "data_consumer,auditor",
                  "--controller", "控股")  # fmt: skip
    assert joined["chain"] == created["chain"] and joined["name"] == "trial"

    again = call(capsys, "network", "create", "--home", str(bank), "--name", "other")
    assert (again["exit"], again["code"]) == (5, "node.network_exists")


def test_home_in_use_and_missing_home_are_named(capsys, tmp_path: Path) -> None:
    home = tmp_path / "full"
    home.mkdir()
    (home / "file").write_text("mine")
    refused = init(capsys, home)
    assert refused["code"] == "node.home_exists"
    assert (home / "file").read_text() == "mine"
    missing = call(capsys, "network", "create", "--home", str(tmp_path / "no"), "--name", "x")
    assert missing["exit"] in {2, 4} and missing["code"].startswith("node.")


def test_own_passphrase_is_not_written_down(capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HANSE_PASSPHRASE", "correct horse battery staple")
    made = init(capsys, tmp_path / "bank", "--suite", "intl")
    assert made["passphrase_file"] is None and made["suite"] == "intl"
    for path in (tmp_path / "bank").rglob("*"):
        if path.is_file():
            assert b"correct horse" not in path.read_bytes()


@pytest.mark.parametrize(
    "more", [("--suite", "rot13"), ("--port", "0"), ("--public-url", "bank.example")]
)
def test_bad_settings_leave_nothing_behind(capsys, tmp_path: Path, more) -> None:
    assert init(capsys, tmp_path / "bank", *more)["exit"] == 2
    assert not (tmp_path / "bank").exists()


def test_genesis_that_is_none_is_refused(capsys, tmp_path: Path) -> None:
    init(capsys, tmp_path / "bank")
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    refused = call(capsys, "node", "join", "--home", str(tmp_path / "bank"), "--genesis",
                   str(wrong), "--operator", "http://127.0.0.1:1", "--role", "auditor")  # fmt: skip
    assert refused["code"] == "ledger.bad_genesis"
