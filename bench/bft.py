"""Committed transactions per second and latency of four validators, beside two limits.

Usage: ``python bench/bft.py [--count 4000] [--seconds 15] [--profile]``

Four nodes as four processes on this machine, each with its engine. *Full*: every node is handed
a quarter of ``--count`` signed transactions, 400 in flight at each. *Half*: an open load of half
that rate for ``--seconds``, latency from submission to the receipt at the same node. Beside them,
in the same run: (a) CometBFT's built-in ``kvstore`` on four engines with the same configuration,
transactions of the same size; (b) the rate at which this machine verifies SM2 signatures, all
cores together, divided by the four validators that all verify every transaction. The aim is
half of the smaller one, and 1 s at the 99th percentile of half load. ``--profile`` says where the
interpreter of the first node spends its time at full load.

Rates depend on what else the machine does. Processor time per transaction and validator, split
into interpreter, verification processes and engine, depends on it less; ``sm2_us`` is what one
verification takes, measured in the same run, and ``work`` their sum in such verifications: what
every validator does for a transaction, where 1 is the verification alone. ``attainable`` is 1 /
``work``, the ratio of a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import cProfile
import json
import multiprocessing
import os
import pstats
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
sys.path.insert(0, str(Path(__file__).parent))

import psutil
import uvloop
from bft_network import BftNetwork
from committee import registry
from ledger_network import Add

from hanse.core.ports import free_ports
from hanse.ledger.bft.engine.binary import find_engine
from hanse.ledger.bft.engine.chain import chain_of
from hanse.ledger.bft.engine.home import EngineHome
from hanse.ledger.bft.engine.keys import new_keys
from hanse.ledger.bft.engine.process import Engine
from hanse.ledger.bft.engine.rpc import EngineRpc
from hanse.ledger.bft.engine.settings import EngineSettings, Peer
from hanse.ledger.collector import relax_collector
from hanse.ledger.ledger import Ledger
from hanse.ledger.transaction import DOMAIN, parse_transaction
from ledger import raw_rate

NODES = 4
IN_FLIGHT = 400
TTL_MS = 3_600_000
VERIFICATIONS = 1_000
WARM = 400


async def full(node: Ledger, raws: list[bytes]) -> dict[str, Any]:
    """Everything as fast as the window allows; start and end."""
    left = iter(raws)
    begun = time.time()

    async def lane() -> None:
        for raw in left:
            await node.wait_receipt(await node.submit(raw), 300)

    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
    return {"begun": begun, "ended": time.time()}


async def open_load(node: Ledger, raws: list[bytes], rate: float) -> dict[str, Any]:
    """One transaction every ``1 / rate`` seconds, whatever became of the others."""
    begun = time.perf_counter()
    latencies: list[float] = []

    async def one(raw: bytes, due: float) -> None:
        await asyncio.sleep(max(0.0, begun + due - time.perf_counter()))
        sent = time.perf_counter()
        await node.wait_receipt(await node.submit(raw), 300)
        latencies.append(time.perf_counter() - sent)

    await asyncio.gather(*(one(raw, i / rate) for i, raw in enumerate(raws)))
    return {"latencies": latencies}


async def serve(network: BftNetwork, index: int, home: Path, pipe: Connection) -> None:
    """One node: runs what the parent says."""
    role = network.role_of(index, home)
    node = await Ledger.open(home, network.genesis, registry(), role, workers=1)
    await node.start()
    relax_collector()
    loop = asyncio.get_running_loop()
    while True:
        command, arguments = await loop.run_in_executor(None, pipe.recv)
        if command == "end":
            break
        before, height = processor_seconds(), node.height
        profile = cProfile.Profile() if arguments.pop("profile", False) else None
        if profile:
            profile.enable()
        work = full(node, **arguments) if command == "full" else open_load(node, **arguments)
        result = await work
        if profile:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
        after = processor_seconds()
        cpu = {part: after[part] - before[part] for part in after}
        pipe.send({**result, "cpu": cpu, "blocks": node.height - height})
    await node.close()
    pipe.send({})


def processor_seconds() -> dict[str, float]:
    """Processor time of this node so far: interpreter, verification processes, engine."""
    found = {"node": time.process_time(), "verification": 0.0, "engine": 0.0}
    for process in psutil.Process().children(recursive=True):
        part = "engine" if "cometbft" in process.name() else "verification"
        times = process.cpu_times()
        found[part] += times.user + times.system
    return found


def verification_seconds(network: BftNetwork, raw: bytes) -> float:
    """Processor time of one signature verification in this process."""
    transaction = parse_transaction(network.suite, raw)
    public = bytes.fromhex(network.members[0].public)
    used = time.process_time()
    for _ in range(VERIFICATIONS):
        network.suite.verify(public, DOMAIN, transaction.body_bytes, transaction.signature)
    return (time.process_time() - used) / VERIFICATIONS


def child(network: BftNetwork, index: int, home: Path, pipe: Connection) -> None:
    """Entry of a node's process."""
    uvloop.run(serve(network, index, home, pipe))  # as a node does


