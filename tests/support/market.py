"""Bank and shop at real nodes: tables published, used by flows on fresh grants."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from network_harness import WAIT_S, SmallNetwork

from hanse.core.errors import HanseError

DAY_MS = 86_400_000
FLOW_S = 300.0


class Market:
    """Two members with a table each; the bank runs flows on what the shop grants.

    Args:
        network: with members ``bank`` and ``shop``.
        root: folder for files.
        operators: what grants allow.
    """

    def __init__(self, network: SmallNetwork, root: Path, operators: Sequence[str]) -> None:
        self.network = network
        self.root = root
        self.operators = list(operators)
        self.tables: dict[str, str] = {}
        self.datasets: dict[str, str] = {}
        self.fields: dict[str, list[str]] = {}

    def publish(self, key: str, lines: Sequence[str], *, name: str = "", **terms: Any) -> None:
        """Publish lines of a CSV file whose key is ``id``, under the member's key or a name."""
        name = name or key
        path = self.root / f"{name}.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        steward = self.network[key].client("steward")
        table = steward.data.upload(path, name, key_columns=["id"])
        described = {"levels": {"id": 2}, "purposes": ["credit-risk"], **terms}
        dataset = steward.data.publish(table.id, title=name, operators=self.operators, **described)
        self.tables[name], self.datasets[name] = table.id, dataset.id
        self.fields[name] = lines[0].split(",")
        self.network.sync()

    def grant(self, name: str = "shop") -> str:
        """A grant of the shop's data to the bank, agreed by both."""
        analyst = self.network["bank"].client("analyst")
        asked = analyst.grants.request(
            self.datasets[name],
            fields=self.fields[name],
            purpose="credit-risk",
            operators=self.operators,
            not_after_ms=int(time.time() * 1000) + DAY_MS,
        )
        self.network.sync()
        self.network["shop"].client("steward").grants.agree(asked.id)
        analyst.grants.wait_state(asked.id, ["FINALIZED"], timeout_s=WAIT_S)
        return asked.id

    def text(self, template: str, **values: str) -> str:
        """A flow, on a fresh grant unless one is given."""
        fields = {
            "bank": self.network["bank"].did,
            "shop": self.network["shop"].did,
            "applications": self.datasets["bank"],
            "purchases": self.datasets["shop"],
            **values,
        }
        if "grant" not in fields:
            fields["grant"] = self.grant()
        return template.format(**fields)

    def run(self, template: str, **values: str) -> str:
        """A flow run to its end; its identifier."""
        analyst = self.network["bank"].client("analyst")
        flow = analyst.flows.deploy(self.text(template, **values))
        assert analyst.flows.wait_completed(flow.id, FLOW_S).state == "COMPLETED"
        self.network.sync()
        return flow.id


def code_of(work: Callable[[], Any]) -> str:
    """The code of the error a call is refused with."""
    with pytest.raises(HanseError) as refused:
        work()
    return refused.value.code
