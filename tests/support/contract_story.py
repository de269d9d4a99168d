"""The usual story on a contract network: publish, grant, deploy, run; shared by tests."""

from __future__ import annotations

from typing import Any, Protocol

from contract_network import START_MS, Network

from hanse.contracts.catalogue.messages import PublishDataset
from hanse.contracts.catalogue.types import Field
from hanse.contracts.flows.messages import (
    ConfirmSession,
    DeployFlow,
    EvidenceItem,
    ReportFailure,
    ReportOutcome,
)
from hanse.contracts.flows.queries import get_attempt, get_deployed, get_flow, get_step
from hanse.contracts.flows.spec import DataUse, FlowSpec, StepSpec
from hanse.contracts.flows.types import FlowRecord, StepRecord
from hanse.contracts.points.messages import IssuePoints
from hanse.contracts.points.queries import get_account
from hanse.contracts.rights.messages import AgreeGrant, RequestGrant, VerifyGrant
from hanse.contracts.rights.queries import get_grant
from hanse.contracts.rights.types import GrantRecord

DAY_MS = 24 * 3_600_000
MANIFEST, OTHER_MANIFEST = "ab" * 32, "cd" * 32
COMMITMENT = "11" * 32
OPERATORS = ["align", "split", "summary", "logistic_regression", "predict"]
PRICE, FEE = 100, 10


def description(**changes: Any) -> dict[str, Any]:
    """A dataset's description, with changes."""
    return {
        "title": "purchases",
        "fields": [
            Field(name="id", type="text", level=3),
            Field(name="spend", type="float64", level=2),
            Field(name="region", type="text", level=1),
        ],
        "commitment": COMMITMENT,
        "level": 3,
        "operators": OPERATORS,
        "purposes": ["credit-risk"],
        "price_points": PRICE,
        **changes,
    }


def publish(net: Network, owner: str = "merchant", **changes: Any) -> str:
    """Publish a dataset; returns its identifier."""
    outcome = net.send(owner, PublishDataset(**description(**changes)))
    dataset: str = outcome.result.dataset
    return dataset


def ask(net: Network, dataset: str, consumer: str = "bank", **changes: Any) -> str:
    """Apply for a grant; returns its identifier."""
    terms: dict[str, Any] = {
        "fields": ["id", "spend"],
        "purpose": "credit-risk",
        "operators": OPERATORS,
        "uses": 1,
        "not_after_ms": START_MS + 30 * DAY_MS,
        **changes,
    }
    grant: str = net.send(consumer, RequestGrant(dataset=dataset, **terms)).result.grant
    return grant


def finish(net: Network, grant: str, consumer: str = "bank", owner: str = "merchant") -> None:
    """Agree and verify a grant that was asked for."""
    net.send(owner, AgreeGrant(grant))
    net.send(consumer, VerifyGrant(grant))


def get_final_grant(net: Network, dataset: str, **changes: Any) -> str:
    """A final grant of the bank on the merchant's dataset."""
    grant = ask(net, dataset, **changes)
    finish(net, grant)
    return grant


def steps() -> list[StepSpec]:
    """Align → split → (summary, train) → score, as the compiler emits them."""
    both, three = ["bank", "merchant"], ["bank", "merchant", "compute_1"]
    common: dict[str, Any] = {"owners": both, "deadline_ms": 60_000, "max_attempts": 2}
    mpc: dict[str, Any] = {**common, "computes": three, "receivers": ["bank"], "protocol": "aby3"}
    return [
        StepSpec(
            id="align",
            operator="align",
            inputs={"left": "applications", "right": "purchases"},
            parameters={"left_key": "id", "right_key": "id"},
            protocol="rr22",
            **common,
        ),
        StepSpec(
            id="split",
            operator="split",
            inputs={"table": "align.table"},
            parameters={"test_fraction": "0.3", "seed": 7, "shuffle": True},
            protocol="local",
            **common,
        ),
        StepSpec(id="report", operator="summary", inputs={"table": "split.train"}, **mpc),
        StepSpec(
            id="train",
            operator="logistic_regression",
            inputs={"table": "split.train"},
            parameters={"label": "y", "epochs": 20, "columns": ["age", "spend"]},
            **mpc,
        ),
        StepSpec(
            id="score",
            operator="predict",
            inputs={"model": "train.model", "table": "align.table"},
            **mpc,
        ),
    ]


class HasDids(Protocol):
    """A network that knows everybody's DID."""

    def did(self, name: str) -> str: ...


