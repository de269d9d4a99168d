"""Operators this node can run, as they are declared."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter

from hanse.api.operators import OperatorListView, OperatorView
from hanse.compute.operators import OperatorSpec, Port, get_operator, operators
from hanse.node.http.operations import operation

router = APIRouter()


@operation(router, "operators.list")
def list_operators() -> OperatorListView:
    """Every operator."""
    return OperatorListView(items=[_view(spec) for spec in operators().values()])


@operation(router, "operators.get")
def show_operator(name: str) -> OperatorView:
    """One operator's declaration."""
    return _view(get_operator(name))


def _view(spec: OperatorSpec) -> OperatorView:
    return OperatorView.model_validate(
        {
            "name": spec.name,
            "version": spec.version,
            "summary": spec.summary,
            "roles": list(spec.roles),
            "inputs": {name: _port(port) for name, port in spec.inputs.items()},
            "outputs": {name: _port(port) for name, port in spec.outputs.items()},
            "parameters": {
                name: {
                    "type": parameter.type,
                    "minimum": parameter.minimum,
                    "maximum": parameter.maximum,
                    "choices": list(parameter.choices),
                    "default": parameter.default,
                    "help": parameter.help,
                }
                for name, parameter in spec.parameters.items()
            },
            "protocols": list(spec.protocols),
            "levels": list(spec.levels),
            "adversary_model": spec.adversary_model,
            "collusion": "; ".join(f"{key}: {text}" for key, text in spec.collusion.items()),
            "leaks": dict(spec.leaks),
            "leaks_zh": dict(spec.leaks_zh),
            "memory": msgspec.to_builtins(spec.memory),
        }
    )


def _port(port: Port) -> dict[str, object]:
    return {"kind": port.kind, "held_by": ", ".join(port.held_by), "optional": port.optional}
