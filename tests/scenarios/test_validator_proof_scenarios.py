"""Two statements of one height convict their signer at once; each proof that must not."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import Network
from validator_network import CHAIN, NodeKeys, powers, registration, replacement, validator_network

from hanse.contracts.identity.errors import MemberNotFound, MemberSuspendedError
from hanse.contracts.identity.messages import SuspendMember
from hanse.contracts.validators import errors
from hanse.contracts.validators.invariants import check_sets
from hanse.contracts.validators.messages import ProveEquivocation, UpdateNode
from hanse.contracts.validators.queries import get_report
from hanse.core.canonical import NotCanonical
from hanse.ledger.certificates import (
    Statement,
    VoteExtension,
    encode_extension,
    sign_statement,
)
from hanse.ledger.errors import BadCertificate


def statement(height: int, root: str = "aa", **changes: Any) -> Statement:
    """What a validator says of a block."""
    fields: dict[str, Any] = {
        "chain": CHAIN,
        "height": height,
        "header": "11" * 32,
        "block_id": "22" * 32,
        "app_hash": root * 32,
        "receipts_root": "33" * 32,
        "validators": "44" * 32,
        "next_validators": "55" * 32,
        **changes,
    }
    return Statement(**fields)


def signed(keys: NodeKeys, said: Statement) -> str:
    """Its signed form, as it stands in a vote."""
    signature = sign_statement(keys.suite, keys.certificate, said)
    return encode_extension(VoteExtension(said, signature)).hex()


def contradiction(net: Network, name: str, height: int, **keys: int) -> ProveEquivocation:
    """Two statements of one height with different state roots, both signed."""
    signer = NodeKeys(name, net.suite_name, **keys)
    first, second = (signed(signer, statement(height, root)) for root in ("aa", "bb"))
    return ProveEquivocation(net.did(name), first, second)


def pass_blocks(net: Network, count: int) -> None:
    for _ in range(count):
        net.send("operator", UpdateNode("ab" * 20, "operator.example:26656"))


@pytest.mark.parametrize("suite", ["intl", "sm"])
@pytest.mark.parametrize("expel", [True, False])
def test_prove_two_statements_of_a_height_expels_whoever_shows_them(
    suite: str, expel: bool
) -> None:
    net = validator_network(suite=suite, expel_on_reports=expel)
    pass_blocks(net, 3)
    outcome = net.send("stranger", contradiction(net, "auditor", 2))
    assert outcome.names() == ["FaultReported", "ValidatorSetChanged", "ValidatorExpelled"]
    assert outcome.data("ValidatorExpelled")["reporters"] == [net.did("stranger")]
    assert outcome.data("ValidatorExpelled")["from_height"] == net.height + 2
    assert "auditor" in powers(net, net.height + 1)
    assert "auditor" not in powers(net, net.height + 2)
    record = get_report(net.state, net.did("auditor"), 2, "equivocation", net.did("stranger"))
    assert record is not None
    with pytest.raises(errors.NotAValidator):
        net.send("bank", contradiction(net, "auditor", 2))
    check_sets(net.state, net.height)


def test_prove_by_unknown_or_suspended_member_is_refused() -> None:
    net = validator_network()
    pass_blocks(net, 2)
    with pytest.raises(MemberNotFound):
        net.send(net.did("nobody"), contradiction(net, "auditor", 1))
    net.send("operator", SuspendMember(net.did("bank")))
    with pytest.raises(MemberSuspendedError):
        net.send("bank", contradiction(net, "auditor", 1))


def test_prove_with_statements_that_do_not_contradict_is_refused() -> None:
    net = validator_network()
    pass_blocks(net, 3)
    auditor, keys = net.did("auditor"), NodeKeys("auditor")
    said = signed(keys, statement(1))
    for other in (
        said,
        signed(keys, statement(2, "bb")),
        signed(keys, statement(1, "bb", chain="77" * 32)),
    ):
        for pair in ((said, other), (other, said)):
            with pytest.raises(errors.NoContradiction):
                net.send("bank", ProveEquivocation(auditor, *pair))
    elsewhere = [signed(keys, statement(1, root, chain="77" * 32)) for root in ("aa", "bb")]
    with pytest.raises(errors.NoContradiction):
        net.send("bank", ProveEquivocation(auditor, *elsewhere))
    assert "auditor" in powers(net)


def test_prove_with_anothers_signatures_or_garbage_is_refused() -> None:
    net = validator_network()
    pass_blocks(net, 3)
    auditor = net.did("auditor")
    own, others = contradiction(net, "auditor", 1), contradiction(net, "merchant", 1)
    for pair in (
        (own.first, others.second),
        (others.first, others.second),
        ("", own.second),
        ("7b7d", own.second),
        (own.first, own.second[:-2]),
    ):
        with pytest.raises(BadCertificate):
            net.send("bank", ProveEquivocation(auditor, *pair))
    with pytest.raises(NotCanonical):
        net.send("bank", ProveEquivocation(auditor, own.first, "00" * 2_049))
    assert powers(net) == dict.fromkeys(("operator", "bank", "merchant", "auditor"), 1)


def test_prove_counts_the_key_of_the_height_not_of_today() -> None:
    net = validator_network()
    replaced_in = net.send("auditor", replacement(net, "auditor", own=1)).data("KeysReplaced")
    acts = replaced_in["from_height"]
    pass_blocks(net, 4)
    # The statement of a block is signed by who votes on the next: acts - 1 is the first.
    for height, number in ((acts - 2, 1), (acts - 1, 0)):
        with pytest.raises(BadCertificate):
            net.send("bank", contradiction(net, "auditor", height, own=number))
    net.send("bank", contradiction(net, "auditor", acts - 2, own=0))
    assert "auditor" not in powers(net)


def test_prove_about_the_future_or_who_did_not_vote_then_is_refused() -> None:
    net = validator_network()
    net.send("compute_1", registration(net, "compute_1"))
    with pytest.raises(errors.FaultInFuture):
        net.send("bank", contradiction(net, "auditor", net.height + 2))
    with pytest.raises(errors.FaultInFuture):
        net.send("bank", contradiction(net, "auditor", -1))
    with pytest.raises(errors.NotAValidator):
        net.send("bank", contradiction(net, "compute_1", 1))


def test_prove_about_the_last_validator_stays_a_record() -> None:
    net = validator_network({"operator": 1})
    pass_blocks(net, 2)
    assert net.send("bank", contradiction(net, "operator", 1)).names() == ["FaultReported"]
    assert powers(net) == {"operator": 1}
    with pytest.raises(errors.ReportedAlready):
        net.send("bank", contradiction(net, "operator", 1))
