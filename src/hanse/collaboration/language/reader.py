"""Nodes to the typed tree: shape, names, numbers. References are the compiler's concern."""

from __future__ import annotations

from hanse.collaboration.language import take
from hanse.collaboration.language.errors import (
    FlowDuplicateName,
    FlowMissingKey,
    FlowTooLarge,
    FlowUnsupportedVersion,
    FlowWrongType,
)
from hanse.collaboration.language.source import Mapping, Node, Scalar, Sequence, parse_source
from hanse.collaboration.language.tree import (
    DataDeclaration,
    FlowDocument,
    ModelDeclaration,
    Parameter,
    Party,
    Reference,
    StepDeclaration,
    Word,
)
from hanse.compute.operators.choosing import Line

LANGUAGE_VERSION = 1
MAX_STEPS = 64
MAX_PARTIES = 32
FLOW_KEYS = (
    "hanse", "name", "purpose", "parties", "data", "models", "compute", "receivers", "fees",
    "priority", "line", "defaults", "steps",
)  # fmt: skip
DATA_KEYS = ("owner", "dataset", "fields", "grant")
MODEL_KEYS = ("flow", "step", "output", "grants")
STEP_KEYS = (
    "id", "operator", "version", "inputs", "parameters", "compute", "receivers", "protocol",
    "attempts", "deadline_seconds",
)  # fmt: skip
MAX_ATTEMPTS = 20
DEADLINE_SECONDS = (10, 7 * 24 * 3600)
MAX_FEE_POINTS = 10**15
PRIORITIES = (1, 9)
USUAL_PRIORITY = 5
LINE_MBIT = (1, 1_000_000)
LINE_DELAY_MS = (0, 10_000)


def read_flow(text: str) -> FlowDocument:
    """Read a flow text into its tree.

    Raises:
        FlowError: a subclass naming what is wrong and the line.
    """
    root = parse_source(text)
    _check_version(root)
    take.check_keys(root, FLOW_KEYS, "a flow")
    defaults = take.as_mapping(root.entries.get("defaults", _nothing(root)), "`defaults`")
    take.check_keys(defaults, ("attempts", "deadline_seconds"), "`defaults`")
    attempts, deadline = _limits(defaults)
    return FlowDocument(
        name=take.as_text(take.require(root, "name", "a flow"), "`name`").text,
        purpose=take.as_text(take.require(root, "purpose", "a flow"), "`purpose`").text,
        parties=_parties(take.require(root, "parties", "a flow")),
        data=_data(take.require(root, "data", "a flow")),
        compute=_compute(root),
        receivers=take.as_names(take.require(root, "receivers", "a flow"), "`receivers`"),
        fees=_fees(root),
        attempts=3 if attempts is None else attempts,
        deadline_seconds=600 if deadline is None else deadline,
        priority=_priority(root),
        line=_line(root),
        steps=_steps(take.require(root, "steps", "a flow")),
        models=_models(root),
    )


def _nothing(root: Mapping) -> Mapping:
    return Mapping({}, {}, root.line)


def _check_version(root: Mapping) -> None:
    node = root.entries.get("hanse")
    if node is None:
        raise FlowUnsupportedVersion(line=root.line)
    if not isinstance(node, Scalar) or node.text != str(LANGUAGE_VERSION):
        raise FlowUnsupportedVersion(line=node.line)


def _limits(node: Mapping) -> tuple[int | None, int | None]:
    attempts = node.entries.get("attempts")
    deadline = node.entries.get("deadline_seconds")
    return (
        None if attempts is None else take.as_integer(attempts, "`attempts`", 1, MAX_ATTEMPTS),
        None
        if deadline is None
        else take.as_integer(deadline, "`deadline_seconds`", *DEADLINE_SECONDS),
    )


def _priority(root: Mapping) -> int:
    node = root.entries.get("priority")
    return USUAL_PRIORITY if node is None else take.as_integer(node, "`priority`", *PRIORITIES)


def _line(root: Mapping) -> Line:
    node = root.entries.get("line")
    if node is None:
        return Line()
    given = take.as_mapping(node, "`line`")
    take.check_keys(given, ("mbit", "delay_ms"), "`line`")
    mbit, delay = given.entries.get("mbit"), given.entries.get("delay_ms")
    usual = Line()
    return Line(
        usual.mbit if mbit is None else take.as_integer(mbit, "`mbit`", *LINE_MBIT),
        usual.delay_ms if delay is None else take.as_integer(delay, "`delay_ms`", *LINE_DELAY_MS),
    )


def _parties(node: Node) -> dict[str, Party]:
    mapping = take.as_mapping(node, "`parties`")
    parties: dict[str, Party] = {}
    owners: dict[str, str] = {}
    for alias, value in mapping.entries.items():
        line = mapping.keys[alias].line
        take.check_name(alias, "the alias", line)
        did = take.as_text(value, f"the DID of {alias!r}").text
        if did in owners:
            raise FlowDuplicateName(f"{alias!r} and {owners[did]!r} are the same DID", line=line)
        owners[did] = alias
        parties[alias] = Party(alias, did, line)
    if not parties or len(parties) > MAX_PARTIES:
        raise FlowWrongType(f"a flow has 1 to {MAX_PARTIES} parties", line=mapping.line)
    return parties


def _data(node: Node) -> dict[str, DataDeclaration]:
    mapping = take.as_mapping(node, "`data`")
    if not mapping.entries:
        raise FlowMissingKey("`data` names at least one dataset", line=mapping.line)
    data: dict[str, DataDeclaration] = {}
    for name, value in mapping.entries.items():
        line = mapping.keys[name].line
        take.check_name(name, "the data name", line)
        data[name] = _one_data(name, take.as_mapping(value, f"data {name!r}"), line)
    return data


