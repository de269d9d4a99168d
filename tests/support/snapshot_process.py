"""A process that takes and restores snapshots over and over, to be killed at any instant.

Usage: ``python snapshot_process.py loop NETWORK_FILE HOME`` takes a snapshot of ``HOME/origin``
and restores it over ``HOME/target``, for ever, and prints a line after each round. ``full
NETWORK_FILE HOME`` runs into a full disk (a limit on file size) in both, makes room, finishes,
and prints what happened as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from ledger_chain import Chain
from ledger_network import Network
from snapshot_tools import chunks, restorer, take

from hanse.core.errors import HanseError
from hanse.ledger.snapshots.restoring import header_check
from hanse.ledger.snapshots.shelf import Shelf
from hanse.ledger.storage.store import Store

SMALL_BYTES = 40_000
CHUNK_BYTES = 64_000


def loop(network: Network, home: Path) -> None:
    origin = Chain(network, home / "origin")
    while True:
        Shelf(home / "snapshots").keep(0)
        manifest = take(origin, home / "snapshots", 2_000)
        work = restorer(network, manifest, home / "restoring")
        for index, data in enumerate(chunks(home / "snapshots", manifest)):
            work.add(index, data)
        target = Store(home / "target", network.suite.hash)
        work.finish(target, header_check(network.genesis, None))
        target.close()
        sys.stdout.write("round\n")
        sys.stdout.flush()


def full(network: Network, home: Path) -> None:
    report: dict[str, object] = {}
    origin = Chain(network, home / "origin")
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_BYTES, hard))
    try:
        take(origin, home / "snapshots", CHUNK_BYTES)
    except HanseError as error:
        report["taking"] = error.code
    report["left"] = [path.name for path in (home / "snapshots").iterdir()]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    manifest = take(origin, home / "snapshots", CHUNK_BYTES)
    parts = chunks(home / "snapshots", manifest)
    work = restorer(network, manifest, home / "restoring")
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_BYTES, hard))
    for index in (1, 0):
        try:
            work.add(index, parts[index])
        except HanseError as error:
            report[f"chunk {index}"] = error.code
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    for index, data in enumerate(parts):
        work.add(index, data)
    target = Store(home / "target", network.suite.hash)
    work.finish(target, header_check(network.genesis, None))
    with target.read() as reading:
        report["height"] = reading.head()
    target.close()
    sys.stdout.write(json.dumps(report))


def main() -> None:
    action, network_file, home = sys.argv[1:]
    {"loop": loop, "full": full}[action](Network.load(Path(network_file)), Path(home))


if __name__ == "__main__":
    main()
