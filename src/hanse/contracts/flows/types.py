"""Records of flows. Flow and step states follow the Dataspace Protocol's transfer process."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Slug
from hanse.contracts.flows.spec import FlowSpec
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

RunState = Literal["REQUESTED", "STARTED", "SUSPENDED", "COMPLETED", "TERMINATED"]
StepState = Literal["WAITING", "REQUESTED", "STARTED", "SUSPENDED", "COMPLETED", "TERMINATED"]
AttemptState = Literal["OPEN", "COMPLETED", "FAILED", "CANCELLED"]
EndCause = Literal["", "completed", "failure", "party", "grant"]


class Payment(msgspec.Struct, frozen=True):
    """One payment of the settlement, fixed when the flow is deployed.

    ``subject`` is the grant or, for a fee, the alias of the compute provider.
    """

    to: str
    amount_points: int
    kind: Literal["grant", "fee"]
    subject: str


class PinnedData(msgspec.Struct, frozen=True):
    """What the catalogue said of one data use when the flow was deployed."""

    dataset: str
    owner: str
    commitment: str
    level: int
    revision: int


class ModelDataset(msgspec.Struct, frozen=True):
    """A dataset a model descends from: its owner, the fields read, the grant of the training."""

    owner: str
    fields: list[str]
    grant: str


class PinnedModel(msgspec.Struct, frozen=True):
    """What stands on the ledger of a model of an earlier flow; it does not change any more.

    Attributes:
        flow, step, output: what made it, ``attempt`` in which.
        owners: DIDs, sorted, that keep how they prepare their columns.
        computes: DIDs of the computing nodes that keep its shares, in the order of their aliases.
        level: highest among the data it descends from.
        datasets: all it descends from, also through models of flows before.
    """

    flow: str
    step: str
    output: str
    attempt: int
    operator: str
    operator_version: int
    owners: list[str]
    computes: list[str]
    protocol: str
    level: int
    datasets: dict[str, ModelDataset]


class SpecRecord(Record, frozen=True):
    """What was deployed; never changes."""

    spec: FlowSpec
    data: dict[str, PinnedData]
    payments: list[Payment]
    levels: dict[str, int]
    models: dict[str, PinnedModel] = msgspec.field(default_factory=dict)


class ScoresRecord(Record, frozen=True):
    """How many scores of a model later flows were allowed to open to one receiver."""

    scores: int


class FlowRecord(Record, frozen=True):
    """How a flow stands.

    Attributes:
        round: 1 for the first run, one more for each rerun of a terminated flow; names its
            escrow.
        consumed: whether the uses of its grants are spent.
        completed: number of completed steps.
        cause: why it ended; ``code`` and ``reason`` tell more.
    """

    id: str
    initiator: str
    name: str
    state: RunState
    steps: int
    price_points: int
    created_ms: int
    updated_ms: int
    round: int = 1
    consumed: bool = False
    completed: int = 0
    cause: EndCause = ""
    code: str = ""
    reason: str = ""


class StepRecord(Record, frozen=True):
    """How a step stands. A step without a record, or WAITING, waits for its inputs.

    ``failures`` counts against ``max_attempts``; ``attempt`` never goes back.
    """

    state: StepState
    attempt: int
    failures: int = 0
    deadline_ms: int = 0
    requested_ms: int = 0
    started_ms: int = 0
    completed_ms: int = 0


class FailureReport(msgspec.Struct, frozen=True):
    """One party's signed account of what went wrong; the ledger itself when party is empty."""

    party: str
    phase: str
    code: str
    message: str
    blamed: list[str]
    time_ms: int


class AttemptRecord(Record, frozen=True):
    """Everything said about one attempt: confirmations and outcomes by DID, reports."""

    state: AttemptState = "OPEN"
    confirmed: dict[str, str] = msgspec.field(default_factory=dict)
    reported: dict[str, str] = msgspec.field(default_factory=dict)
    reports: list[FailureReport] = msgspec.field(default_factory=list)


class FlowParameters(Record, frozen=True, forbid_unknown_fields=True):
    """Governed parameters: protocols allowed by the highest level among the inputs.

    A level without an entry allows nothing.
    """

    protocols: dict[
        Annotated[str, Meta(pattern=r"^[1-5]\Z")], Annotated[list[Slug], Meta(max_length=16)]
    ]


SPECS = Collection("flows", "spec", SpecRecord)
FLOWS = Collection("flows", "flow", FlowRecord)
STEPS = Collection("flows", "step", StepRecord)
ATTEMPTS = Collection("flows", "attempt", AttemptRecord)
SCORES = Collection("flows", "scores", ScoresRecord)
PARAMETERS = Collection("flows", "parameters", FlowParameters)
