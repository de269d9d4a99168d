"""The demo's flows: text from the templates, deployment, progress, results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hanse.api.flows import FlowView
from hanse.cli.demo.inputs import DemoFiles
from hanse.cli.demo.market import PURPOSE, Published
from hanse.cli.demo.network import DemoNetwork
from hanse.cli.demo.organisations import BANK
from hanse.collaboration.templates import fill_template

FLOW_TIMEOUT_S = 1_800.0
ALL_AT_HOME = "joint-credit-scoring"
OUTSOURCED = "joint-credit-scoring-outsourced"
TWO_PARTY = "joint-credit-scoring-two-party"
PARTIES = {
    ALL_AT_HOME: ("bank", "merchant", "compute_1"),
    OUTSOURCED: ("bank", "merchant", "compute_1", "compute_2"),
    TWO_PARTY: ("bank", "merchant"),
}


@dataclass(frozen=True)
class FlowResult:
    """A completed flow as the bank sees it."""

    flow: FlowView
    rows_common: int
    metrics: dict[str, Any]


def flow_text(
    network: DemoNetwork,
    files: DemoFiles,
    bank: Published,
    merchant: Published,
    *,
    template: str,
    grant: str,
    purpose: str = PURPOSE,
    merchant_fields: tuple[str, ...] | None = None,
) -> str:
    """The flow in YAML: the template with this network's identifiers."""
    values: dict[str, str | tuple[str, ...]] = {
        "name": f"{template} of the demo",
        "purpose": purpose,
        "bank_dataset": bank.dataset,
        "bank_fields": bank.fields,
        "bank_key": files.id_column,
        "merchant_dataset": merchant.dataset,
        "merchant_fields": merchant_fields or merchant.fields,
        "merchant_key": files.id_column,
        "grant": grant,
        "label": files.label,
    }
    values.update({key: network.nodes[key].did for key in PARTIES[template]})
    return fill_template(template, values)


def run_flow(network: DemoNetwork, text: str, tell: Callable[[str], None]) -> FlowResult:
    """Deploy a flow as the bank's analyst, follow it to its end, read the results.

    Raises:
        FlowTerminated: when it ended without completing.
    """
    analyst = network[BANK].client("analyst")
    deployed = analyst.flows.deploy(text)
    told: set[str] = set()

    def follow(view: FlowView) -> None:
        for step in view.steps:
            if step.state == "COMPLETED" and step.id not in told:
                told.add(step.id)
                tell(f"{step.id}: {step.operator} over {step.protocol}")

    done = analyst.flows.wait_completed(deployed.id, FLOW_TIMEOUT_S, follow)
    return FlowResult(done, _rows_common(network, done.id), _metrics(network, done.id))


def _rows_common(network: DemoNetwork, flow: str) -> int:
    analyst = network[BANK].client("analyst")
    items = analyst.flows.results(flow).items
    rows = next(item.rows for item in items if item.step == "align" and item.output == "table")
    return rows or 0


def _metrics(network: DemoNetwork, flow: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(
        network[BANK].client("analyst").flows.result(flow, "evaluate", "report")
    )
    return report
