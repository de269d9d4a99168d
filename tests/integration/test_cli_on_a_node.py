"""The command line against a real node in a process of its own: an operator's, alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hanse.cli.main import main
from hanse.core.ports import free_port
from hanse.sdk import Client

Result = tuple[int, Any]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    root = tmp_path_factory.mktemp("node")
    home, port = root / "operator", free_port()
    hanse = [sys.executable, "-m", "hanse.cli"]
    made = subprocess.run(
        [*hanse, "node", "init", "--home", str(home), "--name", "运营方", "--suite", "intl",
         "--port", str(port), "--json"],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [*hanse, "network", "create", "--home", str(home), "--name", "trial", "--json",
         "--role", "operator,regulator,data_provider"],
        check=True, capture_output=True,
    )  # fmt: skip
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [*hanse, "node", "start", "--home", str(home)], stdout=log, stderr=log
        )
    try:
        with Client(f"http://127.0.0.1:{port}") as client:
            client.node.wait_healthy(120)
        yield {**json.loads(made.stdout), "genesis": str(home / "genesis.json")}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.fixture
def hanse(node, tmp_path: Path, monkeypatch, capsys):
    """Run a command line as the logged-in administrator; the exit code and the JSON it printed."""
    for name in [name for name in os.environ if name.startswith("HANSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HANSE_CONFIG", str(tmp_path / "config.json"))
    monkeypatch.setenv("HANSE_PASSWORD", node["admin_password"])

    def call(*arguments: str) -> Result:
        code = main([*arguments, "--json"])
        captured = capsys.readouterr()
        text = captured.out if code == 0 else captured.err
        return code, json.loads(text) if text.strip() else None

    assert call("login", node["url"], "--user", "admin")[0] == 0
    return call


def test_session_from_login_to_logout(hanse, node) -> None:
    assert hanse("whoami")[1]["user"] == "admin"
    assert hanse("logout")[0] == 0
    code, error = hanse("whoami")
    assert code == 3 and error["error"]["code"].startswith(("auth.", "node."))


def test_wrong_password_is_refused_and_nothing_stored(hanse, node, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HANSE_PASSWORD", "not the password")
    monkeypatch.setenv("HANSE_CONFIG", str(tmp_path / "other.json"))
    code, error = hanse("login", node["url"], "--user", "admin")
    assert code == 3 and "not the password" not in str(error)
    assert not (tmp_path / "other.json").exists()


def test_users_through_their_life(hanse, node, monkeypatch) -> None:
    monkeypatch.setenv("HANSE_NEW_PASSWORD", "correct horse battery")
    code, user = hanse("users", "add", "alice", "--role", "analyst,steward")
    assert code == 0 and set(user["roles"]) == {"analyst", "steward"}
    assert hanse("users", "add", "alice", "--role", "analyst")[0] == 5
    assert [u["name"] for u in hanse("users", "list", "--all")[1]["items"]] == ["admin", "alice"]
    assert hanse("users", "update", "alice", "--disable")[1]["disabled"] is True
    assert hanse("users", "show", "alice")[1]["disabled"] is True
    assert hanse("users", "delete", "alice")[0] == 2
    assert hanse("users", "delete", "alice", "--yes")[0] == 0
    assert hanse("users", "show", "alice")[0] == 4
    monkeypatch.setenv("HANSE_NEW_PASSWORD", "short")
    code, error = hanse("users", "add", "bob", "--role", "analyst")
    assert code == 2 and "short" not in str(error)


def test_api_token_works_until_it_is_revoked(hanse, node, monkeypatch) -> None:
    code, made = hanse("tokens", "create", "job", "--role", "admin", "--expires", "1h")
    assert code == 0
    monkeypatch.setenv("HANSE_TOKEN", made["token"])
    assert hanse("users", "list")[0] == 0
    monkeypatch.delenv("HANSE_TOKEN")
    assert made["id"] in [t["id"] for t in hanse("tokens", "list")[1]["items"]]
    assert hanse("tokens", "delete", made["id"], "--yes")[0] == 0
    monkeypatch.setenv("HANSE_TOKEN", made["token"])
    assert hanse("users", "list")[0] == 3


def test_node_network_and_catalogue_of_errors(hanse, node) -> None:
    shown = hanse("node", "show")[1]
    assert (shown["did"], shown["name"], shown["suite"]) == (node["did"], "运营方", "intl")
    assert hanse("node", "health")[1]["ok"] is True
    assert hanse("members", "list")[1]["items"][0]["did"] == node["did"]
    assert hanse("members", "document", node["did"])[1]["document"]["id"] == node["did"]
    codes = {e["code"] for e in hanse("node", "errors")[1]["items"]}
    assert {"rights.grant_used_up", "flows.same_controller", "auth.forbidden"} <= codes
    assert "logistic_regression" in {o["name"] for o in hanse("operators", "list")[1]["items"]}


def test_template_is_listed_shown_and_filled(hanse, node, tmp_path: Path) -> None:
    listed = {item["name"]: item for item in hanse("templates", "list")[1]["items"]}
    name = "joint-credit-scoring-two-party"
    shown = hanse("templates", "show", name)[1]
    assert shown == listed[name]
    places = {place["name"]: place["many"] for place in shown["places"]}
    assert (places["bank_fields"], places["bank"]) == (True, False)
    given = {place: f"客户: {place}" for place in places} | {"bank_fields": "id,age"}
    given |= {"merchant_fields": "id, spend"}
    options = [word for place, value in given.items() for word in ("--set", f"{place}={value}")]
    file = tmp_path / "flow.yaml"
    assert hanse("templates", "fill", name, *options, "--output", str(file))[0] == 0
    filled = yaml.safe_load(file.read_text("utf-8"))
    assert filled["parties"]["bank"] == "客户: bank"
    assert filled["data"]["purchases"]["fields"] == ["id", "spend"]
    assert hanse("templates", "fill", name, *options)[1]["text"] == file.read_text("utf-8")
    code, error = hanse("templates", "fill", name, *options[2:])
    assert (code, error["error"]["code"]) == (2, "flow.missing_key")
    assert hanse("templates", "show", "nothing")[0] == 2


def test_validators_where_the_embedded_engine_orders(hanse, node) -> None:
    for command in ("list", "nodes", "votes", "reports"):
        assert hanse("validators", command) == (0, {"items": [], "next": ""})
    for arguments in (
        ("register", "bank.example:26656"),
        ("vote", node["did"], "1", "--yes"),
        ("deregister", "--yes"),
    ):
        code, error = hanse("validators", *arguments)
        assert (code, error["error"]["code"]) == (5, "validators.embedded")
    code, error = hanse("ledger", "checkpoint")
    assert (code, error["error"]["code"]) == (5, "ledger.no_validators")


def test_points_ledger_and_a_proof_that_needs_no_node(hanse, node, tmp_path: Path) -> None:
    code, issued = hanse("points", "issue", node["did"], "500", "--yes")
    assert code == 0
    assert hanse("points", "show")[1]["balance_points"] == 500
    shown = hanse("ledger", "transaction", issued["transaction"])[1]
    assert (shown["contract"], shown["action"], shown["ok"]) == ("points", "IssuePoints", True)
    assert hanse("ledger", "status")[1]["height"] >= issued["height"]
    seen = hanse("ledger", "consensus")[1]
    assert (seen["engine"], seen["orderer"], seen["validators"]) == ("embedded", node["did"], [])
    assert seen["height"] >= issued["height"]
    assert hanse("ledger", "statistics", "--blocks", "2")[1]["blocks"] == 2
    found = hanse("ledger", "search", issued["transaction"])[1]
    assert (found["block"]["height"], found["transactions"]) == (issued["height"], [shown])
    proof, genesis = tmp_path / "proof.json", tmp_path / "genesis.json"
    assert hanse("ledger", "genesis", "--output", str(genesis))[0] == 0
    assert genesis.read_bytes().strip() == Path(node["genesis"]).read_bytes().strip()
    assert hanse("ledger", "prove", issued["transaction"], "--output", str(proof))[0] == 0
    assert hanse("verify", str(proof), "--genesis", str(genesis))[1]["action"] == "IssuePoints"
    state = ("points", "account", node["did"])
    said = hanse("ledger", "prove-state", *state, "--output", str(proof))[1]["done"]
    assert said.startswith("proof of a value")
    said = hanse("ledger", "prove-state", "points", "acount", "x", "--output", str(genesis) + "2")
    assert said[1]["done"].startswith("proof of absence")
    assert hanse("verify", str(proof), "--genesis", str(genesis))[1]["absent"] is False


def test_steward_imports_publishes_and_deletes(hanse, node, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HANSE_NEW_PASSWORD", "correct horse battery")
    hanse("users", "add", "steward", "--role", "steward")
    assert hanse("users", "password", "steward", "--reset")[0] == 0
    monkeypatch.setenv("HANSE_PASSWORD", "correct horse battery")
    monkeypatch.setenv("HANSE_NEW_PASSWORD", "correct horse battery 2")
    login = ("login", node["url"], "--user", "steward")
    assert "hanse users password steward" in hanse(*login)[1]["done"]
    assert hanse("data", "list")[0] == 3
    assert hanse("users", "password", "steward")[0] == 0
    monkeypatch.setenv("HANSE_PASSWORD", "correct horse battery 2")
    assert hanse(*login)[0] == 0

    file = tmp_path / "客户.csv"
    file.write_text("编号,消费\n" + "".join(f"c{i},{i * 10}\n" for i in range(200)))
    code, table = hanse("data", "import", str(file), "--key", "编号")
    assert code == 0 and (table["state"], table["rows"]) == ("READY", 200)
    assert [c["name"] for c in table["columns"]] == ["编号", "消费"]
    out = tmp_path / "out.csv"
    assert hanse("data", "export", table["id"], "--output", str(out))[0] == 0
    assert out.read_text().splitlines()[1] == "c0,0"
    code, dataset = hanse("data", "publish", table["id"], "--title", "消费记录", "--operator",
                          "align", "--purpose", "credit-risk", "--price", "7")  # fmt: skip
    assert code == 0 and dataset["price_points"] == 7
    found = hanse("catalogue", "search", "消费")[1]["items"]
    assert [d["id"] for d in found] == [dataset["id"]]
    assert hanse("catalogue", "withdraw", dataset["id"], "--yes")[1]["state"] == "WITHDRAWN"
    assert hanse("data", "delete", table["id"], "--yes")[0] == 0
    assert hanse("data", "show", table["id"])[0] == 4


def test_empty_file_and_unknown_names_are_named(hanse, node, tmp_path: Path) -> None:
    for arguments in (
        ("grants", "show", "gr-aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("flows", "show", "fl-aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ):
        code, error = hanse(*arguments)
        assert code in {3, 4}, error


def test_upkeep_of_the_ledger(hanse, node, tmp_path: Path) -> None:
    home = Path(node["home"])
    for amount in range(1, 9):
        assert hanse("points", "issue", node["did"], str(amount), "--yes")[0] == 0
    head = hanse("ledger", "status")[1]["height"]
    old = hanse("ledger", "transactions", "--all")[1]["items"][-1]["id"]
    # snapshots
    code, taken = hanse("ledger", "snapshot", "create", "--keep", "1")
    assert code == 0 and taken["height"] >= head and taken["keys"] > 10
    assert hanse("ledger", "snapshot", "list")[1]["items"] == [taken]
    # archives: written in the home, verified anywhere
    code, archive = hanse("ledger", "archive", "export", "all", "--first", "0", "--last", str(head))
    assert code == 0 and (archive["first"], archive["last"]) == (0, head)
    assert hanse("ledger", "archive", "list")[1]["items"] == [archive]
    file = home / "archives" / "all"
    report = hanse("ledger", "archive", "verify", str(file), "--genesis", node["genesis"])[1]
    assert (report["trust"], report["hash"]) == ("orderer", archive["hash"])
    again = hanse("ledger", "archive", "export", "all", "--first", "0", "--last", "1")
    assert again[1]["error"]["code"] == "ledger.name_taken"
    for name in ("../escape", ".hidden", "a/b"):
        code, _ = hanse("ledger", "archive", "export", name, "--first", "0", "--last", "1")
        assert code == 2
        assert hanse("ledger", "archive", "restore", name)[0] in {2, 4}
        assert hanse("ledger", "backup", name)[0] == 2
    assert hanse("ledger", "archive", "restore", "nothing")[0] == 4
    altered = tmp_path / "altered"
    altered.write_bytes(file.read_bytes()[:-9])
    assert hanse("ledger", "archive", "verify", str(altered), "--genesis", node["genesis"])[0] == 6
    # a backup of the whole ledger
    code, backup = hanse("ledger", "backup", "monday")
    assert code == 0 and backup["height"] >= head and backup["base"] == 0
    assert [b["name"] for b in hanse("ledger", "backups")[1]["items"]] == ["monday"]
    # pruned, asked, and put back
    pruned = hanse("ledger", "prune", "--keep", "3", "--yes")[1]
    assert pruned["base"] == pruned["height"] - 2 > 3
    assert hanse("ledger", "status")[1]["base"] == pruned["base"]
    assert hanse("ledger", "block", "1")[1]["error"]["code"] == "ledger.block_pruned"
    assert hanse("ledger", "transaction", old)[0] == 4
    shown = hanse("ledger", "blocks", "--all")[1]["items"]
    assert [block["height"] for block in shown][-1] == pruned["base"]
    listed = hanse("ledger", "transactions", "--all")[1]["items"]
    assert listed and all(t["height"] >= pruned["base"] for t in listed)
    too_high = hanse("ledger", "prune", "--below", str(head + 1_000), "--yes")
    assert too_high[1]["error"]["code"] == "ledger.prune_too_high"
    assert hanse("ledger", "archive", "restore", "all")[1]["base"] == 0
    assert hanse("ledger", "block", "1")[0] == 0
    assert hanse("ledger", "transaction", old)[0] == 0
    # the backup goes into a home whose node does not run
    used = hanse(
        "ledger", "restore", str(home / "backups" / "monday"), "--home", str(home), "--yes"
    )
    assert used[1]["error"]["code"] == "node.home_in_use"
    copy = tmp_path / "copy"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("ledger", "node.lock", "*.sqlite*"))
    source = str(copy / "backups" / "monday")
    code, restored = hanse("ledger", "restore", source, "--home", str(copy), "--yes")
    assert code == 0 and restored["height"] == backup["height"]
    assert (copy / "ledger" / "data.mdb").is_file()


def test_audit_log_holds_what_was_done(hanse, node) -> None:
    actions = {entry["action"] for entry in hanse("audit", "log", "--all")[1]["items"]}
    assert {"session.login", "users.create"} <= actions
    assert hanse("audit", "verify-log")[1]["state"] == "INTACT"
