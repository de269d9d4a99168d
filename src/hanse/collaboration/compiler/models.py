"""`models` of a flow: what earlier flows made, checked by the contract's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hanse.collaboration.compiler.directory import Directory
from hanse.collaboration.compiler.grants import require_grant
from hanse.collaboration.compiler.lineage import Artifact
from hanse.collaboration.language.tree import FlowDocument, ModelDeclaration
from hanse.compute.operators.registry import get_operator
from hanse.contracts.flows import models
from hanse.contracts.flows.errors import ModelHolderMissing, ModelNotFound
from hanse.contracts.flows.rules import learners_of, make_plan, operators_on
from hanse.contracts.flows.spec import FlowSpec, ModelUse
from hanse.contracts.flows.types import PinnedModel
from hanse.contracts.rights import rules
from hanse.core.errors import HanseError

Pinned = dict[str, PinnedModel]


def compile_models(
    document: FlowDocument, directory: Directory, initiator: str
) -> tuple[dict[str, ModelUse], Pinned]:
    """Model uses for the contract, and what stands on the ledger of each.

    A dataset for which no grant is written gets the one the model was trained under.

    Raises:
        HanseError: the contracts' refusals, with the line.
    """
    uses: dict[str, ModelUse] = {}
    pinned: Pinned = {}
    for name, declared in document.models.items():
        with _at(declared.line):
            place = (declared.flow.text, declared.step.text, declared.output.text)
            pinned[name] = directory.model(*place)
            grants = _grants(declared, pinned[name], initiator)
            uses[name] = ModelUse(flow=place[0], step=place[1], output=place[2], grants=grants)
            models.require_grants(uses[name], pinned[name], initiator)
    return uses, pinned


def model_artifacts(document: FlowDocument, pinned: Pinned) -> dict[str, Artifact]:
    """The models as inputs of steps.

    Raises:
        ModelHolderMissing: who holds a part is no party of the flow.
        ModelNotFound: the step makes no such output.
    """
    artifacts = {}
    for name, model in pinned.items():
        with _at(document.models[name].line):
            artifacts[name] = _artifact(document, name, model)
    return artifacts


def check_models(
    document: FlowDocument, spec: FlowSpec, pinned: Pinned, directory: Directory, initiator: str
) -> None:
    """Refuse what deploying would refuse.

    Raises:
        HanseError: of the contracts, with the line.
    """
    plan = make_plan(spec)
    for name, model in pinned.items():
        with _at(document.models[name].line):
            models.require_readers(spec, name, model)
            for dataset, grant in spec.models[name].grants.items():
                of = model.datasets[dataset]
                wanted = rules.Use(
                    initiator,
                    dataset,
                    of.fields,
                    spec.purpose,
                    operators_on(spec, plan, name),
                    learners_of(spec, plan, name, of.owner),
                )
                require_grant(directory, grant, wanted)


def _artifact(document: FlowDocument, name: str, model: PinnedModel) -> Artifact:
    port = get_operator(model.operator, model.operator_version).outputs.get(model.output)
    if port is None:
        raise ModelNotFound(f"step {model.step!r} of {model.flow} has no output {model.output!r}")
    dids = [party.did for party in document.parties.values()]
    for did in [*model.owners, *model.computes]:
        if did not in dids:
            raise ModelHolderMissing(f"{did} holds a part of {name!r} and is no party")
    by_role: dict[str, list[str]] = {"owner": model.owners, "compute": model.computes}
    holders: dict[str, tuple[str, ...]] = {
        role: tuple(alias for alias, party in document.parties.items() if party.did in holding)
        for role, holding in by_role.items()
        if role in port.held_by
    }
    return Artifact(port.kind, holders, model.level, ())


def _grants(declared: ModelDeclaration, model: PinnedModel, initiator: str) -> dict[str, str]:
    trained = {
        dataset: of.grant
        for dataset, of in model.datasets.items()
        if of.owner != initiator and of.grant
    }
    return trained | {dataset: word.text for dataset, word in declared.grants.items()}


@contextmanager
def _at(line: int) -> Iterator[None]:
    try:
        yield
    except HanseError as error:
        raise type(error)(f"line {line}: {error.message}") from error
