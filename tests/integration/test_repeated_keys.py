"""`duplicates: all`: a key that repeats is compared once, its owner gets all its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hanse.compute.operators.parameters import validate_parameters
from hanse.compute.operators.registry import get_operator
from hanse.compute.rehearsal import Rehearsal
from hanse.core.errors import HanseError

ROLES: Any = {"bank": ["owner", "receiver"], "merchant": ["owner"]}
LEFT = {"id": ["a", "b", "a", "c", None, "c", "d"], "n": list(range(7))}
RIGHT = {"id": ["c", "a", "c", "x"], "m": list(range(4))}


async def rows(
    folder: Path, operator: str, ports: tuple[str, str], keys: dict[str, object], **changes: Any
) -> list[int]:
    rehearsal = Rehearsal(folder)
    inputs = {
        ports[0]: {"bank": rehearsal.enter(pa.table(LEFT))},
        ports[1]: {"merchant": rehearsal.enter(pa.table(RIGHT))},
    }
    done = await rehearsal.run(operator, ROLES, inputs, keys | {"duplicates": "all"}, **changes)
    assert done["merchant"].outputs == {}
    table = rehearsal.table(done["bank"].outputs["table"]).to_arrow()
    found: list[int] = table["n"].to_pylist()
    return found


@pytest.mark.parametrize("protocol", ["rr22", "ecdh_unbalanced"])
async def test_the_receiver_gets_all_its_rows_of_common_keys(tmp_path: Path, protocol: str) -> None:
    keys: dict[str, object] = {"left_key": "id", "right_key": "id"}
    found = await rows(tmp_path, "intersect", ("left", "right"), keys, protocol=protocol)
    assert sorted(found) == [0, 2, 3, 5]


async def test_the_receiver_gets_all_its_rows_that_nobody_else_has(tmp_path: Path) -> None:
    found = await rows(tmp_path, "difference", ("table_1", "table_2"), {"key_1": "id"})
    assert sorted(found) == [1, 6]


@pytest.mark.parametrize("operator", ["align", "intersection", "union", "intersection_count"])
def test_elsewhere_a_key_has_one_row(operator: str) -> None:
    keys = {"left_key": "id", "right_key": "id"} if operator == "align" else {"key_1": "id"}
    with pytest.raises(HanseError):
        validate_parameters(get_operator(operator), keys | {"duplicates": "all"})
