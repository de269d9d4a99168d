"""Flow text → FlowSpec: references resolved, parties decided, parameters checked.

The contract checks everything again when the flow is deployed; the compiler is there so that
an analyst reads what is wrong, and where, before anything is signed.
"""

from __future__ import annotations

from collections.abc import Callable

from hanse.collaboration.compiler.algorithms import settle_algorithm
from hanse.collaboration.compiler.columns import check_columns, table_columns
from hanse.collaboration.compiler.directory import Directory
from hanse.collaboration.compiler.grants import check_grants
from hanse.collaboration.compiler.lineage import Artifact, in_order
from hanse.collaboration.compiler.models import check_models, compile_models, model_artifacts
from hanse.collaboration.compiler.parameters import compile_parameters
from hanse.collaboration.compiler.roles import Cast, cast_step
from hanse.collaboration.compiler.sources import compile_data
from hanse.collaboration.language import read_flow
from hanse.collaboration.language.errors import (
    FlowBadProtocol,
    FlowMissingInput,
    FlowUnknownOperator,
    FlowUnknownParty,
    FlowUnknownPort,
    FlowUnknownReference,
    FlowUnused,
    FlowWrongKind,
)
from hanse.collaboration.language.tree import FlowDocument, Reference, StepDeclaration
from hanse.compute.errors import UnknownOperator
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.registry import get_operator
from hanse.contracts.flows.spec import FlowSpec, StepSpec

Operators = Callable[[str, int | None], OperatorSpec]


def compile_flow(
    text: str, directory: Directory, initiator: str, *, operators: Operators = get_operator
) -> FlowSpec:
    """Compile a flow text for deployment.

    Args:
        text: YAML, at most 64 KiB.
        directory: members, catalogue and grants as this node sees them.
        initiator: DID of the organisation that will deploy the flow.
        operators: where operators are looked up, by name and optional version.

    Raises:
        FlowError: a subclass naming what is wrong and the line.
        HanseError: ``rights.*``, the contract's own refusals, with the line of the grant.
    """
    return compile_document(read_flow(text), directory, initiator, operators=operators)


def compile_document(
    document: FlowDocument,
    directory: Directory,
    initiator: str,
    *,
    operators: Operators = get_operator,
) -> FlowSpec:
    """Compile a flow that was read already; see `compile_flow`."""
    _check_parties(document, directory, initiator)
    data, artifacts = compile_data(document, directory, initiator)
    models, pinned = compile_models(document, directory, initiator)
    artifacts |= model_artifacts(document, pinned)
    compiler = _Compiler(document, directory, operators, artifacts)
    steps = [compiler.step(step) for step in in_order(document)]
    _refuse_unused(document, steps)
    spec = FlowSpec(
        name=document.name,
        purpose=document.purpose,
        parties={alias: party.did for alias, party in document.parties.items()},
        data=data,
        steps=steps,
        fees=_fees(document, directory, steps, set(compiler.computing), initiator),
        priority=document.priority,
        models=models,
    )
    check_models(document, spec, pinned, directory, initiator)
    check_grants(document, spec, directory, initiator)
    return spec


