"""Who takes part in a step: owners by lineage, compute nodes, receivers, and the protocol."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.collaboration.compiler.directory import Directory
from hanse.collaboration.compiler.lineage import Artifact
from hanse.collaboration.language.errors import (
    FlowBadCompute,
    FlowBadParties,
    FlowBadProtocol,
    FlowUnknownParty,
)
from hanse.collaboration.language.tree import FlowDocument, StepDeclaration, Word
from hanse.compute.errors import BadRoles, RefusedProtocol
from hanse.compute.operators.choosing import quickest
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.registry import check_session, protocol_for

AUTO = "auto"


@dataclass(frozen=True)
class Cast:
    """The parties of one step by role, aliases in the flow's order."""

    owners: tuple[str, ...]
    computes: tuple[str, ...]
    receivers: tuple[str, ...]
    protocol: str

    @property
    def parties(self) -> tuple[str, ...]:
        """Everybody who takes part, each once."""
        return tuple(dict.fromkeys((*self.owners, *self.computes, *self.receivers)))

    def holders(self, roles: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Aliases for each of the given roles."""
        by_role = {"owner": self.owners, "compute": self.computes, "receiver": self.receivers}
        return {role: by_role[role] for role in roles}


def cast_step(
    document: FlowDocument,
    directory: Directory,
    spec: OperatorSpec,
    step: StepDeclaration,
    inputs: dict[str, Artifact],
) -> Cast:
    """Decide who does what in a step.

    Raises:
        FlowBadCompute, FlowBadParties, FlowBadProtocol, FlowUnknownParty: with the line.
    """
    owners = _owners(document, spec, inputs)
    computes = _computes(document, directory, spec, step, inputs)
    receivers = _receivers(document, spec, step)
    first = receivers[:1] or next(iter(inputs.values())).holders.get("owner", ())
    protocol = _protocol(document, directory, spec, step, inputs, len(computes), first)
    try:
        check_session(
            spec, protocol, owners=len(owners), computes=len(computes), receivers=len(receivers)
        )
    except RefusedProtocol as error:
        raise FlowBadProtocol(f"step {step.id!r}: {error.message}", line=step.line) from error
    except BadRoles as error:
        raise FlowBadParties(f"step {step.id!r}: {error.message}", line=step.line) from error
    _require_allowed(directory, step, protocol, inputs)
    return Cast(owners, computes, receivers, protocol)


def _require_allowed(
    directory: Directory, step: StepDeclaration, protocol: str, inputs: dict[str, Artifact]
) -> None:
    """The contract refuses it too; here the line is known, and nothing is deployed yet."""
    level = max(artifact.level for artifact in inputs.values())
    if protocol not in directory.allowed_protocols(level):
        raise FlowBadProtocol(
            f"step {step.id!r}: the network does not allow {protocol} on data of level {level}",
            line=step.line,
        )


def _owners(
    document: FlowDocument, spec: OperatorSpec, inputs: dict[str, Artifact]
) -> tuple[str, ...]:
    holding: list[str] = []
    for port, artifact in inputs.items():
        if "owner" not in spec.inputs[port].held_by:
            continue
        # What only receivers hold (an intersection) is theirs to bring as owners.
        parts = artifact.holders.get("owner") or artifact.holders.get("receiver", ())
        holding.extend(alias for alias in parts if alias not in holding)
    return tuple(alias for alias in document.parties if alias in holding)


def _computes(
    document: FlowDocument,
    directory: Directory,
    spec: OperatorSpec,
    step: StepDeclaration,
    inputs: dict[str, Artifact],
) -> tuple[str, ...]:
    if "compute" not in spec.roles:
        if step.compute is not None:
            raise FlowBadCompute(
                f"{spec.name} runs without compute nodes; remove `compute`", line=step.line
            )
        return ()
    words = document.compute if step.compute is None else step.compute
    chosen = _aliases(document, words)
    for port, artifact in inputs.items():
        shares = artifact.holders.get("compute", ())
        if "compute" not in spec.inputs[port].held_by or not shares:
            continue
        if step.compute is not None and set(shares) != set(chosen):
            raise FlowBadCompute(
                f"step {step.id!r}: the shares of {port!r} lie at {', '.join(shares)}; "
                "the step runs there and nowhere else",
                line=step.line,
            )
        chosen = shares
    _check_independent(document, directory, chosen, step)
    return chosen


def _check_independent(
    document: FlowDocument, directory: Directory, chosen: tuple[str, ...], step: StepDeclaration
) -> None:
    controllers: dict[str, str] = {}
    for alias in chosen:
        did = document.parties[alias].did
        member = directory.member(did)
        controller = member.controller if member else did
        if controller in controllers:
            raise FlowBadCompute(
                f"{controllers[controller]} and {alias} are under one control and could pool "
                "their shares",
                line=step.line,
            )
        controllers[controller] = alias


def _receivers(
    document: FlowDocument, spec: OperatorSpec, step: StepDeclaration
) -> tuple[str, ...]:
    if "receiver" not in spec.roles:
        if step.receivers is not None:
            raise FlowBadParties(
                f"{spec.name} opens nothing to receivers; remove `receivers`", line=step.line
            )
        return ()
    words = document.receivers if step.receivers is None else step.receivers
    return _aliases(document, words)


def _protocol(
    document: FlowDocument,
    directory: Directory,
    spec: OperatorSpec,
    step: StepDeclaration,
    inputs: dict[str, Artifact],
    computes: int,
    receiver: tuple[str, ...],
) -> str:
    chosen = step.protocol is not None and step.protocol.text == AUTO
    if chosen and not spec.has_computes:  # else their number decides
        return _quickest(document, directory, spec, inputs, receiver)
    if step.protocol is not None and not chosen:
        if step.protocol.text not in spec.protocols:
            raise FlowBadProtocol(
                f"{spec.name} runs under {' or '.join(spec.protocols)}, not {step.protocol.text!r}",
                line=step.protocol.line,
            )
        return step.protocol.text
    try:
        return protocol_for(spec, computes)
    except RefusedProtocol as error:
        raise FlowBadCompute(f"step {step.id!r}: {error.message}", line=step.line) from error


def _quickest(
    document: FlowDocument,
    directory: Directory,
    spec: OperatorSpec,
    inputs: dict[str, Artifact],
    receiver: tuple[str, ...],
) -> str:
    """By the published sizes and the flow's line, of those the network allows at this level."""
    level = max(artifact.level for artifact in inputs.values())
    allowed = set(directory.allowed_protocols(level))
    # When none is allowed the contract says so, in its own words.
    usable = [each for each in spec.protocols if each in allowed] or list(spec.protocols)
    return quickest(usable, _sizes(list(inputs.values()), receiver), document.line)


def _sizes(tables: list[Artifact], receiver: tuple[str, ...]) -> tuple[int, int] | None:
    """Rows of the receiver's table and of the other, where both are published."""
    own = [table.rows for table in tables if table.holders.get("owner") == receiver]
    others = [table.rows for table in tables if table.holders.get("owner") != receiver]
    if len(own) != 1 or len(others) != 1 or own[0] is None or others[0] is None:
        return None
    return own[0], others[0]


def _aliases(document: FlowDocument, words: tuple[Word, ...]) -> tuple[str, ...]:
    for word in words:
        require_alias(document, word)
    named = {word.text for word in words}
    return tuple(alias for alias in document.parties if alias in named)


def require_alias(document: FlowDocument, word: Word) -> str:
    """The alias when `parties` defines it.

    Raises:
        FlowUnknownParty: otherwise.
    """
    if word.text not in document.parties:
        known = ", ".join(document.parties)
        raise FlowUnknownParty(
            f"{word.text!r} is no alias under `parties`; there are: {known}", line=word.line
        )
    return word.text
