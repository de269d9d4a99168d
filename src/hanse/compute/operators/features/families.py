"""How rows are scored with the models of this family of operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hanse.compute.operators.family import Family, Shapes
from hanse.compute.operators.features.clustering import FAMILY as KMEANS
from hanse.compute.operators.features.reduction import FAMILY as PCA
from hanse.compute.operators.model import ModelPart


def _assign() -> Callable[..., Any]:
    from hanse.compute.operators.features.grouping import assign

    return assign


def _project() -> Callable[..., Any]:
    from hanse.compute.operators.features.rotation import project

    return project


def _centres(part: ModelPart) -> Shapes:
    return {"centres": (int(part.settings["clusters"]), sum(part.widths.values()))}


def _components(part: ModelPart) -> Shapes:
    return {"components": (sum(part.widths.values()), int(part.settings["components"]))}


FAMILIES: Mapping[str, Family] = {
    KMEANS: Family(target="clusters", link="identity", load=_assign, variables=_centres),
    PCA: Family(target="components", link="identity", load=_project, variables=_components),
}
