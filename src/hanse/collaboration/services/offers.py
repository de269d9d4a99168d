"""Opening a service: what each party tells the others, and the session all build from it.

The receiver's node begins a generation by sending its offer to all; each answers with its own,
to all. From the same offers every party builds the same session. A new generation replaces the
old one: so a service opens anew after a worker or a node died.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from hanse.collaboration.engine.context import EngineSettings
from hanse.collaboration.engine.errors import BadOffer
from hanse.collaboration.engine.exchange import endpoint
from hanse.collaboration.engine.listening import choose_ports
from hanse.collaboration.engine.offers import check_reach
from hanse.collaboration.services.errors import BadServiceOffer
from hanse.compute.operators import Role, get_operator, validate_parameters
from hanse.compute.services import OPERATORS
from hanse.compute.worker.manifest import Party, SessionManifest, code_fingerprint
from hanse.contracts.bounds import Digest, Identifier, Slug
from hanse.contracts.services.types import ServiceRecord
from hanse.core import canonical
from hanse.crypto.suite import Suite
from hanse.crypto.tls import MAX_LIFETIME_MS, make_task_certificate

OFFER_TYPE = "hanse/service-offer/1"
STEP = "service"
Endpoint = Annotated[str, Meta(max_length=300)]


class ServiceOffer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One party's offer for one generation, as `hanse.collaboration.engine.offers` has them."""

    v: Annotated[int, Meta(ge=1, le=1)] = 1
    chain: Digest
    service: Identifier
    generation: Annotated[int, Meta(ge=1)]
    alias: Slug
    endpoints: dict[str, Endpoint]
    certificate: Annotated[str, Meta(max_length=8192)]
    code: Digest
    nonce: Digest


def links(record: ServiceRecord, alias: str) -> list[str]:
    """The links a party listens on."""
    return ["data", "compute"] if alias in record.computes else ["data"]


def make_offer(
    record: ServiceRecord,
    chain: str,
    alias: str,
    generation: int,
    settings: EngineSettings,
    used: set[int],
    now_ms: int,
) -> tuple[ServiceOffer, str]:
    """This party's offer, and the private key of its certificate.

    Raises:
        NoFreePort: every port of the declared range is in use.
    """
    ports = choose_ports(
        settings.link_host, settings.first_port, settings.last_port, links(record, alias), used
    )
    used |= set(ports.values())
    certificate, private_key = make_task_certificate(
        record.parties[alias], now_ms + MAX_LIFETIME_MS, now_ms=now_ms, hosts=[settings.link_host]
    )
    offer = ServiceOffer(
        chain=chain,
        service=record.id,
        generation=generation,
        alias=alias,
        endpoints={name: endpoint(settings.link_host, port) for name, port in ports.items()},
        certificate=certificate,
        code=code_fingerprint(),
        nonce=secrets.token_hex(32),
    )
    return offer, private_key


def check_offer(record: ServiceRecord, offer: ServiceOffer, sender: str, now_ms: int) -> None:
    """1. the sender is the party; 2. it listens where it should; 3. its certificate is its own;
    4. it runs the same code.

    Raises:
        BadServiceOffer: naming the party.
    """
    if record.parties.get(offer.alias) != sender:
        raise BadServiceOffer(f"the sender is not {offer.alias!r} of this service")
    try:
        check_reach(offer, links(record, offer.alias), sender, now_ms)
    except BadOffer as error:
        raise BadServiceOffer(error.message) from error
    if offer.code != code_fingerprint():
        raise BadServiceOffer(f"{offer.alias} runs another release of the computing code")


def session(
    suite: Suite, chain: str, record: ServiceRecord, offers: Mapping[str, ServiceOffer]
) -> SessionManifest:
    """The session of a generation; the same at all that have the same offers."""
    aliases = sorted(record.parties)
    spec = get_operator(OPERATORS[record.kind])
    required = {"retrieval": {"table_key": ["key"]}, "prediction": {}}[record.kind]
    nonces = [bytes.fromhex(offers[alias].nonce) for alias in aliases]
    first = offers[aliases[0]]
    return SessionManifest(
        genesis=chain,
        flow=record.id,
        step=STEP,
        attempt=first.generation,
        operator=spec.name,
        operator_version=spec.version,
        code=first.code,
        parameters=validate_parameters(spec, required),
        protocol=record.protocol,
        parties=[
            Party(
                alias=alias,
                did=record.parties[alias],
                roles=roles(record, alias),
                endpoints=offers[alias].endpoints,
                certificate=offers[alias].certificate,
            )
            for alias in aliases
        ],
        inputs={},
        nonce=suite.hash(canonical.tagged("hanse/service-nonce/1", *nonces)).hex(),
    )


def roles(record: ServiceRecord, alias: str) -> list[Role]:
    """What a party does in a service."""
    found: list[Role] = []
    if alias in record.owners:
        found.append("owner")
    if alias in record.computes:
        found.append("compute")
    if alias == record.receiver:
        found.append("receiver")
    return found
