"""The compiler: flow text to the spec a contract runs, and what it means in plain words."""

from hanse.collaboration.compiler.compile import compile_document, compile_flow
from hanse.collaboration.compiler.directory import (
    DatasetFacts,
    Directory,
    LedgerDirectory,
    MemberFacts,
)
from hanse.collaboration.compiler.explain import Explanation, StepExplanation, explain_flow

__all__ = [
    "DatasetFacts",
    "Directory",
    "Explanation",
    "LedgerDirectory",
    "MemberFacts",
    "StepExplanation",
    "compile_document",
    "compile_flow",
    "explain_flow",
]
