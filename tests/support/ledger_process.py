"""A real process with a sequencer and a follower under load, to be killed at any instant.

Usage: ``python ledger_process.py load NETWORK_FILE HOME`` prints a line for every receipt as it
arrives: ``<tx id> <counter> <member>``. ``full NETWORK_FILE HOME`` runs into a full disk (a limit
on file size) and out again, and prints what happened as JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from ledger_chain import running
from ledger_network import Add, Network, fresh_name
from patience import PATIENCE_S

from hanse.core.errors import HanseError
from hanse.ledger.errors import ReceiptTimeout
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower

FULL_AT_BYTES = 400 << 10


async def send_forever(network: Network, node: Ledger, member: int) -> None:
    while True:
        raw = network.transaction(Add(f"counter{member}", 1), member)
        receipt = await node.wait_receipt(await node.submit(raw))
        sys.stdout.write(f"{receipt.tx} {receipt.result['value']} {member}\n")
        sys.stdout.flush()


async def load(network: Network, home: Path) -> None:
    async with (
        running(network, home / "sequencer") as first,
        running(network, home / "follower", Follower(first)) as second,
    ):
        await asyncio.gather(*[send_forever(network, (first, second)[m % 2], m) for m in range(4)])


async def received(ledger: Ledger, tx: str) -> None:
    """Wait for a receipt, for as long as the ledger moves."""
    while True:
        try:
            await ledger.wait_receipt(tx, 1.0)
            return
        except ReceiptTimeout:
            if ledger.status().failure:
                raise


async def full(network: Network, home: Path) -> None:
    """Fill until the disk refuses, then make room."""
    report: dict[str, object] = {"accepted": 0}
    async with running(network, home / "sequencer") as ledger:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_AT_BYTES, hard))
        accepted = []
        try:
            while True:
                raw = network.transaction(Add(fresh_name() * 200, 1))
                accepted.append(await ledger.submit(raw))
                await received(ledger, accepted[-1])
        except HanseError as error:
            report["error"] = error.code
        report["failure"] = ledger.status().failure
        try:
            await ledger.submit(network.transaction(Add("x", 1)))
        except HanseError as error:
            report["refused"] = error.code
        report["sound_when_full"] = (await ledger.verify_store()).height == ledger.height
        report["height_when_full"] = ledger.height
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        receipts = [await ledger.wait_receipt(tx, PATIENCE_S) for tx in accepted]
        report["accepted"] = len(accepted)
        report["executed"] = sum(receipt.ok for receipt in receipts)
        report["failure_after"] = ledger.status().failure
        report["sound_after"] = (await ledger.verify_store()).height == ledger.height
    sys.stdout.write("\n" + json.dumps(report))


def main() -> None:
    action, network_file, home = sys.argv[1:]
    network = Network.load(Path(network_file))
    asyncio.run({"load": load, "full": full}[action](network, Path(home)))


if __name__ == "__main__":
    main()
