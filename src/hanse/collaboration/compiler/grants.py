"""Grants of a compiled flow, checked by the contract's own rules before anything is signed."""

from __future__ import annotations

from hanse.collaboration.compiler.directory import Directory
from hanse.collaboration.compiler.usage import lineage
from hanse.collaboration.language.tree import FlowDocument
from hanse.contracts.flows.spec import DataUse, FlowSpec
from hanse.contracts.rights import rules
from hanse.contracts.rights.errors import GrantNotFound
from hanse.core.errors import HanseError


def check_grants(
    document: FlowDocument, spec: FlowSpec, directory: Directory, initiator: str
) -> None:
    """Refuse a flow whose grants would be refused when it is deployed.

    Raises:
        HanseError: the error of the rights contract, its message preceded by the line.
    """
    for name, use in spec.data.items():
        word = document.data[name].grant
        if word is None:
            continue
        try:
            _check(spec, name, use, directory, initiator)
        except HanseError as error:
            raise type(error)(f"line {word.line}: {error.message}") from error


def _check(spec: FlowSpec, name: str, use: DataUse, directory: Directory, initiator: str) -> None:
    operators, receivers = lineage(spec)[name]
    dids = [spec.parties[alias] for alias in receivers]
    wanted = rules.Use(initiator, use.dataset, use.fields, spec.purpose, operators, dids)
    require_grant(directory, use.grant, wanted)


def require_grant(directory: Directory, reference: str, wanted: rules.Use) -> None:
    """Refuse a grant that does not cover a use, in the contract's words."""
    grant = directory.grant(reference)
    if grant is None:
        raise GrantNotFound(f"there is no grant {reference[:40]!r}")
    rules.require_exercisable(grant, wanted.consumer, directory.now_ms)
    rules.require_covered(grant, wanted)
    rules.reserve(grant)
