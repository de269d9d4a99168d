"""Reading identity state: for other contracts, for nodes, for credential checks."""

from __future__ import annotations

from hanse.contracts.identity import errors, rules
from hanse.contracts.identity.types import (
    CHUNK_BITS,
    DIDS,
    ISSUERS,
    KEYS,
    MEMBERS,
    STATUS_CHUNKS,
    STATUS_LISTS,
    DidRecord,
    IssuerRecord,
    KeyPeriod,
    MemberRecord,
    StatusListRecord,
)
from hanse.identity.did import DidDocument
from hanse.identity.errors import DidNotFound
from hanse.ledger.contract.contract import Context
from hanse.ledger.contract.state import StateReader

MAX_CONTROL_DEPTH = 8


def get_member(state: StateReader, did: str) -> MemberRecord | None:
    """The member record, or None."""
    return MEMBERS.get(state, did)


def get_did(state: StateReader, did: str) -> DidRecord | None:
    """The DID record, or None."""
    return DIDS.get(state, did)


def signing_periods(state: StateReader, did: str) -> list[tuple[str, KeyPeriod]]:
    """Keys that sign or signed for a DID, with their key ids, oldest first.

    Covers the key ids that stand in the document now; signing key ids never change.
    """
    record = DIDS.get(state, did)
    if record is None:
        return []
    found = []
    for method in rules.signing_methods(record.document):
        history = KEYS.get(state, did, method.id)
        found += [(method.id, period) for period in (history.periods if history else [])]
    return sorted(found, key=lambda entry: entry[1].first_height)


def get_issuer(state: StateReader, did: str) -> IssuerRecord | None:
    """The accreditation of a member, or None."""
    return ISSUERS.get(state, did)


def is_issuer(state: StateReader, did: str, credential_type: str = "") -> bool:
    """Whether the member may issue credentials (of that type): operators may issue all."""
    member = MEMBERS.get(state, did)
    if member is None or member.state != "ACTIVE":
        return False
    if "operator" in member.roles:
        return True
    issuer = ISSUERS.get(state, did)
    return (
        issuer is not None
        and issuer.active
        and (not credential_type or credential_type in issuer.types)
    )


def active_member(state: StateReader, did: str) -> MemberRecord:
    """The member; refuses unknown, suspended and removed ones."""
    member = MEMBERS.require(state, errors.MemberNotFound, did)
    rules.require_standing(member)
    return member


def controller_of(state: StateReader, did: str) -> str:
    """Who controls a member in the end.

    The operator's entry counts before what the DID document itself says; named controllers are
    followed, at most 8 deep.
    """
    current = did
    for _ in range(MAX_CONTROL_DEPTH):
        member, record = MEMBERS.get(state, current), DIDS.get(state, current)
        if member is None or record is None:
            return current
        controller = member.controller or record.document.controller
        if controller in ("", current):
            return current
        current = controller
    return current


def get_status_list(state: StateReader, list_id: str) -> StatusListRecord | None:
    """The status list's record, or None."""
    return STATUS_LISTS.get(state, list_id)


def status_bit(state: StateReader, list_id: str, index: int) -> bool:
    """One bit of a status list.

    Raises:
        StatusListNotFound, StatusIndexOutOfRange.
    """
    record = STATUS_LISTS.require(state, errors.StatusListNotFound, list_id)
    if not 0 <= index < record.size:
        raise errors.StatusIndexOutOfRange()
    chunk = STATUS_CHUNKS.get(state, list_id, index // CHUNK_BITS)
    return chunk is not None and rules.get_bit(chunk.bits, index % CHUNK_BITS)


def status_bits(state: StateReader, list_id: str) -> bytes:
    """The whole bitstring, ``size / 8`` bytes; raises `StatusListNotFound`."""
    record = STATUS_LISTS.require(state, errors.StatusListNotFound, list_id)
    parts = []
    for number in range(record.size // CHUNK_BITS):
        chunk = STATUS_CHUNKS.get(state, list_id, number)
        parts.append(bytes.fromhex(rules.EMPTY_CHUNK if chunk is None else chunk.bits))
    return b"".join(parts)


class LedgerResolver:
    """Resolves DIDs from ledger state (`hanse.identity.did.Resolver`)."""

    def __init__(self, state: StateReader) -> None:
        self._state = state

    def resolve(self, did: str) -> DidDocument:
        """The current document; deactivated DIDs do not resolve.

        Raises:
            DidNotFound: unknown or deactivated.
        """
        record = DIDS.get(self._state, did)
        if record is None or record.deactivated:
            raise DidNotFound(f"no document for {did[:60]}")
        return record.document


class MemberKeys:
    """Keys that sign transactions, by height (the ledger's key directory)."""

    def public_key(self, state: StateReader, did: str, key_id: str, height: int) -> bytes | None:
        """The key for authentication that holds at ``height``, or None."""
        record = KEYS.get(state, did, key_id)
        period = None if record is None else rules.key_at(record, height)
        if period is None or "authentication" not in period.purposes:
            return None
        return bytes.fromhex(period.public)


class Members:
    """What identity hands to other contracts, bound to one transaction."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def require_active(self, did: str) -> None:
        """Refuse unknown, suspended and removed members."""
        active_member(self._state, did)

    def require_role(self, did: str, *roles: str) -> None:
        """Refuse members that are not active or hold none of the roles."""
        rules.require_role(active_member(self._state, did), *roles)

    def has_role(self, did: str, role: str) -> bool:
        """Whether an active member holds the role."""
        member = MEMBERS.get(self._state, did)
        return member is not None and member.state == "ACTIVE" and role in member.roles

    def controller(self, did: str) -> str:
        """Who controls the member in the end."""
        return controller_of(self._state, did)
