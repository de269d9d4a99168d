"""Where consensus stands, as a node's own engine tells it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hanse.ledger.bft.engine.answers import Commit, EngineValidator, RoundState
from hanse.ledger.bft.engine.errors import EngineUnreachable
from hanse.ledger.bft.engine.rpc import EngineRpc

# Of consensus/types/round_state.go, by number.
_STEPS = (
    "",
    "new_height",
    "new_round",
    "propose",
    "prevote",
    "prevote_wait",
    "precommit",
    "precommit_wait",
    "commit",
)
_COMMITTED = 2  # block id flag of a vote for the block
_BITS = re.compile(r"BA\{\d+:([x_\s]*)\}")


@dataclass(frozen=True)
class Voter:
    """One validator of the height being decided.

    Attributes:
        address: the engine's name of it, upper-case hex.
        power: weight of its vote.
        signed: whether its vote stands in the newest block's commit.
        prevoted: whether this engine has its first vote of the round.
        precommitted: whether this engine has its second vote of the round.
    """

    address: str
    power: int
    signed: bool
    prevoted: bool
    precommitted: bool


@dataclass(frozen=True)
class Link:
    """A connection to another engine; `outbound` when this one dialled."""

    node_id: str
    moniker: str
    address: str
    outbound: bool


@dataclass(frozen=True)
class Standing:
    """One look at the engine.

    Attributes:
        version: of the engine.
        node_id: by which other engines know it.
        catching_up: whether it fetches old blocks from others.
        height: being decided.
        round: attempt at that height, from 0.
        step: within the round.
        proposer: address of the validator whose turn it is.
        voters: the validators that decide.
        mempool_transactions: waiting at this engine.
        mempool_bytes: their size.
        links: to other engines.
    """

    version: str
    node_id: str
    catching_up: bool
    height: int
    round: int
    step: str
    proposer: str
    voters: tuple[Voter, ...]
    mempool_transactions: int
    mempool_bytes: int
    links: tuple[Link, ...]


async def look(rpc: EngineRpc) -> Standing:
    """Ask the engine; its answers are moments apart.

    Raises:
        EngineUnreachable, EngineRefused: it is not there, or not ready.
    """
    status = await rpc.status()
    state = await rpc.consensus_state()
    decided = status.sync_info.latest_block_height
    commit = (await rpc.commit(decided)).signed_header.commit if decided > 0 else None
    waiting = await rpc.num_unconfirmed_txs()
    height, round_, step = _place(state.at)
    return Standing(
        version=status.node_info.version,
        node_id=status.node_info.id,
        catching_up=status.sync_info.catching_up,
        height=height,
        round=round_,
        step=step,
        proposer=state.proposer.address,
        voters=_voters(await rpc.validators(), commit, state, round_),
        mempool_transactions=waiting.total,
        mempool_bytes=waiting.total_bytes,
        links=await links(rpc),
    )


async def links(rpc: EngineRpc) -> tuple[Link, ...]:
    """Connections to other engines.

    Raises:
        EngineUnreachable: it is not there.
    """
    info = await rpc.net_info()
    return tuple(
        Link(peer.node_info.id, peer.node_info.moniker, peer.remote_ip, peer.is_outbound)
        for peer in info.peers
    )


def _place(text: str) -> tuple[int, int, str]:
    try:
        height, round_, step = (int(part) for part in text.split("/"))
        return height, round_, _STEPS[step]
    except (ValueError, IndexError) as error:
        raise EngineUnreachable(f"no place in consensus: {text[:80]!r}") from error


def _voters(
    validators: list[EngineValidator], commit: Commit | None, state: RoundState, round_: int
) -> tuple[Voter, ...]:
    votes = [] if commit is None else commit.signatures
    signed = {vote.validator_address for vote in votes if vote.block_id_flag == _COMMITTED}
    now = next((each for each in state.height_vote_set if each.round == round_), None)
    first = "" if now is None else _bits(now.prevotes_bit_array)
    second = "" if now is None else _bits(now.precommits_bit_array)
    return tuple(
        Voter(
            address=validator.address,
            power=validator.voting_power,
            signed=validator.address in signed,
            prevoted=first[index : index + 1] == "x",
            precommitted=second[index : index + 1] == "x",
        )
        for index, validator in enumerate(validators)
    )


def _bits(text: str) -> str:
    """``x`` and ``_`` by place among the validators; the engine puts spaces between them."""
    found = _BITS.match(text)
    return "" if found is None else "".join(found.group(1).split())
