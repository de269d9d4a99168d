"""Admission, documents, keys, standing, accreditation and status lists, under both suites."""

from __future__ import annotations

import msgspec
import pytest
from contract_network import Network, identity_of
from msgspec.structs import replace

from hanse.contracts.identity import errors, messages
from hanse.contracts.identity.invariants import check_member
from hanse.contracts.identity.queries import (
    LedgerResolver,
    MemberKeys,
    controller_of,
    get_did,
    get_issuer,
    get_member,
    get_status_list,
    is_issuer,
    status_bit,
    status_bits,
)
from hanse.contracts.system import genesis_messages
from hanse.core.errors import HanseError
from hanse.identity.did import DidDocument, Service
from hanse.identity.errors import BadDocument, DidMismatch, DidNotFound

NODE = Service("#node", "HanseNode", "http://127.0.0.1:8443")


@pytest.fixture(params=["sm", "intl"])
def net(request: pytest.FixtureRequest) -> Network:
    return Network(suite_name=request.param)


def admission(net: Network, name: str, **changes: object) -> messages.RegisterMember:
    person = identity_of(name, net.suite_name)
    document = person.document([NODE])
    message = messages.RegisterMember(
        document=document,
        proof=person.prove_document(document).hex(),
        name=name,
        roles=["data_provider"],
    )
    return replace(message, **changes)


def key_at(net: Network, name: str, height: int, key: str = "#key-1") -> bytes | None:
    return MemberKeys().public_key(net.state, net.did(name), key, height)


def test_register_by_operator_makes_member_that_resolves(net: Network) -> None:
    outcome = net.send("operator", admission(net, "newcomer", credential="ab" * 32))
    assert outcome.names() == ["MemberRegistered"]
    did = net.did("newcomer")
    member = get_member(net.state, did)
    assert member is not None
    assert (member.state, member.roles, member.credential) == (
        "ACTIVE",
        ["data_provider"],
        "ab" * 32,
    )
    assert LedgerResolver(net.state).resolve(did).endpoint("HanseNode") == NODE.endpoint
    public = identity_of("newcomer", net.suite_name).signing_public
    assert key_at(net, "newcomer", net.height) == public
    assert key_at(net, "newcomer", net.height - 1) is None
    assert key_at(net, "newcomer", net.height, "#key-2") is None, "agreement keys sign nothing"
    check_member(net.state, did, net.height + 1)


@pytest.mark.parametrize("actor", ["bank", "auditor", "stranger"])
def test_register_by_non_operator_is_refused(actor: str) -> None:
    net = Network()
    with pytest.raises(errors.RoleRequired):
        net.send(actor, admission(net, "newcomer"))


def test_register_twice_is_refused(net: Network) -> None:
    net.send("operator", admission(net, "newcomer"))
    with pytest.raises(errors.MemberExists):
        net.send("operator", admission(net, "newcomer"))


def test_register_with_foreign_proof_is_refused(net: Network) -> None:
    other = identity_of("mallory", net.suite_name)
    document = identity_of("newcomer", net.suite_name).document([NODE])
    with pytest.raises(errors.ProofInvalid):
        message = admission(net, "newcomer", proof=other.prove_document(document).hex())
        net.send("operator", message)
    with pytest.raises(errors.ProofInvalid):
        net.send("operator", admission(net, "newcomer", proof="00"))


def test_register_with_altered_document_is_refused(net: Network) -> None:
    message = admission(net, "newcomer")
    moved = replace(message.document, services=[replace(NODE, endpoint="http://evil.example")])
    with pytest.raises(errors.ProofInvalid):
        net.send("operator", replace(message, document=moved))


def test_register_under_anothers_did_is_refused(net: Network) -> None:
    person = identity_of("newcomer", net.suite_name)
    stolen = replace(person.document(), id=identity_of("mallory", net.suite_name).did)
    message = admission(net, "newcomer", document=stolen, proof=person.prove_document(stolen).hex())
    with pytest.raises((DidMismatch, errors.ProofInvalid)):
        net.send("operator", message)


