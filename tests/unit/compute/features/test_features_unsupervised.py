"""k-means and PCA in plaintext: the same JAX functions beside scikit-learn and NumPy."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from kmeans_twin import iterate
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from hanse.compute.operators.features import grouping, rotation
from hanse.compute.operators.features.clustering import start_rows
from hanse.compute.operators.features.reduction import STRETCH, start_vectors


def blobs(seed: int = 1, rows: int = 900) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=3, size=(4, 5))
    table = centres[rng.integers(4, size=rows)] + rng.normal(size=(rows, 5))
    return ((table - table.mean(axis=0)) / table.std(axis=0)).astype(np.float32)


@pytest.mark.parametrize("clusters", [2, 4, 7])
def test_kmeans_is_scikit_learns_from_the_same_centres(clusters: int) -> None:
    table = blobs()
    first = table[start_rows(len(table), clusters, 3)]
    expected = KMeans(clusters, init=first, n_init=1, max_iter=15, tol=0).fit(table)
    run = jax.jit(iterate, static_argnames=("owners", "iterations"))
    parts = (table[:, :2], table[:, 2:], first[:, :2], first[:, 2:])
    centres, sizes, inertia, quality = run(*parts, owners=2, iterations=15)
    assert np.asarray(centres) == pytest.approx(expected.cluster_centers_, abs=1e-4)
    assert sizes.tolist() == np.bincount(expected.labels_).tolist()
    assert float(inertia) == pytest.approx(expected.inertia_, rel=1e-4)
    far = np.sort(np.linalg.norm(table[:, None] - expected.cluster_centers_, axis=2), axis=1)
    assert float(quality) / len(table) == pytest.approx(np.mean(1 - far[:, 0] / far[:, 1]), 1e-3)
    found = grouping.assign(table[:, :2], table[:, 2:], centres)
    assert np.asarray(found).astype(int).tolist() == expected.labels_.tolist()


def test_a_cluster_without_rows_stays_and_ties_go_to_the_first() -> None:
    table = np.array([[0.0], [0.1], [1.0], [1.1]], np.float32)
    first = np.array([[0.0], [1.0], [9.0]], np.float32)
    centres, sizes, _, _ = iterate(table, first, owners=1, iterations=3)
    assert sizes.tolist() == [2, 2, 0]
    assert np.asarray(centres)[:, 0] == pytest.approx([0.05, 1.05, 9.0])
    tied = np.array([[0.0], [0.0], [1.0]], np.float32)
    assert grouping.assign(table, tied).tolist() == [0, 0, 2, 2]


def test_components_are_scikit_learns() -> None:
    table = blobs(5)
    table = ((table - table.mean(axis=0)) / table.std(axis=0)).astype(np.float32)
    expected = PCA(3).fit(table)
    scaled = table * np.float32(STRETCH / np.sqrt(len(table)))
    vectors, variances = rotation.components(
        scaled[:, :3], scaled[:, 3:], start_vectors(5, 3), iterations=100
    )
    assert np.abs(np.sum(np.asarray(vectors) * expected.components_.T, axis=0)) == pytest.approx(
        1.0, abs=1e-3
    )
    shares = np.asarray(variances) / 5
    assert shares == pytest.approx(expected.explained_variance_ratio_, rel=1e-3)
    found = np.asarray(rotation.project(table[:, :3], table[:, 3:], vectors))
    assert np.abs(found) == pytest.approx(np.abs(expected.transform(table)), abs=0.05)


@pytest.mark.parametrize(("columns", "count"), [(1, 1), (2, 2), (5, 5), (20, 20), (300, 20)])
def test_start_vectors_are_orthonormal(columns: int, count: int) -> None:
    vectors = start_vectors(columns, count).astype(np.float64)
    assert vectors.T @ vectors == pytest.approx(np.eye(count), abs=1e-5)


def test_start_rows_are_distinct_and_fixed_by_the_seed() -> None:
    rows = start_rows(100, 10, 3)
    assert len(set(rows.tolist())) == 10
    assert rows.tolist() == start_rows(100, 10, 3).tolist()
    assert rows.tolist() != start_rows(100, 10, 4).tolist()


def test_kmeans_in_two_goes_is_the_same_to_the_bit() -> None:
    table = np.random.default_rng(4).normal(size=(200, 3)).astype(np.float32)
    blocks, first = (table[:, :2], table[:, 2:]), (table[:3, :2], table[:3, 2:])
    run = jax.jit(grouping.move, static_argnames=("owners",))
    whole = run(*blocks, *first, np.int32(5), owners=2)
    again = run(*blocks, *run(*blocks, *first, np.int32(2), owners=2), np.int32(3), owners=2)
    assert all(np.array_equal(one, other) for one, other in zip(whole, again, strict=True))
