"""The role of a node that runs an ordering engine, put together from its home."""

from __future__ import annotations

from hanse.contracts.validators.queries import get_newest_set, get_node
from hanse.ledger.bft.engine.settings import EngineSettings, Peer
from hanse.ledger.bft.participating import Participant
from hanse.ledger.contract.state import StateReader
from hanse.ledger.genesis import Genesis
from hanse.node.errors import BadSettings
from hanse.node.host import Host
from hanse.node.ordering_keys import Keyring
from hanse.node.snapshot_start import SnapshotGiver, SnapshotStart
from hanse.node.transport.session import PeerSession
from hanse.node.transport.source import SnapshotSource


def participant(host: Host, genesis: Genesis, keyring: Keyring) -> Participant:
    """Settings and keys of this node's engine.

    Raises:
        BadSettings, BadEngineSettings: naming what is wrong.
    """
    settings = host.settings.engine
    return Participant(
        home=host.home.engine,
        snapshots=host.home.snapshots,
        settings=EngineSettings(
            moniker=host.identity.did[-12:],
            host=settings.host,
            port=settings.port,
            external=settings.public_address,
            peers=tuple(_peer(text) for text in settings.peers),
            prometheus_port=settings.metrics_port,
        ),
        keys=keyring.current.engine,
        engine_keys=keyring.engine,
        certificate_keys=keyring.certificate,
        peers=validator_peers,
        binary=settings.binary,
        snapshot_interval=settings.snapshot_interval,
        keep_blocks=settings.keep_blocks,
        start=_start(host, genesis),
    )


def validator_peers(state: StateReader) -> tuple[Peer, ...]:
    """Engines of the validators, as the ledger names them; further ones they tell each other."""
    newest = get_newest_set(state)
    nodes = [get_node(state, v.did) for v in newest.validators] if newest else []
    return tuple(_peer(f"{node.node_id}@{node.address}") for node in nodes if node is not None)


def _start(host: Host, genesis: Genesis) -> SnapshotStart | None:
    """With a snapshot of other nodes, when that is wished and there are others."""
    engine, operator = host.settings.engine, host.settings.ledger.operator_url
    if engine.join_by == "replay":
        return None
    others = [_member(text) for text in engine.join_from]
    known = [(genesis.orderer.did, operator)] if operator else []
    givers = [_giver(host, did, url) for did, url in dict.fromkeys([*known, *others])]
    return SnapshotStart(genesis, givers) if givers else None


def _giver(host: Host, did: str, url: str) -> SnapshotGiver:
    session = PeerSession(host.http, host.secrets.identity, url, did, host.clock)
    source = SnapshotSource(session)
    return SnapshotGiver(did, source.prove, source.ask)


def _member(text: str) -> tuple[str, str]:
    did, _, url = text.partition("@")
    if not did.startswith("did:") or not url.startswith(("http://", "https://")):
        raise BadSettings("engine.join_from: a node is written DID@URL")
    return did, url.rstrip("/")


def _peer(text: str) -> Peer:
    node_id, _, address = text.partition("@")
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise BadSettings("a peer of the engine is written id@host:port")
    return Peer(node_id, host, int(port))
