"""A real network of node processes: joining, following, granting, crashing."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import httpx
import pytest
from network_harness import WAIT_S, MemberPlan, RunningNode, SmallNetwork, small_network

from hanse.core.encoding import b64url
from hanse.core.errors import HanseError
from hanse.core.ports import free_port
from hanse.crypto.suite import get_suite
from hanse.identity.challenge import Challenge, answer
from hanse.identity.holder import Identity
from hanse.identity.messages import pack
from hanse.ledger.transaction import build_transaction
from hanse.node.bootstrap import init_node
from hanse.node.errors import HomeInUse
from hanse.node.home import NodeHome
from hanse.node.lock import HomeLock
from hanse.node.secrets import unlock
from hanse.node.services import node_service
from hanse.sdk import Client
from hanse.sdk.waiting import wait_until

OPERATORS = ["align", "summary"]
BANK = MemberPlan("bank", ["data_consumer", "data_provider"], name="银行")
MERCHANT = MemberPlan("merchant", ["data_provider"])
AUDITOR = MemberPlan("auditor", ["auditor"])


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """One network for all tests here; each leaves it working."""
    root = tmp_path_factory.mktemp("network")
    with small_network(root, [BANK, MERCHANT, AUDITOR]) as running:
        running["operator"].client().points.issue(running["bank"].did, 1_000)
        running.sync()
        yield running


def code_of(error: pytest.ExceptionInfo[HanseError]) -> str:
    return error.value.code


def table_file(root: Path, name: str, lines: list[str]) -> Path:
    path = root / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def published(network: SmallNetwork, tmp_path_factory) -> str:
    """A dataset of the merchant's."""
    root = tmp_path_factory.mktemp("files")
    lines = ["id,消费,备注", *(f"c{i},{i * 7},x{i}" for i in range(50))]
    path = table_file(root, "purchases.csv", lines)
    steward = network["merchant"].client("steward")
    table = steward.data.upload(path, "购买记录", key_columns=["id"])
    assert (table.state, table.rows) == ("READY", 50)
    dataset = steward.data.publish(
        table.id,
        title="客户购买",
        operators=OPERATORS,
        purposes=["credit-risk"],
        levels={"id": 2},
        price_points=300,
        disclose_row_count=False,
    )
    assert steward.data.get(table.id).datasets == [dataset.id]
    network.sync()
    return dataset.id


def ask(network: SmallNetwork, dataset: str, **changes):
    asked = {
        "fields": ["id", "消费"],
        "purpose": "credit-risk",
        "operators": OPERATORS,
        "not_after_ms": int(time.time() * 1000) + 86_400_000,
        **changes,
    }
    return network["bank"].client("analyst").grants.request(dataset, **asked)


# -- members -----------------------------------------------------------------------------------


def test_members_hold_credentials_that_anybody_verifies(network: SmallNetwork) -> None:
    held = network["bank"].client().credentials.list(side="held").items
    assert [(c.status, c.issuer_name) for c in held] == [("ACTIVE", "operator")]
    assert set(held[0].roles) == {"data_consumer", "data_provider"}
    auditor = network["auditor"].client("auditor")
    assert auditor.credentials.verify(held[0].jwt).subject == network["bank"].did
    with pytest.raises(HanseError) as refused:
        auditor.credentials.verify(held[0].jwt[:-6] + "AAAAAA")
    assert refused.value.status in (400, 422)


def test_credential_suspended_on_the_ledger_no_longer_verifies(network: SmallNetwork) -> None:
    operator, bank = network["operator"].client(), network["bank"].client()
    jwt = network["merchant"].client().credentials.list(side="held").items[0].jwt
    issued = next(
        item
        for item in operator.credentials.list(side="issued").items
        if item.subject == network["merchant"].did
    )
    operator.credentials.suspend(issued.id, "check")
    network.sync()
    with pytest.raises(HanseError) as refused:
        bank.credentials.verify(jwt)
    assert code_of(refused) == "identity.credential_suspended"
    operator.credentials.reinstate(issued.id)
    network.sync()
    assert bank.credentials.verify(jwt).status == "ACTIVE"


