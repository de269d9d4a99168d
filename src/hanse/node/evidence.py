"""Opening evidence that is sealed to this node."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.collaboration.engine import envelope_context
from hanse.collaboration.engine.records import AttemptKey
from hanse.contracts.evidence.queries import get_evidence
from hanse.contracts.evidence.types import EvidenceItem, EvidenceRecord
from hanse.core.errors import AuthorizationError, HanseError
from hanse.crypto.commitment import Opening, verify_opening
from hanse.crypto.envelope import open_envelope, recipients_of
from hanse.identity.holder import Identity
from hanse.ledger.contract.state import StateReader
from hanse.node.errors import NothingFound


class NotSealedToUs(AuthorizationError):
    """The evidence can be opened by others only."""

    code = "node.evidence_not_for_us"
    help = "Ask a party that the evidence is sealed to, or the auditor."


class EvidenceOpener:
    """Opens with the node's agreement keys, present and past.

    Args:
        identity: who opens.
        state: of the ledger.
    """

    def __init__(self, identity: Identity, state: StateReader) -> None:
        self._identity = identity
        self._state = state
        self._records: dict[str, EvidenceRecord | None] = {}

    def is_openable(self, record: str, item: int) -> bool:
        """Whether this node holds a key of the envelope."""
        found = self._item(record, item)
        return found is not None and self._own_kid(found[1]) is not None

    def open(self, record: str, item: int) -> Any:
        """The committed value, checked against the commitment on the ledger.

        Raises:
            NothingFound: no such evidence.
            NotSealedToUs: it is sealed to others, or kept off the ledger.
            CannotOpen, BadOpening: it was made wrongly; the maker is at fault.
        """
        found = self._item(record, item)
        if found is None:
            raise NothingFound("no such evidence")
        entry, sealed = found
        kid = self._own_kid(sealed)
        if sealed.envelope is None or kid is None:
            raise NotSealedToUs()
        key = AttemptKey(entry.subject, entry.step, entry.attempt)
        data = open_envelope(
            self._identity.suite,
            sealed.envelope,
            kid,
            self._identity.agreement_private(kid),
            context=envelope_context(key, entry.party, sealed.name, sealed.kind),
        )
        opening = msgspec.json.decode(data, type=Opening)
        verify_opening(self._identity.suite, sealed.commitment, opening)
        return opening.value

    def _item(self, record: str, item: int) -> tuple[EvidenceRecord, EvidenceItem] | None:
        if record not in self._records:
            self._records[record] = get_evidence(self._state, record)
        found = self._records[record]
        if found is None or item >= len(found.items):
            return None
        return found, found.items[item]

    def _own_kid(self, item: EvidenceItem) -> str | None:
        if item.envelope is None:
            return None
        try:
            recipients = recipients_of(item.envelope)
        except HanseError:
            return None
        prefix = self._identity.did + "#"
        return next((kid for kid in recipients if kid.startswith(prefix)), None)
