"""The collaboration engine: one per node, driven by the ledger."""

from hanse.collaboration.engine.context import EngineSettings
from hanse.collaboration.engine.engine import Engine
from hanse.collaboration.engine.evidence import envelope_context
from hanse.collaboration.engine.policy import NodePolicy
from hanse.collaboration.engine.results import ResultInfo, Results, TablePage

__all__ = [
    "Engine",
    "EngineSettings",
    "NodePolicy",
    "ResultInfo",
    "Results",
    "TablePage",
    "envelope_context",
]
