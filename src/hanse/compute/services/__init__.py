"""Services: workers that stay open and answer one round after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from hanse.compute.services import errors

if TYPE_CHECKING:
    from hanse.compute.services.desk import Desk
    from hanse.compute.worker.task import Task

__all__ = ["AT_ONCE", "OPERATORS", "ServiceKind", "errors", "service"]
ServiceKind = Literal["prediction", "retrieval"]
OPERATORS: dict[ServiceKind, str] = {"prediction": "predict", "retrieval": "retrieval_setup"}
"""The operator whose declaration a service's session is checked against."""

AT_ONCE: dict[ServiceKind, int] = {"prediction": 64, "retrieval": 32}
"""Ids or keys in a round at most."""


def service(kind: ServiceKind) -> Callable[[Task, Desk], None]:
    """The function that runs one party's part of a service."""
    if kind == "prediction":
        from hanse.compute.services.prediction import serve
    else:
        from hanse.compute.services.retrieval import serve
    return serve
