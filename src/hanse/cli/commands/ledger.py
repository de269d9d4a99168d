"""hanse ledger …"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hanse.api.base import Page
from hanse.api.consensus import ConsensusView, SearchView, StatisticsView
from hanse.api.ledger import BlockSummary, BlockView, LedgerStatusView, TransactionView
from hanse.cli.command import command, group
from hanse.cli.commands import options, upkeep
from hanse.cli.commands.files import read_bytes, write_canonical
from hanse.cli.output import Done
from hanse.cli.run import Run

app = group(
    "The ledger: status, blocks, transactions, and proofs that hold without this node.",
    (
        "hanse ledger status",
        "hanse ledger consensus",
        "hanse ledger genesis --output genesis.json",
        "hanse ledger prove TRANSACTION --output proof.json",
        "hanse verify proof.json --genesis genesis.json",
    ),
)
Since = Annotated[
    int,
    typer.Option("--since", min=0, metavar="HEIGHT", help="Of the checkpoint the verifier has."),
]
upkeep.add_to(app)
TransactionArgument = Annotated[str, typer.Argument(metavar="TRANSACTION", help="Id in hex.")]


@command(app, "status", "ledger.status", examples=("hanse ledger status",))
def status(run: Run) -> LedgerStatusView:
    """Show height, head and role."""
    return run.client.ledger.status()


@command(
    app,
    "consensus",
    "ledger.consensus",
    examples=("hanse ledger consensus", "hanse ledger consensus --json"),
)
def consensus(run: Run) -> ConsensusView:
    """Show where ordering stands: height, round, validators and their votes, mempool, peers.

    As this node's engine sees it. "signed" is the newest block's commit; "prevoted" and
    "precommitted" are votes of the present round that arrived here.
    """
    return run.client.ledger.consensus()


@command(
    app,
    "statistics",
    "ledger.statistics",
    examples=("hanse ledger statistics", "hanse ledger statistics --blocks 1000"),
)
def statistics(
    run: Run,
    blocks: Annotated[
        int, typer.Option("--blocks", min=1, max=1_000, help="Newest blocks to look at.")
    ] = 100,
) -> StatisticsView:
    """Show block time, block size and throughput of the newest blocks.

    The pauses of an idle network count as block time.
    """
    return run.client.ledger.statistics(blocks=blocks)


@command(
    app,
    "search",
    "ledger.search",
    examples=(
        "hanse ledger search 42",
        "hanse ledger search 'First Bank'",
        "hanse ledger search ds-… --json",
    ),
)
def search(
    run: Run,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A height, hash, identifier or part of a name.")
    ],
) -> SearchView:
    """Find by height, hash of a block or transaction, member, dataset, flow or other identifier.

    Names are searched by their parts. When one thing fits, its newest transactions are shown;
    all of them are listed by `hanse ledger transactions --subject ID`.
    """
    return run.client.ledger.search(text)


@command(app, "genesis", "ledger.genesis", examples=("hanse ledger genesis --output genesis.json",))
def genesis(run: Run, output: options.OptionalOutput = None) -> dict[str, Any] | Done:
    """Fetch the genesis file, the one thing a verifier needs. Compare its hash out of band."""
    document = run.client.ledger.genesis()
    if output is None:
        return document
    write_canonical(document, output)
    return Done(done=f"genesis written to {output}")


@command(app, "blocks", "ledger.blocks", examples=("hanse ledger blocks --limit 10",), paged=True)
def blocks(run: Run) -> Page[BlockSummary]:
    """List blocks, newest first."""
    return run.page(run.client.ledger.blocks)


@command(app, "block", "ledger.block", examples=("hanse ledger block 42",))
def block(run: Run, height: Annotated[int, typer.Argument(metavar="HEIGHT", min=0)]) -> BlockView:
    """Show a block with its transactions."""
    return run.client.ledger.block(height)


@command(
    app,
    "transactions",
    "ledger.transactions",
    examples=(
        "hanse ledger transactions --contract flows",
        "hanse ledger transactions --subject fl-… --all --json",
    ),
    paged=True,
)
def transactions(
    run: Run,
    sender: Annotated[str, typer.Option("--sender", help="DID of the sender.")] = "",
    contract: Annotated[str, typer.Option("--contract", help="For instance rights.")] = "",
    action: Annotated[str, typer.Option("--action", help="For instance RevokeGrant.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Any identifier.")] = "",
) -> Page[TransactionView]:
    """Search transactions, newest first."""
    return run.page(
        run.client.ledger.transactions,
        sender=sender or None,
        contract=contract or None,
        action=action or None,
        subject=subject or None,
    )


@command(
    app, "transaction", "ledger.transaction", examples=("hanse ledger transaction TRANSACTION",)
)
def transaction(
    run: Run,
    transaction: TransactionArgument,
    wait: Annotated[
        float, typer.Option("--wait", min=0, max=30, metavar="SECONDS", help="For its commit.")
    ] = 0.0,
) -> TransactionView:
    """Show a transaction with its receipt and events."""
    return run.client.ledger.transaction(transaction, wait_ms=int(wait * 1000) or None)


@command(app, "submit", "ledger.submit", examples=("hanse ledger submit transaction.json",))
def submit(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Signed bytes; - for stdin.")],
) -> TransactionView:
    """Submit a transaction that was signed elsewhere, and wait for its receipt."""
    identifier = run.client.ledger.submit(read_bytes(file))
    return run.client.ledger.wait_transaction(identifier)


@command(
    app,
    "prove",
    "ledger.prove_transaction",
    examples=("hanse ledger prove TRANSACTION --output proof.json",),
)
def prove(
    run: Run,
    transaction: TransactionArgument,
    output: options.OptionalOutput = None,
    since: Since = 0,
) -> dict[str, Any] | Done:
    """Export a proof that a transaction was committed with its receipt."""
    return _written(run.client.ledger.prove_transaction(transaction, since=since), output)


@command(
    app,
    "prove-state",
    "ledger.prove_state",
    examples=(
        "hanse ledger prove-state points account DID --output balance.json",
        "hanse ledger prove-state rights grant GRANT --output grant.json",
        "hanse ledger prove-state catalogue dataset DATASET --output dataset.json",
    ),
)
def prove_state(
    run: Run,
    contract: Annotated[str, typer.Argument(metavar="CONTRACT")],
    collection: Annotated[str, typer.Argument(metavar="COLLECTION")],
    key: Annotated[list[str], typer.Argument(metavar="KEY...", help="Numbers count as such.")],
    output: options.OptionalOutput = None,
    since: Since = 0,
) -> dict[str, Any] | Done:
    """Export a proof of a current value (a balance, a grant), or that there is none.

    A misspelt contract, collection or key proves absence too: read what the answer says.
    """
    parts = [int(part) if part.isdecimal() else part for part in key]
    proof = run.client.ledger.prove_state(contract, collection, parts, since=since)
    what = "absence of a value" if proof.get("value") is None else "a value"
    return _written(proof, output, f"proof of {what}")


@command(
    app,
    "checkpoint",
    "ledger.checkpoint",
    examples=("hanse ledger checkpoint --output checkpoint.json",),
)
def checkpoint(run: Run, output: options.OptionalOutput = None) -> dict[str, Any] | Done:
    """Show the newest certified header and its validators, for verifiers who trust this node.

    They verify later proofs with --trusted, whatever former validators do with old keys.
    """
    document = run.client.ledger.checkpoint()
    if output is None:
        return document
    write_canonical(document, output)
    height, header = document["height"], document["header"]
    return Done(done=f"block {height}, header {header}, written to {output}")


def _written(
    proof: dict[str, Any], output: Path | None, what: str = "proof"
) -> dict[str, Any] | Done:
    if output is None:
        return proof
    write_canonical(proof, output)
    return Done(done=f"{what} written to {output}; check: hanse verify {output} --genesis FILE")
