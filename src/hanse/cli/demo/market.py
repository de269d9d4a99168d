"""Before the flows: points, computing offers, datasets in the catalogue, grants."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from hanse.api.grants import GrantView
from hanse.cli.demo.inputs import DemoFiles
from hanse.cli.demo.network import DemoNetwork
from hanse.cli.demo.organisations import BANK, COMPUTE_1, COMPUTE_2, MERCHANT, OPERATOR
from hanse.cli.demo.process import DemoNode
from hanse.sdk import Client
from hanse.sdk.waiting import wait_until

PURPOSE = "credit-risk"
OPERATORS = (
    "align",
    "split",
    "summary",
    "logistic_regression",
    "evaluate",
    "predict",
)
BANK_POINTS = 10_000
DATA_PRICE_POINTS = 300
COMPUTE_PRICE_POINTS = 50
LEVEL = 3
GRANT_DAYS = 30


@dataclass(frozen=True)
class Published:
    """A table in a vault and its entry in the catalogue."""

    table: str
    dataset: str
    fields: tuple[str, ...]
    rows: int


def fund(network: DemoNetwork) -> None:
    """The regulator issues points to the bank; the compute providers offer capacity."""
    network[OPERATOR].client().points.issue(network[BANK].did, BANK_POINTS)
    for org in (COMPUTE_1, COMPUTE_2):
        network[org].client().catalogue.publish_resource(
            protocols=["aby3"],
            cores=1,
            memory_bytes=2 * 2**30,
            price_points=COMPUTE_PRICE_POINTS,
        )


def publish(network: DemoNetwork, files: DemoFiles) -> tuple[Published, Published]:
    """Bank and merchant import their file and publish its metadata; rows stay."""
    bank = _publish(
        network[BANK],
        files.bank,
        files.id_column,
        title="Loan applications",
        keywords=["credit", "applications"],
        price_points=0,
    )
    merchant = _publish(
        network[MERCHANT],
        files.partner,
        files.id_column,
        title="Customer profiles",
        keywords=["customers", "profiles"],
        price_points=DATA_PRICE_POINTS,
    )
    return bank, merchant


def _publish(
    node: DemoNode, path: Path, key: str, *, title: str, keywords: list[str], price_points: int
) -> Published:
    steward = node.client("steward")
    table = steward.data.upload(path, path.stem, key_columns=[key])
    table = steward.data.wait_ready(table.id)
    fields = tuple(column.name for column in table.columns)
    dataset = steward.data.publish(
        table.id,
        title=title,
        keywords=keywords,
        fields=[*fields],
        level=LEVEL,
        operators=[*OPERATORS],
        purposes=[PURPOSE],
        price_points=price_points,
        provenance={"source": path.name, "consent": "declared by the owner"},
        disclose_row_count=False,
    )
    return Published(table.id, dataset.id, fields, table.rows)


def catch_up(ahead: Client, behind: Client) -> None:
    """Wait until one node has executed all that another has."""
    wait_until(
        lambda: behind.ledger.status().state_root == ahead.ledger.status().state_root,
        bool,
        what="the same state at another node",
        timeout_s=60.0,
    )


def find(network: DemoNetwork, dataset: str) -> str:
    """The bank's analyst finds the merchant's data in the shared catalogue by a search."""
    analyst = network[BANK].client("analyst")
    catch_up(network[MERCHANT].client("steward"), analyst)
    found = analyst.catalogue.datasets(q="customer", purpose=PURPOSE)
    return next(item.id for item in found.items if item.id == dataset)


def negotiate(
    network: DemoNetwork, merchant: Published, fields: tuple[str, ...] | None = None
) -> tuple[GrantView, list[str]]:
    """The bank applies for one use; the merchant's steward reads what it reveals and agrees.

    Args:
        fields: the fields asked for; all when None.

    Returns:
        The final grant, and the words the steward read.
    """
    analyst = network[BANK].client("analyst")
    steward = network[MERCHANT].client("steward")
    asked = analyst.grants.request(
        merchant.dataset,
        fields=fields or merchant.fields,
        purpose=PURPOSE,
        operators=OPERATORS,
        uses=1,
        not_after_ms=int(time.time() * 1000) + GRANT_DAYS * 86_400_000,
    )
    catch_up(analyst, steward)
    words = steward.grants.explain(asked.id).lines
    steward.grants.agree(asked.id)
    return analyst.grants.wait_state(asked.id, ["FINALIZED"], timeout_s=60.0), words
