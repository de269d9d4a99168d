"""The comparison: the same model in plaintext, of the bank alone and of both together.

Only the demo may do this, because it owns both files. Both owners' parts of the training and
test rows are fetched from their own nodes, so the rows are exactly those of the flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hanse.api.flows import FlowView
from hanse.cli.demo.inputs import DemoFiles
from hanse.cli.demo.network import DemoNetwork
from hanse.compute import plaintext
from hanse.core.errors import ComputeError


@dataclass(frozen=True)
class Baseline:
    """AUC and KS on the flow's test rows."""

    bank_auc: float
    bank_ks: float
    joint_auc: float
    joint_ks: float


def plaintext_baseline(network: DemoNetwork, files: DemoFiles, flow: FlowView) -> Baseline:
    """Train on the flow's own rows with the flow's own parameters, without encryption."""
    train = [_part(network, key, flow.id, "train") for key in ("bank", "merchant")]
    test = [_part(network, key, flow.id, "test") for key in ("bank", "merchant")]
    for parts in (train, test):
        _check_same_ids(files, parts)
    alone = _measure(files, train[:1], test[:1])
    joint = _measure(files, train, test)
    return Baseline(alone["auc"], alone["ks"], joint["auc"], joint["ks"])


class RowsNotAligned(ComputeError):
    """Bank's and merchant's rows of a flow do not belong together."""

    code = "demo.rows_not_aligned"
    help = "The alignment is wrong; do not use its results."


def _check_same_ids(files: DemoFiles, parts: Sequence[pa.Table]) -> None:
    ids = [[str(value) for value in part[files.id_column]] for part in parts]
    if ids[0] != ids[1]:
        raise RowsNotAligned("the owners' aligned tables have different ids")


def _part(network: DemoNetwork, key: str, flow: str, output: str) -> pa.Table:
    content = (
        network.nodes[key]
        .client("analyst")
        .flows.result(flow, "split", output, file_format="parquet")
    )
    return pq.read_table(BytesIO(content))


def _measure(
    files: DemoFiles, train: Sequence[pa.Table], test: Sequence[pa.Table]
) -> dict[str, Any]:
    model = plaintext.fit(_by_owner(files, train), {"label": files.label, "epochs": 20})
    return plaintext.evaluate(model, _by_owner(files, test), files.label)


def _by_owner(files: DemoFiles, parts: Sequence[pa.Table]) -> dict[str, pa.Table]:
    return {
        owner: part.drop_columns([files.id_column])
        for owner, part in zip(("bank", "merchant"), parts, strict=False)
    }