class _Compiler:
    """Compiles steps in order, remembering what each output is and who holds it."""

    def __init__(
        self,
        document: FlowDocument,
        directory: Directory,
        operators: Operators,
        artifacts: dict[str, Artifact],
    ) -> None:
        self._document = document
        self._directory = directory
        self._operators = operators
        self._artifacts = artifacts
        self._specs: dict[str, OperatorSpec] = {}
        self.computing: list[str] = []

    def step(self, step: StepDeclaration) -> StepSpec:
        spec = self._operator(step)
        inputs = self._inputs(spec, step)
        cast = cast_step(self._document, self._directory, spec, step, inputs)
        parameters = compile_parameters(spec, step)
        check_columns(spec, step, parameters, inputs)
        parameters = settle_algorithm(
            self._document, self._directory, step, parameters, inputs, cast.parties
        )
        self._check_level(spec, step, inputs)
        self._remember(spec, step, inputs, cast)
        self.computing.extend(cast.computes)
        document = self._document
        seconds = step.deadline_seconds or document.deadline_seconds
        return StepSpec(
            id=step.id,
            operator=spec.name,
            operator_version=spec.version,
            inputs={port: reference.text for port, reference in step.inputs.items()},
            parameters=parameters,
            owners=list(cast.owners),
            computes=list(cast.computes),
            receivers=list(cast.receivers),
            protocol=cast.protocol,
            deadline_ms=seconds * 1000,
            max_attempts=step.attempts or document.attempts,
        )

    def _operator(self, step: StepDeclaration) -> OperatorSpec:
        try:
            return self._operators(step.operator.text, step.version)
        except UnknownOperator as error:
            raise FlowUnknownOperator(error.message, line=step.operator.line) from error

    def _inputs(self, spec: OperatorSpec, step: StepDeclaration) -> dict[str, Artifact]:
        for port in step.inputs:
            if port not in spec.inputs:
                raise FlowUnknownPort(
                    f"{spec.name} has no input {port[:40]!r}; it has: {', '.join(spec.inputs)}",
                    line=step.inputs[port].line,
                )
        for port, declared in spec.inputs.items():
            if port not in step.inputs and not declared.optional:
                raise FlowMissingInput(
                    f"step {step.id!r}: {spec.name} needs the input {port!r}", line=step.line
                )
        given = [port for port in spec.inputs if port in step.inputs]
        return {port: self._artifact(spec, step, port, step.inputs[port]) for port in given}

    def _artifact(
        self, spec: OperatorSpec, step: StepDeclaration, port: str, reference: Reference
    ) -> Artifact:
        artifact = self._artifacts.get(reference.text)
        if artifact is None:  # the step exists, so its output does not
            outputs = ", ".join(self._specs[reference.step].outputs)
            raise FlowUnknownReference(
                f"{reference.text!r}: step {reference.step!r} has the outputs {outputs}",
                line=reference.line,
            )
        if artifact.kind != spec.inputs[port].kind:
            raise FlowWrongKind(
                f"input {port!r} of step {step.id!r} takes a {spec.inputs[port].kind}, "
                f"{reference.text!r} is a {artifact.kind}",
                line=reference.line,
            )
        return artifact

    def _check_level(
        self, spec: OperatorSpec, step: StepDeclaration, inputs: dict[str, Artifact]
    ) -> None:
        level = max(artifact.level for artifact in inputs.values())
        if level not in spec.levels:
            allowed = ", ".join(str(number) for number in spec.levels)
            raise FlowBadProtocol(
                f"step {step.id!r}: {spec.name} may be applied to levels {allowed}; "
                f"this data has level {level}",
                line=step.line,
            )

    def _remember(
        self, spec: OperatorSpec, step: StepDeclaration, inputs: dict[str, Artifact], cast: Cast
    ) -> None:
        self._specs[step.id] = spec
        level = max(artifact.level for artifact in inputs.values())
        names = {name for artifact in inputs.values() for name in artifact.data}
        data = tuple(name for name in self._document.data if name in names)
        for port, declared in spec.outputs.items():
            holders = cast.holders(declared.held_by)
            has_columns = declared.kind == "table" or declared.gathers
            columns = (
                table_columns(inputs, holders, gathers=declared.gathers) if has_columns else {}
            )
            self._artifacts[f"{step.id}.{port}"] = Artifact(
                declared.kind, holders, level, data, columns
            )


def _check_parties(document: FlowDocument, directory: Directory, initiator: str) -> None:
    for party in document.parties.values():
        member = directory.member(party.did)
        if member is None or not member.active:
            state = "is not known to the network" if member is None else "is not active"
            raise FlowUnknownParty(f"the DID of {party.alias!r} {state}", line=party.line)
    if all(party.did != initiator for party in document.parties.values()):
        raise FlowUnknownParty("the organisation that deploys the flow is not among its parties")


def _refuse_unused(document: FlowDocument, steps: list[StepSpec]) -> None:
    used = {text for step in steps for text in step.inputs.values()}
    for name, declaration in document.data.items():
        if name not in used:
            raise FlowUnused(f"no step uses data {name!r}", line=declaration.line)
    for name, model in document.models.items():
        if name not in used:
            raise FlowUnused(f"no step uses model {name!r}", line=model.line)
    dids = {alias for step in steps for alias in (*step.owners, *step.computes, *step.receivers)}
    for word in document.compute:
        if word.text not in dids:
            raise FlowUnused(f"no step computes at {word.text!r}", line=word.line)


def _fees(
    document: FlowDocument,
    directory: Directory,
    steps: list[StepSpec],
    computing: set[str],
    initiator: str,
) -> dict[str, int]:
    """Fees as written, and the published price of every other provider that only computes."""
    fees: dict[str, int] = {}
    owning = {alias for step in steps for alias in step.owners}
    for alias, (points, line) in document.fees.items():
        if alias not in document.parties or alias not in computing:
            raise FlowUnknownParty(f"{alias!r} computes in no step, so earns no fee", line=line)
        fees[alias] = points
    for alias, party in document.parties.items():
        if alias in fees or alias not in computing or alias in owning or party.did == initiator:
            continue
        fees[alias] = directory.compute_price_points(party.did)
    return {alias: points for alias, points in fees.items() if points}
