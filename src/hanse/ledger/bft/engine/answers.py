"""What the engine answers to questions, as far as the node reads it.

The engine writes 64-bit integers as strings; decoding is told to take both.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.ledger.bft.engine.errors import EngineUnreachable


class Answer(msgspec.Struct, frozen=True):
    """Unknown fields are ignored."""


class NodeInfo(Answer, frozen=True):
    """Attributes: node id, chain id, version of the engine, name."""

    id: str
    network: str
    version: str
    moniker: str


class SyncInfo(Answer, frozen=True):
    """Heights and hashes in hex; `catching_up` while blocks are fetched from peers."""

    latest_block_hash: str
    latest_app_hash: str
    latest_block_height: int
    latest_block_time: str
    earliest_block_height: int
    catching_up: bool


class PublicKey(Answer, frozen=True):
    """Base64 of the key."""

    type: str
    value: str


class ValidatorInfo(Answer, frozen=True):
    """This engine's validator key; power 0 when it does not vote."""

    address: str
    pub_key: PublicKey
    voting_power: int


class Status(Answer, frozen=True):
    """Answer to `status`."""

    node_info: NodeInfo
    sync_info: SyncInfo
    validator_info: ValidatorInfo


class ConnectedPeer(Answer, frozen=True):
    """One link."""

    node_info: NodeInfo
    is_outbound: bool
    remote_ip: str


class NetInfo(Answer, frozen=True):
    """Answer to `net_info`."""

    listening: bool
    n_peers: int
    peers: list[ConnectedPeer]


class EngineValidator(Answer, frozen=True):
    """A validator of one height; the address in upper-case hex."""

    address: str
    pub_key: PublicKey
    voting_power: int
    proposer_priority: int


class ValidatorPage(Answer, frozen=True):
    """Answer to `validators`."""

    block_height: int
    validators: list[EngineValidator]
    total: int


class Unconfirmed(Answer, frozen=True):
    """Answer to `num_unconfirmed_txs`: transactions and bytes waiting here."""

    total: int
    total_bytes: int


class Parts(Answer, frozen=True):
    """How a block was cut for gossip."""

    total: int
    hash: str


class BlockId(Answer, frozen=True):
    """The engine's name of a block; hex."""

    hash: str
    parts: Parts


class HeaderVersion(Answer, frozen=True):
    """Protocol versions."""

    block: int
    app: int = 0


class Header(Answer, frozen=True):
    """The engine's header; hashes in upper-case hex, time in RFC 3339."""

    version: HeaderVersion
    chain_id: str
    height: int
    time: str
    last_block_id: BlockId
    last_commit_hash: str
    data_hash: str
    validators_hash: str
    next_validators_hash: str
    consensus_hash: str
    app_hash: str
    last_results_hash: str
    evidence_hash: str
    proposer_address: str


class CommitVote(Answer, frozen=True):
    """One validator's vote in a commit; base64 signature, None when absent."""

    block_id_flag: int
    validator_address: str
    timestamp: str
    signature: str | None


class Commit(Answer, frozen=True):
    """The votes that decided a block."""

    height: int
    round: int
    block_id: BlockId
    signatures: list[CommitVote]


class SignedHeader(Answer, frozen=True):
    """Header and the votes on it."""

    header: Header
    commit: Commit


class CommitAnswer(Answer, frozen=True):
    """Answer to `commit`; not canonical while the next block may still add votes."""

    signed_header: SignedHeader
    canonical: bool


class BlockData(Answer, frozen=True):
    """Transactions in base64."""

    txs: list[str]


class EngineBlock(Answer, frozen=True):
    """A block of the engine."""

    header: Header
    data: BlockData
    last_commit: Commit | None


class BlockAnswer(Answer, frozen=True):
    """Answer to `block`."""

    block_id: BlockId
    block: EngineBlock


class RoundVotes(Answer, frozen=True):
    """Who voted what in a round, as the engine prints it."""

    round: int
    prevotes: list[str]
    prevotes_bit_array: str
    precommits: list[str]
    precommits_bit_array: str


class Proposer(Answer, frozen=True):
    """Whose turn it is."""

    address: str
    index: int


class RoundState(Answer, frozen=True, rename={"at": "height/round/step"}):
    """Where consensus stands; `at` is ``height/round/step``."""

    at: str
    start_time: str
    proposal_block_hash: str
    locked_block_hash: str
    valid_block_hash: str
    height_vote_set: list[RoundVotes]
    proposer: Proposer


class ConsensusAnswer(Answer, frozen=True):
    """Answer to `consensus_state`."""

    round_state: RoundState


class Health(Answer, frozen=True):
    """Answer to `health`: nothing."""


class Accepted(Answer, frozen=True):
    """Answer to a submission: the application's verdict, 0 when it may enter, and its code."""

    code: int = 0
    codespace: str = ""


class RpcError(Answer, frozen=True):
    """Why a call failed."""

    code: int
    message: str
    data: str = ""


class Reply(Answer, frozen=True):
    """One reply of JSON-RPC; `result` stays undecoded."""

    id: int
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: RpcError | None = None


def decode_as(data: bytes | msgspec.Raw, kind: Any) -> Any:
    """Decode an answer of the engine.

    Raises:
        EngineUnreachable: it is not what CometBFT 0.38 answers.
    """
    try:
        return msgspec.json.decode(data, type=kind, strict=False)
    except msgspec.DecodeError as error:
        raise EngineUnreachable("the engine's answer is not understood", debug=str(error)) from None
