"""The label of test rows at its owner, and the report of scores against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.errors import BadInput, BadRoles
from hanse.compute.operators import labels, metrics, other_metrics
from hanse.compute.operators.families import family_of

if TYPE_CHECKING:
    from hanse.compute.operators.model import ModelPart
    from hanse.compute.operators.scoring import Opened
    from hanse.compute.worker.task import Task


class Truth:
    """The label of the input ``table``, for an operator whose one receiver owns it."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._values: Any = None

    def read(self, part: ModelPart | None) -> None:
        """Read the label at the receiver, as the model's family needs it.

        Raises:
            BadRoles: when the receiver is not the one owner of the label.
            BadInput: for a model that predicts no label.
        """
        task = self._task
        if not task.is_in("receiver"):
            return
        name = task.text("label")
        columns = task.readable("table") if task.is_in("owner") else []
        column = next((c for c in columns if c.name == name), None)
        if len(task.parties("receiver")) != 1 or column is None or part is None:
            operator = task.spec.name
            raise BadRoles(f"{operator} has one receiver, the owner of the label {name!r}")
        table, target = task.table("table"), family_of(part.family).target
        if target == "binary":
            self._values = labels.read_labels(table, column)
        elif target == "number":
            self._values = labels.read_numbers(table, column)
        elif target == "classes":
            self._values = labels.read_classes(table, column, part.settings["classes"])
        else:
            raise BadInput("a model that predicts no label cannot be evaluated against one")

    def report(self, opened: Opened, threshold: float) -> dict[str, Any]:
        """The report that fits the family."""
        if opened.target == "binary":
            return metrics.evaluate(self._values, opened.scores, threshold)
        if opened.target == "number":
            return other_metrics.regression(self._values, opened.predictions())
        return other_metrics.classes(self._values, opened.predictions(), opened.classes)

    def quality(self, opened: Opened) -> float:
        """AUC of two classes, R² of a number, accuracy of several classes."""
        if opened.target == "binary":
            return metrics.auc(self._values, opened.scores)
        if opened.target == "number":
            return other_metrics.r2(self._values, opened.predictions())
        return float((opened.predictions().argmax(axis=1) == self._values).mean())
