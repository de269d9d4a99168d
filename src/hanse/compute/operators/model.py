"""A joint model: each party keeps its own part, and the parts know that they belong together.

Owners keep how they prepare their columns; computing nodes keep a share of the weights. A party
that is both keeps both. The part is stored encrypted; no part says anything about another's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput
from hanse.compute.operators.preparation import Recipe
from hanse.core.canonical import tagged

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

LOGISTIC = "logistic-regression/1"


class Scale(msgspec.Struct, frozen=True):
    """How the holder of a number label scaled it: ``(y - mean) / deviation`` was learnt."""

    mean: float = 0.0
    deviation: float = 1.0


class ModelPart(msgspec.Struct, frozen=True):
    """One party's part.

    Attributes:
        family: what kind of model, and the version of this form.
        model: identifier, the same in all parts of one training run.
        protocol: the protocol the share belongs to.
        nodes: DIDs of the computing nodes in rank order.
        widths: prepared columns of each owner, by its DID, in the order of the weights.
        recipe: at an owner.
        share: at a computing node: its share of the weights, where a model has nothing else.
        settings: what all parties know of the model: sizes, names of classes, the DID of the
            label's ``holder``.
        shares: at a computing node: its shares of the model's variables, by name.
        scale: at the holder of a number label.
        own: at an owner: what its family keeps there beside the recipe, encoded.
    """

    family: str
    model: str
    protocol: str
    nodes: list[str]
    widths: dict[str, int]
    recipe: Recipe | None = None
    share: bytes = b""
    settings: dict[str, Any] = {}
    shares: dict[str, bytes] = {}
    scale: Scale | None = None
    own: bytes = b""

    @property
    def variables(self) -> dict[str, bytes]:
        """Shares of all variables by name."""
        return self.shares or ({"weights": self.share} if self.share else {})


def model_id(task: Task) -> str:
    """Identifier of the model this session trains: derived from the session's nonce."""
    return hashlib.sha256(tagged("hanse/model/1", task.nonce)).hexdigest()[:32]


def new_part(
    task: Task, widths: Mapping[str, int], *, family: str = LOGISTIC, **fields: Any
) -> bytes:
    """This party's part of a newly trained model, encoded.

    Args:
        task: the training.
        widths: prepared columns by alias.
        family: what kind of model.
        fields: further fields of `ModelPart` this party has.
    """
    part = ModelPart(
        family=family,
        model=model_id(task),
        protocol=task.manifest.protocol,
        nodes=dids(task, task.parties("compute")),
        widths={task.manifest.party(alias).did: width for alias, width in widths.items()},
        **fields,
    )
    return msgspec.msgpack.encode(part)


def read_part(task: Task) -> ModelPart:
    """This party's part of the input model, checked against the session.

    1. protocol and computing nodes are those it was trained with, in that order; 2. the owners
    are; 3. a computing node has shares. Whether the family is known, its caller sees.

    Raises:
        BadInput: naming what does not fit.
    """
    part: ModelPart = task.payload("model", ModelPart)
    if part.protocol != task.manifest.protocol or part.nodes != dids(task, task.parties("compute")):
        raise BadInput("the model is shared among other computing nodes, or in another order")
    if sorted(part.widths) != sorted(dids(task, task.parties("owner"))):
        raise BadInput("the model was trained with other data owners")
    if task.is_in("compute") and not part.variables:
        raise BadInput("this party's part of the model lacks its shares")
    return part


def dids(task: Task, aliases: list[str]) -> list[str]:
    """DIDs of these parties."""
    return [task.manifest.party(alias).did for alias in aliases]


def facts_of(part: ModelPart) -> dict[str, Any]:
    """What parties compare to see that their parts belong together."""
    return {
        "model": part.model,
        "family": part.family,
        "widths": list(part.widths.items()),
        "settings": part.settings,
    }
