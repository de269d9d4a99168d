"""Pure rules of flows: when a specification is sound, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hanse.contracts.flows import errors
from hanse.contracts.flows.spec import FlowSpec, StepSpec
from hanse.contracts.flows.types import FlowParameters
from hanse.contracts.plain import duplicates

LEVELS = ("1", "2", "3", "4", "5")
COMPUTE_PARTIES = {"aby3": 3, "cheetah": 2, "sgx": 1, "software": 1, "tdx": 1}
INTERSECTIONS = ("ecdh", "ecdh_sm2", "ecdh_unbalanced", "kkrt", "rr22")
"""Private set intersection between two owners."""
ENGINES = {
    "spu": ("aby3", "cheetah"),
    "psi": (*INTERSECTIONS, "ecdh_ring"),
    "pir": ("simplepir",),
    "local": ("local",),
    "plain": ("plain",),
    "tee": ("sgx", "software", "tdx"),
}
"""Protocols of each engine. ``local`` prepares an owner's own columns and opens nothing."""
AT_OWNERS = ("local", "plain", *INTERSECTIONS)
"""Protocols that run at the step's owners only."""
SOFTWARE_TEE, HARDWARE_FROM_LEVEL = "software", 3
"""A worker without trusted hardware proves nothing: no network may allow it from this level on."""
_PRIVATE = ["local", *ENGINES["spu"], *ENGINES["psi"], *ENGINES["pir"], "sgx", "tdx"]
DEFAULT_PARAMETERS = FlowParameters(
    protocols={
        "1": [*_PRIVATE, "plain", SOFTWARE_TEE],
        "2": [*_PRIVATE, "plain", SOFTWARE_TEE],
        "3": _PRIVATE,
        "4": _PRIVATE,
        "5": ["local"],
    }
)
"""Level 5 data (JR/T 0197-2020: highest) does not leave its owner unless a network says so, and
from level 3 on a member's algorithm never meets it in plaintext outside trusted hardware."""
OWN_ALGORITHMS = ("algorithm", "algorithm_plain", "algorithm_tee")
"""Operators whose step names a member's algorithm, by the parameters of this name."""
ALGORITHM, FINGERPRINT = "algorithm", "fingerprint"


class Plan(NamedTuple):
    """What follows from the inputs of a flow's steps.

    Attributes:
        order: step ids, every step after those it reads from.
        sources: step → steps it reads from.
        lineage: step → data names it or its sources read.
        models: step → names of earlier flows' models it or its sources read.
    """

    order: list[str]
    sources: dict[str, list[str]]
    lineage: dict[str, list[str]]
    models: dict[str, list[str]]

    def reaches(self, name: str, step: str) -> bool:
        """Whether a step descends from that data or model."""
        return name in self.lineage[step] or name in self.models[step]


def participants(step: StepSpec) -> list[str]:
    """Aliases that take part in a step, sorted."""
    return sorted(dict.fromkeys([*step.owners, *step.computes, *step.receivers]))


def require_sound(spec: FlowSpec, initiator: str) -> Plan:
    """Refuse a specification that contradicts itself; returns its plan.

    Raises:
        NotAParty, DuplicateParty, UnknownAlias, DuplicateStep, UnknownInput, CyclicSteps,
        OwnerMissing, NotAnOwner, WrongComputes, UnusedData, FeeWithoutWork.
    """
    _require_parties(spec, initiator)
    twice = duplicates([*(step.id for step in spec.steps), *spec.data, *spec.models])
    if twice:
        raise errors.DuplicateStep(f"{twice[0]!r} is named twice")
    for step in spec.steps:
        _require_step(spec, step)
    plan = make_plan(spec)
    _require_owners(spec, plan)
    _require_use(spec, plan)
    return plan


