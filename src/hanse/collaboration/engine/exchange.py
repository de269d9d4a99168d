"""Exchanging offers: make the own one once, deliver it until taken, collect the others'."""

from __future__ import annotations

import asyncio
import math
import secrets
import time

import msgspec
import structlog

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.errors import OfferConflict
from hanse.collaboration.engine.faults import Over, PartyFault
from hanse.collaboration.engine.inputs import Part
from hanse.collaboration.engine.listening import choose_ports
from hanse.collaboration.engine.offers import (
    OFFER_TYPE,
    SessionOffer,
    build_manifest,
    check_offer,
    decode_offer,
    links,
)
from hanse.collaboration.engine.records import AttemptKey, OwnOffer, Phase
from hanse.collaboration.engine.sizes import size_of
from hanse.collaboration.engine.views import StepView
from hanse.compute.worker.manifest import SessionManifest, code_fingerprint
from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.tls import MAX_LIFETIME_MS, make_task_certificate

CERTIFICATE_SLACK_MS = 3_600_000
_log = structlog.get_logger("hanse.collaboration")


class Exchange:
    """The offers of one attempt at one party."""

    def __init__(self, ctx: EngineContext, key: AttemptKey, alias: str) -> None:
        self._ctx = ctx
        self._key = key
        self._alias = alias
        self._deliveries: dict[str, asyncio.Task[None]] = {}
        self._taken: dict[str, float] = {}

    def make(self, step: StepView, parts: dict[str, Part]) -> None:
        """Fix the own offer in the journal; after a restart the first one stays.

        Raises:
            NoFreePort: every port of the declared range is offered already.
        """
        ctx, key = self._ctx, self._key
        if ctx.journal.own_offer(key) is not None:
            return
        settings, record = ctx.settings, step.record
        if record is None:
            raise Over
        used = ctx.journal.ports_in_use()
        first, last = settings.first_port, settings.last_port
        ports = choose_ports(settings.link_host, first, last, links(step, self._alias), used)
        now = ctx.clock()
        until = min(max(record.deadline_ms, now) + CERTIFICATE_SLACK_MS, now + MAX_LIFETIME_MS)
        certificate, private_key = make_task_certificate(
            ctx.did, until, now_ms=now, hosts=[settings.link_host]
        )
        offer = SessionOffer(
            chain=ctx.ledger.chain,
            flow=key.flow,
            step=key.step,
            attempt=key.attempt,
            alias=self._alias,
            endpoints={link: endpoint(settings.link_host, port) for link, port in ports.items()},
            certificate=certificate,
            inputs={port: part.commitment for port, part in parts.items()},
            size=size_of(part.shape for part in parts.values()),
            code=code_fingerprint(),
            nonce=secrets.token_hex(32),
        )
        secret = OwnOffer(private_key, secrets.token_hex(32), ports)
        with ctx.journal.transaction():
            ctx.journal.put_own_offer(key, self._alias, canonical.encode(offer), secret)
            ctx.journal.set_phase(key, Phase.OFFERED, now)

    def deliver(self, step: StepView) -> None:
        """Send the own offer to every party that has not taken it.

        One that has taken it but made none of its own gets it again after a while: it may
        have lost it.
        """
        kept = self._ctx.journal.offers(self._key)
        for alias in step.parties:
            if alias != self._alias and (alias not in self._taken or alias not in kept):
                self.deliver_to(step, alias)

    def deliver_to(self, step: StepView, alias: str) -> None:
        """Send the own offer to one party unless that is under way or was just done."""
        running, now = self._deliveries.get(alias), time.monotonic()
        if running is not None and not running.done():
            return
        if now - self._taken.get(alias, -math.inf) < self._ctx.settings.resend_s:
            return
        did = step.flow.spec.parties[alias]
        self._deliveries[alias] = asyncio.create_task(self._send(alias, did))

    async def _send(self, alias: str, did: str) -> None:
        body = msgspec.json.decode(self._ctx.journal.offers(self._key)[self._alias][1])
        while True:
            try:
                await self._ctx.peers.send(did, OFFER_TYPE, body)
            except Exception as error:  # whatever it is, the offer has not arrived
                code = error.code if isinstance(error, HanseError) else type(error).__name__
                _log.info("offer.not_taken", party=alias, code=code)
                await asyncio.sleep(self._ctx.settings.retry_s)
            else:
                self._taken[alias] = time.monotonic()
                return

    def collected(self, step: StepView) -> dict[str, SessionOffer] | None:
        """Everybody's offers, checked; None while one is missing.

        Raises:
            PartyFault: an offer does not hold; names its party.
        """
        kept = self._ctx.journal.offers(self._key)
        if any(alias not in kept for alias in step.parties):
            return None
        now, code = self._ctx.clock(), code_fingerprint()
        offers = {}
        for alias in step.parties:
            sender, body = kept[alias]
            try:
                offers[alias] = decode_offer(body)
                if alias != self._alias:
                    check_offer(step, offers[alias], sender, code, now)
            except HanseError as error:
                raise PartyFault(error, alias) from error
        return offers

    def manifest(self, step: StepView, offers: dict[str, SessionOffer]) -> SessionManifest:
        """The manifest of the attempt."""
        ledger = self._ctx.ledger
        return build_manifest(ledger.suite, ledger.chain, step, self._key.attempt, offers)

    async def close(self) -> None:
        """Stop delivering."""
        for task in self._deliveries.values():
            task.cancel()
        await asyncio.gather(*self._deliveries.values(), return_exceptions=True)


def take_offer(ctx: EngineContext, step: StepView, sender: str, offer: SessionOffer) -> bool:
    """Keep an offer that arrived; False when the same one was kept before.

    Raises:
        OfferConflict: another offer of that party was relied upon already.
    """
    key, body = offer.key, canonical.encode(offer)
    if offer.alias in ctx.journal.offers(key):
        if ctx.journal.put_offer(key, offer.alias, body, sender=sender):
            return False
        row = ctx.journal.attempt(key)
        if row is not None and row.phase not in (Phase.SEEN, Phase.OFFERED):
            raise OfferConflict(f"{offer.alias} made another offer for this attempt before")
        ctx.journal.replace_offer(key, offer.alias, body, sender=sender)
    else:
        ctx.journal.put_offer(key, offer.alias, body, sender=sender)
    ctx.signals.notify()
    return True


def endpoint(host: str, port: int) -> str:
    """``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
