"""Puts a node together from its home: everything explicit, nothing global."""

from __future__ import annotations

from pathlib import Path

from hanse.crypto.suite import get_suite
from hanse.ledger.genesis import Genesis, decode_genesis
from hanse.node.audit.log import AuditLog
from hanse.node.clock import Clock, now_ms
from hanse.node.database.open import node_database
from hanse.node.errors import AlienGenesis
from hanse.node.home import NodeHome
from hanse.node.host import Host
from hanse.node.membership.applicant import Applicant
from hanse.node.membership.wallet import Wallet
from hanse.node.node import Node
from hanse.node.observability.metrics import Metrics
from hanse.node.secrets import unlock
from hanse.node.settings import Settings, load_settings
from hanse.node.transport.http import NodeHttp
from hanse.node.users.accounts import Accounts
from hanse.node.users.passwords import Passwords
from hanse.node.users.tokens import Tokens


def build_node(home: Path, *, settings: Settings | None = None, clock: Clock = now_ms) -> Node:
    """Open settings, keystore and database of a home; the ledger is opened by `Node.start`.

    Args:
        home: the node's home; the caller holds its lock.
        settings: instead of those in the home.
        clock: UTC milliseconds.

    Raises:
        HanseError: a ``node.*`` or ``crypto.*`` error naming what is wrong with the home.
    """
    place = NodeHome(home.absolute())
    place.require()
    chosen = settings or load_settings(place.root)
    secrets = unlock(place)
    suite = get_suite(chosen.suite)
    genesis = _genesis(place, chosen)
    database = node_database(chosen, place)
    host = Host(
        settings=chosen,
        home=place,
        secrets=secrets,
        suite=suite,
        database=database,
        audit=AuditLog(database, suite, clock),
        wallet=Wallet(database, suite, secrets.wallet_key, clock),
        metrics=Metrics(),
        http=NodeHttp(chosen.http.peer_ca),
        clock=clock,
    )
    applicant = None
    url = chosen.ledger.operator_url
    if url:
        applicant = Applicant(host.http, secrets.identity, place, url, chosen.url)
    sessions = chosen.sessions
    return Node(
        host=host,
        accounts=Accounts(
            database,
            Passwords(sessions.password_minimum_length),
            lockout_failures=sessions.lockout_failures,
            lockout_ms=sessions.lockout_seconds * 1000,
            clock=clock,
        ),
        tokens=Tokens(
            database,
            session_ttl_ms=sessions.ttl_seconds * 1000,
            session_idle_ms=sessions.idle_seconds * 1000,
            clock=clock,
        ),
        genesis=genesis,
        applicant=applicant,
    )


def _genesis(home: NodeHome, settings: Settings) -> Genesis | None:
    if not home.genesis_file.exists() or settings.ledger.role == "none":
        return None
    genesis = decode_genesis(home.genesis_file.read_bytes())
    if genesis.suite != settings.suite:
        raise AlienGenesis(f"the network uses suite {genesis.suite}, this node {settings.suite}")
    return genesis
