"""Families: parts of earlier releases are read, unknown families are refused, labels by kind."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.errors import BadInput, BadLabel, OneClassLabel
from hanse.compute.operators import labels
from hanse.compute.operators.families import family_of
from hanse.compute.operators.model import ModelPart, Scale
from hanse.compute.operators.predict import columns_of
from hanse.compute.operators.scoring import Opened
from hanse.data.batches import ArrowTable


def test_a_part_as_stored_before_families_existed_is_still_read() -> None:
    stored = msgspec.msgpack.encode(
        {
            "family": "logistic-regression/1",
            "model": "ab",
            "protocol": "aby3",
            "nodes": ["did:a"],
            "widths": {"did:a": 3, "did:b": 0},
            "recipe": None,
            "share": b"ring elements",
        }
    )
    part = msgspec.msgpack.decode(stored, type=ModelPart)
    family = family_of(part.family)
    assert part.variables == {"weights": b"ring elements"}
    assert family.variables(part) == {"weights": (4,)}
    assert family.entered(part, "did:a") == {"x": (3,)}
    assert family.entered(part, "did:b") == {}


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(BadInput, match="does not score"):
        family_of("crystal-ball/1")


def column_of(values: Any, kind: Any = None) -> Any:
    table = ArrowTable(pa.table({"y": pa.array(values, kind)}))
    return table, table.columns[0]


def test_number_labels_refuse_gaps_infinities_and_constants() -> None:
    assert labels.read_numbers(*column_of([1, 2, 3])).tolist() == [1.0, 2.0, 3.0]
    for bad in ([1.0, None, 2.0], [1.0, np.nan], [1.0, np.inf], [1.0, 1e16], ["x", "y"]):
        with pytest.raises(BadLabel):
            labels.read_numbers(*column_of(bad))
    with pytest.raises(OneClassLabel):
        labels.read_numbers(*column_of([2.0, 2.0]))


def test_classes_are_texts_or_whole_numbers_in_order() -> None:
    assert labels.class_names(*column_of([10, 9, 10])) == ["9", "10"]
    assert labels.class_names(*column_of([1.0, 0.0])) == ["0", "1"]
    assert labels.class_names(*column_of(["乙", "甲"])) == sorted(["乙", "甲"])
    assert labels.read_classes(*column_of([9, 10, 9]), ["9", "10"]).tolist() == [0, 1, 0]
    with pytest.raises(BadLabel, match="not whole"):
        labels.class_names(*column_of([0.5, 1.0]))
    with pytest.raises(BadLabel, match="gaps"):
        labels.class_names(*column_of(["a", None]))
    with pytest.raises(BadLabel, match="100 classes"):
        labels.class_names(*column_of(list(range(101))))
    with pytest.raises(BadLabel, match="does not know"):
        labels.read_classes(*column_of([9, 11]), ["9", "10"])
    with pytest.raises(OneClassLabel):
        labels.class_names(*column_of(["a", "a"]))


def test_predictions_are_put_back_into_the_label_s_units() -> None:
    part = ModelPart("logistic-regression/1", "m", "aby3", [], {})
    opened = Opened(part, np.array([0.0, 100.0]), Scale())
    assert opened.predictions().tolist() == [0.5, 1.0]
    assert columns_of(opened)["score"].tolist() == [0.5, 1.0]
