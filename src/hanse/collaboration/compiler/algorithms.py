"""Steps that run a member's algorithm: published, approved by all, with inputs that are there."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.collaboration.compiler.directory import Directory
from hanse.collaboration.compiler.lineage import Artifact
from hanse.collaboration.language.errors import FlowBadAlgorithm, FlowUnknownColumn
from hanse.collaboration.language.tree import FlowDocument, StepDeclaration
from hanse.compute.algorithms.errors import BadManifest
from hanse.compute.algorithms.manifest import Manifest, from_plain, settings_of
from hanse.compute.operators.declaration import Value
from hanse.contracts.flows.rules import ALGORITHM, FINGERPRINT, OWN_ALGORITHMS
from hanse.core.errors import HanseError


def settle_algorithm(
    document: FlowDocument,
    directory: Directory,
    step: StepDeclaration,
    parameters: dict[str, Value],
    inputs: Mapping[str, Artifact],
    parties: tuple[str, ...],
) -> dict[str, Value]:
    """The step's parameters with the fingerprint on the ledger.

    Args:
        document: names the parties.
        directory: knows algorithms and approvals.
        step: as written.
        parameters: checked against the operator.
        inputs: what the step reads.
        parties: aliases of all who take part.

    Raises:
        FlowBadAlgorithm, FlowUnknownColumn: with the line.
        HanseError: the contract's own refusal, with the line.
    """
    if step.operator.text not in OWN_ALGORITHMS:
        return parameters
    line = step.parameters[ALGORITHM].line
    record = directory.algorithm(str(parameters[ALGORITHM]))
    if record is None:
        raise FlowBadAlgorithm(f"no algorithm {parameters[ALGORITHM]!r} is published", line=line)
    if parameters[FINGERPRINT] not in ("", record.fingerprint):
        raise FlowBadAlgorithm(f"{record.id} has another fingerprint", line=line)
    level = max(artifact.level for artifact in inputs.values())
    dids = [document.parties[alias].did for alias in parties]
    try:
        directory.require_usable(record, dids, level)
    except HanseError as error:
        raise type(error)(f"line {line}: {error.message}") from error
    _check_use(step, from_plain(record.manifest), parameters, inputs["table"])
    return {**parameters, FINGERPRINT: record.fingerprint}


def _check_use(
    step: StepDeclaration, manifest: Manifest, parameters: Mapping[str, Value], table: Artifact
) -> None:
    try:
        settings_of(manifest, _texts(parameters["settings"]))
    except BadManifest as error:
        line = step.parameters["settings"].line
        raise FlowBadAlgorithm(f"step {step.id!r}: {error.message}", line=line) from error
    places = {name: name for name in manifest.inputs}
    for text in _texts(parameters["columns"]):
        name, sign, place = text.partition("=")
        if not sign or name.strip() not in places:
            line = step.parameters["columns"].line
            raise FlowBadAlgorithm(f"{text[:60]!r} maps no input of {manifest.name}", line=line)
        places[name.strip()] = place.strip()
    known = {c for columns in table.columns.values() for c in columns}
    known |= {f"{alias}.{c}" for alias, columns in table.columns.items() for c in columns}
    for name, place in places.items():
        if place not in known:
            raise FlowUnknownColumn(
                f"step {step.id!r}: input {name!r} of {manifest.name} is no column of its table",
                line=step.line,
            )


def _texts(value: Value) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
