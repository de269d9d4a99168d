"""Models of earlier flows that a flow would use: what its scores add to those opened before."""

from __future__ import annotations

from hanse.api.flows import PlannedModelView
from hanse.collaboration.services.errors import ModelNotFound
from hanse.collaboration.services.models import Models
from hanse.contracts.flows.models import allowed_scores
from hanse.contracts.flows.queries import get_scores
from hanse.contracts.flows.spec import FlowSpec, ModelUse
from hanse.ledger.contract.state import StateReader


def plan_models(state: StateReader, spec: FlowSpec, models: Models) -> list[PlannedModelView]:
    """One for each model and receiver of its scores.

    Args:
        state: of the ledger.
        spec: as compiled.
        models: those this node holds a part of.
    """
    views = []
    for name, use in spec.models.items():
        for alias, scores in allowed_scores(spec, name).items():
            did = spec.parties[alias]
            telling, explanation = _exposure(models, use, did)
            views.append(
                PlannedModelView(
                    name=name,
                    flow=use.flow,
                    step=use.step,
                    output=use.output,
                    receiver=alias,
                    scores=scores,
                    counted=get_scores(state, use.flow, use.step, use.output, did),
                    telling=telling,
                    explanation=explanation,
                )
            )
    return views


def _exposure(models: Models, use: ModelUse, receiver: str) -> tuple[int | None, str]:
    try:
        found = models.exposure(use.flow, use.step, use.output, receiver)
    except ModelNotFound:
        return None, ""
    return (None, "") if found is None else (found.scores, found.explanation)
