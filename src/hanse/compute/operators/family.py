"""What is to be known of a kind of model so that any step can score rows with it.

A family says which arrays owners enter, which shared variables a model has, and the JAX function
that makes scores of both. Scores leave the computing nodes as shares and are opened to receivers,
who apply the link and put back the scale of the target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hanse.compute.errors import BadInput
from hanse.compute.operators import preparation
from hanse.compute.operators.metrics import logistic
from hanse.compute.operators.model import ModelPart, Scale
from hanse.data.types import TableSource

Target = Literal["binary", "classes", "number", "clusters", "components"]
Link = Literal["identity", "logistic", "softmax", "exp"]
Floats = npt.NDArray[Any]
Shapes = dict[str, tuple[int, ...]]
LARGEST_EXPONENT = 60.0


def softmax(z: Floats) -> npt.NDArray[np.float64]:
    """Probabilities of each row's scores; shape (rows, classes), without overflow."""
    wide = np.asarray(z, np.float64)
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def bounded_exp(z: Floats) -> npt.NDArray[np.float64]:
    """The exponential, of at most 60."""
    return np.asarray(np.exp(np.minimum(np.asarray(z, np.float64), LARGEST_EXPONENT)))


def unchanged(z: Floats) -> npt.NDArray[np.float64]:
    """The scores themselves."""
    return np.asarray(z, np.float64)


LINKS: Mapping[Link, Callable[[Floats], npt.NDArray[np.float64]]] = {
    "identity": unchanged,
    "logistic": logistic,
    "softmax": softmax,
    "exp": bounded_exp,
}


def weights_only(part: ModelPart) -> Shapes:
    """One weight for each prepared column, and the intercept last."""
    return {"weights": (sum(part.widths.values()) + 1,)}


def no_settings(_part: ModelPart) -> dict[str, int | float | str]:
    """Nothing is fixed at compilation."""
    return {}


def prepared_shapes(part: ModelPart, did: str) -> Shapes:
    """An owner enters its prepared columns as ``x``, when it has any."""
    width = part.widths[did]
    return {"x": (width,)} if width else {}


def recipe_columns(part: ModelPart) -> Iterable[str]:
    """Columns the owner's recipe needs."""
    return recipe_of(part).types


def prepared(part: ModelPart, table: TableSource) -> dict[str, Floats]:
    """An owner's columns by its recipe; within ±10, the training mean at 0."""
    block = preparation.apply(recipe_of(part), table)
    return {"x": block} if block.shape[1] else {}


def recipe_of(part: ModelPart) -> preparation.Recipe:
    """The owner's recipe.

    Raises:
        BadInput: when the part has none.
    """
    if part.recipe is None:
        raise BadInput("this owner's part of the model lacks its recipe")
    return part.recipe


@dataclass(frozen=True)
class Family:
    """A kind of model.

    Attributes:
        target: what it predicts: ``binary``, ``classes`` and ``number`` can be evaluated.
        link: what the receiver applies to opened scores.
        load: returns the JAX function of the scores: positional arguments are the arrays the
            owners enter (by name as `entered` gives them: all owners' first, all owners' second),
            then the model's variables; keyword arguments are `static`. It returns scores of shape
            (rows,) or (rows, outputs).
        variables: name and shape of the model's shared variables, from the public settings.
        static: keyword arguments of the function, from the public settings.
        entered: name and shape behind the rows of what an owner (by its DID) enters.
        prepare: makes those arrays of the owner's table and its own part of the model.
        columns: columns of its table that takes.
        dtypes: of entered arrays and variables that are no float32.
        scaled: how opened scores relate to log odds, where all parties know it.
        centred: whether ``x`` of zeros stands for the training mean of all columns of an owner.
    """

    target: Target
    link: Link
    load: Callable[[], Callable[..., Any]]
    variables: Callable[[ModelPart], Shapes] = weights_only
    static: Callable[[ModelPart], dict[str, int | float | str]] = no_settings
    entered: Callable[[ModelPart, str], Shapes] = prepared_shapes
    prepare: Callable[[ModelPart, TableSource], dict[str, Floats]] = prepared
    columns: Callable[[ModelPart], Iterable[str]] = recipe_columns
    dtypes: Mapping[str, str] | None = None
    scaled: Callable[[ModelPart], Scale] | None = None
    centred: bool = True

    def dtype(self, name: str) -> str:
        """The dtype of an entered array or variable."""
        return (self.dtypes or {}).get(name, "float32")
