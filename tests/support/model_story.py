"""A flow that trained a model, and later flows that score with it, on a contract network."""

from __future__ import annotations

from typing import Any

from contract_story import Story, get_final_grant, outcome, publish, steps
from msgspec.structs import replace

from hanse.contracts.flows.spec import FlowSpec, ModelUse, StepSpec

MOST = 50


class Later:
    """A network on which one flow has trained a model, with grants for more."""

    def __init__(self, **network: Any) -> None:
        self.story = Story(uses=10, points=10_000, **network)
        self.net = self.story.net
        self.trained = self.story.deploy()
        self.train(self.trained)
        self.rows = publish(self.net, title="new purchases")
        self.rows_grant = get_final_grant(self.net, self.rows, uses=10)

    def train(self, flow: str) -> None:
        """Run a flow of the usual steps to its end."""
        for step in ("align", "split", "report", "train", "score"):
            self.run_step(flow, step)

    def run_step(self, flow: str, step: str) -> None:
        """Run a step whose outcome says it kept ``model`` if it trains, else ``table``."""
        self.story.confirm(flow, step)
        name = "model" if step == "train" else "table"
        for party in self.story.parties_of(flow, step):
            self.net.send(party, outcome(flow, step, 1, name))

    def use(self, **changes: Any) -> ModelUse:
        fields: dict[str, Any] = {
            "flow": self.trained,
            "step": "train",
            "output": "model",
            "grants": {self.story.dataset: self.story.grant},
            **changes,
        }
        return ModelUse(**fields)

    def steps(self, **changes: Any) -> list[StepSpec]:
        """Align and score, the latter with changes."""
        align, score = steps()[0], steps()[-1]
        inputs = {"model": "scoring", "table": "align.table"}
        fields = {"inputs": inputs, "parameters": {"maximum_rows": MOST}, **changes}
        return [align, replace(score, **fields)]

    def spec(self, **changes: Any) -> FlowSpec:
        data = self.story.spec().data
        rows = replace(data["purchases"], dataset=self.rows, grant=self.rows_grant)
        fields = {
            "data": {**data, "purchases": rows},
            "models": {"scoring": self.use()},
            "steps": self.steps(),
            **changes,
        }
        return self.story.spec(**fields)

    def deploy(self, **changes: Any) -> str:
        return self.story.deploy(**msgspec_fields(self.spec(**changes)))

    def run(self, **changes: Any) -> str:
        """A later flow run to its end."""
        flow = self.deploy(**changes)
        self.run_step(flow, "align")
        self.run_step(flow, "score")
        return flow


def msgspec_fields(spec: FlowSpec) -> dict[str, Any]:
    """The fields of a specification, as they are."""
    return {name: getattr(spec, name) for name in spec.__struct_fields__}
