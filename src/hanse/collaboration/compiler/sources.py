"""`data` of a flow: datasets, fields and grants checked against the catalogue."""

from __future__ import annotations

from hanse.collaboration.compiler.directory import DatasetFacts, Directory
from hanse.collaboration.compiler.lineage import Artifact
from hanse.collaboration.compiler.roles import require_alias
from hanse.collaboration.language.errors import (
    FlowMissingGrant,
    FlowUnknownDataset,
    FlowUnknownField,
    FlowUnknownGrant,
)
from hanse.collaboration.language.tree import DataDeclaration, FlowDocument
from hanse.contracts.flows.spec import DataUse


def compile_data(
    document: FlowDocument, directory: Directory, initiator: str
) -> tuple[dict[str, DataUse], dict[str, Artifact]]:
    """Data uses for the contract, and the same as artifacts for the steps.

    Raises:
        FlowUnknownParty, FlowUnknownDataset, FlowUnknownField, FlowMissingGrant,
        FlowUnknownGrant: with the line.
    """
    uses: dict[str, DataUse] = {}
    artifacts: dict[str, Artifact] = {}
    for name, declaration in document.data.items():
        alias = require_alias(document, declaration.owner)
        dataset = _dataset(document, directory, declaration)
        fields = tuple(word.text for word in declaration.fields)
        _check_fields(declaration, dataset)
        grant = _grant(document, directory, declaration, initiator)
        uses[name] = DataUse(owner=alias, dataset=dataset.id, fields=list(fields), grant=grant)
        level = max(dataset.levels[field] for field in fields)
        artifacts[name] = Artifact("table", {"owner": (alias,)}, level, (name,), {alias: fields})
    return uses, artifacts


def _dataset(
    document: FlowDocument, directory: Directory, declaration: DataDeclaration
) -> DatasetFacts:
    word = declaration.dataset
    dataset = directory.dataset(word.text)
    owner = document.parties[declaration.owner.text].did
    if dataset is None or not dataset.published:
        state = "not in the catalogue" if dataset is None else "withdrawn"
        raise FlowUnknownDataset(f"dataset {word.text[:40]!r} is {state}", line=word.line)
    if dataset.owner != owner:
        raise FlowUnknownDataset(
            f"dataset {word.text!r} does not belong to {declaration.owner.text!r}", line=word.line
        )
    return dataset


def _check_fields(declaration: DataDeclaration, dataset: DatasetFacts) -> None:
    for word in declaration.fields:
        if word.text not in dataset.levels:
            known = ", ".join(list(dataset.levels)[:20])
            raise FlowUnknownField(
                f"dataset {dataset.id} has no field {word.text[:60]!r}; it has: {known}",
                line=word.line,
            )


def _grant(
    document: FlowDocument, directory: Directory, declaration: DataDeclaration, initiator: str
) -> str:
    own = document.parties[declaration.owner.text].did == initiator
    if declaration.grant is None:
        if own:
            return ""
        raise FlowMissingGrant(
            f"data {declaration.name!r} belongs to {declaration.owner.text!r}",
            line=declaration.line,
        )
    word = declaration.grant
    grant = directory.grant(word.text)
    if grant is None or grant.dataset != declaration.dataset.text or grant.consumer != initiator:
        raise FlowUnknownGrant(
            f"{word.text[:40]!r} is no grant to you for dataset {declaration.dataset.text}",
            line=word.line,
        )
    if not grant.final:
        raise FlowUnknownGrant(
            f"grant {word.text} is not final yet; both sides have to agree first", line=word.line
        )
    return grant.id
