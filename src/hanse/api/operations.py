"""Every operation of ``/v1``, declared once: id, method, path, who may call, body and answer.

The node builds its routes from this table (``operation_id`` in OpenAPI), the SDK its methods,
the command line its commands; an architecture test keeps the three one-to-one.
"""

from __future__ import annotations

from typing import Final

from hanse.api import (
    algorithms,
    catalogue,
    consensus,
    data,
    evidence,
    flows,
    grants,
    identity,
    issuers,
    ledger,
    members,
    models,
    node,
    operators,
    peer,
    points,
    privacy,
    rights,
    services,
    session,
    tasks,
    templates,
    upkeep,
    validators,
)
from hanse.api.operation import Operation

_AREAS = (
    session,
    node,
    members,
    identity,
    issuers,
    ledger,
    consensus,
    upkeep,
    data,
    catalogue,
    operators,
    algorithms,
    grants,
    rights,
    templates,
    flows,
    tasks,
    models,
    services,
    points,
    privacy,
    validators,
    evidence,
    peer,
)
OPERATIONS: Final[dict[str, Operation]] = {
    declared.id: declared for area in _AREAS for declared in area.OPERATIONS
}


def operation(id_: str) -> Operation:
    """The declared operation.

    Raises:
        KeyError: when nothing is declared under that id.
    """
    return OPERATIONS[id_]