def test_applicant_without_proof_is_refused_and_rejected_one_is_told(
    network: SmallNetwork, tmp_path: Path
) -> None:
    stranger = Identity.create(get_suite("sm"))
    document = stranger.document([node_service("http://127.0.0.1:1")])
    with Client(network["operator"].url) as client:
        import msgspec

        plain = msgspec.to_builtins(document)
        with pytest.raises(HanseError) as refused:
            client.applications.submit(plain, "00" * 64, name="x", roles=["auditor"])
        assert code_of(refused) == "node.bad_application"
        proof = stranger.prove_document(document).hex()
        made = client.applications.submit(plain, proof, name="x", roles=["auditor"])
        again = client.applications.submit(plain, proof, name="x", roles=["auditor"])
        assert again.id == made.id
        network["operator"].client().applications.reject(made.id, "unknown company")
        decision = client.peer.application(made.id)
        assert (decision.state, decision.reason) == ("REJECTED", "unknown company")
        assert decision.credential == ""
    with pytest.raises(HanseError) as decided:
        network["operator"].client().applications.admit(made.id)
    assert code_of(decided) == "node.application_decided"
    with pytest.raises(HanseError) as not_operator:
        network["bank"].client().applications.reject(made.id)
    assert code_of(not_operator) == "node.not_operator"


# -- peers -------------------------------------------------------------------------------------


def test_blocks_and_transactions_are_for_members_only(network: SmallNetwork) -> None:
    url = network["operator"].url
    with Client(url) as client:
        with pytest.raises(HanseError) as refused:
            client.ledger.raw_blocks(1)
        assert code_of(refused) == "node.not_logged_in"
        stranger = Identity.create(get_suite("sm"))
        challenge = Challenge(**client.peer.challenge(stranger.did))
        with pytest.raises(HanseError) as not_member:
            client.peer.answer(answer(stranger, challenge, audience=network["operator"].did))
        assert code_of(not_member) == "identity.challenge_failed"


def test_unsigned_altered_and_foreign_transactions_are_refused(network: SmallNetwork) -> None:
    from hanse.contracts.points.messages import TransferPoints

    admin = network["bank"].client()
    identity = unlock(NodeHome(network["bank"].home), {}).identity
    chain = admin.ledger.status().chain
    order = TransferPoints(network["merchant"].did, 1)
    now = int(time.time() * 1000)
    raw = build_transaction(identity, chain, "points", order, now_ms=now)
    stranger = build_transaction(
        Identity.create(get_suite("sm")), chain, "points", order, now_ms=now
    )
    other = build_transaction(identity, "00" * 32, "points", order, now_ms=now)
    unsigned = raw[: raw.rindex(b'"signature":"') + 13] + b"0" * 128 + b'"}'
    altered = raw.replace(b'"amount_points":1', b'"amount_points":9')
    for bad in (stranger, other, unsigned, altered, b"{}", raw[:-1]):
        with pytest.raises(HanseError) as refused:
            admin.ledger.submit(bad)
        assert refused.value.status < 500, refused.value.code
    found = admin.ledger.wait_transaction(admin.ledger.submit(raw))
    assert found.ok
    network.sync()


def test_message_replayed_or_meant_for_another_is_refused(network: SmallNetwork) -> None:
    bank = unlock(NodeHome(network["bank"].home), {}).identity
    merchant = unlock(NodeHome(network["merchant"].home), {}).identity
    raw = pack(bank, merchant.document(), "hanse/unknown/1", {})
    with Client(network["merchant"].url) as client:
        with pytest.raises(HanseError) as unknown:
            client.peer.send(raw)
        assert code_of(unknown) == "node.unknown_message_type"
        with pytest.raises(HanseError) as replayed:
            client.peer.send(raw)
        assert code_of(replayed) == "identity.message_replayed"
    with Client(network["auditor"].url) as client:
        with pytest.raises(HanseError) as elsewhere:
            client.peer.send(pack(bank, merchant.document(), "hanse/unknown/1", {}))
        assert code_of(elsewhere) == "identity.message_not_for_us"


# -- data and grants ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([""], "data.empty_file"),
        (["id,a"], "data.header_only"),
        (["id,a", "1,2", "1,3"], "data.duplicate_ids"),
        (["id,id", "1,2"], "data.duplicate_columns"),
        (["name,a", "1,2"], "data.no_such_column"),
    ],
)
def test_bad_file_is_named_and_nothing_remains(
    network: SmallNetwork, tmp_path: Path, lines: list[str], code: str
) -> None:
    steward = network["bank"].client("steward")
    before = {table.id for table in steward.data.list().items}
    with pytest.raises(HanseError) as refused:
        steward.data.upload(table_file(tmp_path, "bad.csv", lines), "bad", key_columns=["id"])
    assert code_of(refused) == code
    assert {table.id for table in steward.data.list().items} == before


