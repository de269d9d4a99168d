"""Which operators touch which data, by lineage: what a grant has to name."""

from __future__ import annotations

from hanse.contracts.flows.spec import FlowSpec


def operators_by_data(spec: FlowSpec) -> dict[str, list[str]]:
    """For each data name the operators applied to it or to anything derived from it.

    Args:
        spec: its steps come after the steps they use.
    """
    reached: dict[str, set[str]] = {}
    touched: dict[str, list[str]] = {name: [] for name in spec.data}
    for step in spec.steps:
        sources: set[str] = set()
        for text in step.inputs.values():
            name, dot, _ = text.partition(".")
            sources |= reached[name] if dot else {name}
        reached[step.id] = sources
        for name, operators in touched.items():
            if name in sources and step.operator not in operators:
                operators.append(step.operator)
    return touched
