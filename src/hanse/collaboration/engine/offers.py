"""Session offers: what each party tells the others, and the manifest all build from them.

An offer names where the party listens, the certificate it made for this attempt, the
commitments to its parts of the inputs, its release of the computing code and a nonce. Offers
travel in sealed, signed messages. From the same offers every party builds the same manifest,
byte for byte, and confirms its hash on the ledger; a party that was shown another offer
confirms another hash, and the attempt ends before a worker has started.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from hanse.collaboration.engine.errors import (
    BadOffer,
    CommitmentMismatch,
    NotYourOffer,
    ReleaseDiffers,
)
from hanse.collaboration.engine.records import AttemptKey
from hanse.collaboration.engine.sizes import Size
from hanse.collaboration.engine.views import StepView
from hanse.compute.worker.manifest import Party, SessionManifest
from hanse.contracts.bounds import Digest, Slug
from hanse.contracts.evidence.queries import find_evidence
from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.errors import BadCertificate
from hanse.crypto.suite import Suite
from hanse.crypto.tls import verify_task_certificate

OFFER_TYPE = "hanse/session-offer/1"
MAX_OFFER_BYTES = 32 * 1024
_ENDPOINT = re.compile(r"^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):([1-9][0-9]{0,4})$")


class SessionOffer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One party's offer for one attempt.

    Attributes:
        endpoints: ``host:port`` by link: ``data`` joins all parties, ``compute`` those that run
            the protocol. Empty for a step that sends nothing.
        certificate: PEM, self-signed, the subject is the party's DID.
        inputs: for each input the party holds a part of, the commitment to it, hex.
        size: how much the party brings, rounded up.
        code: fingerprint of the computing code.
        nonce: 32 random bytes, hex.
    """

    v: Annotated[int, Meta(ge=1, le=1)] = 1
    chain: Digest
    flow: str
    step: Slug
    attempt: Annotated[int, Meta(ge=1)]
    alias: Slug
    endpoints: dict[str, str]
    certificate: Annotated[str, Meta(max_length=8192)]
    inputs: dict[Slug, Digest]
    size: Size = Size()
    code: Digest
    nonce: Digest

    @property
    def key(self) -> AttemptKey:
        """The attempt it is for."""
        return AttemptKey(self.flow, self.step, self.attempt)


def decode_offer(body: bytes) -> SessionOffer:
    """Read an offer.

    Raises:
        BadOffer: when it is none.
    """
    if len(body) > MAX_OFFER_BYTES:
        raise BadOffer("the offer is too large")
    try:
        return canonical.decode(body, SessionOffer)
    except HanseError as error:
        raise BadOffer("the offer cannot be read", debug=error.message) from error


def links(step: StepView, alias: str) -> list[str]:
    """The links a party of a step listens on."""
    if step.spec.protocol == "local" or len(step.parties) < 2:
        return []
    return ["data", "compute"] if alias in step.spec.computes else ["data"]


def ledger_commitment(step: StepView, port: str, alias: str) -> str:
    """What the ledger says a party's part of an input is; empty when it says nothing."""
    flow = step.flow
    name, dot, output = step.spec.inputs[port].partition(".")
    if name in flow.pinned.data and not dot:
        return flow.pinned.data[name].commitment
    did = flow.spec.parties[alias]
    if not dot:
        model = flow.pinned.models[name]
        place, output = (model.flow, model.step, model.attempt), model.output
    else:
        producer = flow.step(name)
        record = producer.record if producer else None
        if record is None:
            return ""
        place = (flow.record.id, name, record.attempt)
    evidence = find_evidence(flow.state, *place, did)
    items = evidence.items if evidence else []
    return next((i.commitment for i in items if i.kind == "output" and i.name == output), "")


def check_offer(step: StepView, offer: SessionOffer, sender: str, code: str, now_ms: int) -> None:
    """Check an offer against the flow and the ledger before relying on it.

    Steps: 1. the sender is the party it speaks for; 2. it listens exactly where its role
    demands; 3. its certificate is its own and valid; 4. its inputs are those the ledger
    commits to; 5. it runs the same code.

    Raises:
        NotYourOffer, BadOffer, CommitmentMismatch, ReleaseDiffers: as named.
    """
    did = step.flow.spec.parties.get(offer.alias, "")
    if offer.alias not in step.parties or did != sender:
        raise NotYourOffer(f"the sender is not {offer.alias!r} of this step")
    check_reach(offer, links(step, offer.alias), did, now_ms)
    _check_inputs(step, offer)
    if offer.code != code:
        raise ReleaseDiffers(f"{offer.alias} runs another release of the computing code")


class Reach(Protocol):
    """How a party is reached for a session: the same in every kind of offer."""

    @property
    def alias(self) -> str:
        """Who it is."""
        ...

    @property
    def endpoints(self) -> Mapping[str, str]:
        """``host:port`` by link."""
        ...

    @property
    def certificate(self) -> str:
        """PEM, self-signed, the subject is the party's DID."""
        ...


def check_reach(offer: Reach, wanted: Sequence[str], did: str, now_ms: int) -> None:
    """Check that a party listens exactly where it should, under a certificate of its own.

    Raises:
        BadOffer: naming the party.
    """
    if sorted(offer.endpoints) != sorted(wanted):
        raise BadOffer(f"{offer.alias} offers other links than its role demands")
    if not all(_is_endpoint(endpoint) for endpoint in offer.endpoints.values()):
        raise BadOffer(f"{offer.alias} offers an endpoint that is no host:port")
    try:
        verify_task_certificate(offer.certificate, did, now_ms)
    except BadCertificate as error:
        raise BadOffer(f"certificate of {offer.alias}: {error.message}") from error


def _check_inputs(step: StepView, offer: SessionOffer) -> None:
    held = {port for port in step.spec.inputs if offer.alias in step.holders(port)}
    if set(offer.inputs) != held:
        raise BadOffer(f"{offer.alias} offers other inputs than it holds")
    for port, commitment in offer.inputs.items():
        if commitment != ledger_commitment(step, port, offer.alias):
            raise CommitmentMismatch(f"{offer.alias} offers other data for {port!r}")


def _is_endpoint(text: str) -> bool:
    match = _ENDPOINT.match(text)
    return match is not None and int(match[2]) <= 65_535


def build_manifest(
    suite: Suite,
    chain: str,
    step: StepView,
    attempt: int,
    offers: Mapping[str, SessionOffer],
) -> SessionManifest:
    """The manifest of an attempt; the same bytes at every party that has the same offers.

    Args:
        offers: one checked offer for each party of the step, by alias.
    """
    spec, parties = step.spec, step.parties
    nonces = [bytes.fromhex(offers[alias].nonce) for alias in parties]
    return SessionManifest(
        genesis=chain,
        flow=step.flow.record.id,
        step=spec.id,
        attempt=attempt,
        operator=spec.operator,
        operator_version=spec.operator_version,
        code=offers[parties[0]].code,
        parameters=dict(spec.parameters),
        protocol=spec.protocol,
        parties=[_party(step, alias, offers[alias]) for alias in parties],
        inputs={
            port: {alias: offers[alias].inputs[port] for alias in step.holders(port)}
            for port in sorted(spec.inputs)
        },
        nonce=suite.hash(canonical.tagged("hanse/session-nonce/1", *nonces)).hex(),
    )


def _party(step: StepView, alias: str, offer: SessionOffer) -> Party:
    return Party(
        alias=alias,
        did=step.flow.spec.parties[alias],
        roles=step.roles(alias),
        endpoints=offer.endpoints,
        certificate=offer.certificate,
    )
