"""hanse verify: proofs, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hanse.cli.command import command
from hanse.cli.commands.files import read_bytes
from hanse.cli.commands.views import VerifiedView
from hanse.cli.run import Run


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(
        app,
        "verify",
        examples=(
            "hanse verify proof.json --genesis genesis.json",
            "hanse verify proof.json --genesis genesis.json --json",
            "hanse verify proof.json --genesis genesis.json --trusted checkpoint.json",
        ),
        online=False,
    )(verify)


def verify(
    run: Run,
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="As exported; - for stdin.")],
    genesis: Annotated[Path, typer.Option("--genesis", help="Of the network, as you trust it.")],
    trusted: Annotated[
        Path | None,
        typer.Option("--trusted", help="Checkpoint to follow validators from; else the genesis."),
    ] = None,
) -> VerifiedView:
    """Verify a proof offline, with only the genesis file; exit code 6 when it does not hold.

    Where validators certify blocks, every change of them is followed from the genesis, or from
    a checkpoint you trust.
    """
    from hanse.cli.commands.backing import backing_fields
    from hanse.ledger.genesis import decode_genesis
    from hanse.ledger.light.checkpoint import decode_checkpoint
    from hanse.ledger.proofs import verify_proof

    network = decode_genesis(read_bytes(genesis))
    checkpoint = None if trusted is None else decode_checkpoint(read_bytes(trusted))
    fact = verify_proof(network, read_bytes(proof), checkpoint)
    common: dict[str, Any] = {"kind": fact.kind, "network": network.name, "chain": fact.chain}
    common |= {"height": fact.height, "time_ms": fact.time_ms}
    common |= backing_fields(network, fact.backing)
    if fact.body is not None and fact.receipt is not None:
        return VerifiedView.model_validate(
            {
                **common,
                "transaction": fact.tx,
                "sender": fact.body.sender,
                "contract": fact.body.contract,
                "action": fact.body.action,
                "payload": json.loads(bytes(fact.body.payload)),
                "ok": fact.receipt.ok,
                "code": fact.receipt.code,
                "events": [
                    {"contract": event.contract, "name": event.name, "data": event.data}
                    for event in fact.receipt.events
                ],
            }
        )
    value: Any = None if fact.value is None else json.loads(fact.value)
    return VerifiedView.model_validate(
        {**common, "key": json.loads(fact.key), "absent": fact.value is None, "value": value}
    )
