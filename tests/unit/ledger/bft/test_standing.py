"""What the engine answers about consensus, read by the node."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hanse.ledger.bft.engine import answers
from hanse.ledger.bft.engine.errors import EngineUnreachable
from hanse.ledger.bft.standing import Voter, look

HASH = "AB" * 32
NODE = {"id": "a" * 40, "network": "hanse-x", "version": "0.38.25", "moniker": "me"}
BLOCK_ID = {"hash": HASH, "parts": {"total": 1, "hash": HASH}}
KEY = {"type": "tendermint/PubKeyEd25519", "value": "AA=="}


class PlayedRpc:
    """Answers as the engine of four validators would."""

    def __init__(self, at: str, bits: str, height: int = 4) -> None:
        self.at, self.bits, self.height = at, bits, height

    async def status(self) -> answers.Status:
        sync = {
            "latest_block_hash": HASH,
            "latest_app_hash": HASH,
            "latest_block_height": self.height,
            "latest_block_time": "",
            "earliest_block_height": 1,
            "catching_up": False,
        }
        own = {"address": "V0", "pub_key": KEY, "voting_power": "1"}
        return _as({"node_info": NODE, "sync_info": sync, "validator_info": own}, answers.Status)

    async def consensus_state(self) -> answers.RoundState:
        def votes(number: int, first: str, second: str) -> dict[str, Any]:
            return {
                "round": number,
                "prevotes": [],
                "prevotes_bit_array": first,
                "precommits": [],
                "precommits_bit_array": second,
            }

        none = "BA{4:____} 0/4 = 0.00"
        state = {
            "height/round/step": self.at,
            "start_time": "",
            "proposal_block_hash": "",
            "locked_block_hash": "",
            "valid_block_hash": "",
            "height_vote_set": [votes(0, "BA{4:xxxx} 4/4 = 1.00", none), votes(1, self.bits, none)],
            "proposer": {"address": "V2", "index": 2},
        }
        return _as(state, answers.RoundState)

    async def commit(self, height: int) -> answers.CommitAnswer:
        assert height == self.height > 0
        header = {
            "version": {"block": "11"},
            "chain_id": "",
            "height": str(height),
            "time": "",
            "last_block_id": BLOCK_ID,
            "proposer_address": "V1",
        } | {
            f"{name}_hash": HASH
            for name in (
                "last_commit",
                "data",
                "validators",
                "next_validators",
                "consensus",
                "app",
                "last_results",
                "evidence",
            )
        }
        signatures = [
            {
                "block_id_flag": flag,
                "validator_address": address,
                "timestamp": "",
                "signature": None,
            }
            for address, flag in (("V0", 2), ("", 1), ("V2", 3), ("V3", 2))
        ]
        commit = {"height": str(height), "round": 0, "block_id": BLOCK_ID, "signatures": signatures}
        signed = {"header": header, "commit": commit}
        return _as({"signed_header": signed, "canonical": False}, answers.CommitAnswer)

    async def validators(self) -> list[answers.EngineValidator]:
        found = [
            {"address": f"V{i}", "pub_key": KEY, "voting_power": "5", "proposer_priority": "0"}
            for i in range(4)
        ]
        return _as(found, list[answers.EngineValidator])

    async def num_unconfirmed_txs(self) -> answers.Unconfirmed:
        return answers.Unconfirmed(3, 900)

    async def net_info(self) -> answers.NetInfo:
        peer = {"node_info": NODE, "is_outbound": True, "remote_ip": "10.0.0.2"}
        return _as({"listening": True, "n_peers": "1", "peers": [peer]}, answers.NetInfo)


def _as(value: Any, kind: Any) -> Any:
    return answers.decode_as(msgspec.json.encode(value), kind)


async def test_votes_are_those_of_the_round_and_of_the_newest_commit() -> None:
    found = await look(PlayedRpc("5/1/4", "BA{4:x__x} 2/4 = 0.50"))  # type: ignore[arg-type]
    assert (found.height, found.round, found.step) == (5, 1, "prevote")
    assert (found.version, found.node_id, found.proposer) == ("0.38.25", "a" * 40, "V2")
    assert found.voters == (
        Voter("V0", 5, signed=True, prevoted=True, precommitted=False),
        Voter("V1", 5, signed=False, prevoted=False, precommitted=False),
        # A vote for no block is no signature of the block.
        Voter("V2", 5, signed=False, prevoted=False, precommitted=False),
        Voter("V3", 5, signed=True, prevoted=True, precommitted=False),
    )
    assert (found.mempool_transactions, found.mempool_bytes) == (3, 900)
    assert [(link.address, link.outbound) for link in found.links] == [("10.0.0.2", True)]


async def test_before_the_first_block_nobody_signed() -> None:
    found = await look(PlayedRpc("1/0/1", "BA{4:____} 0/4 = 0.00", height=0))  # type: ignore[arg-type]
    assert found.step == "new_height"
    assert not any(voter.signed for voter in found.voters)
    assert all(voter.prevoted for voter in found.voters)


async def test_spaces_between_bits_of_large_sets_do_not_shift_them() -> None:
    bits = "BA{4:x_ \n x_} 2/4 = 0.50"
    found = await look(PlayedRpc("5/1/6", bits))  # type: ignore[arg-type]
    assert [voter.prevoted for voter in found.voters] == [True, False, True, False]


@pytest.mark.parametrize("at", ["", "5/1", "5/1/99", "a/b/c"])
async def test_an_answer_nobody_understands_is_a_named_error(at: str) -> None:
    with pytest.raises(EngineUnreachable):
        await look(PlayedRpc(at, ""))  # type: ignore[arg-type]
