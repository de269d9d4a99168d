"""The organisation's own DID on a real network: new key, new address, end."""

from __future__ import annotations

import time

import pytest
from network_harness import WAIT_S, MemberPlan, RunningNode, SmallNetwork, small_network

from hanse.core.errors import HanseError
from hanse.identity.holder import NEXT_ENTRY, Identity
from hanse.node.home import NodeHome
from hanse.node.secrets import unlock
from hanse.sdk.waiting import wait_until

BANK = MemberPlan("bank", ["data_consumer", "data_provider"])
MERCHANT = MemberPlan("merchant", ["data_provider"])
LEAVER = MemberPlan("leaver", ["data_consumer"])
FLOW = """
hanse: 1
name: common customers
purpose: credit-risk
parties: {{bank: {bank}, merchant: {merchant}}}
data:
  ours: {{owner: bank, dataset: {ours}, fields: [id, a]}}
  theirs: {{owner: merchant, dataset: {theirs}, fields: [id, a], grant: {grant}}}
receivers: [bank]
steps:
  - id: common
    operator: intersect
    inputs: {{left: ours, right: theirs}}
    parameters: {{left_key: id, right_key: id}}
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    with small_network(tmp_path_factory.mktemp("keys"), [BANK, MERCHANT, LEAVER]) as running:
        running["operator"].client().points.issue(running["bank"].did, 1_000)
        running.sync()
        yield running


def publish(node: RunningNode, home) -> str:
    path = home / f"{node.key}.csv"
    path.write_text("id,a\n" + "".join(f"c{i},{i}\n" for i in range(20)), "utf-8")
    steward = node.client("steward")
    table = steward.data.upload(path, node.key, key_columns=["id"])
    return steward.data.publish(
        table.id,
        title=node.key,
        operators=["intersect"],
        purposes=["credit-risk"],
        levels={"id": 2},
    ).id


def keys_of(node: RunningNode) -> list[str]:
    return [period.public for period in node.client().identity.show().signing_keys]


def pay(node: RunningNode, to: RunningNode) -> None:
    node.client("steward").points.transfer(to.did, 1)


def test_rotated_key_signs_transactions_and_sealed_messages_and_survives_restarts(
    network: SmallNetwork, tmp_path
) -> None:
    bank, merchant = network["bank"], network["merchant"]
    before = bank.client().identity.show()
    assert (len(before.signing_keys), before.rotation_pending) == (1, False)
    after = bank.client().identity.rotate_key()
    assert (after.did, after.version, after.rotation_pending) == (before.did, 2, False)
    old, new = after.signing_keys
    assert old.public == before.signing_keys[0].public != new.public
    assert (old.last_height, new.last_height) == (new.first_height - 1, None)
    pay(bank, merchant)
    network.sync()
    # A flow of two parties: each node's offers reach the other as signed, sealed messages.
    ours, theirs = publish(bank, tmp_path), publish(merchant, tmp_path)
    network.sync()
    grant = bank.client("analyst").grants.request(
        theirs,
        fields=["id", "a"],
        purpose="credit-risk",
        operators=["intersect"],
        not_after_ms=int(time.time() * 1000) + 86_400_000,
    )
    steward = merchant.client("steward")
    steward.grants.wait_state(grant.id, ["REQUESTED"], timeout_s=WAIT_S)
    steward.grants.agree(grant.id)
    analyst = bank.client("analyst")
    analyst.grants.wait_state(grant.id, ["FINALIZED"], timeout_s=WAIT_S)
    text = FLOW.format(
        bank=bank.did, merchant=merchant.did, ours=ours, theirs=theirs, grant=grant.id
    )
    flow = analyst.flows.deploy(text)
    assert analyst.flows.wait_completed(flow.id, WAIT_S).state == "COMPLETED"
    bank.kill()
    bank.start()
    assert keys_of(bank) == [old.public, new.public]
    pay(bank, merchant)


def test_transactions_on_their_way_while_the_key_changes_all_arrive(network: SmallNetwork) -> None:
    from concurrent.futures import ThreadPoolExecutor

    bank, merchant = network["bank"], network["merchant"]
    steward, admin, count = bank.client("steward"), bank.client(), len(keys_of(bank))
    with ThreadPoolExecutor(9) as pool:
        before = [pool.submit(steward.points.transfer, merchant.did, 1) for _ in range(4)]
        rotated = pool.submit(admin.identity.rotate_key)
        after = [pool.submit(steward.points.transfer, merchant.did, 1) for _ in range(4)]
        assert len({done.result(60).transaction for done in [*before, *after]}) == 8
        assert len(rotated.result(60).signing_keys) == count + 1


@pytest.mark.parametrize("reached_ledger", [False, True])
def test_node_that_crashed_amid_a_rotation_goes_on_with_the_key_that_holds(
    network: SmallNetwork, reached_ledger: bool
) -> None:
    """The new key is written down; then the node dies, before or after the ledger has it."""
    from hanse.contracts.identity.messages import RotateKey
    from hanse.ledger.transaction import build_transaction

    bank, operator = network["bank"], network["operator"].client()
    bank.kill()
    secrets = unlock(NodeHome(bank.home), {})
    successor = secrets.identity.with_new_signing_key()
    successor.save(secrets.keystore, NEXT_ENTRY)
    order = RotateKey(
        key="#key-1",
        public=successor.signing_public.hex(),
        proof=successor.prove_rotation().hex(),
    )
    if reached_ledger:
        chain = operator.ledger.status().chain
        now = int(time.time() * 1000)
        raw = build_transaction(secrets.identity, chain, "identity", order, now_ms=now)
        operator.ledger.wait_transaction(operator.ledger.submit(raw))
    bank.start()
    wait_until(
        bank.client().identity.show,
        lambda view: view.rotation_pending is not reached_ledger,
        what="the decision",
        timeout_s=WAIT_S,
    )
    pay(bank, network["merchant"])
    if not reached_ledger:  # taken up again with the key that was written down
        bank.client().identity.rotate_key()
    assert keys_of(bank)[-1] == successor.signing_public.hex()
    pay(bank, network["merchant"])
    bank.stop()
    kept = unlock(NodeHome(bank.home), {})
    assert NEXT_ENTRY not in kept.keystore.names()
    assert Identity.load(kept.keystore).signing_public == successor.signing_public
    bank.start()


def test_new_address_is_what_others_see(network: SmallNetwork) -> None:
    bank = network["bank"]
    view = bank.client().identity.update_endpoint(f"http://localhost:{bank.port}/")
    assert view.endpoint == f"http://localhost:{bank.port}"
    network.sync()
    assert network["merchant"].client().members.get(bank.did).endpoint == view.endpoint
    with pytest.raises(HanseError) as refused:
        bank.client().identity.update_endpoint("ftp://example.org")
    assert refused.value.status in (400, 422)


@pytest.mark.parametrize("user", ["steward", "analyst", "auditor"])
def test_only_administrators_change_the_identity(network: SmallNetwork, user: str) -> None:
    area = network["bank"].client(user).identity
    keys = keys_of(network["bank"])
    for change in (area.rotate_key, area.deactivate, lambda: area.update_endpoint("http://x")):
        with pytest.raises(HanseError) as refused:
            change()
        assert refused.value.code == "node.not_permitted"
    assert [period.public for period in area.show().signing_keys] == keys


def test_operator_accredits_an_issuer_and_withdraws_it(network: SmallNetwork) -> None:
    operator, bank = network["operator"].client(), network["bank"]
    given = operator.issuers.accredit(bank.did, ["AuditCredential"])
    assert (given.types, given.active, given.name) == (["AuditCredential"], True, "bank")
    network.sync()
    assert bank.client().issuers.list().items == [given]
    with pytest.raises(HanseError) as refused:
        bank.client().issuers.withdraw(bank.did)
    assert refused.value.code == "identity.role_required"
    assert not operator.issuers.withdraw(bank.did, "over").active


def test_right_is_handed_on_by_its_holder_only(network: SmallNetwork, tmp_path) -> None:
    bank, merchant = network["bank"], network["merchant"]
    dataset = publish(merchant, tmp_path)
    area = merchant.client().rights
    assert (area.show(dataset).processing, area.show(dataset).registered) == (merchant.did, False)
    network.sync()
    with pytest.raises(HanseError) as refused:
        bank.client().rights.transfer(dataset, "processing", bank.did)
    assert refused.value.code == "rights.right_not_held"
    given = area.transfer(dataset, "processing", bank.did)
    assert (given.processing, given.holding) == (bank.did, merchant.did)
    network.sync()
    assert bank.client().rights.show(dataset) == given


def held(node: RunningNode) -> list[tuple[str, str]]:
    """Token and status of each credential a node holds."""
    return [(item.jwt, item.status) for item in node.client().credentials.list(side="held").items]


def test_credentials_of_a_rotated_key_are_issued_anew_and_reach_their_holders(
    network: SmallNetwork,
) -> None:
    operator, bank, merchant = network["operator"].client(), network["bank"], network["merchant"]
    issued = {item.subject: item for item in operator.credentials.list(side="issued").items}
    operator.credentials.suspend(issued[merchant.did].id, "under review")
    operator.credentials.revoke(issued[network["leaver"].did].id, "for good")
    [(old, _)] = held(bank)
    operator.identity.rotate_key()
    network.sync()
    assert held(bank) == [(old, "STALE")]
    with pytest.raises(HanseError) as refused:
        bank.client().credentials.verify(old)
    assert refused.value.code == "crypto.bad_signature"
    merchant.kill()  # one that is away gets its own when it is back

    with pytest.raises(HanseError) as not_permitted:
        bank.client("steward").credentials.reissue()
    assert not_permitted.value.code == "node.not_permitted"
    assert bank.client().credentials.reissue().items == []
    made = {item.subject: item for item in operator.credentials.reissue().items}
    assert set(made) == {bank.did, merchant.did}
    assert (made[bank.did].status, made[merchant.did].status) == ("ACTIVE", "SUSPENDED")
    for did, new in made.items():
        before = issued[did]
        assert (new.roles, new.details) == (before.roles, before.details)
        assert (new.valid_until_ms, new.id == before.id) == (before.valid_until_ms, False)
    merchant.start()
    for node in (bank, merchant):
        expected = [(made[node.did].jwt, made[node.did].status)]
        wait_until(
            lambda node=node: held(node),
            lambda found, expected=expected: found == expected,
            what=f"the new credential at {node.key}",
            timeout_s=WAIT_S,
        )
    assert bank.client().credentials.verify(made[bank.did].jwt).status == "ACTIVE"
    assert operator.credentials.reissue().items == []
    stale = operator.credentials.list(side="issued", status="STALE").items
    assert stale == []
    operator.credentials.reinstate(made[merchant.did].id)
    network.sync()
    assert held(merchant) == [(made[merchant.did].jwt, "ACTIVE")]


def test_deactivated_did_is_out_for_good(network: SmallNetwork) -> None:
    leaver, operator = network["leaver"], network["operator"].client()
    with pytest.raises(HanseError) as own:
        operator.identity.deactivate()
    assert own.value.code == "identity.operator_needed"
    ended = leaver.client().identity.deactivate("leaves")
    assert (ended.deactivated, ended.state) == (True, "REMOVED")
    assert operator.members.get(leaver.did).state == "REMOVED"
    with pytest.raises(HanseError) as refused:
        leaver.client().identity.rotate_key()
    assert refused.value.status in (401, 403)
    leaver.stop()
