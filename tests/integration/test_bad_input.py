"""Bad input through API and command line: a clear named error, and nothing half done.

Every test runs inside `untouched`, which compares the network before and after: heights, points,
grants, flows, tables and what lies in the vaults.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from secret_tables import make_tables

from hanse.cli.demo.flow import ALL_AT_HOME
from hanse.cli.demo.inputs import DemoFiles
from hanse.cli.demo.market import publish
from hanse.cli.main import main
from hanse.contracts.points.messages import TransferPoints
from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import HanseError
from hanse.crypto.suite import get_suite
from hanse.identity.challenge import Challenge, answer
from hanse.identity.holder import Identity
from hanse.identity.messages import pack
from hanse.ledger.transaction import build_transaction
from hanse.node.home import NodeHome
from hanse.node.secrets import unlock
from hanse.sdk import Client
from hanse.sdk.errors import FlowTerminated
from hanse.sdk.waiting import wait_until

PARTIES = ("bank", "merchant")
SHORT_MS = 6_000  # a token lives so long; used once at once, and tried again when it is over


def code_of(call: Callable[[], object]) -> str:
    """The code of the named error a call ends with; its text must be fit for people."""
    with pytest.raises(HanseError) as refused:
        call()
    error = refused.value
    assert error.status < 500, (error.code, error.message)
    assert error.message
    assert "Traceback" not in error.message
    return error.code


def picture(town: Any) -> dict[str, Any]:
    """What must be the same after something was refused."""
    nodes = town.network.nodes
    seen: dict[str, Any] = {}
    for key, node in nodes.items():
        admin = node.client()
        account = admin.points.account(node.did)
        seen[f"{key} height"] = admin.ledger.status().height
        seen[f"{key} points"] = (account.balance_points, account.held_points)
    for key in PARTIES:
        steward, analyst = nodes[key].client("steward"), nodes[key].client("analyst")
        seen[f"{key} tables"] = sorted(table.id for table in steward.data.list(limit=500).items)
        seen[f"{key} flows"] = sorted(flow.id for flow in analyst.flows.list(limit=500).items)
        seen[f"{key} grants"] = sorted(
            (grant.id, grant.state, grant.uses_left)
            for grant in analyst.grants.list(limit=500).items
        )
        vault = NodeHome(nodes[key].home).vault
        seen[f"{key} vault"] = sorted(
            str(path.relative_to(vault))
            for path in vault.rglob("*")
            if path.is_file() and ".sqlite" not in path.name
        )
    return seen


@pytest.fixture
def untouched(town: Any) -> Iterator[None]:
    """Whatever the test does leaves no trace."""
    yield from _unchanged(town, lambda name: True)


@pytest.fixture
def recorded(town: Any) -> Iterator[None]:
    """The same, but contracts may put on record what they refused and why."""
    yield from _unchanged(town, lambda name: not name.endswith("height"))


def _unchanged(town: Any, compared: Callable[[str], bool]) -> Iterator[None]:
    before = wait_until(
        lambda: (picture(town), picture(town)),
        lambda two: two[0] == two[1] and len({v for k, v in two[0].items() if "height" in k}) == 1,
        what="a quiet network",
        timeout_s=60.0,
    )[1]
    yield
    after = picture(town)
    changed = {name: (before[name], seen) for name, seen in after.items() if seen != before[name]}
    assert [name for name in changed if compared(name)] == [], changed


@pytest.fixture(scope="module")
def identities(town: Any) -> dict[str, Identity]:
    return {
        key: unlock(NodeHome(town.network.nodes[key].home), {}).identity
        for key in ("bank", "merchant", "auditor")
    }


@pytest.fixture(scope="module")
def text(town: Any) -> str:
    """A flow that would run."""
    found: str = town.text(ALL_AT_HOME, attempts=1)
    town.network.nodes["bank"].client("analyst").flows.check(found)
    return found


# -- files -----------------------------------------------------------------------------------------

FILES = [
    ("empty file", b"", {}, "data.empty_file"),
    ("blank lines", b"\n\n", {}, "data.empty_file"),
    ("header only", b"id,a\n", {}, "data.header_only"),
    ("duplicate ids", b"id,a\n1,2\n2,3\n1,4\n", {}, "data.duplicate_ids"),
    ("row without id", b"id,a\n1,2\n,3\n", {}, "data.missing_ids"),
    ("mixed types", b"id,a\n1,2\n2,3\n3,x\n4,5\n5,6\n", {}, "data.mixed_types"),
    ("declared type", b"id,a\n1,2\n2,2.5\n", {"types": {"a": "int64"}}, "data.mixed_types"),
    ("wrong column", b"name,a\n1,2\n", {}, "data.no_such_column"),
    ("type of no column", b"id,a\n1,2\n", {"types": {"b": "text"}}, "data.no_such_column"),
    ("column twice", b"id,a,a\n1,2,3\n", {}, "data.duplicate_columns"),
    ("too few cells", b"id,a\n1,2\n2\n", {}, "data.ragged_rows"),
    ("neither UTF-8 nor GB18030", b"id,a\n\xff\xff,2\n", {}, "data.bad_encoding"),
    ("no number", b"id,a\n1,inf\n2,1.5\n", {"types": {"a": "float64"}}, "data."),
]


def test_bad_files_are_refused_by_name_and_leave_no_table(
    town: Any, untouched: None, tmp_path: Path
) -> None:
    steward = town.network.nodes["bank"].client("steward")
    found, expected = {}, {}
    for what, content, options, code in FILES:
        path = tmp_path / "bad.csv"
        path.write_bytes(content)
        expected[what] = code
        found[what] = code_of(
            lambda path=path, options=options: steward.data.upload(
                path, "bad", key_columns=["id"], **options
            )
        )
    wrong = {what: code for what, code in found.items() if not code.startswith(expected[what])}
    assert wrong == {}


def test_parquet_that_is_none_and_a_file_that_is_not_there(
    town: Any, untouched: None, tmp_path: Path
) -> None:
    steward = town.network.nodes["bank"].client("steward")
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"PAR1" + secrets.token_bytes(300) + b"PAR1")
    assert code_of(lambda: steward.data.upload(path, "bad")) == "data.unreadable"
    assert code_of(lambda: steward.data.upload(tmp_path / "no.csv", "bad")).startswith(
        ("data.", "sdk.", "api.")
    )


def test_publishing_names_wrong_fields_and_leaves_nothing(town: Any, untouched: None) -> None:
    steward = town.network.nodes["merchant"].client("steward")
    table = town.merchant.table
    good = {"title": "x", "operators": ["align"], "purposes": ["p"]}
    for changes, code in (
        ({"fields": ["no such"]}, "data.no_such_column"),
        ({"levels": {"no such": 2}}, "data.no_such_column"),
        ({"level": 9}, "api.invalid_request"),
        ({"price_points": -1}, "api.invalid_request"),
        ({"operators": ["no such"]}, "api.invalid_request"),
        ({"operators": ["align", "alignment"]}, "compute.unknown_operator"),
    ):
        found = code_of(lambda changes=changes: steward.data.publish(table, **{**good, **changes}))
        assert found.startswith(code), (changes, found)
    dataset, misspelt = town.merchant.dataset, ["algin"]
    changed = code_of(lambda: steward.catalogue.update_dataset(dataset, operators=misspelt))
    assert changed == "compute.unknown_operator"
    assert code_of(lambda: steward.data.publish("tb-none", **good)).split(".")[0] in {
        "node", "data", "api",
    }  # fmt: skip


# -- flows and grants ------------------------------------------------------------------------------


def test_bad_flows_are_refused_before_anything_is_reserved(
    town: Any, text: str, untouched: None
) -> None:
    analyst = town.network.nodes["bank"].client("analyst")
    merchant = town.network.nodes["merchant"].did
    stranger = Identity.create(get_suite("sm")).did
    changes = {
        "unknown party": (text.replace(merchant, stranger), "flow.unknown_party"),
        "unknown alias": (text.replace("owner: merchant", "owner: grocer"), "flow.unknown_party"),
        "unknown parameter": (text.replace("epochs: 20", "epocs: 20"), "flow.unknown_parameter"),
        "parameter out of range": (text.replace("epochs: 20", "epochs: 0"), "flow.bad_parameter"),
        "parameter of a wrong type": (
            text.replace("epochs: 20", "epochs: many"),
            "flow.bad_parameter",
        ),
        "unknown operator": (text.replace("operator: summary", "operator: sum"), "flow.unknown_op"),
        "wrong key column": (
            text.replace('left_key: "id"', 'left_key: "nr"'),
            "flow.unknown_column",
        ),
        "wrong label": (text.replace('label: "y"', 'label: "z"'), "flow.unknown_column"),
        "wrong field": (text.replace("amount", "amounts", 1), "flow.unknown_field"),
        "unknown dataset": (
            text.replace(town.merchant.dataset, "ds-" + "a" * 26),
            "flow.unknown_dataset",
        ),
        "no grant": (_without_grant(text), "flow.missing_grant"),
        "unknown grant": (_with_grant(text, "gr-" + "a" * 26), "rights.grant_not_found"),
        "another purpose": (
            text.replace('purpose: "credit-risk"', 'purpose: "marketing"'),
            "rights.purpose_not_granted",
        ),
        "a cycle": (text.replace("table: align.table}", "table: split.train}", 1), "flow.cycle"),
        "no YAML": (text + "\n\t: [", "flow.not_yaml"),
        "a key twice": (text.replace("hanse: 1", "hanse: 1\nhanse: 1"), "flow.duplicate_key"),
        "another version": (text.replace("hanse: 1", "hanse: 7"), "flow.unsupported_version"),
        "unknown key": (text + "colour: blue\n", "flow.unknown_key"),
        "nothing": (" ", "flow."),
    }
    wrong = {}
    for what, (changed, code) in changes.items():
        assert changed != text, what
        found = code_of(lambda changed=changed: analyst.flows.deploy(changed))
        if not found.startswith(code):
            wrong[what] = found
    assert wrong == {}


def _without_grant(text: str) -> str:
    return "".join(_cut(line) + "\n" for line in text.splitlines())


def _cut(line: str) -> str:
    before, found, _ = line.partition(", grant: ")
    return before + "}" if found else line


def _with_grant(text: str, grant: str) -> str:
    start = text.index("grant: ") + len("grant: ")
    return text[:start] + grant + text[text.index("}", start) :]


def test_bad_requests_for_grants_and_points(town: Any, recorded: None) -> None:
    analyst = town.network.nodes["bank"].client("analyst")
    admin = town.network.nodes["bank"].client()
    tomorrow = int(time.time() * 1000) + 86_400_000
    good: dict[str, Any] = {
        "fields": ["id"],
        "purpose": "credit-risk",
        "operators": ["align"],
        "not_after_ms": tomorrow,
    }
    dataset = town.merchant.dataset
    for changes in (
        {"fields": ["no such"]},
        {"purpose": "marketing"},
        {"operators": ["no such"]},
        {"operators": ["algin"]},
        {"not_after_ms": 1},
    ):
        asked = {**good, **changes}
        assert code_of(lambda asked=asked: analyst.grants.request(dataset, **asked)).startswith(
            ("rights.", "api.", "compute.unknown_operator")
        )
    unknown = "ds-" + "b" * 26
    assert code_of(lambda: analyst.grants.request(unknown, **good)).startswith(
        ("rights.", "catalogue.", "node.")
    )
    stranger = Identity.create(get_suite("sm")).did
    balance = admin.points.account(town.network.nodes["bank"].did).balance_points
    merchant = town.network.nodes["merchant"].did
    for order in (
        lambda: admin.points.transfer(stranger, 1),
        lambda: admin.points.transfer(merchant, balance + 1),
        lambda: admin.points.transfer(merchant, 0),
        lambda: admin.points.transfer(merchant, -5),
        lambda: admin.points.issue(merchant, 5),
    ):
        assert code_of(order).startswith(("points.", "identity.", "api.", "node.")), order


# -- transactions ----------------------------------------------------------------------------------


def test_transactions_that_are_not_the_senders_own_words(
    town: Any, identities: dict[str, Identity], untouched: None
) -> None:
    admin = town.network.nodes["bank"].client()
    chain, now = admin.ledger.status().chain, int(time.time() * 1000)
    order = TransferPoints(town.network.nodes["merchant"].did, 1)
    bank = identities["bank"]
    raw = build_transaction(bank, chain, "points", order, now_ms=now)
    stranger = Identity.create(get_suite("sm"))
    cases = {
        "unsigned": (raw[: raw.rindex(b'"signature":"') + 13] + b'"}', "ledger.bad_"),
        "null signature": (_signed(raw, "0" * 128), "ledger.bad_signature"),
        "altered amount": (
            raw.replace(b'"amount_points":1', b'"amount_points":9'),
            "ledger.bad_signature",
        ),
        "signed by another": (
            raw.replace(bank.did.encode(), identities["merchant"].did.encode()),
            "ledger.bad_signature",
        ),
        "unknown sender": (
            build_transaction(stranger, chain, "points", order, now_ms=now),
            "ledger.key_not_valid",
        ),
        "another network": (
            build_transaction(bank, "00" * 32, "points", order, now_ms=now),
            "ledger.wrong_chain",
        ),
        "expired": (
            build_transaction(bank, chain, "points", order, now_ms=now - 3_600_000),
            "ledger.transaction_expired",
        ),
        "too long valid": (
            build_transaction(bank, chain, "points", order, now_ms=now, ttl_ms=10 * 86_400_000),
            "ledger.expiry_too_far",
        ),
        "unknown contract": (
            build_transaction(bank, chain, "no_such", order, now_ms=now),
            "ledger.unknown_contract",
        ),
        "spaces": (raw.replace(b'{"body"', b'{ "body"'), "ledger.bad_transaction"),
        "cut short": (raw[:-1], "ledger.bad_transaction"),
        "nothing in it": (b"{}", "ledger.bad_transaction"),
        "no JSON": (secrets.token_bytes(200), "ledger.bad_transaction"),
        "too large": (raw + b" " * 1_100_000, "ledger."),
    }
    wrong = {}
    for what, (bad, code) in cases.items():
        found = code_of(lambda bad=bad: admin.ledger.submit(bad))
        if not found.startswith(code):
            wrong[what] = found
    assert wrong == {}


def _signed(raw: bytes, signature: str) -> bytes:
    return raw[: raw.rindex(b'"signature":"') + 13] + signature.encode() + b'"}'


def test_replayed_transaction_pays_once(town: Any, identities: dict[str, Identity]) -> None:
    nodes = town.network.nodes
    admin = nodes["bank"].client()
    order = TransferPoints(nodes["merchant"].did, 1)
    raw = build_transaction(
        identities["bank"],
        admin.ledger.status().chain,
        "points",
        order,
        now_ms=int(time.time() * 1000),
    )
    before = town.balance("merchant")
    found = admin.ledger.wait_transaction(admin.ledger.submit(raw))
    nodes["merchant"].client().ledger.wait_height(found.height)
    assert town.balance("merchant") == before + 1
    for key in ("bank", "operator", "merchant"):
        assert code_of(lambda key=key: nodes[key].client().ledger.submit(raw)) == "ledger.replayed"
    assert town.balance("merchant") == before + 1


# -- the API ---------------------------------------------------------------------------------------


def test_bodies_that_are_too_large_or_no_request(town: Any, untouched: None) -> None:
    node = town.network.nodes["bank"]
    token = _session(node, "analyst")
    with httpx.Client(base_url=node.url, timeout=30.0) as http:
        head = {"authorization": f"Bearer {token}", "content-type": "application/json"}

        def answered(method: str, path: str, content: Any, **headers: str) -> tuple[int, str]:
            reply = http.request(method, path, content=content, headers={**head, **headers})
            return reply.status_code, str(reply.json()["error"]["code"])

        big = b'{"text":"' + b"x" * 3_000_000 + b'"}'
        assert answered("POST", "/v1/flows", big) == (413, "node.body_too_large")
        pieces = (big[at : at + 65_536] for at in range(0, len(big), 65_536))
        assert answered("POST", "/v1/flows", pieces) == (413, "node.body_too_large")
        for content in (b"", b"[]", b"{", b'{"text":1}', b'{"text":"x","more":1}', b"\xff"):
            assert answered("POST", "/v1/flows", content) == (400, "api.invalid_request"), content
        assert answered("GET", "/v1/flows?limit=-1", b"")[1] == "api.invalid_request"
        assert answered("GET", "/v1/no-such-thing", b"")[1] == "node.no_such_route"
        assert answered("GET", "/v1/flows/../../secrets", b"")[0] in (404, 405)
        http.delete("/v1/session", headers=head)


def test_tokens_that_are_expired_foreign_or_made_up(
    town: Any, identities: dict[str, Identity], untouched: None
) -> None:
    nodes = town.network.nodes
    bank = nodes["bank"]
    admin = bank.client()
    short = admin.tokens.create("short", ["admin"], expires_ms=int(time.time() * 1000) + SHORT_MS)
    with Client(bank.url, token=short.token) as client:
        assert client.users.list().items
    good = _session(bank, "admin")
    peer = _peer_token(nodes["merchant"], identities["bank"])
    cases = {
        "foreign": (nodes["merchant"].url, good),
        "altered": (bank.url, good[:-2] + ("AA" if good[-2:] != "AA" else "BB")),
        "made up": (bank.url, "hns_" + secrets.token_urlsafe(32)),
        "a peer's at another node": (nodes["auditor"].url, peer),
        "a peer's made up": (bank.url, "hnp_" + secrets.token_urlsafe(32)),
        "empty words": (bank.url, "x"),
    }
    for what, (url, token) in cases.items():
        with Client(url, token=token) as client:
            found = code_of(lambda client=client: client.ledger.raw_blocks(1))
        assert found in {"node.not_logged_in", "node.not_peer"}, (what, found)
    with Client(nodes["merchant"].url, token=peer) as client:
        assert client.ledger.raw_blocks(1)
        assert code_of(client.users.list) == "node.not_permitted"
    with Client(bank.url, token=good) as client:
        client.session.logout()
        assert code_of(client.session.show) == "node.not_logged_in"
    time.sleep(max(0.0, short.expires_ms / 1000 - time.time() + 0.1))
    with Client(bank.url, token=short.token) as client:
        assert code_of(client.users.list) == "node.not_logged_in"
    admin.tokens.delete(short.id)


def _session(node: Any, user: str) -> str:
    with Client(node.url) as client:
        return str(client.session.login(user, node.passwords[user]).token)


def _peer_token(node: Any, identity: Identity) -> str:
    with Client(node.url) as client:
        challenge = Challenge(**client.peer.challenge(identity.did))
        signed = answer(identity, challenge, audience=node.did)
        token = client.peer.answer(signed).token
        assert code_of(lambda: client.peer.answer(signed)) == "identity.challenge_failed"
        return str(token)


def test_wrong_password_by_api_and_command_line(
    town: Any, untouched: None, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    node = town.network.nodes["auditor"]
    with Client(node.url) as client:
        for user in ("auditor", "nobody"):
            found = code_of(lambda user=user: client.session.login(user, "not the password"))
            assert found == "node.wrong_password"
    monkeypatch.setenv("HANSE_CONFIG", str(tmp_path / "config.json"))
    monkeypatch.setenv("HANSE_PASSWORD", "not the password")
    assert main(["login", node.url, "--user", "auditor", "--json"]) == 3
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["code"] == "node.wrong_password"
    assert "not the password" not in json.dumps(error)
    assert not (tmp_path / "config.json").exists()


def test_commands_name_what_is_wrong(
    town: Any, untouched: None, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    node = town.network.nodes["bank"]
    monkeypatch.setenv("HANSE_CONFIG", str(tmp_path / "config.json"))
    monkeypatch.setenv("HANSE_PASSWORD", node.passwords["steward"])
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")

    def said(*arguments: str) -> tuple[int, str]:
        code = main([*arguments, "--json"])
        captured = capsys.readouterr()
        return code, str(json.loads(captured.err)["error"]["code"]) if code else ""

    assert said("login", node.url, "--user", "steward") == (0, "")
    assert said("data", "import", str(empty), "--key", "id") == (2, "data.empty_file")
    assert said("data", "show", "tb-" + "a" * 26)[0] == 4
    assert said("logout") == (0, "")


# -- sealed messages -------------------------------------------------------------------------------


def test_sealed_messages_replayed_altered_or_for_another(
    town: Any, identities: dict[str, Identity], untouched: None
) -> None:
    bank, merchant = identities["bank"], identities["merchant"]
    nodes = town.network.nodes
    raw = pack(bank, merchant.document(), "hanse/unknown/1", {"a": "b"})
    stranger = Identity.create(get_suite("sm"))
    with Client(nodes["merchant"].url) as client:
        assert code_of(lambda: client.peer.send(raw)) == "node.unknown_message_type"
        assert code_of(lambda: client.peer.send(raw)) == "identity.message_replayed"
        fresh = pack(bank, merchant.document(), "hanse/unknown/1", {})
        sealed = json.loads(fresh)
        for field in ("ciphertext", "tag", "iv"):
            changed = {**sealed, field: _flipped(sealed[field])}
            found = code_of(lambda changed=changed: client.peer.send(json.dumps(changed).encode()))
            assert found == "crypto.cannot_open", (field, found)
        cases = {
            "cut": fresh[: len(fresh) // 2],
            "nothing": b"",
            "other JSON": b"{}",
            "deep": b"[" * 5_000,
            "noise": secrets.token_bytes(400),
            "unknown sender": pack(stranger, merchant.document(), "hanse/unknown/1", {}),
            "expired": pack(
                bank,
                merchant.document(),
                "hanse/unknown/1",
                {},
                now_ms=int(time.time() * 1000) - 7_200_000,
            ),
        }
        found = {
            what: code_of(lambda bad=bad: client.peer.send(bad)) for what, bad in cases.items()
        }
        assert found.pop("expired") == "identity.message_expired"
        assert found.pop("unknown sender") == "identity.did_not_found"
        assert set(found.values()) <= {"crypto.bad_envelope", "api.invalid_request"}, found
        large = b'{"protected":"' + b"A" * 3_000_000 + b'"}'
        assert code_of(lambda: client.peer.send(large)) == "node.body_too_large"
    with Client(nodes["auditor"].url) as client:
        assert code_of(lambda: client.peer.send(fresh)) == "identity.message_not_for_us"


def _flipped(text: str) -> str:
    data = bytearray(unb64url(text))
    data[0] ^= 1
    return b64url(bytes(data))


# -- no common rows --------------------------------------------------------------------------------


def test_flow_without_common_rows_ends_by_name_and_the_money_is_back(
    town: Any, tmp_path: Path
) -> None:
    import pyarrow.csv

    bank_table, merchant_table = make_tables(seed=21)
    _, strangers = make_tables(seed=22)
    strangers = strangers.rename_columns([*merchant_table.column_names])
    bank_file, merchant_file = tmp_path / "bank.csv", tmp_path / "merchant.csv"
    pyarrow.csv.write_csv(bank_table, bank_file)
    pyarrow.csv.write_csv(strangers, merchant_file)
    files = DemoFiles(bank_file, merchant_file, "id", "y")
    bank, merchant = publish(town.network, files)
    own = replace(town, files=files, bank=bank, merchant=merchant)
    text = own.text(ALL_AT_HOME, attempts=2)
    keys = ("bank", "merchant", "compute_1")
    before = {key: town.balance(key) for key in keys}
    nodes = town.network.nodes
    analyst = nodes["bank"].client("analyst")
    flow = analyst.flows.deploy(text)
    with pytest.raises(FlowTerminated, match=r"compute\.no_common_rows"):
        analyst.flows.wait_completed(flow.id, 120.0)
    ended = analyst.flows.get(flow.id)
    assert (ended.state, ended.code) == ("TERMINATED", "compute.no_common_rows")
    assert {report.code for report in ended.reports} == {"compute.no_common_rows"}
    assert {report.party for report in ended.reports} == {nodes[k].did for k in PARTIES}
    height = analyst.ledger.status().height
    for key in keys:
        nodes[key].client().ledger.wait_height(height)
        assert town.balance(key) == before[key]
        assert nodes[key].client().points.account(nodes[key].did).held_points == 0
    for key in PARTIES:
        assert nodes[key].client("analyst").flows.results(flow.id).items == []
        work = NodeHome(nodes[key].home).work
        assert not [path for path in work.rglob("*") if path.is_file() and path.suffix != ".log"]
