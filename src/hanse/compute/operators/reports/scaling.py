"""Scales for expressions on shares: whole numbers that stay inside the 64-bit ring.

Every value v is held as a whole number q = v·2^s with a scale s that all parties know. Bounds
are carried through the tree by interval arithmetic on sizes; sums are kept below 2^61, factors
share the bits between them. Only leaves are rounded, by their owners; nothing is truncated on
shares, so nothing can wrap around. An expression that would leave a factor fewer than 13 bits
is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hanse.compute.operators.reports.errors import BadExpression, ValuesTooLarge
from hanse.compute.operators.reports.leaves import Fact, Leaf, Slot, exponent
from hanse.compute.operators.reports.tree import (
    COMPARISONS,
    Call,
    Column,
    Constant,
    Node,
    replace,
    show,
)

BITS = 61
COMPARED_BITS = 60
LEAST_BITS = 13
CONSTANT_BITS = 26
_SMALL_WHOLE_BITS = 30

Step = list[Any]


class Scaler:
    """Gives scales to expressions over leaves and writes them down for `joint.evaluate`.

    Args:
        leaves: what the expressions refer to by number.
        facts: what is known of each leaf.
    """

    def __init__(self, leaves: Sequence[Leaf], facts: Sequence[Fact]) -> None:
        self._leaves, self._facts = leaves, facts
        self.slots: list[Slot] = []

    def number(self, node: Node, bits: int = BITS) -> tuple[Step, int]:
        """Steps for a number of at most 2^bits in size, and its scale.

        Raises:
            ValuesTooLarge: naming the operation that does not fit.
        """
        if self._is_text(node):
            raise BadExpression("a text can only be compared with another")
        scale = self._natural(node, bits)
        return self._assign(node, scale, self._top(node)), scale

    def truth(self, node: Node) -> Step:
        """Steps for a condition.

        Raises:
            ValuesTooLarge: naming the comparison that does not fit.
        """
        if isinstance(node, Column):
            return ["slot", self._slot(int(node.name), 0)]
        if isinstance(node, Constant):
            return ["truth", int(bool(node.value)), int(node.value is not None)]
        if node.op in COMPARISONS:
            return self._comparison(node)
        if node.op == "isnull":
            return ["isnull", self._any(node.args[0])]
        if node.op == "case":
            parts = [self.truth(argument) for argument in node.args]
            return ["case-truth", *parts]
        if node.op not in {"and", "or", "not"}:
            raise BadExpression(f"{show(self._written(node))[:200]} is no condition")
        return [node.op, *(self.truth(argument) for argument in node.args)]

    # Bounds

    def _size(self, node: Node) -> float:
        """No value of the expression is larger in size."""
        if isinstance(node, Column):
            return float(2.0 ** self._facts[int(node.name)].top)
        if isinstance(node, Constant):
            return abs(float(node.value or 0.0))
        sizes = [self._size(argument) for argument in self._values(node)]
        if node.op in {"add", "sub"}:
            return sizes[0] + sizes[1]
        return sizes[0] * sizes[1] if node.op == "mul" else max(sizes)

    def _top(self, node: Node) -> int:
        size = self._size(node)
        if size == float("inf"):
            raise ValuesTooLarge(f"values of {show(self._written(node))[:300]} are too large")
        return exponent(size)

    def _whole(self, node: Node) -> bool:
        if isinstance(node, Column):
            return self._facts[int(node.name)].whole
        if isinstance(node, Constant):
            return float(node.value or 0.0).is_integer()
        return all(self._whole(argument) for argument in self._values(node))

    def _limit(self, node: Node, bits: int) -> int:
        """The largest scale at which the expression and the terms it adds up fit."""
        own = bits - self._top(node)
        if isinstance(node, Call) and node.op != "mul":
            return min(own, *(self._limit(argument, bits) for argument in self._values(node)))
        return own

    def _natural(self, node: Node, bits: int) -> int:
        limit = self._limit(node, bits)
        return 0 if self._whole(node) and limit >= 0 else limit

    def _values(self, node: Call) -> list[Node]:
        """The arguments that are numbers."""
        if node.op == "case":
            return [*node.args[1:-1:2], node.args[-1]]
        return list(node.args)

    # Scales

    def _assign(self, node: Node, scale: int, goal: int) -> Step:
        """Steps for an expression at a scale; it is part of one that is up to 2^goal in size."""
        if isinstance(node, Column):
            return ["slot", self._slot(int(node.name), scale)]
        if isinstance(node, Constant):
            if node.value is None:
                return ["null"]
            return ["number", round(math.ldexp(float(node.value), scale))]
        if node.op == "mul":
            return self._product(node, scale, goal)
        if node.op == "case":
            return ["case", *self._branches(node, scale, goal)]
        if node.op not in {"add", "sub", "neg", "abs"}:
            raise BadExpression(f"{show(self._written(node))[:200]} is no number")
        return [node.op, *(self._assign(argument, scale, goal) for argument in node.args)]

    def _branches(self, node: Call, scale: int, goal: int) -> list[Step]:
        steps: list[Step] = []
        for place, argument in enumerate(node.args):
            condition = place % 2 == 0 and place < len(node.args) - 1
            steps.append(self.truth(argument) if condition else self._assign(argument, scale, goal))
        return steps

    def _product(self, node: Call, scale: int, goal: int) -> Step:
        beside = goal - self._top(node)  # bits by which the product is smaller than the whole
        tops = [self._top(argument) for argument in node.args]
        scales = self._split(node.args, tops, scale)
        for argument, top, own in zip(node.args, tops, scales, strict=True):
            if top + own + beside < LEAST_BITS and not (self._whole(argument) and own >= 0):
                raise ValuesTooLarge(
                    f"too many or too large factors in {show(self._written(node))[:300]}: "
                    f"nothing is left for {show(self._written(argument))[:100]}"
                )
        first, second = (
            self._assign(argument, own, top)
            for argument, own, top in zip(node.args, scales, tops, strict=True)
        )
        return ["mul", first, second, scale - sum(scales)]

    def _split(self, args: Sequence[Node], tops: list[int], scale: int) -> list[int]:
        """Scales of two factors that add up to at most the product's."""
        small = [
            self._whole(a) and top <= _SMALL_WHOLE_BITS for a, top in zip(args, tops, strict=True)
        ]
        room = scale + sum(tops)
        if all(small) and scale >= 0:
            scales = [0, 0]
        elif any(small) and not all(small):
            scales = [0, scale] if small[0] else [scale, 0]
        else:
            weights = [_factors(argument) for argument in args]
            first = room * weights[0] // sum(weights)
            if isinstance(args[0], Constant):
                first = min(first, CONSTANT_BITS)
            if isinstance(args[1], Constant):
                first = max(first, room - CONSTANT_BITS)
            scales = [first - tops[0], scale - (first - tops[0])]
        return [min(own, self._limit(a, BITS)) for a, own in zip(args, scales, strict=True)]

    def _comparison(self, node: Call) -> Step:
        if any(self._is_text(argument) for argument in node.args):
            if node.op not in {"eq", "ne"} or not all(self._is_text(a) for a in node.args):
                raise BadExpression("texts of two owners can be compared by = and <> only")
            return [node.op, *(self._assign(argument, 0, 0) for argument in node.args)]
        if any(self._is_truth(argument) for argument in node.args):
            raise BadExpression("conditions are not compared; use AND, OR and NOT")
        limit = min(self._limit(argument, COMPARED_BITS) for argument in node.args)
        whole = all(self._whole(argument) for argument in node.args) and limit >= 0
        scale, goal = 0 if whole else limit, max(self._top(argument) for argument in node.args)
        return [node.op, *(self._assign(argument, scale, goal) for argument in node.args)]

    def _any(self, node: Node) -> Step:
        """Steps for an expression of which only the presence is wanted."""
        if self._is_truth(node):
            return ["known", self.truth(node)]
        scale = 0 if self._is_text(node) else self._natural(node, BITS)
        return self._assign(node, scale, self._top(node))

    def _is_text(self, node: Node) -> bool:
        if isinstance(node, Column):
            return self._leaves[int(node.name)].type == "text"
        return isinstance(node, Constant) and isinstance(node.value, str)

    def _is_truth(self, node: Node) -> bool:
        if isinstance(node, Column):
            return self._leaves[int(node.name)].type == "truth"
        if isinstance(node, Constant):
            return isinstance(node.value, bool)
        if node.op == "case":
            return any(self._is_truth(argument) for argument in self._values(node))
        return node.op in {*COMPARISONS, "and", "or", "not", "isnull"}

    def _slot(self, leaf: int, scale: int) -> int:
        slot = Slot(leaf, scale)
        if slot not in self.slots:
            self.slots.append(slot)
        return self.slots.index(slot)

    def _written(self, node: Node) -> Node:
        """The expression as it was written."""

        def back(each: Node) -> Node | None:
            if isinstance(each, Column) and not each.owner:
                return self._leaves[int(each.name)].node
            return None

        return replace(node, back)


def _factors(node: Node) -> int:
    """How many factors an expression multiplies at most."""
    if not isinstance(node, Call):
        return 1
    counts = [_factors(argument) for argument in node.args]
    return sum(counts) if node.op == "mul" else max(counts)
