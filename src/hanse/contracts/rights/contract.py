"""The rights contract: handlers of its messages."""

from __future__ import annotations

from hanse.contracts.rights import events, holding, messages, negotiation
from hanse.contracts.rights.needs import NEEDS
from hanse.ledger.contract.contract import Contract

SPEC = Contract(
    name="rights",
    version=1,
    handlers={
        messages.RequestGrant: negotiation.request,
        messages.OfferGrant: negotiation.offer,
        messages.AcceptOffer: negotiation.accept,
        messages.AgreeGrant: negotiation.agree,
        messages.VerifyGrant: negotiation.verify,
        messages.TerminateGrant: negotiation.terminate,
        messages.RevokeGrant: negotiation.revoke,
        messages.RegisterRights: holding.register,
        messages.TransferRight: holding.transfer,
    },
    needs=NEEDS,
    events=(
        events.GrantRequested,
        events.GrantOffered,
        events.OfferAccepted,
        events.GrantAgreed,
        events.GrantVerified,
        events.GrantFinalized,
        events.GrantTerminated,
        events.GrantRevoked,
        events.UseReserved,
        events.UseConsumed,
        events.UseReleased,
        events.RightsRegistered,
        events.RightTransferred,
    ),
)
