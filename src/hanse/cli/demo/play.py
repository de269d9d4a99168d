"""The whole demo, step by step."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from hanse.api.grants import GrantView
from hanse.cli.demo.auditing import Audit, audit
from hanse.cli.demo.baseline import Baseline, plaintext_baseline
from hanse.cli.demo.flow import (
    ALL_AT_HOME,
    OUTSOURCED,
    TWO_PARTY,
    FlowResult,
    flow_text,
    run_flow,
)
from hanse.cli.demo.inputs import DemoOptions, check_files
from hanse.cli.demo.looking import how_to_look
from hanse.cli.demo.market import Published, find, fund, negotiate, publish
from hanse.cli.demo.network import DemoNetwork, running, wait_same_state
from hanse.cli.demo.organisations import AUDITOR, EVERYBODY
from hanse.cli.demo.progress import Progress
from hanse.cli.demo.refusals import try_refusals
from hanse.cli.demo.report import DemoReport, FlowReport
from hanse.core.errors import HanseError
from hanse.ledger.bft.engine.binary import find_engine


class DemoFailed(HanseError):
    """A step of the demo did not end as it must."""

    code = "demo.failed"
    exit_code = 1
    help = "Look at the logs in the demo's directory."


@dataclass
class _Stage:
    """What the steps hand on to each other."""

    network: DemoNetwork
    options: DemoOptions
    progress: Progress
    bank: Published
    merchant: Published

    def flow(self, key: str, template: str, grant: GrantView) -> FlowResult:
        """Run one flow as a step of its own."""
        text = flow_text(
            self.network,
            self.options.files,
            self.bank,
            self.merchant,
            template=template,
            grant=grant.id,
        )
        with self.progress.step(key, f"Flow: {template}"):
            return run_flow(self.network, text, self.progress.note)


def play(options: DemoOptions, progress: Progress) -> tuple[DemoReport, str]:
    """Run the demo; returns its report and, of a network left up, how to look around.

    Raises:
        DemoFailed: with everything that went wrong; other named errors of the step that failed.
    """
    check_files(options.files)
    if options.ledger == "cometbft":
        find_engine()  # says what to do before anything is started
    network = DemoNetwork(options.home, options.suite, options.ledger)
    with running(network, keep=options.keep):
        report = _in_network(network, options, progress)
        failures = report.failures()
        if failures:
            raise DemoFailed("; ".join(failures))
    if options.keep:
        return report, how_to_look(network, report.flows[0].id)
    shutil.rmtree(options.home)
    return report, ""


def _in_network(network: DemoNetwork, options: DemoOptions, progress: Progress) -> DemoReport:
    with progress.step("start", "Six organisations, each with its own node"):
        network.create()
        network.start()
    with progress.step("admit", "The operator admits the organisations; each holds a credential"):
        network.admit()
        fund(network)
    with progress.step("publish", "Bank and merchant import and publish; rows stay at home"):
        bank, merchant = publish(network, options.files)
    stage = _Stage(network, options, progress, bank, merchant)
    with progress.step("grants", "The bank applies, the merchant's steward reads and agrees"):
        find(network, merchant.dataset)
        grants, words = _grants(stage)
    progress.note("The steward read:")
    for line in dict.fromkeys(words):
        progress.note(f"  {line}")
    results = _flows(stage, grants)
    with progress.step("audit", "The auditor traces, opens evidence, proves offline"):
        audited = audit(network, results[0].flow.id)
    with progress.step("refusals", "What is not granted is refused"):
        codes = try_refusals(
            network,
            options.files,
            bank,
            merchant,
            template=TWO_PARTY if options.two_party else ALL_AT_HOME,
            used=grants[0],
            fresh=grants[-2],
            narrow=grants[-1],
        )
    with progress.step("plaintext", "The same model in plaintext, for comparison only"):
        baseline = plaintext_baseline(network, options.files, results[0].flow)
    wait_same_state(network)
    return _report(stage, results, audited, codes, baseline)


def _grants(stage: _Stage) -> tuple[list[GrantView], list[str]]:
    """One grant per flow, then an unused one and a narrow one for the refusals."""
    flows = 1 if stage.options.two_party else 2
    found, words = [], list[str]()
    for _ in range(flows + 1):
        grant, words = negotiate(stage.network, stage.merchant)
        found.append(grant)
    narrow, _ = negotiate(stage.network, stage.merchant, stage.merchant.fields[:-1])
    return [*found, narrow], words


def _flows(stage: _Stage, grants: list[GrantView]) -> list[FlowResult]:
    if stage.options.two_party:
        return [stage.flow("flow_two_party", TWO_PARTY, grants[0])]
    return [
        stage.flow("flow_joint", ALL_AT_HOME, grants[0]),
        stage.flow("flow_outsourced", OUTSOURCED, grants[1]),
    ]


def _report(
    stage: _Stage,
    results: list[FlowResult],
    audited: Audit,
    codes: dict[str, str],
    baseline: Baseline,
) -> DemoReport:
    auditor = stage.network[AUDITOR].client("auditor")
    status = auditor.ledger.status()
    transactions = sum(auditor.ledger.block(height).count for height in range(1, status.height + 1))
    accounts = {item.did: item.balance_points for item in auditor.points.accounts().items}
    first = results[0]
    return DemoReport(
        rows_bank=stage.bank.rows,
        rows_partner=stage.merchant.rows,
        rows_common=first.rows_common,
        auc_bank_only=baseline.bank_auc,
        auc_joint=first.metrics["auc"],
        auc_joint_plaintext=baseline.joint_auc,
        ks_bank_only=baseline.bank_ks,
        ks_joint=first.metrics["ks"],
        ks_joint_plaintext=baseline.joint_ks,
        seconds=stage.progress.seconds,
        blocks=status.height,
        transactions=transactions,
        balances={org.key: accounts.get(stage.network[org].did, 0) for org in EVERYBODY},
        proof_verified=audited.verified,
        flipped_proof_refused=audited.flipped_refused,
        evidence_opened=audited.opened,
        refusals=codes,
        flows=[_flow_report(stage, key, result) for key, result in enumerate(results)],
    )


def _flow_report(stage: _Stage, index: int, result: FlowResult) -> FlowReport:
    step = next(step for step in result.flow.steps if step.operator == "logistic_regression")
    seconds = [value for key, value in stage.progress.seconds.items() if key.startswith("flow_")]
    return FlowReport(
        id=result.flow.id,
        protocol=step.protocol,
        computing=step.computes,
        auc=result.metrics["auc"],
        ks=result.metrics["ks"],
        seconds=seconds[index],
    )
