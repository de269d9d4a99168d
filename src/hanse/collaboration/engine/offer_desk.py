"""Where other parties' offers arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.errors import BadOffer, NotReady, NotYourOffer
from hanse.collaboration.engine.exchange import Exchange, take_offer
from hanse.collaboration.engine.offers import SessionOffer, decode_offer
from hanse.collaboration.engine.records import AttemptKey
from hanse.collaboration.engine.views import FlowView, StepView
from hanse.core import canonical


class OfferDesk:
    """Takes offers from sealed messages; the sender's DID is proven by the message.

    Args:
        ctx: the engine's parts.
        exchange_of: the running exchange of an attempt, if there is one.
    """

    def __init__(
        self, ctx: EngineContext, exchange_of: Callable[[AttemptKey], Exchange | None]
    ) -> None:
        self._ctx = ctx
        self._exchange_of = exchange_of

    async def take(self, sender: str, body: dict[str, Any]) -> None:
        """Keep an offer that fits a step of this node.

        Raises:
            BadOffer, NotYourOffer, OfferConflict: it is refused for good.
            NotReady: this node has not seen the step yet; to be sent again.
        """
        offer = decode_offer(canonical.encode(body))
        step = self._step(sender, offer)
        if step is None:
            return
        if not take_offer(self._ctx, step, sender, offer):
            # It came again, so perhaps the other side waits for ours.
            exchange = self._exchange_of(offer.key)
            if exchange is not None and self._ctx.journal.own_offer(offer.key) is not None:
                exchange.deliver_to(step, offer.alias)

    def _step(self, sender: str, offer: SessionOffer) -> StepView | None:
        """The step an offer is for; None when its attempt is over."""
        if offer.chain != self._ctx.ledger.chain:
            raise BadOffer("the offer is for another network")
        flow = FlowView.read(self._ctx.ledger.state, offer.flow)
        if flow is None:
            raise NotReady("this node does not know the flow yet")
        step = flow.step(offer.step)
        if step is None or flow.alias_of(self._ctx.did) not in step.parties:
            raise BadOffer("this node takes no part in the step")
        if offer.alias not in step.parties or flow.spec.parties[offer.alias] != sender:
            raise NotYourOffer(f"the sender is not {offer.alias!r} of this step")
        record = step.record
        if record is None or record.attempt < offer.attempt:
            raise NotReady("this node has not seen the attempt yet")
        return None if record.attempt > offer.attempt else step
