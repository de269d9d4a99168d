"""Operators: what can be computed, declared once, and how."""

from hanse.compute.operators.declaration import (
    TABLE_KINDS,
    Kind,
    Memory,
    OperatorSpec,
    Parameter,
    Port,
    Role,
    Value,
    explain,
)
from hanse.compute.operators.parameters import decimal_of, validate_parameters
from hanse.compute.operators.registry import (
    COMPUTE_NODES,
    check_session,
    explain_run,
    get_operator,
    operators,
    protocol_for,
)

__all__ = [
    "COMPUTE_NODES",
    "TABLE_KINDS",
    "Kind",
    "Memory",
    "OperatorSpec",
    "Parameter",
    "Port",
    "Role",
    "Value",
    "check_session",
    "decimal_of",
    "explain",
    "explain_run",
    "get_operator",
    "operators",
    "protocol_for",
    "validate_parameters",
]
