"""One validator in a process of its own, asked over standard input and output.

Usage: ``python validator_child.py NETWORK_FILE SEAT HOME OPTIONS``. Each line in is a question,
``{"id": 1, "do": "status", …}``; each line out an answer, ``{"id": 1, "ok": …}`` or
``{"id": 1, "error": code}``. OPTIONS is JSON: ``skew_ms`` shifts the clock, ``mischief`` names
the lie of `mischief.py` that the application tells, ``map_bytes`` is the first size of the
database, ``timeouts`` are the engine's, ``engine_skew_s`` shifts the clock of a `skewed_engine`,
the rest is for `Participant`. When the input ends the ledger is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from bft_network import BftNetwork
from committee import registry
from ledger_network import value_of
from mischief import turn
from skewed_engine import VARIABLE as SKEW_VARIABLE

from hanse.core.errors import HanseError
from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.ledger.bft.engine.settings import Timeouts
from hanse.ledger.block import header_hash
from hanse.ledger.clock import system_clock
from hanse.ledger.ledger import Ledger
from hanse.ledger.light.header_proof import encode_header_proof
from hanse.ledger.storage.store import Store

LINE_BYTES = 64 << 20


class Desk:
    """Answers questions about one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def status(self) -> dict[str, Any]:
        status = self.ledger.status()
        return {
            "height": status.height,
            "root": status.state_root,
            "pending": status.pending,
            "failure": status.failure,
            "stalled": status.stalled,
            "validators": [v.did for v in self.ledger.validators()],
        }

    async def submit(self, raw: str) -> str:
        return await self.ledger.submit(bytes.fromhex(raw))

    async def receipt(self, tx: str, seconds: float) -> dict[str, Any]:
        receipt = await self.ledger.wait_receipt(tx, seconds)
        return {"tx": receipt.tx, "code": receipt.code, "height": self.ledger.find(tx)}

    async def value(self, name: str) -> int:
        return value_of(self.ledger.state, name)

    async def faults(self) -> list[list[Any]]:
        return [[f.offender, f.height, f.kind] for f in self.ledger.take_faults()]

    async def prove_snapshot(self) -> str:
        proof = await asyncio.to_thread(self.ledger.prove_snapshot)
        return encode_header_proof(proof).hex()

    async def ask_engine(self, **question: Any) -> str:
        return (await self.ledger.ask_engine(EngineQuestion(**question))).hex()

    async def chain(self) -> dict[str, Any]:
        """Every header's hash and every receipt, after reading the whole disk."""
        report = await self.ledger.verify_store()
        headers, receipts = [], []
        for height in range(1, self.ledger.height + 1):
            block = self.ledger.block(height)
            assert block is not None
            headers.append(header_hash(self.ledger.suite, block.header))
            receipts += [[receipt.tx, receipt.code] for receipt in block.receipts]
        return {"scanned": report.height, "headers": headers, "receipts": receipts}

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        number, do = question.pop("id"), question.pop("do")
        try:
            return {"id": number, "ok": await getattr(self, do)(**question)}
        except HanseError as error:
            return {"id": number, "error": error.code}


async def serve(desk: Desk, out: int) -> None:
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    writing = asyncio.Lock()

    async def in_turn(line: bytes) -> None:
        answer = await desk.answer(json.loads(line))
        async with writing:
            await asyncio.to_thread(write_all, out, json.dumps(answer).encode() + b"\n")

    async with asyncio.TaskGroup() as group:
        while line := await reader.readline():
            group.create_task(in_turn(line))


def write_all(out: int, data: bytes) -> None:
    while data:
        data = data[os.write(out, data) :]


async def run(network_file: Path, seat: int, home: Path, options: dict[str, Any]) -> None:
    out = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed goes to the log
    network = BftNetwork.load(network_file)
    skew_ms, mischief = options.pop("skew_ms", 0), options.pop("mischief", "")
    if "map_bytes" in options:
        Store.__init__.__defaults__ = (options.pop("map_bytes"),)
    os.environ[SKEW_VARIABLE] = str(options.pop("engine_skew_s", 0))
    if "timeouts" in options:
        options["timeouts"] = Timeouts(**options["timeouts"])
    if mischief:
        turn(mischief)
    role = network.role_of(seat, home, **options)
    ledger = await Ledger.open(
        home,
        network.genesis,
        registry(),
        role,
        workers=1,
        clock=lambda: system_clock() + skew_ms,
    )
    try:
        await ledger.start()
        await serve(Desk(ledger), out)
    finally:
        await ledger.close()


def main() -> None:
    network_file, seat, home, options = sys.argv[1:]
    asyncio.run(run(Path(network_file), int(seat), Path(home), json.loads(options)))


if __name__ == "__main__":
    main()
