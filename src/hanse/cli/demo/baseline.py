"""The comparison: the same model in plaintext, of the bank alone and of both together.

Only the demo may do this, because it owns both files. Both owners' parts of the training and
test rows are fetched from their own nodes, so the rows are exactly those of the flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq

from hanse.api.flows import FlowView
from hanse.cli.demo.inputs import DemoFiles
from hanse.cli.demo.network import DemoNetwork
from hanse.compute.operators import get_operator, metrics, preparation, regression
from hanse.compute.operators import validate_parameters as checked
from hanse.compute.operators.labels import read_labels
from hanse.compute.operators.parameters import decimal_of
from hanse.compute.operators.schedule import make_schedule
from hanse.core.errors import ComputeError
from hanse.data.batches import ArrowTable

TRAINING_ORDER = bytes(32)


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


def _check_same_ids(files: DemoFiles, parts: Sequence[ArrowTable]) -> None:
    ids = [
        [value for batch in part.batches([files.id_column]) for value in batch.column(0)]
        for part in parts
    ]
    if [str(value) for value in ids[0]] != [str(value) for value in ids[1]]:
        raise RowsNotAligned("the owners' aligned tables have different ids")


def _part(network: DemoNetwork, key: str, flow: str, output: str) -> ArrowTable:
    content = (
        network.nodes[key]
        .client("analyst")
        .flows.result(flow, "split", output, file_format="parquet")
    )
    return ArrowTable(pq.read_table(BytesIO(content)))


def _measure(
    files: DemoFiles, train: Sequence[ArrowTable], test: Sequence[ArrowTable]
) -> dict[str, Any]:
    spec = get_operator("logistic_regression", 1)
    given = checked(spec, {"label": files.label, "epochs": 20})
    recipes = [
        preparation.learn(part, _features(part, files), int(str(given["max_categories"])))
        for part in train
    ]
    labels = _labels(train[0], files)
    schedule = make_schedule(
        train[0].rows,
        int(str(given["batch_size"])),
        int(str(given["epochs"])),
        float(decimal_of(given["learning_rate"])),
    )
    order = schedule.order(TRAINING_ORDER)
    weights = regression.fit(
        [
            preparation.apply(recipe, part)[order]
            for recipe, part in zip(recipes, train, strict=True)
        ],
        labels[order],
        batch=schedule.batch,
        momentum=float(decimal_of(given["momentum"])),
        l2=float(decimal_of(given["l2"])),
        rates=schedule.rates,
    )
    blocks = [preparation.apply(recipe, part) for recipe, part in zip(recipes, test, strict=True)]
    return metrics.evaluate(_labels(test[0], files), regression.scores(*blocks, weights), 0.5)


def _labels(part: ArrowTable, files: DemoFiles) -> Any:
    return read_labels(part, next(c for c in part.columns if c.name == files.label))


def _features(part: ArrowTable, files: DemoFiles) -> list[Any]:
    return [c for c in part.columns if c.name not in (files.id_column, files.label)]
