"""What the ledger says of credentials (`hanse.identity.credentials.CredentialRegistry`)."""

from __future__ import annotations

from hanse.contracts.identity import queries
from hanse.contracts.identity.errors import StatusListNotFound
from hanse.identity.credentials import StatusValue
from hanse.ledger.contract.state import StateReader


class LedgerCredentials:
    """Status bits and accredited issuers, from committed state."""

    def __init__(self, state: StateReader) -> None:
        self._state = state

    def status(self, status_list: str, index: int) -> StatusValue:
        """Value of a bit; raises StatusListNotFound, StatusIndexOutOfRange."""
        record = queries.get_status_list(self._state, status_list)
        if record is None:
            raise StatusListNotFound()
        is_set = queries.status_bit(self._state, status_list, index)
        return StatusValue(record.issuer, record.purpose, is_set)

    def is_issuer(self, did: str, credential_type: str) -> bool:
        """Whether the DID may issue credentials of that type now."""
        return queries.is_issuer(self._state, did, credential_type)
