"""How many scores let a receiver work a partner's part out, for each family of models.

What a receiver sees of a partner's columns in one row goes through the model. For a model that is
linear before its link, ``score = link(own part + partner's part)``, with links that everybody can
undo. A receiver that is an owner can vary its own columns for one id: as many scores as it has
prepared columns, and one more, give its own weights. After that *every* score gives the partner's
part of that row, one number. As many rows as the partner has prepared columns, and one more, for
which the receiver knows the partner's values give the partner's weights; a partner with one
column is then read off every score.

The figures are those of exact arithmetic and a receiver that follows the protocol otherwise; model
extraction by queries is Tramer et al., "Stealing Machine Learning Models via Prediction APIs",
USENIX Security 2016.
"""

from __future__ import annotations

import msgspec

from hanse.compute.operators.features.clustering import FAMILY as KMEANS
from hanse.compute.operators.features.reduction import FAMILY as PCA
from hanse.compute.operators.model import ModelPart
from hanse.compute.operators.models.families import NETWORKS
from hanse.compute.operators.trees.model import FAMILIES as TREES


class Exposure(msgspec.Struct, frozen=True):
    """What scores give away.

    Attributes:
        family: of the model.
        scores: with so many scores a partner's part begins to be determined.
        explanation: what is determined, English.
    """

    family: str
    scores: int
    explanation: str


def exposure_of(part: ModelPart, receiver: str) -> Exposure:
    """What scores of a model give its receiver.

    Args:
        part: any party's part.
        receiver: DID of who opens the scores.
    """
    own = part.widths.get(receiver, 0)
    partners = [width for did, width in part.widths.items() if did != receiver]
    if part.family == KMEANS:
        return Exposure(part.family, max(1, own + 1), _CLUSTERS)
    if part.family == PCA:
        return Exposure(part.family, own + 1, _COMPONENTS)
    if part.family in NETWORKS.values():
        return Exposure(part.family, own + 1, _NETWORK)
    if part.family in TREES:
        return Exposure(part.family, 1, _TREES)
    widest = max(partners, default=0)
    return Exposure(part.family, own + 1, _LINEAR.format(own=own + 1, partner=widest + 1))


def default_uses(exposure: Exposure) -> int:
    """The limit of uses an offer has unless it names another: below what determines a part."""
    return max(1, exposure.scores - 1)


_LINEAR = (
    "Linear before its link. {own} scores of one id with other values in the receiver's own "
    "columns determine the receiver's weights; from then on each score gives the partners' part "
    "of that row as one number (for a partner with a single column, its value up to scale). "
    "{partner} such numbers for rows whose values the receiver knows determine a partner's weights."
)
_TREES = (
    "Trees. Every score tells in which leaves the row ended, as far as the receiver can tell sums "
    "of leaves apart: answers to the partners' splits, one bit each, from the first score on. By "
    "varying its own columns for one id the receiver finds its own splits exactly."
)
_NETWORK = (
    "A network. No exact count is known; from as many scores of one id as the receiver has "
    "columns, and one more, it learns how the score moves with each of its own columns around that "
    "row, and with enough scores a copy of the network."
)
_CLUSTERS = (
    "Clusters. A score is the number of a cluster. By varying its own columns for one id the "
    "receiver finds the borders, and from them how far the partners' part lies from each centre."
)
_COMPONENTS = (
    "Components. Each row's components are linear in all columns: once the receiver knows its own "
    "loadings, a row gives as many equations for the partners' columns as there are components."
)
