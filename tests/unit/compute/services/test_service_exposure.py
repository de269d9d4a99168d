"""How many scores give a partner's part away."""

from __future__ import annotations

import pytest

from hanse.compute.operators.features.clustering import FAMILY as KMEANS
from hanse.compute.operators.features.reduction import FAMILY as PCA
from hanse.compute.operators.model import LOGISTIC, ModelPart
from hanse.compute.operators.models.families import NETWORKS
from hanse.compute.operators.trees.model import FAMILIES as TREES
from hanse.compute.services.exposure import default_uses, exposure_of


def part(family: str) -> ModelPart:
    return ModelPart(family, "m", "aby3", [], {"bank": 4, "shop": 7})


def test_linear_model_counts_the_receivers_columns_and_names_the_partners() -> None:
    found = exposure_of(part(LOGISTIC), "bank")
    assert found.scores == 5
    assert "5 scores of one id" in found.explanation
    assert "8 such numbers" in found.explanation
    assert default_uses(found) == 4


def test_receiver_without_columns_sees_the_partners_part_in_the_first_score() -> None:
    found = exposure_of(part(LOGISTIC), "auditor")
    assert (found.scores, default_uses(found)) == (1, 1)


@pytest.mark.parametrize(
    ("family", "scores", "word"),
    [
        (next(iter(TREES)), 1, "leaves"),
        (NETWORKS["binary"], 5, "network"),
        (KMEANS, 5, "cluster"),
        (PCA, 5, "components"),
    ],
)
def test_other_families_say_what_they_give_away(family: str, scores: int, word: str) -> None:
    found = exposure_of(part(family), "bank")
    assert found.scores == scores
    assert word in found.explanation
