"""`data` of a flow: datasets, fields and grants checked against the catalogue."""

from __future__ import annotations

from hanse.collaboration.compiler.directory import DatasetFacts, Directory
from hanse.collaboration.compiler.lineage import Artifact
from hanse.collaboration.compiler.roles import require_alias
from hanse.collaboration.language.errors import (
    FlowMissingGrant,
    FlowUnknownDataset,
    FlowUnknownField,
)
from hanse.collaboration.language.tree import DataDeclaration, FlowDocument
from hanse.contracts.flows.spec import DataUse


def compile_data(
    document: FlowDocument, directory: Directory, initiator: str
) -> tuple[dict[str, DataUse], dict[str, Artifact]]:
    """Data uses for the contract, and the same as artifacts for the steps.

    Raises:
        FlowUnknownParty, FlowUnknownDataset, FlowUnknownField, FlowMissingGrant: with the line.
    """
    uses: dict[str, DataUse] = {}
    artifacts: dict[str, Artifact] = {}
    for name, declaration in document.data.items():
        alias = require_alias(document, declaration.owner)
        dataset = _dataset(document, directory, declaration)
        fields = tuple(word.text for word in declaration.fields)
        _check_fields(declaration, dataset)
        grant = _grant(document, declaration, initiator)
        uses[name] = DataUse(owner=alias, dataset=dataset.id, fields=list(fields), grant=grant)
        holders: dict[str, tuple[str, ...]] = {"owner": (alias,)}
        artifacts[name] = Artifact(
            "table", holders, dataset.level, (name,), {alias: fields}, dataset.row_count
        )
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
        if word.text not in dataset.fields:
            known = ", ".join(dataset.fields[:20])
            raise FlowUnknownField(
                f"dataset {dataset.id} has no field {word.text[:60]!r}; it has: {known}",
                line=word.line,
            )


def _grant(document: FlowDocument, declaration: DataDeclaration, initiator: str) -> str:
    own = document.parties[declaration.owner.text].did == initiator
    if declaration.grant is not None:
        return declaration.grant.text
    if own:
        return ""
    raise FlowMissingGrant(
        f"data {declaration.name!r} belongs to {declaration.owner.text!r}", line=declaration.line
    )