def make_plan(spec: FlowSpec) -> Plan:
    """Order and lineage of the steps; raises `CyclicSteps`."""
    sources = {
        step.id: sorted(dict.fromkeys(r.split(".")[0] for r in step.inputs.values() if "." in r))
        for step in spec.steps
    }
    order: list[str] = []
    while len(order) < len(spec.steps):
        ready = [
            step.id
            for step in spec.steps
            if step.id not in order and all(source in order for source in sources[step.id])
        ]
        if not ready:
            raise errors.CyclicSteps()
        order.extend(ready)
    direct = {step.id: [r for r in step.inputs.values() if "." not in r] for step in spec.steps}
    names: dict[str, list[str]] = {}
    for step_id in order:
        inherited = [name for source in sources[step_id] for name in names[source]]
        names[step_id] = sorted(dict.fromkeys([*direct[step_id], *inherited]))
    return Plan(
        order,
        sources,
        {
            step: [name for name in found if name not in spec.models]
            for step, found in names.items()
        },
        {step: [name for name in found if name in spec.models] for step, found in names.items()},
    )


def operators_on(spec: FlowSpec, plan: Plan, name: str) -> list[str]:
    """Every operator that touches data, or a model, or anything derived from it, sorted."""
    return sorted(
        dict.fromkeys(granted_name(step) for step in spec.steps if plan.reaches(name, step.id))
    )


def granted_name(step: StepSpec) -> str:
    """What a grant must name for the step: the operator, with the algorithm it runs, if any."""
    if step.operator not in OWN_ALGORITHMS:
        return step.operator
    return f"{step.operator}:{algorithm_of(step)[0]}"


def algorithm_of(step: StepSpec) -> tuple[str, str]:
    """Algorithm and fingerprint a step names.

    Raises:
        AlgorithmMissing: when it names none.
    """
    named = [step.parameters.get(name) for name in (ALGORITHM, FINGERPRINT)]
    reference, fingerprint = [each if isinstance(each, str) else "" for each in named]
    if not reference or not fingerprint:
        raise errors.AlgorithmMissing(f"step {step.id}")
    return reference, fingerprint


def grants_of(spec: FlowSpec) -> list[str]:
    """Every grant the flow uses, of its data and of its models, once."""
    grants = [use.grant for use in spec.data.values() if use.grant]
    for model in spec.models.values():
        grants += [model.grants[dataset] for dataset in sorted(model.grants)]
    return list(dict.fromkeys(grants))


def engine_of(protocol: str) -> str:
    """The engine that runs a protocol; empty when none does."""
    found = [engine for engine, names in ENGINES.items() if protocol in names]
    return found[0] if found else ""


def receivers_of(spec: FlowSpec, plan: Plan, data: str) -> list[str]:
    """DIDs, beside the data's owner, that learn something derived from a data use, sorted."""
    return learners_of(spec, plan, data, spec.parties[spec.data[data].owner])


def learners_of(spec: FlowSpec, plan: Plan, name: str, owner: str) -> list[str]:
    """DIDs, beside an owner, that learn something derived from data or a model, sorted.

    These are the receivers of every step the data reaches, and the owners that take part in a
    private set intersection of it: they learn which ids are common.
    """
    aliases: list[str] = []
    for step in spec.steps:
        if plan.reaches(name, step.id):
            aliases += step.receivers
            aliases += step.owners if step.protocol in INTERSECTIONS else []
    dids = [spec.parties[alias] for alias in dict.fromkeys(aliases)]
    return sorted(did for did in dids if did != owner)


def step_levels(plan: Plan, levels: Mapping[str, int]) -> dict[str, int]:
    """Highest level among the data and models each step descends from.

    Args:
        levels: level of every data use and model, 1 to 5.
    """
    return {
        step: max(levels[name] for name in [*plan.lineage[step], *plan.models[step]])
        for step in plan.order
    }


def allowed_protocols(level: int, parameters: FlowParameters) -> list[str]:
    """Protocols the network allows on data of a level."""
    listed = parameters.protocols.get(str(level), [])
    hard = level >= HARDWARE_FROM_LEVEL
    return [name for name in listed if not (hard and name == SOFTWARE_TEE)]


def require_protocols(
    spec: FlowSpec, levels: Mapping[str, int], parameters: FlowParameters
) -> None:
    """Refuse engines and protocols the network does not allow for the level of a step.

    Raises:
        ProtocolNotAllowed: naming step, engine, protocol and level.
    """
    for step in spec.steps:
        level = levels[step.id]
        if step.protocol not in allowed_protocols(level, parameters):
            engine = engine_of(step.protocol) or "unknown"
            raise errors.ProtocolNotAllowed(
                f"step {step.id}: engine {engine} ({step.protocol}) is not allowed at level {level}"
            )