def test_register_with_role_named_twice_is_refused(net: Network) -> None:
    with pytest.raises(errors.DuplicateRoles):
        net.send("operator", admission(net, "newcomer", roles=["auditor", "auditor"]))


def test_begin_without_operator_is_refused() -> None:
    with pytest.raises(errors.NotYourself):
        Network(names=("bank",))


def test_set_roles_by_operator_changes_what_a_member_may_do(net: Network) -> None:
    did = net.did("auditor")
    change = messages.SetMemberRoles(did=did, roles=["auditor", "regulator"], controller=did)
    assert net.send("operator", change).names() == ["MemberRolesSet"]
    member = get_member(net.state, did)
    assert member is not None
    assert member.roles == ["auditor", "regulator"]
    with pytest.raises(errors.RoleRequired):
        net.send("bank", change)
    with pytest.raises(errors.NotYourself):
        net.send("operator", messages.SetMemberRoles(net.did("operator"), ["auditor"]))
    with pytest.raises(errors.MemberNotFound):
        net.send("operator", messages.SetMemberRoles(net.did("nobody"), ["auditor"]))


def test_update_document_changes_services_and_agreement_keys(net: Network) -> None:
    person = identity_of("bank", net.suite_name)
    document = person.with_new_agreement_key().document([NODE])
    outcome = net.send("bank", messages.UpdateDocument(document))
    assert outcome.data("DocumentUpdated")["version"] == 2
    assert LedgerResolver(net.state).resolve(person.did) == document
    check_member(net.state, person.did, net.height + 1)
    record = get_did(net.state, person.did)
    assert record is not None
    assert record.updated_height == net.height


def test_update_document_with_other_signing_key_is_refused(net: Network) -> None:
    document = identity_of("bank", net.suite_name).with_new_signing_key().document([NODE])
    with pytest.raises(errors.SigningKeysFixed):
        net.send("bank", messages.UpdateDocument(document))


def test_update_document_of_another_or_malformed_is_refused(net: Network) -> None:
    document = identity_of("bank", net.suite_name).document([NODE])
    with pytest.raises(errors.NotYourDid):
        net.send("merchant", messages.UpdateDocument(document))
    with pytest.raises(BadDocument):
        net.send("bank", messages.UpdateDocument(replace(document, services=[NODE, NODE])))


def rotation(net: Network, name: str) -> messages.RotateKey:
    fresh = identity_of(name, net.suite_name).with_new_signing_key()
    return messages.RotateKey(
        key="#key-1", public=fresh.signing_public.hex(), proof=fresh.prove_rotation().hex()
    )


def test_rotate_key_takes_effect_with_the_next_block(net: Network) -> None:
    old = identity_of("bank", net.suite_name).signing_public
    message = rotation(net, "bank")
    outcome = net.send("bank", message)
    height = net.height
    assert outcome.data("KeyRotated")["first_height"] == height + 1
    assert key_at(net, "bank", height) == old
    assert key_at(net, "bank", height + 1) == bytes.fromhex(message.public)
    assert key_at(net, "bank", height + 1_000) == bytes.fromhex(message.public)
    assert key_at(net, "bank", height, "#key-9") is None
    check_member(net.state, net.did("bank"), height + 1)
    net.send("bank", rotation(net, "bank"))
    assert key_at(net, "bank", height) == old, "history stays"


def test_rotate_key_back_or_without_proof_is_refused(net: Network) -> None:
    message = rotation(net, "bank")
    with pytest.raises(errors.ProofInvalid):
        net.send("bank", replace(message, proof="00" * 64))
    with pytest.raises(errors.ProofInvalid):
        net.send("merchant", message)
    net.send("bank", message)
    with pytest.raises(errors.KeyReused):
        net.send("bank", message)
    first = identity_of("bank", net.suite_name)
    with pytest.raises(errors.KeyReused):
        net.send(
            "bank",
            messages.RotateKey("#key-1", first.signing_public.hex(), first.prove_rotation().hex()),
        )


def test_rotate_unknown_or_agreement_key_is_refused(net: Network) -> None:
    for key in ("#key-2", "#key-7"):
        with pytest.raises(errors.NoSuchKey):
            net.send("bank", replace(rotation(net, "bank"), key=key))


