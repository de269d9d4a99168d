"""A compiled flow in plain words: who brings what, who computes, who learns what.

For the steward who decides on a grant and the analyst who is about to spend it; the sentences
are the operators' own (`hanse.compute.operators.explain`), with the parties' names filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from hanse.collaboration.compiler.directory import Directory
from hanse.collaboration.compiler.usage import lineage
from hanse.compute.operators import OperatorSpec, explain, explain_run, get_operator
from hanse.contracts.flows.models import limit_of, readers
from hanse.contracts.flows.rules import make_plan
from hanse.contracts.flows.spec import FlowSpec, StepSpec


@dataclass(frozen=True)
class StepExplanation:
    """One step: its title and one sentence per thing to know."""

    step: str
    operator: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """A whole flow.

    Attributes:
        summary: purpose, data by owner, compute nodes, receivers.
        steps: in the order they run.
        operators: for each data name, every operator that touches it or what comes of it.
    """

    summary: tuple[str, ...]
    steps: tuple[StepExplanation, ...]
    operators: dict[str, tuple[str, ...]]

    def lines(self) -> list[str]:
        """Everything as a list of sentences, steps under their titles."""
        out = list(self.summary)
        for step in self.steps:
            out.append(step.title)
            out.extend(f"  {line}" for line in step.lines)
        return out


def explain_flow(
    spec: FlowSpec,
    names: Mapping[str, str] | None = None,
    lang: str = "en",
    directory: Directory | None = None,
) -> Explanation:
    """Explain a compiled flow.

    Args:
        spec: as compiled or deployed.
        names: display name by DID; aliases are used where there is none.
        lang: ``en`` or ``zh``; plans of queries are in English.
        directory: with it, steps whose operator plans ahead show their plan, and are refused
            here as the run itself would be.

    Raises:
        UnknownOperator: when this node does not have an operator of the flow.
        HanseError: a query that breaks its rules.
    """
    known = names or {}
    shown = {alias: known.get(did) or alias for alias, did in spec.parties.items()}
    operators = {name: tuple(usage.operators) for name, usage in lineage(spec).items()}
    steps = [_step(spec, step, shown, lang) for step in spec.steps]
    if directory is not None:
        plans = _plans(spec, directory)
        steps = [replace(each, lines=(*each.lines, *plans[each.step])) for each in steps]
    return Explanation(
        summary=tuple(_summary(spec, shown, operators, lang)),
        steps=tuple(steps),
        operators=operators,
    )


def _summary(
    spec: FlowSpec, shown: dict[str, str], operators: dict[str, tuple[str, ...]], lang: str
) -> list[str]:
    chinese = lang == "zh"
    out = [f"用途：{spec.purpose}" if chinese else f"Purpose: {spec.purpose}"]
    for name, use in spec.data.items():
        fields, ops = ", ".join(use.fields), ", ".join(operators[name])
        owner = shown[use.owner]
        out.append(
            f"{owner} 提供 {name} 的字段：{fields}；经过的算子：{ops}"
            if chinese
            else f"{owner} brings the fields {fields} of {name}; operators that touch them "
            f"or what comes of them: {ops}"
        )
    for alias, points in spec.fees.items():
        out.append(
            f"{shown[alias]} 的算力费用：{points} 积分"
            if chinese
            else f"{shown[alias]} is paid {points} points for computing"
        )
    return out


def _models(spec: FlowSpec, step: StepSpec, lang: str) -> list[str]:
    """What a step does with models of earlier flows."""
    out = []
    for name in [name for name in spec.models if step in readers(spec, name)]:
        use, most = spec.models[name], limit_of(step)
        made = f"{use.step}.{use.output}, {use.flow}"
        grants = ", ".join(dict.fromkeys(use.grants.values()))
        if lang == "zh":
            paid = f"；训练数据的授权各用一次：{grants}" if grants else ""
            out.append(f"使用先前流程的模型 {name}（{made}），最多打开 {most} 个分数并计数{paid}")
        else:
            paid = f"; spends a use of {grants}, under which it was trained" if grants else ""
            out.append(
                f"The model {name} is of an earlier flow ({made}); at most {most} scores are "
                f"opened, and counted{paid}."
            )
    return out


def _step(spec: FlowSpec, step: StepSpec, shown: dict[str, str], lang: str) -> StepExplanation:
    operator = get_operator(step.operator, step.operator_version)
    roles = {
        "owner": [shown[alias] for alias in step.owners],
        "compute": [shown[alias] for alias in step.computes],
        "receiver": [shown[alias] for alias in step.receivers],
    }
    title = operator.title_zh if lang == "zh" else operator.title
    lines = [
        *explain(_under(operator, step.protocol), roles, lang),
        *_models(spec, step, lang),
    ]
    return StepExplanation(step.id, step.operator, f"{step.id}: {title}", tuple(lines))


def _plans(spec: FlowSpec, directory: Directory) -> dict[str, list[str]]:
    """What each step's operator plans, in aliases, as a query names its tables."""
    reached = make_plan(spec).lineage
    return {step.id: _plan(spec, step, reached[step.id], directory) for step in spec.steps}


def _plan(spec: FlowSpec, step: StepSpec, reached: list[str], directory: Directory) -> list[str]:
    columns: dict[str, dict[str, str]] = {alias: {} for alias in step.owners}
    for name in reached:
        use = spec.data[name]
        facts = directory.dataset(use.dataset)
        types = facts.types if facts is not None else {}
        if use.owner in columns:
            columns[use.owner] |= {each: types.get(each, "text") for each in use.fields}
    return explain_run(
        step.operator,
        step.parameters,
        columns,
        computes=step.computes,
        receivers=step.receivers,
    )


def _under(operator: OperatorSpec, protocol: str) -> OperatorSpec:
    """The declaration with the collusion text of the one protocol that will run."""
    return msgspec.structs.replace(
        operator,
        collusion={protocol: operator.collusion[protocol]},
        collusion_zh={protocol: operator.collusion_zh[protocol]},
    )
