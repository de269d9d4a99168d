"""What the compiler asks about the network: members, catalogue, grants, prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from hanse.contracts.algorithms.queries import get_algorithm, require_usable
from hanse.contracts.algorithms.types import AlgorithmRecord
from hanse.contracts.catalogue.queries import get_dataset
from hanse.contracts.evidence.queries import recorded_outputs
from hanse.contracts.flows import models
from hanse.contracts.flows.queries import get_parameters
from hanse.contracts.flows.rules import allowed_protocols
from hanse.contracts.flows.types import PinnedModel
from hanse.contracts.identity.queries import controller_of, get_member
from hanse.contracts.rights.queries import get_grant
from hanse.contracts.rights.types import GrantRecord
from hanse.contracts.services.queries import require_in_use
from hanse.ledger.contract.state import StateReader


@dataclass(frozen=True)
class MemberFacts:
    """A member as registered.

    Attributes:
        controller: DID of who controls it in the end, itself when nobody does; two compute
            nodes may not share one.
        active: whether it may act now.
    """

    did: str
    name: str
    roles: tuple[str, ...]
    controller: str
    active: bool = True


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset as published.

    Attributes:
        level: its own, 1 to 5.
        row_count: None when its owner does not show it.
        types: by field.
    """

    id: str
    owner: str
    title: str
    level: int
    fields: tuple[str, ...]
    published: bool = True
    row_count: int | None = None
    types: Mapping[str, str] = field(default_factory=dict)


class Directory(Protocol):
    """Read-only answers; None where nothing of that name is visible."""

    @property
    def now_ms(self) -> int:
        """Time to judge grants by, UTC ms."""
        ...

    def member(self, did: str) -> MemberFacts | None:
        """The member of that DID."""
        ...

    def dataset(self, dataset: str) -> DatasetFacts | None:
        """The dataset of that identifier."""
        ...

    def grant(self, grant: str) -> GrantRecord | None:
        """The grant of that identifier."""
        ...

    def model(self, flow: str, step: str, output: str) -> PinnedModel:
        """What stands on the ledger of a model; raises the contracts' own refusals."""
        ...

    def algorithm(self, reference: str) -> AlgorithmRecord | None:
        """The algorithm of that name and version."""
        ...

    def require_usable(
        self, algorithm: AlgorithmRecord, parties: Sequence[str], level: int
    ) -> None:
        """Raise the contract's refusal when these may not run it on data of that level."""
        ...

    def allowed_protocols(self, level: int) -> Sequence[str]:
        """Protocols the network allows on data of that level."""
        ...

    def compute_price_points(self, did: str) -> int:
        """Published price of one flow at that compute provider; 0 when it asks none."""
        ...


class LedgerDirectory:
    """Answers from ledger state.

    Args:
        state: as committed here.
        now_ms: time to judge grants by.
        compute_price_points: published price of a provider's computing resource; the node's
            catalogue view knows it.
    """

    def __init__(
        self,
        state: StateReader,
        now_ms: int,
        compute_price_points: Callable[[str], int] = lambda did: 0,
    ) -> None:
        self._state = state
        self._now_ms = now_ms
        self._price = compute_price_points

    @property
    def now_ms(self) -> int:
        """Time to judge grants by, UTC ms."""
        return self._now_ms

    def member(self, did: str) -> MemberFacts | None:
        """The member of that DID."""
        record = get_member(self._state, did)
        if record is None:
            return None
        controller = controller_of(self._state, did)
        active = record.state == "ACTIVE"
        return MemberFacts(did, record.name, tuple(record.roles), controller, active)

    def dataset(self, dataset: str) -> DatasetFacts | None:
        """The dataset of that identifier."""
        record = get_dataset(self._state, dataset)
        if record is None:
            return None
        types = {each.name: each.type for each in record.fields}
        return DatasetFacts(
            record.id,
            record.owner,
            record.title,
            record.level,
            fields=tuple(types),
            published=record.state == "PUBLISHED",
            row_count=record.row_count,
            types=types,
        )

    def grant(self, grant: str) -> GrantRecord | None:
        """The grant of that identifier."""
        return get_grant(self._state, grant)

    def model(self, flow: str, step: str, output: str) -> PinnedModel:
        """What stands on the ledger of a model.

        Raises:
            ModelNotFound, ModelRetiredError.
        """
        model = models.find(self._state, flow, step, output)
        models.require_recorded(model, partial(recorded_outputs, self._state))
        require_in_use(self._state, flow, step, output)
        return model

    def algorithm(self, reference: str) -> AlgorithmRecord | None:
        """The algorithm of that name and version."""
        return get_algorithm(self._state, reference)

    def require_usable(
        self, algorithm: AlgorithmRecord, parties: Sequence[str], level: int
    ) -> None:
        """Raise the contract's refusal when these may not run it on data of that level."""
        require_usable(self._state, algorithm.id, algorithm.fingerprint, parties, level)

    def allowed_protocols(self, level: int) -> Sequence[str]:
        """Protocols the network allows on data of that level."""
        return allowed_protocols(level, get_parameters(self._state))

    def compute_price_points(self, did: str) -> int:
        """Published price of one flow at that compute provider; 0 when it asks none."""
        return self._price(did)
