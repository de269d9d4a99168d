"""A service as committed here: may it be used, by whom."""

from __future__ import annotations

from hanse.contracts.privacy import rules as privacy
from hanse.contracts.privacy.queries import get_budget
from hanse.contracts.services import rules
from hanse.contracts.services.errors import ServiceNotFound
from hanse.contracts.services.queries import get_retirement, get_service
from hanse.contracts.services.types import ServiceRecord
from hanse.ledger.contract.state import StateReader


def load(state: StateReader, service: str) -> ServiceRecord:
    """The service.

    Raises:
        ServiceNotFound: there is none.
    """
    record = get_service(state, service)
    if record is None:
        raise ServiceNotFound()
    return record


def require_usable(state: StateReader, record: ServiceRecord, now_ms: int) -> None:
    """Refuse a service that is not active, expired, or may not give exact answers any more.

    Raises:
        ServiceSuspendedError, WrongServiceState, ModelRetiredError, ServiceExpired.
        NoiseRequired: a dataset it descends from was given a privacy budget meanwhile.
    """
    retired = get_retirement(state, record.flow, record.step, record.output) is not None
    rules.require_usable(record, retired, now_ms)
    for dataset in record.datasets:
        error = privacy.problem(get_budget(state, dataset), 0)
        if error is not None:
            raise error(f"a service: dataset {dataset}")


def alias_of(record: ServiceRecord, did: str) -> str:
    """Alias of a party; raises `NotAServiceParty`."""
    return rules.alias_of(record.parties, did)


def receiver_of(record: ServiceRecord) -> str:
    """DID of the receiver."""
    return record.parties[record.receiver]
