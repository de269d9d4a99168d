"""The auditor's part: trace, proof, offline verification, a flipped byte."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hanse.api.evidence import TraceView
from hanse.cli.demo.network import DemoNetwork
from hanse.cli.demo.organisations import AUDITOR
from hanse.core import canonical
from hanse.core.errors import HanseError

CHAIN_OF_FACTS = ("GrantFinalized", "FlowDeployed", "FlowCompleted")


class TraceIncomplete(HanseError):
    """The auditor's trace misses a link between grant and payment."""

    code = "demo.trace_incomplete"
    help = "Compare the trace of the flow with its receipts on the ledger."


@dataclass(frozen=True)
class Audit:
    """What the auditor found."""

    events: int
    evidence: int
    opened: int
    proof_file: Path
    verified: bool
    flipped_refused: bool


def audit(network: DemoNetwork, flow: str) -> Audit:
    """Trace a flow from grant to payment, open evidence, prove its completion offline.

    Raises:
        TraceIncomplete: when a link is missing.
    """
    auditor = network[AUDITOR].client("auditor")
    trace = auditor.audit.trace(flow)
    names = [entry.event for entry in trace.entries]
    for fact in CHAIN_OF_FACTS:
        if fact not in names:
            raise TraceIncomplete(f"the trace of {flow} shows no {fact}")
    records = auditor.evidence.list(flow=flow, limit=200).items
    opened = [auditor.evidence.open(item.id) for item in records if item.openable]
    proof = canonical.encode(auditor.ledger.prove_transaction(_completion(trace)))
    path = network.root / "proof.json"
    path.write_bytes(proof)
    flipped = network.root / "proof-flipped.json"
    flipped.write_bytes(_flip_one_byte(proof))
    return Audit(
        events=len(trace.entries),
        evidence=len(records),
        opened=len(opened),
        proof_file=path,
        verified=_verify(path, network.genesis_file) == 0,
        flipped_refused=_verify(flipped, network.genesis_file) != 0,
    )


def _completion(trace: TraceView) -> str:
    return next(e.transaction for e in trace.entries if e.event == "FlowCompleted")


def _flip_one_byte(data: bytes) -> bytes:
    """Change one hex digit in the middle of the proof, so that it stays well-formed JSON."""
    middle = next(i for i in range(len(data) // 2, len(data)) if data[i : i + 1] in b"abcdef")
    other = b"b" if data[middle : middle + 1] == b"a" else b"a"
    return data[:middle] + other + data[middle + 1 :]


def _verify(proof: Path, genesis: Path) -> int:
    command = [sys.executable, "-m", "hanse.cli", "verify", str(proof), "--genesis", str(genesis)]
    return subprocess.run(  # noqa: S603 - our own program, no shell
        command, capture_output=True, timeout=120, check=False
    ).returncode
