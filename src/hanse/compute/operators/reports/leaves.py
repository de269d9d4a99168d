"""What each owner works out by itself, and what is left to be done on shares.

The largest parts of an expression that use columns of one owner only are its leaves: the owner
evaluates them in plaintext (`local`), encodes them as whole numbers and shares them.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hanse.compute.operators.reports.errors import BadExpression, ValuesTooLarge
from hanse.compute.operators.reports.tree import (
    AGGREGATES,
    LOCAL,
    Call,
    Column,
    Constant,
    Node,
    Schema,
    Type,
    owners,
    show,
    type_of,
    walk,
)

LARGEST = 1e300
TEXT_BITS = 60


class Leaf(msgspec.Struct, frozen=True):
    """An expression over one owner's columns, and the type of its values.

    ``form`` says what of a number enters: ``""`` the value, ``centred`` its distance to the
    middle of its range, ``square`` the square of that.
    """

    owner: str
    node: Node
    type: Type
    form: str = ""


class Fact(msgspec.Struct, frozen=True):
    """What the parties are told of a leaf's values.

    Attributes:
        top: no value is larger in size than 2^top.
        whole: all values are whole numbers.
        gaps: some values are missing.
    """

    top: int
    whole: bool
    gaps: bool


class Slot(msgspec.Struct, frozen=True):
    """A leaf as it is shared: numbers as ``round(value·2^scale)``."""

    leaf: int
    scale: int


def lift(node: Node, schema: Schema, leaves: list[Leaf]) -> Node:
    """The expression with its leaves exchanged for columns of no owner, named by their number.

    Raises:
        BadExpression: when something on shares is needed that is not offered there.
    """
    held = owners(node)
    inside = [each for each in walk(node) if isinstance(each, Call) and each.op in AGGREGATES]
    if len(held) == 1 and not inside:
        leaf = Leaf(held[0], node, type_of(node, schema))
        return refer(leaf, leaves)
    if not isinstance(node, Call):
        return node
    if node.op in LOCAL or (node.op == "div" and len(owners(node.args[1])) > 1):
        raise BadExpression(
            f"{node.op} is offered over columns of one owner, not in {show(node)[:200]}"
        )
    if node.op == "div":  # a / b is a · (1 / b), the second worked out by b's owner
        inverse = Call("div", (Constant(1.0), node.args[1]))
        node = Call("mul", (node.args[0], inverse))
    return Call(node.op, tuple(lift(argument, schema, leaves) for argument in node.args))


def refer(leaf: Leaf, leaves: list[Leaf]) -> Column:
    """The column that stands for a leaf, added when it is new."""
    if leaf not in leaves:
        leaves.append(leaf)
    return Column("", str(leaves.index(leaf)))


def formed(leaf: Leaf, values: Any) -> Any:
    """The values that enter, from those of the expression."""
    if not leaf.form or values.null_count == len(values):
        return values
    numbers = np.asarray(values.cast("float64").fill_null(np.nan), np.float64)
    middle = np.nanmin(numbers) / 2 + np.nanmax(numbers) / 2
    centred = numbers - middle
    with np.errstate(over="ignore"):
        made = centred if leaf.form == "centred" else centred * centred
    return pa.array(made, from_pandas=True)


def measure(leaf: Leaf, values: Any) -> Fact:
    """What is told of a leaf.

    Args:
        leaf: the leaf.
        values: its values as an Arrow array.

    Raises:
        ValuesTooLarge: when a value is no finite number or larger than 1e300.
    """
    gaps = values.null_count > 0
    if leaf.type == "truth":
        return Fact(0, True, gaps)
    if leaf.type == "text":
        return Fact(TEXT_BITS, True, gaps)
    known = np.asarray(values.drop_null().cast("float64"), np.float64)
    if not np.all(np.isfinite(known)) or np.any(np.abs(known) > LARGEST):
        raise ValuesTooLarge(f"values of {show(leaf.node)[:200]} are too large")
    largest = float(np.abs(known).max(initial=0.0))
    whole = bool(np.all(known == np.rint(known)))
    return Fact(exponent(largest), whole, gaps)


def exponent(size: float) -> int:
    """The least e with ``size <= 2^e``; at least -1000."""
    if size <= 0:
        return -1000
    fraction, power = math.frexp(size)
    return max(power - 1 if fraction == 0.5 else power, -1000)


def encode(leaf: Leaf, values: Any, fact: Fact, scale: int) -> list[npt.NDArray[np.int64]]:
    """The columns a leaf is shared as: numbers and texts with presence, or truth and falsehood.

    The second column is there only when the leaf has gaps.
    """
    present = np.asarray(values.is_valid()).astype(np.int64)
    if leaf.type == "truth":
        truth = np.asarray(values.fill_null(False)).astype(np.int64)
        return [truth, present - truth] if fact.gaps else [truth]
    if leaf.type == "text":
        coded = np.array([_digest(text) for text in values.to_pylist()], np.int64)
    else:
        numbers = np.asarray(values.cast("float64").fill_null(0.0), np.float64)
        coded = np.rint(np.ldexp(numbers, scale)).astype(np.int64)
    return [coded, present] if fact.gaps else [coded]


def _digest(text: str | None) -> int:
    """Sixty bits that stand for a text; two of a billion texts meet with a chance below 1/2."""
    if text is None:
        return 0
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "little") >> (64 - TEXT_BITS)
