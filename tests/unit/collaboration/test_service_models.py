"""What a node remembers of the models it holds: a part is decoded once, a new one anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hanse.collaboration.services.errors import ModelNotFound
from hanse.collaboration.services.models import Models
from hanse.compute.operators.model import ModelPart

PLACE = ("fl", "train", "model")
PART = ModelPart("logistic-regression/1", "m", "aby3", [], {"bank": 4, "shop": 7})


class Held(Models):
    """Models whose parts are in memory; what is read is counted."""

    def __init__(self) -> None:
        self.rows = [self.row(1)]
        self.parts: dict[str, bytes] = {"part-1": msgspec.msgpack.encode(PART)}
        self.reads: list[str] = []
        ctx: Any = SimpleNamespace(
            did="bank",
            store=SimpleNamespace(get_bytes=self.get_bytes),
            journal=SimpleNamespace(objects=lambda flow: self.rows),
        )
        super().__init__(ctx)

    @staticmethod
    def row(attempt: int) -> Any:
        return SimpleNamespace(
            flow="fl", step="train", port="model", attempt=attempt, object_id=f"part-{attempt}"
        )

    def get_bytes(self, object_id: str) -> bytes:
        self.reads.append(object_id)
        return self.parts[object_id]

    def part(self, flow: str, step: str, output: str) -> Any:
        return self._row(flow, step, output)


def test_part_is_decoded_once_for_each_receiver() -> None:
    models = Held()
    for _ in range(3):
        found = [models.exposure(*PLACE, receiver) for receiver in ("bank", "shop")]
        assert [one.scores for one in found if one is not None] == [5, 8]
    assert models.reads == ["part-1"] * 2


def test_part_of_another_attempt_is_looked_at() -> None:
    models = Held()
    models.exposure(*PLACE, "bank")
    wider = msgspec.structs.replace(PART, widths={"bank": 9, "shop": 7})
    models.parts["part-2"] = msgspec.msgpack.encode(wider)
    models.rows.append(models.row(2))
    found = models.exposure(*PLACE, "bank")
    assert found is not None
    assert found.scores == 10


def test_refusals_are_not_remembered() -> None:
    models = Held()
    models.parts["part-1"] = b"what is this"
    for _ in range(2):
        with pytest.raises(ModelNotFound):
            models.exposure(*PLACE, "bank")
    models.parts["part-1"] = msgspec.msgpack.encode(PART)
    assert models.exposure(*PLACE, "bank") is not None
    with pytest.raises(ModelNotFound):
        models.exposure("fl", "train", "nothing", "bank")
