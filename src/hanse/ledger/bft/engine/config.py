"""The engine's ``config.toml``: each knob with what it does and why it stands so.

Paths are relative to the engine's home, which is its working directory: sockets of any length of
path work.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from hanse.ledger.bft.engine.chain import Chain
from hanse.ledger.bft.engine.settings import EngineSettings

ABCI_SOCKET = "abci.sock"
RPC_SOCKET = "rpc.sock"
MAX_BATCH = 512  # calls in one RPC request
RPC_BODY_BYTES = 16 * 1024 * 1024
_HEAD = """\
# Written by Hanse at each start from the node's settings and the genesis. Do not edit:
# what you change here is overwritten.
"""


@dataclass(frozen=True)
class Knob:
    """One line of the file."""

    name: str
    value: str | int | bool
    why: str

    def __str__(self) -> str:
        # Strings of JSON are strings of TOML; so are true, false and integers.
        return f"# {self.why}\n{self.name} = {json.dumps(self.value)}\n"


def config_file(settings: EngineSettings, chain: Chain) -> bytes:
    """The whole file, UTF-8."""
    sections = {
        "rpc": _rpc(chain),
        "p2p": _p2p(settings),
        "mempool": _mempool(settings, chain),
        "statesync": _state_sync(settings),
        "blocksync": [Knob("version", "v0", "The only implementation left in 0.38.")],
        "consensus": _consensus(settings),
        "storage": [
            Knob(
                "discard_abci_responses",
                False,
                "Kept: without them a crash between execution and commit needs a replay.",
            )
        ],
        "tx_index": [
            Knob("indexer", "null", "The ledger indexes transactions itself, with proofs.")
        ],
        "instrumentation": _instrumentation(settings),
    }
    parts = [_HEAD, *map(str, _base(settings))]
    for name, knobs in sections.items():
        parts.append(f"\n[{name}]\n")
        parts.extend(map(str, knobs))
    return "".join(parts).encode()


def _base(settings: EngineSettings) -> list[Knob]:
    return [
        Knob("proxy_app", f"unix://{ABCI_SOCKET}", "The application; only this user can reach it."),
        Knob("abci", "socket", "Four ordered connections; see ledger/bft/abci."),
        Knob("moniker", settings.moniker, "Name shown to peers."),
        Knob("db_backend", "goleveldb", "The engine's default, in pure Go."),
        Knob("db_dir", "data", "Blocks, state, votes."),
        Knob("log_level", settings.log_level, "How much stands in engine.log."),
        Knob("log_format", "json", "The node reads the reason of a failure out of it."),
        Knob("genesis_file", "config/genesis.json", "Same bytes on all nodes."),
        Knob(
            "priv_validator_key_file",
            "config/priv_validator_key.json",
            "Exists only while the engine starts; the key lives in the node's keystore.",
        ),
        Knob(
            "priv_validator_state_file",
            "data/priv_validator_state.json",
            "Which votes were signed already: never delete, never restore an old one.",
        ),
        Knob("node_key_file", "config/node_key.json", "As the validator key: only at start."),
        Knob("filter_peers", False, "Links are authenticated by node id; votes by key."),
    ]


def _rpc(chain: Chain) -> list[Knob]:
    largest = 2 * chain.parameters.max_transaction_bytes
    return [
        Knob("laddr", f"unix://{RPC_SOCKET}", "Only this user can ask; no port is opened."),
        Knob("unsafe", False, "No dialling of peers, no flushing of the mempool from outside."),
        Knob("grpc_laddr", "", "Not used."),
        Knob("pprof_laddr", "", "Not used."),
        Knob(
            "max_request_batch_size",
            MAX_BATCH,
            "The transactions of a refused bundle travel in one array.",
        ),
        Knob(
            "max_body_bytes",
            max(RPC_BODY_BYTES, largest),
            "An array of submissions, or one transaction of the largest size in base64.",
        ),
    ]


def _p2p(settings: EngineSettings) -> list[Knob]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        Knob("laddr", f"tcp://{host}:{settings.port}", "Where other engines connect."),
        Knob("external_address", settings.external, "What peers are told to dial, if another."),
        Knob("persistent_peers", ",".join(map(str, settings.peers)), "Links kept for ever."),
        Knob(
            "persistent_peers_max_dial_period",
            "5s",
            "A peer that was away is dialled at least this often (default: minutes later).",
        ),
        Knob("pex", True, "Peers tell each other addresses: a new member needs only one of them."),
        Knob("addr_book_strict", False, "Members' networks use private addresses."),
        Knob("allow_duplicate_ip", True, "Several members may share an address (gateway, tests)."),
        Knob("max_num_inbound_peers", 100, "More than the network has members."),
        Knob("max_num_outbound_peers", 40, "The same, for links dialled."),
        Knob("flush_throttle_timeout", "10ms", "Votes wait at most this long (default 100ms)."),
        Knob("max_packet_msg_payload_size", 8_192, "Bytes; the same on all nodes (default 1024)."),
        Knob("send_rate", 51_200_000, "Bytes/s and link: a full block in 0.1 s (default 5 MB/s)."),
        Knob("recv_rate", 51_200_000, "The same, received."),
    ]


def _mempool(settings: EngineSettings, chain: Chain) -> list[Knob]:
    return [
        Knob("type", "flood", "Every node passes transactions on; needed without empty blocks."),
        Knob("recheck", True, "After a block, what became invalid leaves; no signature again."),
        Knob("recheck_timeout", "5s", "For a full mempool on a busy machine (default 1s)."),
        Knob("broadcast", True, "Any validator can propose any transaction."),
        Knob("size", settings.mempool_transactions, "Most items waiting: transactions or bundles."),
        Knob("max_txs_bytes", settings.mempool_bytes, "Most bytes waiting."),
        Knob(
            "cache_size",
            4 * settings.mempool_transactions,
            "Hashes seen lately, not checked again: several full mempools.",
        ),
        Knob(
            "keep-invalid-txs-in-cache",
            False,
            "What is refused now (key not registered yet) may be valid later.",
        ),
        Knob(
            "max_tx_bytes",
            chain.parameters.max_transaction_bytes,
            "The genesis limit max_transaction_bytes; a bundle is no longer.",
        ),
    ]


def _state_sync(settings: EngineSettings) -> list[Knob]:
    sync = settings.state_sync
    if sync is None:
        return [Knob("enable", False, "Begins from block 1, or goes on where it was.")]
    return [
        Knob("enable", True, "An empty node begins from a snapshot of its peers."),
        Knob("rpc_servers", ",".join(sync.servers), "Asked for headers, compared."),
        Knob("trust_height", sync.trust_height, "A height known to be right."),
        Knob("trust_hash", sync.trust_hash.upper(), "Its header's hash."),
        Knob("trust_period", f"{sync.trust_hours}h", "How long its validators are believed."),
        Knob("discovery_time", "5s", "Looking for snapshots; the engine's minimum."),
        Knob("chunk_request_timeout", "10s", "Then another peer is asked for the chunk."),
        Knob("temp_dir", "data", "Chunks wait on the disk of the node, not in /tmp."),
    ]


def _consensus(settings: EngineSettings) -> list[Knob]:
    times = settings.timeouts
    return [
        Knob("wal_file", "data/cs.wal/wal", "Own votes and messages, replayed after a crash."),
        Knob("timeout_propose", f"{times.propose}ms", "A silent proposer is passed over then."),
        Knob("timeout_propose_delta", f"{times.propose_more}ms", "More in each round."),
        Knob("timeout_prevote", f"{times.vote}ms", "Votes disagree: wait so long for more."),
        Knob("timeout_prevote_delta", f"{times.vote_more}ms", "More in each round."),
        Knob("timeout_precommit", f"{times.vote}ms", "The same for the second vote."),
        Knob("timeout_precommit_delta", f"{times.vote_more}ms", "More in each round."),
        Knob(
            "timeout_commit",
            f"{times.commit}ms",
            "Pause after a block: late votes still enter its commit, transactions gather.",
        ),
        Knob("skip_timeout_commit", False, "The pause gives slower validators' votes a chance."),
        Knob(
            "create_empty_blocks",
            False,
            "An idle network stops; one more block follows each that changed the state.",
        ),
        Knob("double_sign_check_height", 0, "Would refuse restarts; the sign state guards."),
        Knob("peer_gossip_sleep_duration", "10ms", "Rest between looks at a peer (default 100ms)."),
    ]


def _instrumentation(settings: EngineSettings) -> list[Knob]:
    port = settings.prometheus_port
    return [
        Knob("prometheus", port > 0, "Metrics of the engine; the node serves them with its own."),
        Knob("prometheus_listen_addr", f"127.0.0.1:{port}", "Loopback only."),
        Knob("max_open_connections", 3, "The node alone asks."),
        Knob("namespace", "cometbft", "Prefix of the metrics."),
    ]
