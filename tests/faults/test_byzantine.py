"""One of four validators lies: what it does is refused and noted, and the chain goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bft_network import BftNetwork, require_engine
from patience import PATIENCE_S
from validator_load import check_promises, under_load
from validator_process import ValidatorProcess, validator_processes

pytestmark = pytest.mark.faults

LIES = {
    "proposes garbage": "bad_proposal",
    "proposes everything twice": "bad_proposal",
    "proposes old transactions": "bad_proposal",
    "proposes wrong certificates": "bad_certificate",
    "proposes no certificate": "bad_certificate",
    "states falsehoods": "bad_extension",
    "babbles": "bad_extension",
}
LIAR = 3


@pytest.mark.parametrize("lie", LIES)
async def test_liar_is_refused_and_noted_by_all_others(tmp_path: Path, lie: str) -> None:
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path) as nodes:
        await nodes[LIAR].stop()
        await nodes[LIAR].start(mischief=lie)
        honest = nodes[:LIAR]
        async with under_load(network, honest) as load:
            await noted(honest, network.seats[LIAR].member.did, LIES[lie])
            await load.more(12)
        # The liar votes nil on its own lies but follows what the others decide.
        await check_promises(load, honest)
        await nodes[LIAR].stop()
        await nodes[LIAR].start()
        await check_promises(load, nodes)


async def test_two_engines_with_one_key_are_noted_as_equivocating(tmp_path: Path) -> None:
    """A second process without the record of votes votes again, for something else."""
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path) as nodes:
        twin = await twin_of(nodes[LIAR], network, tmp_path)
        honest = nodes[:LIAR]
        try:
            async with under_load(network, honest) as load:
                await noted(honest, network.seats[LIAR].member.did, "equivocation")
        finally:
            await twin.discard()
        await check_promises(load, honest)


async def twin_of(node: ValidatorProcess, network: BftNetwork, folder: Path) -> ValidatorProcess:
    """A second process with the same voting key, linked under another name."""
    other = BftNetwork.load(folder / "network.json")
    spare = len(other.keys) - 1  # the seat nobody took lends its link key and its port
    own = other.keys[node.seat]
    other.keys[node.seat] = type(own)(own.validator, other.keys[spare].node)
    other.ports[node.seat] = other.ports[spare]
    other.save(folder / "twin.json")
    twin = ValidatorProcess(folder / "twin.json", node.seat, folder / "twin")
    await twin.start(mischief="refuses everything")
    return twin


async def noted(nodes: list[ValidatorProcess], did: str, kind: str) -> None:
    """Wait until every one of the nodes has noted this fault."""
    waiting = list(nodes)
    async with asyncio.timeout(PATIENCE_S):
        while waiting:
            for node in list(waiting):
                found = await node.ask("faults")
                assert {offender for offender, _, _ in found} <= {did}, "the honest are accused"
                if kind in {each for _, _, each in found}:
                    waiting.remove(node)
            await asyncio.sleep(0.2)
