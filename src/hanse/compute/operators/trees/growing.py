"""Growing boosted trees as JAX functions: the same code runs on shares and in plaintext.

Second-order boosting with histograms (Chen and Guestrin, KDD 2016), level by level, every tree a
complete binary tree: a node that no candidate improves sends all its rows to the left. Sums of
gradients are exact integers; gradients are rounded to `Scaling.bits` bits before, far more than
trees need (Shi et al., "Quantized Training of Gradient Boosting Decision Trees", NeurIPS 2022).
Choosing under a secret index follows Abspoel, Escudero and Volgushev (PoPETs 2021): one-hot
selectors instead of branches.

``k`` is the number of nodes of a level, ``B`` that of candidates of all owners. Loads JAX.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from hanse.compute.operators.regression import logistic

LARGEST_WEIGHT = 512.0
SMALLEST_HESSIAN = 2.0**-12
LARGEST_ERROR = 16.0  # of a validation row


def gradients(
    scores: Any, labels: Any, used: Any, *, binary: int, positive: float, bits: int
) -> Any:
    """First and second derivatives of the loss, as integers (2, rows), and their sums (1, 2).

    Args:
        scores: linear scores (rows,).
        labels: 0 and 1, or standardised numbers (rows,).
        used: 1 for rows this tree learns from, else 0 (rows,), integers.
        binary: logistic loss when 1, squared loss when 0.
        positive: weight of rows with label 1.
        bits: fraction bits of the integers.
    """
    said = logistic(scores) if binary else scores
    slope = said - labels
    bend = said * (1.0 - said) if binary else jnp.ones_like(scores)
    if positive != 1.0:
        weight = 1.0 + (positive - 1.0) * labels
        slope, bend = slope * weight, bend * weight
    both = jnp.stack([slope, bend]) * float(1 << bits)
    gradient = both.astype(jnp.int64) * used
    return gradient, jnp.sum(gradient, axis=1)[None, :]


def dot(left: Any, right: Any) -> Any:
    """A matrix product."""
    return left @ right


def dot_transposed(left: Any, right: Any) -> Any:
    """The product of a matrix and another's transpose."""
    return left @ right.T


