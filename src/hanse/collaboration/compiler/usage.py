"""Which operators touch which data, and who opens what comes of it: what a grant has to name."""

from __future__ import annotations

from typing import NamedTuple

from hanse.contracts.flows.rules import granted_name, make_plan
from hanse.contracts.flows.spec import FlowSpec


class Usage(NamedTuple):
    """What happens to one data use: operators by name, receivers by alias, in flow order."""

    operators: list[str]
    receivers: list[str]


def lineage(spec: FlowSpec) -> dict[str, Usage]:
    """For each data name the operators and receivers it or anything derived from it reaches.

    Args:
        spec: its steps come after the steps they use.
    """
    reached = make_plan(spec).lineage
    usage = {name: Usage([], []) for name in spec.data}
    for step in spec.steps:
        for name, used in usage.items():
            if name not in reached[step.id]:
                continue
            used.operators.extend(o for o in [granted_name(step)] if o not in used.operators)
            used.receivers.extend(r for r in step.receivers if r not in used.receivers)
    return usage
