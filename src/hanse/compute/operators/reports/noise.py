"""Noise for private reports: discrete Laplace, drawn and calibrated by OpenDP.

Each computing node draws the full noise that the release needs by itself (Dwork et al., "Our Data,
Ourselves", EUROCRYPT 2006, made simple): the sum of all draws hides the values from everybody who
does not know every draw. OpenDP samples exactly over the integers (Canonne, Kamath and Steinke
2020), so there are no floating point attacks (Mironov, CCS 2012).

Imports OpenDP inside functions: load it only where noise is drawn or measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.reports.errors import NoiseTooSmall


class Family(msgspec.Struct, frozen=True):
    """Values that get noise of one scale: the row counts, or the sums of a column.

    Attributes:
        name: of the column; "" for row counts.
        sensitivity: largest change of all values together (L1) when one row is replaced.
        epsilon: what it spends.
        scale: of each node's noise.
    """

    name: str
    sensitivity: int
    epsilon: float
    scale: float

    def variance(self, nodes: int) -> float:
        """Variance of the noise of one value: that of so many nodes' draws together."""
        p = math.exp(-1.0 / self.scale)
        return nodes * 2.0 * p / math.expm1(-1.0 / self.scale) ** 2


def calibrate(epsilon: str, sensitivities: Sequence[tuple[str, int]]) -> list[Family]:
    """Split epsilon evenly over families and find the least scale for each.

    Args:
        epsilon: decimal text above 0; what all families spend together.
        sensitivities: name and L1 sensitivity of each family.

    Raises:
        NoiseTooSmall: when OpenDP's privacy maps add up to more than epsilon.
    """
    from opendp.prelude import binary_search_param

    total = Fraction(epsilon)
    part = float(total / len(sensitivities))
    while Fraction(part) * len(sensitivities) > total:
        part = math.nextafter(part, 0.0)
    families = []
    for name, sensitivity in sensitivities:
        scale = binary_search_param(_mechanism, d_in=sensitivity, d_out=part)
        families.append(Family(name, sensitivity, part, scale))
    require_private(epsilon, families)
    return families


def require_private(epsilon: str, families: Sequence[Family]) -> None:
    """Refuse families whose privacy losses, by OpenDP's own maps, exceed epsilon together.

    Raises:
        NoiseTooSmall.
    """
    losses = [_mechanism(family.scale).map(family.sensitivity) for family in families]
    if not sum(map(Fraction, losses)) <= Fraction(epsilon):
        raise NoiseTooSmall("the noise is too small for the epsilon that was asked for")


def draw(families: Sequence[Family], cells: int) -> npt.NDArray[np.int64]:
    """One node's noise, fresh each time; shape (cells, families)."""
    zeros = [0] * cells
    drawn = [_mechanism(family.scale)(zeros) for family in families]
    return np.array(drawn, np.int64).T.reshape(cells, len(families))


def _mechanism(scale: float) -> Any:
    """OpenDP's Laplace mechanism on vectors of whole numbers."""
    import opendp.prelude as dp

    # "contrib" is what OpenDP calls constructors whose proofs it has not finished vetting; nothing
    # else is enabled: no floating point, no honest-but-curious user code.
    dp.enable_features("contrib")
    return dp.m.make_laplace(
        dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale=scale
    )
