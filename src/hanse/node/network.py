"""The part of a node that exists once there is a ledger: opened, started, closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from hanse.collaboration.services import ServiceHost
from hanse.contracts.identity.queries import LedgerResolver, get_member
from hanse.contracts.system import system_registry
from hanse.data.vault import Vault
from hanse.identity.holder import Identity
from hanse.identity.replay import SqliteReplayGuard
from hanse.ledger.genesis import Genesis
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.ordering.sequencer import Sequencer
from hanse.ledger.roles import Role
from hanse.node.algorithms import Packages
from hanse.node.audit.anchor import Anchoring
from hanse.node.background import Background
from hanse.node.clock import Clock
from hanse.node.collaboration import Collaboration, build_collaboration
from hanse.node.data.imports import Imports
from hanse.node.data.publications import Publications
from hanse.node.data.tables import Tables
from hanse.node.database.engine import Database
from hanse.node.database.open import views_database
from hanse.node.errors import NoValidatorKeys
from hanse.node.host import Host
from hanse.node.key_rotation import KeyRotation
from hanse.node.keys import SigningKey
from hanse.node.ledger_client import Submitter
from hanse.node.membership.admission import Admission
from hanse.node.membership.applications import Applications
from hanse.node.membership.issuer import Issuer
from hanse.node.membership.reissue import Reissue
from hanse.node.ordering_keys import Keyring, has_ordering_keys
from hanse.node.participant import participant
from hanse.node.reactions.faults import FaultReporter
from hanse.node.reactions.grants import GrantBook, GrantVerifier
from hanse.node.secrets import orderer_key
from hanse.node.serving import build_services
from hanse.node.settings import Settings
from hanse.node.transport.dispatcher import Dispatcher
from hanse.node.transport.inbox import Inbox
from hanse.node.transport.peers import PeerClient
from hanse.node.transport.session import PeerSession
from hanse.node.transport.source import HttpBlockSource
from hanse.node.transport.tokens import PeerTokens
from hanse.node.upkeep import HomeUpkeep
from hanse.node.views.projector import Projector
from hanse.node.views.tables import anchors

_OVERSEERS = frozenset({"operator", "auditor", "regulator"})


@dataclass
class Network:
    """Everything that needs the ledger.

    Attributes:
        source: where blocks come from, at followers.
        resolver: a resolver over the ledger's present state.
        key_rotation: keys of this node's engine; None where it runs none.
    """

    genesis: Genesis
    identity: Identity
    ledger: Ledger
    source: HttpBlockSource | None
    views: Database
    projector: Projector
    submitter: Submitter
    signing_key: SigningKey
    resolver: Callable[[], LedgerResolver]
    peer_tokens: PeerTokens
    peers: PeerClient
    dispatcher: Dispatcher
    inbox: Inbox
    replay: SqliteReplayGuard
    vault: Vault
    tables: Tables
    imports: Imports
    publications: Publications
    grant_book: GrantBook
    grant_verifier: GrantVerifier
    issuer: Issuer
    applications: Applications
    admission: Admission
    reissue: Reissue
    anchoring: Anchoring
    fault_reporter: FaultReporter
    packages: Packages
    collaboration: Collaboration
    services: ServiceHost
    now_ms: Clock
    upkeep: HomeUpkeep
    key_rotation: KeyRotation | None = None

    async def start(self, background: Background) -> None:
        """Begin to follow or order, to project, to react."""
        await asyncio.to_thread(self.projector.prepare)
        await asyncio.to_thread(self.tables.recover)
        await self.ledger.start()
        await self.ledger.begun()
        await asyncio.to_thread(self.signing_key.settle)
        background.start("keys", self.signing_key.run)
        if self.key_rotation is not None:
            await asyncio.to_thread(self.key_rotation.settle)
            background.start("validator_keys", self.key_rotation.run)
        background.start("views", lambda: self.projector.follow(self.ledger))
        background.start("grants", self.grant_verifier.run)
        background.start("anchoring", self.anchoring.run)
        background.start("faults", self.fault_reporter.run)
        await self.collaboration.start(background)
        self.services.start()

    def oversees(self) -> bool:
        """Whether this organisation's office is to see every flow's state."""
        member = get_member(self.ledger.state, self.identity.did)
        return member is not None and not _OVERSEERS.isdisjoint(member.roles)

    def anchors_of(self, did: str) -> dict[int, tuple[str, int]]:
        """Anchored heads of a node's audit log on the ledger: head and height by length."""
        query = select(anchors.c.length, anchors.c.head, anchors.c.height)
        with self.views.read() as connection:
            rows = connection.execute(query.where(anchors.c.member == did))
            return {row[0]: (row[1], row[2]) for row in rows}

    async def close(self) -> None:
        """Stop in the reverse order."""
        await self.imports.close()
        await self.services.close()
        await self.collaboration.close()
        await self.ledger.close()
        self.views.close()
        self.replay.close()
        self.vault.close()


