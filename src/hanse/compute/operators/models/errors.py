"""Named errors of models."""

from __future__ import annotations

from hanse.compute.errors import Located
from hanse.core.errors import InputError


class NoBins(Located, InputError):
    """The model learnt from a column that the binning recipe has no bins of."""

    code = "compute.no_bins"
    help = "Train on the output of woe_transform, and exclude the columns it left as they were."


class NotByNewton(Located, InputError):
    """The model lacks what this step reads from it."""

    code = "compute.not_by_newton"
    help = "Use solver newton; for standard errors set l2 to 0 and class_weight to none."
