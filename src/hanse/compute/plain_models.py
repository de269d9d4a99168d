"""Plaintext twins of the models in `operators.models`: the same JAX functions on one machine.

They take prepared columns (`preparation.apply`) by owner, as arrays. Loads JAX.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.models import stepping, whitening
from hanse.compute.operators.models.descending import as_shared, class_weights
from hanse.compute.operators.models.entering import Agreed, Held, Own
from hanse.compute.operators.models.linear import filled
from hanse.compute.operators.models.methods import Method
from hanse.compute.operators.schedule import make_schedule
from hanse.compute.operators.sharing import LABELS

Floats = npt.NDArray[Any]


class Linear(msgspec.Struct, frozen=True):
    """A model with one score, linear in whitened columns.

    Attributes:
        white: how each owner's columns are whitened.
        weights: of whitened columns, the intercept last.
    """

    white: list[whitening.Whitening]
    weights: Floats

    def prepared(self) -> Floats:
        """The weights of prepared columns, the intercept last."""
        ends = np.cumsum([each.width for each in self.white])
        parts = np.split(self.weights[:-1], ends[:-1])
        own = [np.asarray(w.matrix) @ part for w, part in zip(self.white, parts, strict=True)]
        means = np.concatenate([each.means for each in self.white])
        weights = np.concatenate(own)
        return np.append(weights, self.weights[-1] - means @ weights)

    def scores(self, blocks: Sequence[Floats]) -> Floats:
        """Linear scores of prepared rows; shape (rows,)."""
        table = np.concatenate(_whitened(self.white, blocks), axis=1).astype(np.float64)
        return np.asarray(table @ self.weights[:-1] + self.weights[-1])


def fit_linear(blocks: Sequence[Floats], labels: Floats, l2: float = 0.0) -> Linear:
    """Least squares of standardised labels, as `linear_regression` does on shares."""
    from hanse.compute.operators.models import least_squares

    white = [whitening.learn(block, l2) for block in blocks]
    tables = [table for table in _whitened(white, blocks) if table.shape[1]]
    bits = max(len(labels) - 1, 1).bit_length()
    weights = least_squares.fit(
        *(filled(table, bits) for table in tables),
        filled(labels, bits),
        widths=",".join(str(table.shape[1]) for table in tables),
        row_bits=bits,
    )
    return Linear(white, np.asarray(weights, np.float64))


def descend(
    method: Method,
    blocks: Sequence[Floats],
    labels: Floats,
    *,
    classes: Sequence[str] = (),
    offset: Floats | None = None,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    momentum: float = 0.9,
    l2: float = 0.0,
    seed: int = 1,
) -> dict[str, Floats]:
    """The variables after training as `descending` does on shares, without early stopping.

    Args:
        method: the model.
        blocks: columns as they would be shared (whitened where the method says so).
        labels: as `entering` reads them; numbers and amounts scaled.
        classes: names, for a label of several.
        offset: logarithms of exposures, for a method that knows them.
        epochs: passes over the rows.
        batch_size: rows per step at most.
        learning_rate: at the start.
        momentum: part of a step that is kept.
        l2: weight of the penalty.
        seed: fixes the order of the rows.
    """
    from hanse.compute.operators.models.descent import epoch

    widths = {str(number): block.shape[1] for number, block in enumerate(blocks)}
    agreed = Agreed(len(labels), widths, "0", "", list(classes), 0)
    schedule = make_schedule(len(labels), batch_size, epochs, learning_rate, method.final)
    order = schedule.order(seed.to_bytes(8, "big"))
    extras = [class_weights(labels, method.ratio)] if method.weighted else []
    extras += [] if offset is None else [offset]
    start = method.start(agreed)
    run = _jitted(
        epoch,
        slopes=method.load()[0],
        blocks=len(blocks),
        extras=len(extras),
        batch=schedule.batch,
        momentum=momentum,
        l2=l2,
        cut=method.cut,
        **method.static,
    )
    data = [array[order] for array in (*blocks, as_shared(labels, agreed), *extras)]
    state: Any = [*start.values(), *(np.zeros_like(value) for value in start.values())]
    for rate in schedule.rates:
        state = run(*data, *state, np.float32(rate))
    return {name: np.asarray(value) for name, value in zip(start, state, strict=False)}


def newton(
    method: Method, blocks: Sequence[Floats], labels: Floats, *, rounds: int, l2: float = 0.0
) -> Linear:
    """Logistic regression of prepared columns, as `stepping` does on shares."""
    from hanse.compute.operators.models import newton as functions

    widths = {str(number): block.shape[1] for number, block in enumerate(blocks)}
    agreed = Agreed(len(labels), widths, "0", "", [], 0)
    held = [Held(own=Own(whitening.learn(block, l2)), block=block) for block in blocks]
    white = [each.own.white or whitening.Whitening([], []) for each in held]
    held[0].labels = labels
    shared: dict[str, Floats] = {}
    for alias, each, block in zip(widths, held, _whitened(white, blocks), strict=True):
        each.block = block
        shared |= stepping.arrays(alias, method, agreed, each, l2)
    order = ("x-", "rows-", "penalty-", "shrink-")
    data = [value for kind in order for name, value in shared.items() if name.startswith(kind)]
    static = {
        "blocks": sum(width > 0 for width in widths.values()),
        "weighted": int(method.weighted),
        "penalised": int(l2 > 0.0),
        "rows": len(labels),
    }
    first = _jitted(functions.begin, **static)(*data)
    inverse, weights = first, np.zeros(sum(each.width for each in white) + 1, np.float32)
    step, renew = _jitted(functions.step, **static), _jitted(functions.renew, **static)
    for number in range(rounds):
        inverse = renew(*data, weights, first) if number else first
        weights = step(*data, shared[LABELS], weights, inverse)
    return Linear(white, np.asarray(weights, np.float64))


def _jitted(function: Any, **static: Any) -> Any:
    import jax

    return jax.jit(functools.partial(function, **static))


def _whitened(white: Sequence[whitening.Whitening], blocks: Sequence[Floats]) -> list[Floats]:
    return [whitening.apply(each, block) for each, block in zip(white, blocks, strict=True)]
