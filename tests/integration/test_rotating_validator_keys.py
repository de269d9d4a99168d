"""A validator exchanges its keys while the network runs, and certifies with the new ones."""

from __future__ import annotations

from pathlib import Path

from validator_seats import Seat, validator_seats

from hanse.ledger.bft.engine.keys import address
from hanse.ledger.certificates import Certificate, decode_certificate, verify_certificate
from hanse.node.ordering_keys import Keyring


async def issue(seat: Seat) -> int:
    """Some order of the operator; the height it stands in."""
    body = {"to": seat.node.identity.did, "amount_points": 5}
    done = await seat.http.post("/v1/points/issue", json=body)
    assert done.status_code == 200, done.text
    return int(done.json()["height"])


async def certificate(seat: Seat, height: int) -> Certificate:
    await seat.eventually(
        "/v1/ledger/consensus", lambda found: found.get("certified_height", 0) >= height
    )
    encoded = seat.node.require_network().ledger.certificate(height)
    assert encoded is not None
    return decode_certificate(encoded)


async def test_validator_rotates_its_keys_and_certifies_with_the_new_ones(tmp_path: Path) -> None:
    async with validator_seats(tmp_path) as (operator, bank):
        await issue(operator)
        did, ledger = operator.node.identity.did, bank.node.require_network().ledger
        rotation = operator.node.require_network().key_rotation
        assert rotation is not None
        before = rotation.keyring.current
        answer = await operator.http.post("/v1/validators/keys", json={})
        assert answer.status_code == 200, answer.text
        decided = int(answer.json()["height"])
        # Both votes are needed for every block: none of these is made without the new keys.
        for _ in range(3):
            newest = await issue(operator)
        assert newest > decided + 2
        after = rotation.keyring.current
        assert {before.engine_public, before.certificate_public}.isdisjoint(
            {after.engine_public, after.certificate_public}
        )
        own = {v.did: v for v in ledger.validators(newest)}[did]
        assert (own.engine_public, own.certificate_public) == (
            after.engine_public,
            after.certificate_public,
        )
        made = await certificate(bank, newest)
        assert did in {signature.did for signature in made.signatures}
        verify_certificate(after.suite, ledger.validators(newest + 1), made)

        # The engine votes with the new key, and was not counted as failed.
        found = await bank.get("/v1/ledger/consensus")
        voter = {v["did"]: v for v in found["validators"]}[did]
        assert voter["signed"], address(after.engine.validator_public).hex()
        status = operator.node.require_network().ledger.status()
        assert (status.engine_restarts, status.validator_faults) == (0, 0)
        assert Keyring(operator.node.host.secrets.keystore).current == after