def require_controllers(step: StepSpec, controllers: Sequence[str]) -> None:
    """Refuse compute nodes of a step that one organisation controls.

    Args:
        controllers: in the end, of each compute alias, in order.
    """
    if duplicates(controllers):
        raise errors.SameController(f"step {step.id}: two compute nodes have one controller")


def descendants(plan: Plan, step_id: str) -> list[str]:
    """The step and every step that reads from it, directly or not, in order."""
    reached = [step_id]
    for other in plan.order:
        if other not in reached and any(source in reached for source in plan.sources[other]):
            reached.append(other)
    return reached


def _require_parties(spec: FlowSpec, initiator: str) -> None:
    dids = list(spec.parties.values())
    if initiator not in dids:
        raise errors.NotAParty("the initiator is a party of its flow")
    if duplicates(dids):
        raise errors.DuplicateParty()
    for use in spec.data.values():
        _require_aliases(spec, [use.owner])
    _require_aliases(spec, list(spec.fees))


def _require_aliases(spec: FlowSpec, aliases: Sequence[str]) -> None:
    unknown = [alias for alias in aliases if alias not in spec.parties]
    if unknown:
        raise errors.UnknownAlias(f"{unknown[0]!r} is no party")
    twice = duplicates(aliases)
    if twice:
        raise errors.UnknownAlias(f"{twice[0]!r} is listed twice")


def _require_step(spec: FlowSpec, step: StepSpec) -> None:
    for aliases in (step.owners, step.computes, step.receivers):
        _require_aliases(spec, aliases)
    if not participants(step):
        raise errors.OwnerMissing(f"nobody takes part in step {step.id}")
    if not step.inputs:
        raise errors.UnknownInput(f"step {step.id} has no inputs")
    steps = [other.id for other in spec.steps]
    for reference in step.inputs.values():
        name, _, port = reference.partition(".")
        known = steps if port else [*spec.data, *spec.models]
        if name not in known:
            raise errors.UnknownInput(f"step {step.id}: nothing is called {reference!r}")
        if name in spec.data and not port and spec.data[name].owner not in step.owners:
            raise errors.OwnerMissing(f"step {step.id} reads {name!r} without its owner")
    _require_computes(step)


def _require_computes(step: StepSpec) -> None:
    wanted = COMPUTE_PARTIES.get(step.protocol)
    if wanted is not None and len(step.computes) != wanted:
        raise errors.WrongComputes(f"step {step.id}: {step.protocol} needs {wanted} computes")
    if step.protocol in INTERSECTIONS and len(step.owners) != 2:
        raise errors.WrongComputes(f"step {step.id}: {step.protocol} runs between two owners")
    if step.protocol == "plain" and len(step.owners) != 1:
        raise errors.WrongComputes(f"step {step.id}: plain runs on the data of one owner")
    outside = [alias for alias in step.computes if alias not in step.owners]
    if step.protocol in AT_OWNERS and outside:
        raise errors.WrongComputes(f"step {step.id}: {step.protocol} runs at the owners only")


def _require_owners(spec: FlowSpec, plan: Plan) -> None:
    """Owners of a step own data it descends from, or received a result it descends from."""
    received: dict[str, list[str]] = {}
    by_id = {step.id: step for step in spec.steps}
    for step_id in plan.order:
        earlier = [a for source in plan.sources[step_id] for a in received[source]]
        entitled = [*earlier, *(spec.data[name].owner for name in plan.lineage[step_id])]
        for alias in by_id[step_id].owners:
            if alias not in entitled:
                raise errors.NotAnOwner(f"step {step_id}: {alias!r} holds none of its inputs")
        received[step_id] = [*earlier, *by_id[step_id].receivers]


def _require_use(spec: FlowSpec, plan: Plan) -> None:
    for name in spec.data:
        if not any(name in names for names in plan.lineage.values()):
            raise errors.UnusedData(f"nothing reads {name!r}")
    for name in spec.models:
        if not any(name in names for names in plan.models.values()):
            raise errors.UnusedData(f"nothing reads {name!r}")
    for alias in spec.fees:
        if not any(alias in step.computes for step in spec.steps):
            raise errors.FeeWithoutWork(f"{alias!r} computes nothing")
