"""Merkle trees over ordered lists (RFC 6962, section 2.1; RFC 9162 for verification).

Leaf hash ``H(00 ‖ leaf)``, inner hash ``H(01 ‖ left ‖ right)``: the prefixes keep an inner node
from being presented as a leaf. The tree of n leaves splits at the largest power of two below n.
The root of no leaves is ``H("")``.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from hanse.crypto.errors import BadMerkleIndex, BadMerklePath
from hanse.crypto.suite import Suite

_LEAF, _NODE = b"\x00", b"\x01"


def root(suite: Suite, leaves: Sequence[bytes]) -> bytes:
    """Root of the tree over ``leaves``, 32 bytes."""
    if not leaves:
        return suite.hash(b"")
    level = [suite.hash(_LEAF + leaf) for leaf in leaves]
    while len(level) > 1:
        level = _parents(suite, level)
    return level[0]


def path(suite: Suite, leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of one leaf, from the leaf's sibling upwards.

    Raises:
        BadMerkleIndex: when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise BadMerkleIndex()
    level = [suite.hash(_LEAF + leaf) for leaf in leaves]
    siblings = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):  # the last node of an odd level has none and moves up
            siblings.append(level[sibling])
        level = _parents(suite, level)
        index >>= 1
    return siblings


def verify_path(
    suite: Suite, root: bytes, leaf: bytes, index: int, size: int, path: Sequence[bytes]
) -> None:
    """Check that ``leaf`` stands at ``index`` of the ``size`` leaves under ``root``.

    Raises:
        BadMerklePath: when it does not.
    """
    if not 0 <= index < size:
        raise BadMerklePath("the index lies outside the tree")
    node = suite.hash(_LEAF + leaf)
    last = size - 1  # index of the last node of the present level
    rest = iter(path)
    while last > 0:
        if index % 2 == 1 or index < last:
            sibling = next(rest, None)
            if sibling is None:
                raise BadMerklePath("the path is too short")
            left, right = (sibling, node) if index % 2 == 1 else (node, sibling)
            node = suite.hash(_NODE + left + right)
        index >>= 1
        last >>= 1
    if next(rest, None) is not None:
        raise BadMerklePath("the path is too long")
    if not hmac.compare_digest(node, root):
        raise BadMerklePath()


def _parents(suite: Suite, level: list[bytes]) -> list[bytes]:
    # Pairing neighbours and moving an odd last node up is the RFC's recursive split, bottom up.
    paired = [suite.hash(_NODE + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return paired + level[-1:] if len(level) % 2 else paired