def test_rotate_to_malformed_key_is_refused(net: Network) -> None:
    with pytest.raises(HanseError):
        net.send("bank", replace(rotation(net, "bank"), public="0011"))


def test_deactivate_ends_keys_and_membership(net: Network) -> None:
    did = net.did("merchant")
    net.send("merchant", messages.DeactivateDid(did, "closing"))
    assert key_at(net, "merchant", net.height) is not None
    assert key_at(net, "merchant", net.height + 1) is None
    with pytest.raises(DidNotFound):
        LedgerResolver(net.state).resolve(did)
    check_member(net.state, did, net.height + 1)
    with pytest.raises(errors.MemberRemovedError):
        net.send("merchant", messages.DeactivateDid(did))
    with pytest.raises(errors.WrongMemberState):
        net.send("operator", messages.DeactivateDid(did))


def test_deactivate_by_operator_works_and_by_others_is_refused(net: Network) -> None:
    for actor in ("bank", "auditor"):
        with pytest.raises(errors.NotYourDid):
            net.send(actor, messages.DeactivateDid(net.did("merchant")))
    with pytest.raises(errors.NotYourself):
        net.send("operator", messages.DeactivateDid(net.did("operator")))
    net.send("operator", messages.DeactivateDid(net.did("merchant")))


def test_suspend_and_reinstate_take_and_give_powers(net: Network) -> None:
    did = net.did("bank")
    document = identity_of("bank", net.suite_name).document([NODE])
    net.send("operator", messages.SuspendMember(did, "late fees"))
    with pytest.raises(errors.MemberSuspendedError):
        net.send("bank", messages.UpdateDocument(document))
    with pytest.raises(errors.WrongMemberState):
        net.send("operator", messages.SuspendMember(did))
    net.send("operator", messages.ReinstateMember(did))
    net.send("bank", messages.UpdateDocument(document))
    with pytest.raises(errors.WrongMemberState):
        net.send("operator", messages.ReinstateMember(did))


def test_remove_is_final_but_the_did_still_resolves(net: Network) -> None:
    did = net.did("bank")
    net.send("operator", messages.RemoveMember(did))
    assert LedgerResolver(net.state).resolve(did).id == did
    with pytest.raises(errors.WrongMemberState):
        net.send("operator", messages.ReinstateMember(did))
    with pytest.raises(errors.MemberRemovedError):
        net.send("bank", messages.CreateStatusList("revocation"))


@pytest.mark.parametrize(
    "message", [messages.SuspendMember, messages.ReinstateMember, messages.RemoveMember]
)
def test_standing_is_changed_by_other_operators_only(message: type) -> None:
    net = Network()
    for actor in ("bank", "auditor", "stranger"):
        with pytest.raises(errors.RoleRequired):
            net.send(actor, message(net.did("merchant")))
    with pytest.raises(errors.NotYourself):
        net.send("operator", message(net.did("operator")))
    with pytest.raises(errors.MemberNotFound):
        net.send("operator", message(net.did("nobody")))


def test_controller_is_followed_to_the_end() -> None:
    net = Network()
    parent, child = net.did("operator"), net.did("compute_1")
    assert controller_of(net.state, child) == child
    roles = ["compute_provider"]
    net.send("operator", messages.SetMemberRoles(child, roles, controller=net.did("compute_2")))
    net.send("operator", messages.SetMemberRoles(net.did("compute_2"), roles, controller=parent))
    assert controller_of(net.state, child) == parent
    net.send("operator", messages.SetMemberRoles(child, roles, controller="Group plc"))
    assert controller_of(net.state, child) == "Group plc"
    net.send("operator", messages.SetMemberRoles(child, roles, controller=net.did("compute_2")))
    loop = messages.SetMemberRoles(net.did("compute_2"), roles, controller=child)
    net.send("operator", loop)
    assert controller_of(net.state, child) in (child, net.did("compute_2"))


def test_controller_named_by_the_document_counts() -> None:
    net = Network()
    document: DidDocument = identity_of("compute_1").document(controller=net.did("compute_2"))
    net.send("compute_1", messages.UpdateDocument(document))
    assert controller_of(net.state, net.did("compute_1")) == net.did("compute_2")