def test_import_by_path_stays_inside_the_import_directory(
    network: SmallNetwork, tmp_path: Path
) -> None:
    steward = network["bank"].client("steward")
    inside = network["bank"].home / "import"
    table_file(inside, "own.csv", ["id,a", "1,2"])
    outside = table_file(tmp_path, "secret.csv", ["id,a", "1,2"])
    (inside / "link.csv").symlink_to(outside)
    assert steward.data.import_path("own.csv", "own").rows == 1
    for path in (str(outside), "../hanse.toml", "link.csv", "missing.csv", "."):
        with pytest.raises(HanseError) as refused:
            steward.data.import_path(path, "x")
        assert code_of(refused) == "node.file_not_served"


def test_export_gives_the_rows_back_and_published_data_is_not_deleted(
    network: SmallNetwork, published: str, tmp_path: Path
) -> None:
    steward = network["merchant"].client("steward")
    table = steward.catalogue.dataset(published).table
    steward.data.export(table, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[1] == "c0,0,x0"
    with pytest.raises(HanseError) as refused:
        steward.data.delete(table)
    assert code_of(refused) == "node.table_published"
    with pytest.raises(HanseError) as hidden:
        network["merchant"].client("auditor").data.get(table)
    assert code_of(hidden) == "node.not_permitted"


def test_everybody_finds_the_dataset_and_nobody_its_row_count(
    network: SmallNetwork, published: str
) -> None:
    found = network["bank"].client("analyst").catalogue.datasets(q="户购", field="消费").items
    assert [item.id for item in found] == [published]
    assert (found[0].row_count, found[0].owner_name, found[0].table) == (None, "merchant", "")
    assert {field.name: field.level for field in found[0].fields} == {"id": 2, "消费": 3, "备注": 3}


def test_agreed_grant_is_confirmed_by_the_consumers_node_itself(
    network: SmallNetwork, published: str
) -> None:
    analyst, steward = (
        network["bank"].client("analyst"),
        network["merchant"].client("steward"),
    )
    grant = ask(network, published)
    steward.grants.wait_state(grant.id, ["REQUESTED"], timeout_s=WAIT_S)
    words = "\n".join(steward.grants.explain(grant.id).lines)
    assert "银行" in words
    assert "learns which of its own keys" in words
    steward.grants.agree(grant.id)
    final = analyst.grants.wait_state(grant.id, ["FINALIZED"], timeout_s=WAIT_S)
    assert (final.standing, final.uses_left, final.price_points) == ("ACTIVE", 1, 300)


def test_counter_offer_is_confirmed_only_after_a_person_accepted_it(
    network: SmallNetwork, published: str
) -> None:
    analyst, steward = (
        network["bank"].client("analyst"),
        network["merchant"].client("steward"),
    )
    grant = ask(network, published, uses=2)
    steward.grants.wait_state(grant.id, ["REQUESTED"], timeout_s=WAIT_S)
    steward.grants.offer(grant.id, uses=1, price_points=500)
    offered = analyst.grants.wait_state(grant.id, ["OFFERED"], timeout_s=WAIT_S)
    assert (offered.uses, offered.price_points) == (1, 500)
    analyst.grants.accept(grant.id)
    steward.grants.wait_state(grant.id, ["ACCEPTED"], timeout_s=WAIT_S)
    steward.grants.agree(grant.id)
    assert analyst.grants.wait_state(grant.id, ["FINALIZED"], timeout_s=WAIT_S).price_points == 500
    steward.grants.revoke(grant.id, "no more")
    network.sync()
    assert analyst.grants.get(grant.id).standing == "REVOKED"


def test_refusals_of_contracts_arrive_by_name(network: SmallNetwork, published: str) -> None:
    analyst = network["bank"].client("analyst")
    for changes, code in (
        ({"fields": ["salary"]}, "rights."),
        ({"purpose": "marketing"}, "rights."),
        ({"operators": ["predict"]}, "rights."),
        ({"not_after_ms": 1}, "rights."),
    ):
        with pytest.raises(HanseError) as refused:
            ask(network, published, **changes)
        assert code_of(refused).startswith(code), code_of(refused)
    with pytest.raises(HanseError) as other:
        analyst.grants.agree("gr-" + "a" * 26)
    assert code_of(other) == "node.not_permitted"


# -- audit -------------------------------------------------------------------------------------


def test_proof_of_a_transaction_verifies_offline_with_the_genesis_alone(
    network: SmallNetwork, published: str
) -> None:
    from hanse.core import canonical
    from hanse.ledger.genesis import decode_genesis
    from hanse.ledger.proofs import verify_proof

    auditor = network["auditor"].client("auditor")
    found = auditor.ledger.transactions(subject=published).items[-1]
    genesis = decode_genesis(network.genesis_file.read_bytes())
    proof = canonical.encode(auditor.ledger.prove_transaction(found.id))
    fact = verify_proof(genesis, proof)
    assert fact.receipt is not None
    assert fact.receipt.ok
    trace = auditor.audit.trace(published)
    assert trace.entries[0].event == "DatasetPublished"
    state = auditor.ledger.prove_state("points", "account", [network["bank"].did])
    assert verify_proof(genesis, canonical.encode(state)).value is not None


def test_altered_audit_log_is_found_at_the_next_verification(network: SmallNetwork) -> None:
    node = network["auditor"]
    assert node.client("auditor").audit.verify_log().state == "INTACT"
    entry = node.client("auditor").audit.log(limit=1).items[0]
    assert entry.action == "audit.verify_log"
    with sqlite3.connect(node.home / "node.sqlite", timeout=60) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit_entries SET actor = 'user:eve' WHERE number = 2")
    verdict = node.client("auditor").audit.verify_log()
    assert (verdict.state, verdict.broken_index) == ("BROKEN", 2)


# -- life and death ----------------------------------------------------------------------------


def test_second_process_cannot_open_the_home(network: SmallNetwork) -> None:
    with pytest.raises(HomeInUse):
        HomeLock(NodeHome(network["bank"].home).lock_file).acquire()


def test_killed_nodes_go_on_where_they_were(network: SmallNetwork) -> None:
    operator, bank = network["operator"], network["bank"]
    before = bank.client().points.account(bank.did)
    bank.kill()
    for _ in range(3):
        operator.client().points.issue(bank.did, 1)
    operator.kill()
    operator.start()
    bank.start()
    height = network.sync()
    for node in network.nodes.values():
        assert node.client().ledger.block(height).state_root == (
            operator.client().ledger.block(height).state_root
        )
    after = bank.client().points.account(bank.did)
    assert after.balance_points == before.balance_points + 3
    issued = operator.client().points.issue(bank.did, 1)
    assert bank.client().ledger.wait_transaction(issued.transaction).ok


def test_views_that_were_lost_are_rebuilt_from_the_ledger(network: SmallNetwork) -> None:
    bank = network["bank"]
    before = bank.client().points.history(bank.did).items
    assert bank.stop() == 0
    for path in bank.home.glob("views.sqlite*"):
        path.unlink()
    bank.start()
    network.sync()
    wait_until(
        lambda: bank.client().points.history(bank.did).items,
        lambda items: len(items) == len(before) + 0 and items == before,
        what="the rebuilt history",
        timeout_s=WAIT_S,
    )


def test_stopped_node_has_anchored_its_audit_log(network: SmallNetwork) -> None:
    merchant = network["merchant"]
    assert merchant.stop() == 0
    merchant.start()
    network.sync()
    verdict = merchant.client("auditor").audit.verify_log()
    assert verdict.state == "INTACT"
    assert verdict.anchored_length > 0
    assert verdict.anchored_height > 0


def test_no_secret_and_no_row_in_any_log(network: SmallNetwork, published: str) -> None:
    for node in network.nodes.values():
        text = node.log.read_text("utf-8")
        for password in node.passwords.values():
            assert password not in text
        assert "hns_" not in text
        assert "hnp_" not in text
        assert "c17,119" not in text
        assert "Traceback" not in text, node.tail()


def test_node_without_its_network_says_so(tmp_path: Path) -> None:
    node = RunningNode("alone", tmp_path / "alone", free_port())
    made = init_node(node.home, name="Alone", suite="intl", port=node.port)
    node.passwords["admin"] = made.admin_password
    node.start()
    try:
        with pytest.raises(HanseError) as refused:
            node.client().ledger.status()
        assert code_of(refused) == "node.no_network"
        reply = httpx.post(f"{node.url}/v1/ledger/transactions", json={"transaction": b64url(b"x")})
        assert reply.status_code == 401
    finally:
        assert node.stop() == 0