def flow_spec(net: HasDids, own: str, dataset: str, grant: str, **changes: Any) -> FlowSpec:
    """The joint flow of bank and merchant with one independent compute provider."""
    fields: dict[str, Any] = {
        "name": "joint-credit",
        "purpose": "credit-risk",
        "parties": {name: net.did(name) for name in ("bank", "merchant", "compute_1")},
        "data": {
            "applications": DataUse(owner="bank", dataset=own, fields=["id", "region"]),
            "purchases": DataUse(
                owner="merchant", dataset=dataset, fields=["id", "spend"], grant=grant
            ),
        },
        "steps": steps(),
        "fees": {"compute_1": FEE},
        **changes,
    }
    return FlowSpec(**fields)


class Story:
    """A network with both datasets published, a final grant and points at the bank."""

    def __init__(self, *, uses: int = 1, points: int = 1_000, **network: Any) -> None:
        self.net = Network(**network)
        self.own = publish(self.net, "bank", title="applications", operators=[], purposes=[])
        self.dataset = publish(self.net)
        self.grant = get_final_grant(self.net, self.dataset, uses=uses)
        if points:
            self.net.send("operator", IssuePoints(self.net.did("bank"), points))

    def spec(self, **changes: Any) -> FlowSpec:
        return flow_spec(self.net, self.own, self.dataset, self.grant, **changes)

    def deploy(self, **changes: Any) -> str:
        outcome = self.net.send("bank", DeployFlow(self.spec(**changes)))
        flow: str = outcome.result.flow
        return flow

    # -- what stands ------------------------------------------------------------------------
    def flow(self, flow: str) -> FlowRecord:
        record = get_flow(self.net.state, flow)
        assert record is not None
        return record

    def step(self, flow: str, step: str) -> StepRecord:
        record = get_step(self.net.state, flow, step)
        assert record is not None
        return record

    def grant_record(self) -> GrantRecord:
        record = get_grant(self.net.state, self.grant)
        assert record is not None
        return record

    def balance(self, name: str) -> int:
        return get_account(self.net.state, self.net.did(name)).balance_points

    def held(self, name: str = "bank") -> int:
        return get_account(self.net.state, self.net.did(name)).held_points

    def parties_of(self, flow: str, step: str) -> list[str]:
        deployed = get_deployed(self.net.state, flow)
        assert deployed is not None
        spec = next(s for s in deployed.spec.steps if s.id == step)
        return sorted({*spec.owners, *spec.computes, *spec.receivers})

    # -- what parties do --------------------------------------------------------------------
    def confirm(
        self, flow: str, step: str, *who: str, attempt: int | None = None, manifest: str = MANIFEST
    ) -> list[str]:
        """Confirm as these parties (default: all); returns the names of all events."""
        number = self.step(flow, step).attempt if attempt is None else attempt
        names: list[str] = []
        for name in who or self.parties_of(flow, step):
            message = ConfirmSession(flow=flow, step=step, attempt=number, manifest=manifest)
            names += self.net.send(name, message).names()
        return names

    def report(self, flow: str, step: str, *who: str, attempt: int | None = None) -> list[str]:
        """Report outcomes as these parties (default: all); returns the names of all events."""
        number = self.step(flow, step).attempt if attempt is None else attempt
        names: list[str] = []
        for name in who or self.parties_of(flow, step):
            names += self.net.send(name, outcome(flow, step, number)).names()
        return names

    def run_step(self, flow: str, step: str) -> list[str]:
        return self.confirm(flow, step) + self.report(flow, step)

    def run_all(self, flow: str) -> list[str]:
        names: list[str] = []
        for step in ("align", "split", "report", "train", "score"):
            names += self.run_step(flow, step)
        return names

    def fail(self, flow: str, step: str, who: str, **changes: Any) -> list[str]:
        number = changes.pop("attempt", None) or self.step(flow, step).attempt
        message = failure(flow, step, number, **changes)
        return self.net.send(who, message).names()

    def attempt_state(self, flow: str, step: str, attempt: int) -> str:
        record = get_attempt(self.net.state, flow, step, attempt)
        assert record is not None
        return record.state


def outcome(flow: str, step: str, attempt: int, name: str = "table") -> ReportOutcome:
    """An outcome with one item of evidence."""
    item = EvidenceItem(
        name=name, kind="output", commitment=COMMITMENT, envelope={"ciphertext": "c"}
    )
    return ReportOutcome(flow=flow, step=step, attempt=attempt, evidence=[item])


def failure(flow: str, step: str, attempt: int, **changes: Any) -> ReportFailure:
    """A failure report of a broken link."""
    return ReportFailure(
        **{
            "flow": flow,
            "step": step,
            "attempt": attempt,
            "phase": "compute",
            "code": "compute.peer_lost",
            "message": "link to a peer broke",
            **changes,
        }
    )
