"""Named errors of the flow language; each knows the line it speaks of."""

from __future__ import annotations

from hanse.core.errors import InputError


class FlowError(InputError):
    """The flow text cannot be accepted.

    Attributes:
        line: 1-based line in the text, 0 when the error is about the whole text.
        column: 1-based column, 0 when unknown.
    """

    code = "flow.invalid"
    help = "Correct the flow text at the line named; docs/flow-language.md lists every key."

    def __init__(
        self, message: str = "", *, line: int = 0, column: int = 0, debug: str = ""
    ) -> None:
        text = message or self.help
        super().__init__(f"line {line}: {text}" if line else text, debug=debug)
        self.line = line
        self.column = column

    def as_dict(self) -> dict[str, object]:
        """The public form, with ``line`` and ``column`` where known."""
        out = super().as_dict()
        if self.line:
            out["line"] = self.line
            out["column"] = self.column
        return out


class FlowTooLarge(FlowError):
    """The text is bigger than a flow can reasonably be."""

    code = "flow.too_large"
    status = 413
    help = "A flow is limited to 64 KiB of UTF-8 and 64 steps; split it."


class FlowNotYaml(FlowError):
    """The text does not parse as YAML."""

    code = "flow.not_yaml"
    help = "Correct the YAML syntax at the line named."


class FlowDuplicateKey(FlowError):
    """A mapping has the same key twice, so one of them would be lost."""

    code = "flow.duplicate_key"
    help = "Write every key once."


class FlowAliasRefused(FlowError):
    """YAML anchors, aliases, tags and merge keys are not part of the language."""

    code = "flow.alias_refused"
    help = "Write the value out; anchors, aliases, tags and merge keys are not accepted."


class FlowTooDeep(FlowError):
    """The text nests deeper than any flow needs."""

    code = "flow.too_deep"
    help = "A flow nests at most 8 levels."


class FlowUnsupportedVersion(FlowError):
    """The text is written for another version of the language."""

    code = "flow.unsupported_version"
    help = "Start the flow with `hanse: 1`."


class FlowMissingKey(FlowError):
    """A required key is absent."""

    code = "flow.missing_key"
    help = "Add the key named."


class FlowUnknownKey(FlowError):
    """A key the language does not know; most often a spelling mistake."""

    code = "flow.unknown_key"
    help = "Remove or correct the key; the message lists those known here."


class FlowWrongType(FlowError):
    """A value of another kind was expected here."""

    code = "flow.wrong_type"
    help = "Write the kind of value the message names."


class FlowBadName(FlowError):
    """A name does not follow the rules for names."""

    code = "flow.bad_name"
    help = "Names are 1 to 40 of a-z, 0-9, _ and -, and start with a letter."


class FlowDuplicateName(FlowError):
    """Two things carry the same name."""

    code = "flow.duplicate_name"
    help = "Give every step, and every member of a list, its own name."


class FlowUnknownParty(FlowError):
    """An alias that `parties` does not define, or a DID the network does not know."""

    code = "flow.unknown_party"
    help = "Use an alias defined under `parties`, standing for the DID of an active member."


class FlowUnknownReference(FlowError):
    """An input names neither data nor an output of a step."""

    code = "flow.unknown_reference"
    help = "Inputs are a name under `data` or `step.output`."


class FlowUnknownOperator(FlowError):
    """No such operator on this node."""

    code = "flow.unknown_operator"
    help = "`hanse operators list` shows the operators and their versions."


class FlowUnknownPort(FlowError):
    """The operator has no input of that name."""

    code = "flow.unknown_port"
    help = "`hanse operators show NAME` lists the inputs."


class FlowMissingInput(FlowError):
    """A required input of the operator is not connected."""

    code = "flow.missing_input"
    help = "Connect every input the operator requires."


class FlowWrongKind(FlowError):
    """What is connected is not of the kind the input takes."""

    code = "flow.wrong_kind"
    help = "Connect an output of the kind the input takes."


class FlowUnknownParameter(FlowError):
    """The operator has no parameter of that name."""

    code = "flow.unknown_parameter"
    help = "`hanse operators show NAME` lists the parameters."


class FlowBadParameter(FlowError):
    """A parameter is missing, of another type, or out of its range."""

    code = "flow.bad_parameter"
    help = "Give the parameter a value of its declared type and range."


class FlowCycle(FlowError):
    """Steps wait for each other."""

    code = "flow.cycle"
    help = "A step may only use outputs of steps that do not depend on it."


class FlowUnknownDataset(FlowError):
    """The catalogue has no such published dataset of that owner."""

    code = "flow.unknown_dataset"
    help = "Search the catalogue; the dataset must be published by the party named as owner."


class FlowUnknownField(FlowError):
    """The dataset has no such field."""

    code = "flow.unknown_field"
    help = "Name fields as the catalogue lists them."


class FlowMissingGrant(FlowError):
    """Data of another party is used without naming a grant."""

    code = "flow.missing_grant"
    help = "Request a grant for the dataset and name it under `grant`."


class FlowBadCompute(FlowError):
    """The compute nodes named cannot run the step."""

    code = "flow.bad_compute"
    help = "Name two (CHEETAH) or three (ABY3) compute nodes of independent organisations."


class FlowBadProtocol(FlowError):
    """The operator does not run under the protocol asked for, or not at this data level."""

    code = "flow.bad_protocol"
    help = "Leave `protocol` out, or name one the operator declares for the level of the data."


class FlowBadParties(FlowError):
    """The operator needs another number of data owners or receivers."""

    code = "flow.bad_parties"
    help = "Connect data of as many owners, and name as many receivers, as the operator takes."


class FlowUnused(FlowError):
    """Something is named that no step uses; it would be reserved and paid for nothing."""

    code = "flow.unused"
    help = "Use it in a step or take it out."


class FlowUnknownColumn(FlowError):
    """A parameter names a column that none of the step's tables has."""

    code = "flow.unknown_column"
    help = "Name a column among the `fields` of the data that reaches the step."


class FlowUnknownTemplate(FlowError):
    """No template of that name."""

    code = "flow.unknown_template"
    status = 404
    help = "The message lists the templates there are."


class FlowBadAlgorithm(FlowError):
    """A step names a member's algorithm that is not published, or not in this way."""

    code = "flow.bad_algorithm"
    help = "Name a published algorithm as name@1.0.0: hanse algorithms list."