def choose(above: Any, right: Any, sums: Any, allowed: Any, **rules: Any) -> Any:
    """The best candidate of every node of a level but the first.

    Args:
        above: sums right of every candidate at the parents, (k/2, 2, B).
        right: the same at their right children, (k, B): gradients and second derivatives
            of one child after the other.
        sums: of all rows of each node, (k, 2).
        allowed: 1 for candidates this tree may use (B,), public.
        rules: see `best`.

    Returns:
        The level's own sums right of every candidate (k, 2, B), then what `best` returns.
    """
    above = above.reshape(sums.shape[0] // 2, 2, -1)
    right = right.reshape(above.shape)
    level = jnp.stack([above - right, right], axis=1).reshape(-1, *above.shape[1:])
    return (level, *best(level, sums, allowed, **rules))


def best(
    level: Any, sums: Any, allowed: Any, *, e1: int, e2: int, l2: float, gamma: float, least: float
) -> Any:
    """The best candidate of every node, or none.

    Args:
        level: sums right of every candidate, (k, 2, B) or (2k, B).
        sums: of all rows of each node, (k, 2).
        allowed: public, (B,).
        e1, e2: sums are divided by ``2^e1 * 2^e2``, see `Scaling`.
        l2, gamma, least: penalty, least gain, least second derivative, scaled alike.

    Returns:
        Selectors (k, B), one-hot or all 0; sums of the children (2k, 2), left before right;
        gain of each candidate where it was chosen (B,).
    """
    level = level.reshape(sums.shape[0], 2, -1)
    after = _scaled(level, e1, e2)
    whole = _scaled(sums, e1, e2)[:, :, None]
    before = whole - after
    value = _value(after, l2) + _value(before, l2) - _value(whole, l2)
    good = (after[:, 1] > least) & (before[:, 1] > least) & (allowed > 0)[None, :]
    gain = jnp.where(good, value, -1.0)
    top, index = tournament(gain)
    numbers = jnp.arange(level.shape[2], dtype=jnp.int64)[None, :]
    # A product of integers, so that SPU keeps arithmetic shares and not bits.
    selectors = (index == numbers).astype(jnp.int64) * (top > gamma).astype(jnp.int64)
    chosen = jnp.sum(level * selectors[:, None, :], axis=2)
    children = jnp.stack([sums - chosen, chosen], axis=1).reshape(-1, 2)
    return selectors, children, jnp.sum(selectors * top, axis=0)


def tournament(gain: Any) -> tuple[Any, Any]:
    """The largest value of each row and where it stands; both (k, 1)."""
    index = jnp.broadcast_to(jnp.arange(gain.shape[1], dtype=jnp.int64), gain.shape)
    while (width := gain.shape[1]) > 1:
        half = width // 2
        wins = gain[:, half : 2 * half] > gain[:, :half]
        pairs = [
            jnp.where(wins, each[:, half : 2 * half], each[:, :half]) for each in (gain, index)
        ]
        if width % 2:
            pairs = [
                jnp.concatenate([pair, each[:, -1:]], axis=1)
                for pair, each in zip(pairs, (gain, index), strict=True)
            ]
        gain, index = pairs
    return gain, index


def send_on(answers: Any, inside: Any, gradient: Any) -> tuple[Any, Any]:
    """Send rows to the children, which will be split in turn.

    Returns:
        What `route` returns, and gradients of the rows in each right child (2k, rows).
    """
    children = route(answers, inside)
    right = children[:, 1::2].T
    masked = right[:, None, :] * gradient[None, :, :]
    return children, masked.reshape(-1, gradient.shape[1])


def route(answers: Any, inside: Any) -> Any:
    """Send rows to the children.

    Args:
        answers: what each row answers to each node's split, (rows, k).
        inside: 1 where a row is in a node, (rows, k).

    Returns:
        Rows in the children, (rows, 2k), left before right.
    """
    right = answers * inside
    return jnp.stack([inside - right, right], axis=2).reshape(inside.shape[0], -1)


def leaves(sums: Any, inside: Any, scores: Any, *, e1: int, e2: int, l2: float, rate: float) -> Any:
    """Weights of the leaves, and the scores with this tree added."""
    weights = -rate * _ratio(_scaled(sums, e1, e2), l2)
    return weights, scores + inside.astype(jnp.float32) @ weights


def judge(
    scores: Any,
    labels: Any,
    best_so_far: Any,
    since: Any,
    *,
    binary: int,
    patience: int,
    rows: int,
) -> Any:
    """Whether the last trees improved the squared error (binary: Brier score) of validation rows.

    Args:
        scores, labels: of all rows; validation rows stand behind the first ``rows``.
        best_so_far: smallest sum of squared errors yet.
        since: trees since then.

    Returns:
        Both anew, and 1 when ``patience`` trees brought nothing, else 0.
    """
    said = logistic(scores[rows:]) if binary else scores[rows:]
    error = jnp.clip(said - labels[rows:], -LARGEST_ERROR, LARGEST_ERROR)
    loss = jnp.sum(error * error)
    better = loss < best_so_far
    since = jnp.where(better, 0, since + 1)
    return jnp.where(better, loss, best_so_far), since, (since >= patience).astype(jnp.int64)


def _scaled(sums: Any, e1: int, e2: int) -> Any:
    """Integer sums as numbers; in two steps, because one factor could be too small to express."""
    return (sums.astype(jnp.float32) * 2.0**-e1) * 2.0**-e2


def _ratio(sums: Any, l2: float) -> Any:
    """Gradient by second derivative, bounded; ``sums`` (k, 2) or (k, 2, B)."""
    weight = sums[:, 0] / (sums[:, 1] + max(l2, SMALLEST_HESSIAN))
    return jnp.clip(weight, -LARGEST_WEIGHT, LARGEST_WEIGHT)


def _value(sums: Any, l2: float) -> Any:
    return sums[:, 0] * _ratio(sums, l2)


def walk(*arguments: Any, depth: int, trees: int) -> Any:
    """Scores of rows under a model: owners' candidates, selectors, leaf weights, start.

    Args:
        arguments: the owners' blocks (rows, candidates); selectors
            (trees * (2^depth - 1), B), level by level; weights (trees, 2^depth); start (1,).
        depth, trees: of the model.
    """
    *blocks, selectors, weights, start = arguments
    return follow(
        jnp.concatenate(blocks, axis=1) @ selectors.T, weights, start, depth=depth, trees=trees
    )


def walk_answers(*arguments: Any, depth: int, trees: int) -> Any:
    """As `walk`, where owners enter the answers at their own splits and 0 at others'."""
    *blocks, weights, start = arguments
    return follow(sum(blocks[1:], blocks[0]), weights, start, depth=depth, trees=trees)


def follow(answers: Any, weights: Any, start: Any, *, depth: int, trees: int) -> Any:
    """Scores of rows from what they answer at every node; ``answers`` (rows, trees * nodes)."""
    rows = answers.shape[0]
    answers = answers.reshape(rows, trees, -1)
    inside = jnp.ones((rows, trees, 1), answers.dtype)
    for level in range(depth):
        right = answers[:, :, (1 << level) - 1 : (2 << level) - 1] * inside
        inside = jnp.stack([inside - right, right], axis=3).reshape(rows, trees, -1)
    leaf = inside.reshape(rows, -1).astype(jnp.float32)
    return leaf @ weights.reshape(-1) + start


def side_by_side(*blocks: Any) -> Any:
    """The owners' candidates, (rows, B)."""
    return jnp.concatenate(blocks, axis=1)


def record(*arguments: Any) -> tuple[Any, Any]:
    """What is kept of a tree: selectors of its levels, gains of its levels, gains so far.

    Returns:
        Selectors of all nodes, level by level (2^depth - 1, B), and gains so far (B,).
    """
    *parts, gains = arguments
    half = len(parts) // 2
    selectors = jnp.concatenate(parts[:half], axis=0).astype(jnp.int32)
    return selectors, gains + sum(parts[half + 1 :], parts[half])


def collect(*arguments: Any) -> tuple[Any, Any]:
    """All trees' selectors below each other, and their leaf weights (trees, 2^depth)."""
    half = len(arguments) // 2
    return jnp.concatenate(arguments[:half], axis=0), jnp.stack(arguments[half:])


def part_of(values: Any, *, at: int, width: int) -> Any:
    """``width`` values from position ``at`` on."""
    return values[at : at + width]