def _one_data(name: str, entry: Mapping, line: int) -> DataDeclaration:
    where = f"data {name!r}"
    take.check_keys(entry, DATA_KEYS, where)
    grant = entry.entries.get("grant")
    fields = take.as_words(take.require(entry, "fields", where), "`fields`")
    if not fields:
        raise FlowMissingKey(f"{where} names at least one field", line=entry.line)
    return DataDeclaration(
        name=name,
        owner=take.as_name(take.require(entry, "owner", where), "`owner`"),
        dataset=take.as_text(take.require(entry, "dataset", where), "`dataset`"),
        fields=fields,
        grant=None if grant is None else take.as_text(grant, "`grant`"),
        line=line,
    )


def _models(root: Mapping) -> dict[str, ModelDeclaration]:
    node = root.entries.get("models")
    if node is None:
        return {}
    mapping = take.as_mapping(node, "`models`")
    models: dict[str, ModelDeclaration] = {}
    for name, value in mapping.entries.items():
        line = mapping.keys[name].line
        take.check_name(name, "the model name", line)
        models[name] = _model(name, take.as_mapping(value, f"model {name!r}"), line)
    return models


def _model(name: str, entry: Mapping, line: int) -> ModelDeclaration:
    where = f"model {name!r}"
    take.check_keys(entry, MODEL_KEYS, where)
    given = take.as_mapping(entry.entries.get("grants", _nothing(entry)), f"`grants` of {where}")
    return ModelDeclaration(
        name=name,
        flow=take.as_text(take.require(entry, "flow", where), "`flow`"),
        step=take.as_name(take.require(entry, "step", where), "`step`"),
        output=take.as_name(take.require(entry, "output", where), "`output`"),
        grants={key: take.as_text(value, "a grant") for key, value in given.entries.items()},
        line=line,
    )


def _compute(root: Mapping) -> tuple[Word, ...]:
    node = root.entries.get("compute")
    if node is None:
        return ()
    mapping = take.as_mapping(node, "`compute`")
    take.check_keys(mapping, ("nodes",), "`compute`")
    return take.as_names(take.require(mapping, "nodes", "`compute`"), "`nodes`")


def _fees(root: Mapping) -> dict[str, tuple[int, int]]:
    node = root.entries.get("fees")
    if node is None:
        return {}
    mapping = take.as_mapping(node, "`fees`")
    fees: dict[str, tuple[int, int]] = {}
    for alias, value in mapping.entries.items():
        points = take.as_integer(value, f"the fee of {alias!r}", 0, MAX_FEE_POINTS)
        fees[alias] = (points, mapping.keys[alias].line)
    return fees


def _steps(node: Node) -> tuple[StepDeclaration, ...]:
    items = take.as_sequence(node, "`steps`").items
    if not items:
        raise FlowMissingKey("`steps` names at least one step", line=node.line)
    if len(items) > MAX_STEPS:
        raise FlowTooLarge(line=node.line)
    steps = tuple(_step(take.as_mapping(item, "a step")) for item in items)
    take.refuse_repeats((Word(step.id, step.line) for step in steps), "`steps`")
    return steps


def _step(node: Mapping) -> StepDeclaration:
    identifier = take.as_name(take.require(node, "id", "a step"), "the step id")
    where = f"step {identifier.text!r}"
    take.check_keys(node, STEP_KEYS, where)
    version, compute = node.entries.get("version"), node.entries.get("compute")
    receivers, protocol = node.entries.get("receivers"), node.entries.get("protocol")
    attempts, deadline = _limits(node)
    return StepDeclaration(
        id=identifier.text,
        operator=take.as_name(take.require(node, "operator", where), "`operator`"),
        version=None if version is None else take.as_integer(version, "`version`", 1, 10**6),
        inputs=_inputs(take.require(node, "inputs", where), where),
        parameters=_parameters(node, where),
        compute=None if compute is None else take.as_names(compute, "`compute`"),
        receivers=None if receivers is None else take.as_names(receivers, "`receivers`"),
        protocol=None if protocol is None else take.as_name(protocol, "`protocol`"),
        attempts=attempts,
        deadline_seconds=deadline,
        line=node.line,
    )


def _inputs(node: Node, where: str) -> dict[str, Reference]:
    mapping = take.as_mapping(node, f"`inputs` of {where}")
    inputs: dict[str, Reference] = {}
    for port, value in mapping.entries.items():
        word = take.as_text(value, f"input {port!r}")
        step, dot, name = word.text.partition(".")
        reference = Reference(step, name, word.line) if dot else Reference("", step, word.line)
        for part in (name, step) if dot else (step,):
            take.check_name(part, "the reference", word.line)
        inputs[port] = reference
    return inputs


def _parameters(node: Mapping, where: str) -> dict[str, Parameter]:
    value = node.entries.get("parameters")
    if value is None:
        return {}
    mapping = take.as_mapping(value, f"`parameters` of {where}")
    return {
        name: Parameter(_parameter_value(item, name), mapping.keys[name].line)
        for name, item in mapping.entries.items()
    }


def _parameter_value(node: Node, name: str) -> Scalar | tuple[Scalar, ...]:
    if isinstance(node, Scalar):
        return node
    if isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
        return tuple(item for item in node.items if isinstance(item, Scalar))
    raise FlowWrongType(
        f"parameter {name!r} is a value or a list of values", line=node.line, column=node.column
    )
