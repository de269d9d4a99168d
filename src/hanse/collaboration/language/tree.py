"""The typed tree of a flow text. Every part keeps the line it came from."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.collaboration.language.source import Scalar
from hanse.compute.operators.choosing import Line


@dataclass(frozen=True)
class Word:
    """A name or identifier and where it stands."""

    text: str
    line: int


@dataclass(frozen=True)
class Party:
    """``alias: did`` under `parties`."""

    alias: str
    did: str
    line: int


@dataclass(frozen=True)
class DataDeclaration:
    """One entry of `data`: which fields of whose dataset, under which grant."""

    name: str
    owner: Word
    dataset: Word
    fields: tuple[Word, ...]
    grant: Word | None
    line: int


@dataclass(frozen=True)
class ModelDeclaration:
    """One entry of `models`: what an earlier flow made, and grants by dataset it descends from."""

    name: str
    flow: Word
    step: Word
    output: Word
    grants: dict[str, Word]
    line: int


@dataclass(frozen=True)
class Reference:
    """What an input is connected to: data or a model (``step`` empty), or an output of a step."""

    step: str
    name: str
    line: int

    @property
    def text(self) -> str:
        """As written: ``name`` or ``step.name``."""
        return f"{self.step}.{self.name}" if self.step else self.name


ParameterValue = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter as written; its type is the operator's to decide."""

    value: ParameterValue
    line: int


@dataclass(frozen=True)
class StepDeclaration:
    """One entry of `steps`; None where the flow's default applies."""

    id: str
    operator: Word
    version: int | None
    inputs: dict[str, Reference]
    parameters: dict[str, Parameter]
    compute: tuple[Word, ...] | None
    receivers: tuple[Word, ...] | None
    protocol: Word | None
    attempts: int | None
    deadline_seconds: int | None
    line: int


@dataclass(frozen=True)
class FlowDocument:
    """A whole flow text.

    Attributes:
        attempts: default attempts per step (1 to 10).
        deadline_seconds: default time per attempt (10 to 604,800 seconds).
        line: between the parties, for steps whose protocol is chosen by it.
        priority: 1 to 9; steps of a flow with a higher one get a node's free slots first.
        fees: points per compute party; absent parties get their published price.
    """

    name: str
    purpose: str
    parties: dict[str, Party]
    data: dict[str, DataDeclaration]
    compute: tuple[Word, ...]
    receivers: tuple[Word, ...]
    fees: dict[str, tuple[int, int]]
    attempts: int
    deadline_seconds: int
    priority: int
    line: Line
    steps: tuple[StepDeclaration, ...]
    models: dict[str, ModelDeclaration]
