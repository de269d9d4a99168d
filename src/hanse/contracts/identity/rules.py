"""Pure rules of identity: who may act, how documents and keys may change."""

from __future__ import annotations

import msgspec

from hanse.contracts.identity import errors
from hanse.contracts.identity.types import CHUNK_BITS, KeyPeriod, KeyRecord, MemberRecord
from hanse.identity.did import DidDocument, VerificationMethod

EMPTY_CHUNK = "00" * (CHUNK_BITS // 8)


def require_standing(member: MemberRecord) -> None:
    """Refuse members that are suspended or removed."""
    if member.state == "SUSPENDED":
        raise errors.MemberSuspendedError(f"{member.did} is suspended")
    if member.state == "REMOVED":
        raise errors.MemberRemovedError(f"{member.did} was removed")


def require_role(member: MemberRecord, *roles: str) -> None:
    """Refuse members that hold none of the roles."""
    if not any(role in member.roles for role in roles):
        raise errors.RoleRequired(f"this needs the role {' or '.join(roles)}")


def signing_methods(document: DidDocument) -> list[VerificationMethod]:
    """Keys of the document that sign."""
    return [m for m in document.methods if "keyAgreement" not in m.purposes]


def require_same_signing_keys(old: DidDocument, new: DidDocument) -> None:
    """Refuse a document update that touches keys that sign."""
    if signing_methods(old) != signing_methods(new):
        raise errors.SigningKeysFixed()


def replace_key(document: DidDocument, key: str, public: str) -> DidDocument:
    """The document with another public key under the same id."""
    methods = [
        msgspec.structs.replace(m, public=public) if m.id == key else m for m in document.methods
    ]
    return msgspec.structs.replace(document, methods=methods)


def open_period(record: KeyRecord | None, method: VerificationMethod, height: int) -> KeyRecord:
    """Key history with the method holding from ``height`` on; nothing changes if it does."""
    periods = list(record.periods) if record is not None else []
    if periods and periods[-1].last_height is None and _is_same(periods[-1], method):
        return KeyRecord(periods=periods)
    period = KeyPeriod(
        type=method.type,
        public=method.public,
        purposes=list(method.purposes),
        first_height=height,
    )
    return KeyRecord(periods=[*close_period(periods, height - 1), period])


def close_period(periods: list[KeyPeriod], last_height: int) -> list[KeyPeriod]:
    """Key history in which the newest key holds until ``last_height`` at most.

    A key that would end before it began (two changes in one block) never held and is dropped.
    """
    if not periods or periods[-1].last_height is not None:
        return periods
    newest = msgspec.structs.replace(periods[-1], last_height=last_height)
    if last_height < newest.first_height:
        return periods[:-1]
    return [*periods[:-1], newest]


def key_at(record: KeyRecord, height: int) -> KeyPeriod | None:
    """The key that held at a height, or None."""
    for period in reversed(record.periods):
        if period.first_height <= height and (
            period.last_height is None or height <= period.last_height
        ):
            return period
    return None


def was_used(record: KeyRecord, public: str) -> bool:
    """Whether the key stood under this id before."""
    return any(period.public == public for period in record.periods)


def get_bit(bits: str, offset: int) -> bool:
    """One bit of a chunk; bit 0 is the leftmost (Bitstring Status List 1.0, section 2.2)."""
    byte = int(bits[2 * (offset // 8) : 2 * (offset // 8) + 2], 16)
    return bool(byte >> (7 - offset % 8) & 1)


def set_bit(bits: str, offset: int, value: bool) -> str:
    """The chunk with one bit changed."""
    position = 2 * (offset // 8)
    byte = int(bits[position : position + 2], 16)
    mask = 1 << (7 - offset % 8)
    byte = byte | mask if value else byte & ~mask
    return bits[:position] + f"{byte:02x}" + bits[position + 2 :]


def _is_same(period: KeyPeriod, method: VerificationMethod) -> bool:
    return (period.type, period.public, list(period.purposes)) == (
        method.type,
        method.public,
        list(method.purposes),
    )