async def open_network(host: Host, genesis: Genesis) -> Network:
    """Open ledger, views and vault and put the parts together.

    Raises:
        HanseError: a ``ledger.*``, ``data.*`` or ``node.*`` error; nothing stays open.
    """
    settings, identity = host.settings, host.secrets.identity
    keyring = _keyring(host)
    role, source = _role(host, genesis, keyring)
    ledger = await Ledger.open(host.home.root, genesis, system_registry(host.suite), role)
    try:
        return await asyncio.to_thread(
            _assemble, host, genesis, ledger, source, settings, identity, keyring
        )
    except BaseException:
        await ledger.close()
        raise


def _keyring(host: Host) -> Keyring | None:
    store = host.secrets.keystore
    return Keyring(store) if has_ordering_keys(store) else None


def _role(
    host: Host, genesis: Genesis, keyring: Keyring | None
) -> tuple[Role, HttpBlockSource | None]:
    settings = host.settings.ledger
    if settings.role == "sequencer":
        return Sequencer(orderer_key(host.secrets)), None
    if settings.role == "participant":
        if keyring is None:
            raise NoValidatorKeys()
        return participant(host, genesis, keyring), None
    session = PeerSession(
        host.http, host.secrets.identity, settings.operator_url, genesis.orderer.did, host.clock
    )
    source = HttpBlockSource(session, settings.poll_wait_ms)
    return Follower(source), source


def _assemble(
    host: Host,
    genesis: Genesis,
    ledger: Ledger,
    source: HttpBlockSource | None,
    settings: Settings,
    identity: Identity,
    keyring: Keyring | None,
) -> Network:
    database, suite, clock, key = host.database, host.suite, host.clock, host.secrets.wallet_key

    def resolver() -> LedgerResolver:
        return LedgerResolver(ledger.state)

    def is_active(did: str) -> bool:
        member = get_member(ledger.state, did)
        return member is not None and member.state == "ACTIVE"

    views = views_database(settings, host.home)
    vault = Vault(host.home.vault, suite, host.secrets.vault_key)
    submitter = Submitter(ledger, identity, clock)
    peers = PeerClient(host.http, identity, resolver, host.metrics, clock)
    dispatcher = Dispatcher()
    replay = SqliteReplayGuard(host.home.journal / "replay.sqlite")
    tables = Tables(database, vault, suite, key, clock)
    publications = Publications(database, tables, suite, key, clock)
    book = GrantBook(database, clock)
    issuer = Issuer(identity, database, host.wallet, submitter, clock)
    applications = Applications(database, suite, clock)
    projector = Projector(views, genesis, ledger.chain, host.metrics)
    packages = Packages(host.home.algorithms, suite, lambda: ledger.state, peers, identity.did)
    collaboration = build_collaboration(
        host, ledger, views, submitter, peers, dispatcher, vault, publications, packages
    )
    rotation = KeyRotation(keyring, submitter, ledger, identity.did) if keyring else None
    return Network(
        genesis=genesis,
        identity=identity,
        ledger=ledger,
        source=source,
        views=views,
        projector=projector,
        submitter=submitter,
        signing_key=SigningKey(identity, host.secrets.keystore, submitter, ledger),
        resolver=resolver,
        peer_tokens=PeerTokens(suite, identity.did, resolver(), is_active, clock),
        peers=peers,
        dispatcher=dispatcher,
        inbox=Inbox(identity, resolver, replay, dispatcher, host.metrics),
        replay=replay,
        vault=vault,
        tables=tables,
        imports=Imports(tables, vault, [host.home.imports, *settings.data.directories]),
        publications=publications,
        grant_book=book,
        grant_verifier=GrantVerifier(ledger, submitter, book, identity.did),
        issuer=issuer,
        applications=applications,
        admission=Admission(
            identity, applications, issuer, host.wallet, submitter, lambda: ledger.state
        ),
        reissue=Reissue(
            suite, issuer, host.wallet, applications, submitter, lambda: ledger.state, clock
        ),
        anchoring=Anchoring(host.audit, submitter, host.metrics, settings.audit.anchor_seconds),
        fault_reporter=FaultReporter(ledger, submitter, identity.did),
        key_rotation=rotation,
        packages=packages,
        collaboration=collaboration,
        services=build_services(host, ledger, collaboration.engine, vault, tables),
        now_ms=clock,
        upkeep=HomeUpkeep(
            host.home, ledger, lambda: min(projector.height, collaboration.engine.height)
        ),
    )
