"""The services contract: handlers of its messages."""

from __future__ import annotations

from hanse.contracts.services import events, messages, offering, using
from hanse.contracts.services.needs import NEEDS
from hanse.ledger.contract.contract import Contract

SPEC = Contract(
    name="services",
    version=1,
    handlers={
        messages.OfferService: offering.offer,
        messages.AcceptService: offering.accept,
        messages.SuspendService: offering.suspend,
        messages.ResumeService: offering.resume,
        messages.EndService: offering.end,
        messages.RetireModel: offering.retire,
        messages.ReserveUses: using.reserve,
        messages.RecordUses: using.record,
    },
    needs=NEEDS,
    events=(
        events.ServiceOffered,
        events.ServiceAccepted,
        events.ServiceSuspended,
        events.ServiceResumed,
        events.ServiceEnded,
        events.UsesReserved,
        events.UsesRecorded,
        events.ModelRetired,
    ),
)
