"""Train a linear regression on shares."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.errors import OutOfRange
from hanse.compute.operators.model import model_id, new_part
from hanse.compute.operators.models.entering import Agreed, Floats, Held, agree_on, bring
from hanse.compute.operators.models.families import LINEAR
from hanse.compute.operators.sharing import LABELS, enter, run_program, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task

MOST_ROW_BITS = 24
MOST_COLUMNS = 1_000


def train(task: Task) -> None:
    """This party's part: share whitened columns, solve, keep a part of the model."""
    link = task.link("data", task.participants)
    held = Held()
    brought = functools.partial(bring, task, "number", held, white=True, l2=task.decimal("l2"))
    agreed = agree_on(task, task.agree(link, brought))
    bits = row_bits(agreed)
    machine = start_machine(task)
    enter(task, link, arrays(task.me, held, bits) if task.is_in("owner") else {}, machine)
    shares = {"weights": _solve(task, machine, _program(task, agreed, bits))} if machine else {}
    keep(task, agreed, held, LINEAR, shares)
    task.finish()


def row_bits(agreed: Agreed) -> int:
    """Logarithm of the rows with zeros at the end.

    Raises:
        OutOfRange: when there are too many rows or columns.
    """
    bits = max(agreed.rows - 1, 1).bit_length()
    if bits > MOST_ROW_BITS or agreed.columns > MOST_COLUMNS:
        raise OutOfRange("so many rows or columns could leave the range of the arithmetic")
    return bits


def arrays(alias: str, held: Held, bits: int) -> dict[str, Floats]:
    """What an owner shares, scaled so that sums over ``2**bits`` rows divide exactly."""
    out: dict[str, Floats] = {}
    if held.block.shape[1]:
        out[f"x-{alias}"] = filled(held.block, bits)
    if held.labels is not None:
        out[LABELS] = filled(held.labels, bits)
    return out


def filled(array: Floats, bits: int) -> Floats:
    """Rows scaled by the root of how many zeros come to them."""
    rows = len(array)
    out = np.zeros((1 << bits, *array.shape[1:]), np.float32)
    out[:rows] = array * np.sqrt((1 << bits) / rows)
    return out


def keep(
    task: Task, agreed: Agreed, held: Held, family: str, shares: dict[str, bytes], **known: Any
) -> None:
    """Store this party's part of the model. ``known`` is what all parties know of it."""
    task.phase("store")
    settings = {"holder": task.manifest.party(agreed.holder).did, **known}
    own = msgspec.msgpack.encode(held.own) if task.is_in("owner") else b""
    fields = {"recipe": held.recipe, "scale": held.scale, "own": own, "shares": shares}
    part = new_part(task, agreed.widths, family=family, settings=settings, **fields)
    dropped = held.recipe.dropped if held.recipe else []
    task.keep_bytes("model", part, {"model": model_id(task), "dropped": dropped})
    task.measures.update(rows=agreed.rows, columns=agreed.columns)


def _program(task: Task, agreed: Agreed, bits: int) -> Program:
    from hanse.compute.engines.programs import Input, Program

    widths = {alias: width for alias, width in agreed.widths.items() if width}
    total = 1 << bits
    return Program(
        name="least-squares",
        load=_load,
        static={"widths": ",".join(map(str, widths.values())), "row_bits": bits},
        inputs=[
            *(Input(f"x-{alias}", "float32", (total, width)) for alias, width in widths.items()),
            Input(LABELS, "float32", (total,)),
        ],
        outputs=["weights"],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.models.least_squares import fit

    return fit


def _solve(task: Task, machine: Machine, program: Program) -> bytes:
    run_program(task, machine, program, "train")
    return machine.get("weights")
