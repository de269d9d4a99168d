"""Who takes part in the demo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Organisation:
    """One organisation of the demo: ``key`` is its alias in flows."""

    key: str
    name: str
    roles: tuple[str, ...]
    controller: str


OPERATOR = Organisation("operator", "Hanse Exchange", ("operator", "regulator"), "exchange")
BANK = Organisation("bank", "First Bank", ("data_consumer", "data_provider"), "bank-group")
MERCHANT = Organisation("merchant", "Bazaar Platform", ("data_provider",), "bazaar-group")
COMPUTE_1 = Organisation("compute_1", "Nimbus Compute", ("compute_provider",), "nimbus-group")
COMPUTE_2 = Organisation("compute_2", "Alder Compute", ("compute_provider",), "alder-group")
AUDITOR = Organisation("auditor", "Keel Auditors", ("auditor",), "keel-partners")

VALIDATORS = (OPERATOR, BANK, MERCHANT, AUDITOR)
"""Who validates blocks under ``--ledger cometbft``; the others follow a node they choose."""
MEMBERS = (BANK, MERCHANT, COMPUTE_1, COMPUTE_2, AUDITOR)
EVERYBODY = (OPERATOR, *MEMBERS)