class Nodes:
    """The four processes."""

    def __init__(self, network: BftNetwork, folder: Path) -> None:
        context = multiprocessing.get_context("fork")
        self._pipes = []
        self._processes = []
        for index in range(NODES):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=child, args=(network, index, folder / f"n{index}", theirs)
            )
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def run(self, command: str, arguments: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same command at every node, with arguments of its own."""
        for pipe, each in zip(self._pipes, arguments, strict=True):
            pipe.send((command, each))
        return [pipe.recv() for pipe in self._pipes]

    def end(self) -> None:
        self.run("end", [{} for _ in range(NODES)])
        for process in self._processes:
            process.join()


def signed(network: BftNetwork, count: int) -> list[list[bytes]]:
    """Transactions for each node."""
    made = [
        network.transaction(Add(f"c{i}", 1), i % len(network.members), ttl_ms=TTL_MS)
        for i in range(count)
    ]
    return [made[index::NODES] for index in range(NODES)]


async def kvstore(folder: Path, count: int, size: int) -> float:
    """Transactions per second of CometBFT's own example application."""
    binary, keys, ports = find_engine(), [new_keys() for _ in range(NODES)], free_ports(NODES)
    peers = tuple(Peer(k.node_id, "127.0.0.1", port) for k, port in zip(keys, ports, strict=True))
    validators = tuple((k.validator_public, 1) for k in keys)
    chain = chain_of(BftNetwork().genesis, validators)
    engines, clients = [], []
    for index in range(NODES):
        home = EngineHome(folder / f"k{index}")
        others = tuple(peer for peer in peers if peer.node_id != keys[index].node_id)
        settings = EngineSettings(moniker=f"k{index}", port=ports[index], peers=others)
        home.prepare(replace(settings, mempool_transactions=50_000), chain)
        text = home.config.read_text()
        home.config.write_text(text.replace('"unix://abci.sock"', '"kvstore"'))
        engines.append(Engine(binary, home, keys[index]))
        clients.append(EngineRpc(home.rpc_socket))
    await asyncio.gather(*(engine.start() for engine in engines))
    try:
        return await _load_kvstore(clients, count, size)
    finally:
        for client in clients:
            await client.aclose()
        for engine in engines:
            await engine.stop()


async def _load_kvstore(clients: list[EngineRpc], count: int, size: int) -> float:
    def pair(number: int) -> str:
        text = f"k{number}=".encode()
        return base64.b64encode(text + b"v" * (size - len(text))).decode()

    async def feed(index: int) -> None:
        for start in range(index * 250, count, NODES * 250):
            calls = [
                ("broadcast_tx_async", {"tx": pair(n)})
                for n in range(start, min(start + 250, count))
            ]
            await clients[index].calls(calls)

    await asyncio.sleep(2)
    first = (await clients[0].status()).sync_info.latest_block_height
    begun = time.perf_counter()
    await asyncio.gather(*(feed(index) for index in range(NODES)))
    committed, height = 0, first
    while committed < count:
        newest = (await clients[0].status()).sync_info.latest_block_height
        while height < newest:
            height += 1
            committed += len((await clients[0].block(height)).block.data.txs)
        await asyncio.sleep(0.02)
    return count / (time.perf_counter() - begun)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def costs(found: list[dict[str, Any]], count: int, verification: float) -> dict[str, Any]:
    """Processor time per transaction and validator, µs, and in signature verifications."""
    parts = {
        part: sum(each["cpu"][part] for each in found) / count / NODES for part in found[0]["cpu"]
    }
    work = sum(parts.values()) / verification
    return {
        **{f"{part}_us": round(seconds * 1e6) for part, seconds in parts.items()},
        "sm2_us": round(verification * 1e6),
        "work": round(work, 2),
        "attainable": round(1 / work, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=4_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    network = BftNetwork(seats=NODES, members=5)
    raws = signed(network, options.count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = raw_rate(network, raws[0])
        nodes = Nodes(network, folder)
        nodes.run("full", [{"raws": part} for part in signed(network, WARM)])
        verification = verification_seconds(network, raws[0][0])
        found = nodes.run(
            "full",
            [{"raws": part, "profile": options.profile and not i} for i, part in enumerate(raws)],
        )
        verification = (verification + verification_seconds(network, raws[0][0])) / 2
        seconds = max(r["ended"] for r in found) - min(r["begun"] for r in found)
        rate = options.count / seconds
        half = signed(network, int(rate / 2 * options.seconds))
        loaded = nodes.run("half", [{"raws": part, "rate": rate / 2 / NODES} for part in half])
        nodes.end()
        size = len(raws[0][0])
        plain = asyncio.run(kvstore(folder, options.count, size))
        limit = (before + raw_rate(network, raws[0])) / 2 / NODES
    latencies = [value for part in loaded for value in part["latencies"]]
    report = {
        "bytes": size,
        "rate": round(rate),
        "kvstore": round(plain),
        "sm2_per_validator": round(limit),
        "ratio": round(rate / min(plain, limit), 2),
        "blocks": found[0]["blocks"],
        **costs(found, options.count, verification),
        "half_load_rate": round(rate / 2),
        "half_load_p50_ms": round(percentile(latencies, 0.5) * 1e3),
        "half_load_p99_ms": round(percentile(latencies, 0.99) * 1e3),
        "load_average": os.getloadavg()[0],
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
