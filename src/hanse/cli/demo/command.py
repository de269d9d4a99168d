"""``hanse demo``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli.command import command
from hanse.cli.demo.inputs import DemoFiles, DemoOptions, LedgerKind, own_files
from hanse.cli.demo.progress import Progress
from hanse.cli.demo.report import DemoReport
from hanse.cli.output import make_console
from hanse.cli.run import Run
from hanse.core.errors import InputError


class DemoOptionsIncomplete(InputError):
    """Own files were named only in part."""

    code = "demo.options_incomplete"
    help = "Give --bank, --partner, --id and --label together, or none of them."


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "demo",
        examples=(
            "hanse demo",
            "hanse demo --two-party",
            "hanse demo --ledger cometbft",
            "hanse demo --keep",
            "hanse demo --bank A.csv --partner B.csv --id id --label y --report out.json",
        ),
        online=False,
    )
    def demo(
        run: Run,
        bank: Annotated[Path | None, typer.Option(help="The bank's CSV file.")] = None,
        partner: Annotated[Path | None, typer.Option(help="The partner's CSV file.")] = None,
        id_column: Annotated[
            str, typer.Option("--id", help="Column of the common id, in both files.")
        ] = "",
        label: Annotated[str, typer.Option(help="Label column (0 and 1) of the bank.")] = "",
        report: Annotated[
            Path | None, typer.Option(help="Write the report as JSON to this file.")
        ] = None,
        two_party: Annotated[
            bool, typer.Option("--two-party", help="Bank and merchant alone, by CHEETAH.")
        ] = False,
        keep: Annotated[
            bool, typer.Option("--keep", help="Leave the network up and say how to look around.")
        ] = False,
        home: Annotated[
            Path | None, typer.Option(help="Directory for the six homes; new. Default: .hanse/")
        ] = None,
        suite: Annotated[str, typer.Option(help="sm or intl.")] = "sm",
        ledger: Annotated[
            LedgerKind,
            typer.Option(help="embedded, or cometbft: four of the six validate blocks."),
        ] = "embedded",
    ) -> DemoReport | None:
        """Run six organisations on this machine through one collaboration, end to end.

        An operator, a bank, a merchant, two compute providers and an auditor: admission,
        catalogue, grant, two flows under encryption, payment, audit, refusals. Exits non-zero
        when any step failed.
        """
        # Loaded here: it brings the computing libraries, which no other command needs.
        from hanse.cli.demo.play import play

        console = make_console(sys.stderr if run.as_json else sys.stdout)
        options = DemoOptions(
            files=_files(bank, partner, id_column, label),
            home=home or Path(".hanse") / time.strftime("demo-%Y%m%d-%H%M%S"),
            two_party=two_party,
            keep=keep,
            suite=suite,
            ledger=ledger,
        )
        result, look = play(options, Progress(console))
        if report is not None:
            result.write(report)
        if not run.as_json:
            result.show(console)
        if look:
            console.print(look, markup=False, highlight=False)
        return result if run.as_json else None


def _files(bank: Path | None, partner: Path | None, id_column: str, label: str) -> DemoFiles:
    given = (bank, partner, id_column, label)
    if not any(given):
        return own_files()
    if bank is None or partner is None or not id_column or not label:
        raise DemoOptionsIncomplete()
    return DemoFiles(bank, partner, id_column, label)
