"""The contracts this software has, and how they are wired to each other.

Which version of a contract is *active* is never decided here: it is read from state, by
height, so that old blocks replay with the code they were made with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hanse.core.errors import InternalError
from hanse.ledger.contract.contract import Context, Contract
from hanse.ledger.contract.state import StateReader
from hanse.ledger.errors import SoftwareTooOld, UnknownContract
from hanse.ledger.records import active_version
from hanse.ledger.validators import ValidatorDirectory

Provider = Callable[[Context], object]


class KeyDirectory(Protocol):
    """Who may sign with what; the identity contract's records answer."""

    def public_key(self, state: StateReader, did: str, key_id: str, height: int) -> bytes | None:
        """Public signing key valid for transactions at this height, or None.

        Must read nothing but ``state``: answers are cached until a key it read is written.
        """
        ...


@dataclass(frozen=True)
class Registry:
    """Contracts in order of genesis, wiring and the key directory.

    Attributes:
        contracts: every version this software can execute; genesis runs in this order.
        wiring: (consumer's name, Protocol) → provider. A provider gets the consumer's context
            and returns an object bound to ``context.acting_as(provider's name)``.
        keys: the key directory.
        validators: who votes on blocks; None where no contract keeps validators.
    """

    contracts: list[Contract]
    wiring: Mapping[tuple[str, type], Provider]
    keys: KeyDirectory
    validators: ValidatorDirectory | None = None
    _by_version: dict[tuple[str, int], Contract] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_version = {(c.name, c.version): c for c in self.contracts}
        if len(by_version) != len(self.contracts):
            raise InternalError("a contract version is registered twice")
        for contract in self.contracts:
            for need in contract.needs:
                if (contract.name, need) not in self.wiring:
                    raise InternalError(f"{contract.name} needs {need.__name__}; nothing is wired")
        object.__setattr__(self, "_by_version", by_version)

    def version(self, name: str, version: int) -> Contract:
        """One version of a contract.

        Raises:
            SoftwareTooOld: when this software does not have it.
        """
        contract = self._by_version.get((name, version))
        if contract is None:
            raise SoftwareTooOld(f"this software has no version {version} of contract {name!r}")
        return contract

    def active(self, state: StateReader, name: str, height: int) -> Contract:
        """The version of a contract that executes at a height.

        Raises:
            UnknownContract: when none is active.
        """
        version = active_version(state, name, height)
        if version == 0:
            raise UnknownContract(f"no contract {name[:40]!r} is active")
        return self.version(name, version)
