"""Training methods of the models that are linear before their link."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hanse.compute.operators.declaration import Value
from hanse.compute.operators.model import LOGISTIC
from hanse.compute.operators.models.entering import Agreed, Floats
from hanse.compute.operators.models.families import GLM, MULTINOMIAL
from hanse.compute.operators.models.methods import Functions, Method
from hanse.compute.operators.models.whitening import LIMIT
from hanse.compute.operators.parameters import decimal_of
from hanse.compute.operators.schedule import CLIP

# Steps on whitened columns are long; they must shrink further to come to rest.
FINAL = 0.01


def logistic_method(parameters: Mapping[str, Value]) -> Method:
    """Logistic regression with checked parameters of `logistic_regression`."""
    weighted = parameters["class_weight"] != "none"
    given = parameters["class_weight"] == "given"
    ratio = decimal_of(parameters["positive_weight"]) if given else 0.0
    # Errors within ±1 and columns within ±10 leave nothing to cut, unless rows have weights.
    return Method(
        LOGISTIC,
        "binary",
        _logistic,
        _one_score,
        weighted=weighted,
        ratio=ratio,
        cut=weighted,
        linear=True,
    )


def glm_method(power: float) -> Method:
    """Poisson regression (power 1) or Tweedie regression (between 1 and 2)."""
    return Method(
        GLM,
        "amount",
        _tweedie,
        _one_score,
        static={"power": power},
        settings={"power": power},
        white=True,
        linear=True,
        final=FINAL,
        range_factor=int(np.ceil(LIMIT / CLIP)),
    )


def multinomial_method(*, weighted: bool = False) -> Method:
    """Softmax regression."""
    return Method(MULTINOMIAL, "classes", _softmax, _score_by_class, weighted=weighted, linear=True)


def _one_score(agreed: Agreed) -> dict[str, Floats]:
    return {"weights": np.zeros(agreed.columns + 1, np.float32)}


def _score_by_class(agreed: Agreed) -> dict[str, Floats]:
    return {"weights": np.zeros((agreed.columns + 1, len(agreed.classes)), np.float32)}


def _logistic() -> Functions:
    from hanse.compute.operators.models import descent

    return descent.logistic_slopes, descent.logistic_loss


def _tweedie() -> Functions:
    from hanse.compute.operators.models import tweedie

    return tweedie.slopes, tweedie.loss


def _softmax() -> Functions:
    from hanse.compute.operators.models import multinomial

    return multinomial.slopes, multinomial.loss