# -- issuers and status lists ----------------------------------------------------------------
def test_accredit_issuer_lets_it_issue_named_types() -> None:
    net = Network()
    did = net.did("bank")
    assert not is_issuer(net.state, did)
    net.send("operator", messages.AccreditIssuer(did, ["AssetCredential"]))
    assert is_issuer(net.state, did, "AssetCredential")
    assert not is_issuer(net.state, did, "TaxCredential")
    assert is_issuer(net.state, net.did("operator"), "TaxCredential")
    net.send("operator", messages.WithdrawAccreditation(did))
    record = get_issuer(net.state, did)
    assert record is not None
    assert not record.active
    assert not is_issuer(net.state, did, "AssetCredential")
    with pytest.raises(errors.NotAnIssuer):
        net.send("operator", messages.WithdrawAccreditation(did))
    net.send("operator", messages.AccreditIssuer(did, ["AssetCredential"]))
    net.send("operator", messages.SuspendMember(did))
    assert not is_issuer(net.state, did, "AssetCredential")


@pytest.mark.parametrize("actor", ["bank", "auditor", "stranger"])
def test_accredit_by_non_operator_is_refused(actor: str) -> None:
    net = Network()
    for message in (
        messages.AccreditIssuer(net.did("bank"), ["A"]),
        messages.WithdrawAccreditation(net.did("bank")),
    ):
        with pytest.raises(errors.RoleRequired):
            net.send(actor, message)
    with pytest.raises(errors.NotAnIssuer):
        net.send(actor, messages.CreateStatusList("revocation"))


def test_set_status_changes_one_bit_and_keeps_revocations() -> None:
    net = Network()
    outcome = net.send("operator", messages.CreateStatusList("revocation"))
    list_id = outcome.result.status_list
    assert not status_bit(net.state, list_id, 9_000)
    net.send("operator", messages.SetStatus(list_id, 9_000))
    assert status_bit(net.state, list_id, 9_000)
    bits = status_bits(net.state, list_id)
    assert len(bits) == 131_072 // 8
    assert sum(byte.bit_count() for byte in bits) == 1
    assert bits[9_000 // 8] == 0x80 >> (9_000 % 8)
    record = get_status_list(net.state, list_id)
    assert record is not None
    assert record.version == 1
    assert net.send("operator", messages.SetStatus(list_id, 9_000)).events == []
    with pytest.raises(errors.RevocationIsFinal):
        net.send("operator", messages.SetStatus(list_id, 9_000, False))
    with pytest.raises(errors.StatusIndexOutOfRange):
        net.send("operator", messages.SetStatus(list_id, 131_072))
    with pytest.raises(errors.StatusListNotFound):
        net.send("operator", messages.SetStatus("sl-" + "a" * 26, 1))
    with pytest.raises(errors.StatusListNotFound):
        status_bits(net.state, "sl-" + "a" * 26)


def test_suspension_bit_can_be_lifted() -> None:
    net = Network()
    list_id = net.send("operator", messages.CreateStatusList("suspension")).result.status_list
    net.send("operator", messages.SetStatus(list_id, 3))
    net.send("operator", messages.SetStatus(list_id, 4))
    net.send("operator", messages.SetStatus(list_id, 3, False))
    assert status_bits(net.state, list_id)[0] == 0b0000_1000


def test_set_status_of_anothers_list_is_refused() -> None:
    net = Network()
    list_id = net.send("operator", messages.CreateStatusList("suspension")).result.status_list
    net.send("operator", messages.AccreditIssuer(net.did("bank"), ["A"]))
    for actor in ("bank", "auditor"):
        with pytest.raises(errors.NotYourStatusList):
            net.send(actor, messages.SetStatus(list_id, 3))


def test_genesis_messages_are_plain_and_typed() -> None:
    net = Network(names=("operator",))
    initial = genesis_messages([net.member("operator")])
    assert sorted(initial) == ["flows", "identity", "points", "validators"]
    assert msgspec.json.encode(initial)
