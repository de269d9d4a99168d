"""The terms of an offer, also as machine-readable policy (ODRL 2.2).

The contract's own check decides; the policy says the same in the vocabulary others read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hanse.compute.algorithms.manifest import split_reference
from hanse.compute.operators import get_operator
from hanse.contracts.rights.rules import ANY
from hanse.data.errors import NoSuchColumn

CONTEXT = "http://www.w3.org/ns/odrl.jsonld"


def odrl_offer(terms: Mapping[str, Any]) -> dict[str, Any]:
    """An ODRL offer from purposes, operators and price.

    Args:
        terms: ``purposes``, ``operators`` and ``price_points`` of a dataset.
    """
    permission: dict[str, Any] = {
        "action": "use",
        "constraint": [
            {
                "leftOperand": "purpose",
                "operator": "isAnyOf",
                "rightOperand": list(terms["purposes"]),
            },
            {
                "leftOperand": "hanse:operator",
                "operator": "isAnyOf",
                "rightOperand": list(terms["operators"]),
            },
        ],
    }
    if terms["price_points"]:
        permission["duty"] = [
            {
                "action": "compensate",
                "constraint": [
                    {
                        "leftOperand": "payAmount",
                        "operator": "eq",
                        "rightOperand": terms["price_points"],
                        "unit": "hanse:points",
                    }
                ],
            }
        ]
    return {"@context": CONTEXT, "@type": "Offer", "permission": [permission]}


def require_fields(named: Iterable[str], known: Iterable[str]) -> None:
    """Raise NoSuchColumn when a name is not among the known ones."""
    present = set(known)
    for name in named:
        if name not in present:
            raise NoSuchColumn(f"the dataset has no field {name[:60]!r}")


def require_operators(names: Iterable[str]) -> None:
    """Refuse names that no operator of this release has; any operator (``*``) is allowed.

    The contract takes whatever is well-formed, because nodes of several releases share a ledger.
    Terms made here are about operators that exist here: a misspelt one would allow nothing.

    Raises:
        UnknownOperator: naming the first of them, and those there are.
    """
    for name in names:
        if name != ANY:
            operator, _, algorithm = name.partition(":")
            get_operator(operator)
            if algorithm:
                split_reference(algorithm)
