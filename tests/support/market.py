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

    def publish(self, key: str, lines: Sequence[str]) -> None:
        """Publish lines of a CSV file whose key is ``id``."""
        path = self.root / f"{key}.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        steward = self.network[key].client("steward")
        table = steward.data.upload(path, key, key_columns=["id"])
        dataset = steward.data.publish(
            table.id,
            title=key,
            operators=self.operators,
            purposes=["credit-risk"],
            levels={"id": 2},
        )
        self.tables[key], self.datasets[key] = table.id, dataset.id
        self.fields[key] = lines[0].split(",")
        self.network.sync()

    def grant(self) -> str:
        """A grant of the shop's data to the bank, agreed by both."""
        analyst = self.network["bank"].client("analyst")
        asked = analyst.grants.request(
            self.datasets["shop"],
            fields=self.fields["shop"],
            purpose="credit-risk",
            operators=self.operators,
            not_after_ms=int(time.time() * 1000) + DAY_MS,
        )
        self.network.sync()
        self.network["shop"].client("steward").grants.agree(asked.id)
        analyst.grants.wait_state(asked.id, ["FINALIZED"], timeout_s=WAIT_S)
        return asked.id

    def text(self, template: str, **values: str) -> str:
        """A flow on a fresh grant."""
        return template.format(
            bank=self.network["bank"].did,
            shop=self.network["shop"].did,
            applications=self.datasets["bank"],
            purchases=self.datasets["shop"],
            grant=self.grant(),
            **values,
        )

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
