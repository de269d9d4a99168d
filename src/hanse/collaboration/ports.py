"""What the engine needs of the rest of a node. The node wires these; nothing else is used."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hanse.compute.worker.request import Failure, WorkerEvent, WorkerRequest, WorkerResult
from hanse.compute.worker.serving import Command
from hanse.contracts.flows.spec import FlowSpec, StepSpec
from hanse.contracts.flows.types import FlowRecord
from hanse.crypto.commitment import Opening
from hanse.crypto.suite import Suite
from hanse.ledger.block import Block, Receipt
from hanse.ledger.contract.contract import Message
from hanse.ledger.contract.state import StateReader


class LedgerPort(Protocol):
    """The ledger as this member sees and uses it."""

    @property
    def chain(self) -> str:
        """Network id: hash of the genesis, hex."""
        ...

    @property
    def suite(self) -> Suite:
        """The network's suite."""
        ...

    @property
    def height(self) -> int:
        """Height committed here."""
        ...

    @property
    def state(self) -> StateReader:
        """State as committed here."""
        ...

    async def submit(self, contract: str, message: Message) -> Receipt:
        """Sign, submit and wait until committed here; a refusal is in the receipt.

        Raises:
            UnavailableError: when the outcome is not known; the same message may be sent again.
            HanseError: when the transaction is refused before it reaches a block.
        """
        ...

    def blocks(self, from_height: int) -> AsyncIterator[Block]:
        """Committed blocks from a height on, then each new one as it is committed."""
        ...


MessageHandler = Callable[[str, dict[str, Any]], Awaitable[None]]


class PeerPort(Protocol):
    """Sealed, authenticated messages to other members' nodes."""

    async def send(self, did: str, message_type: str, body: dict[str, Any]) -> None:
        """Deliver one message; returns once the other node has taken it.

        Raises:
            HanseError: when it could not be delivered; the engine tries again.
        """
        ...

    def register(self, message_type: str, handler: MessageHandler) -> None:
        """Call the handler with sender DID and body for each message of a type."""
        ...


@dataclass(frozen=True)
class StoredDataset:
    """The vault object behind an own published dataset, and the opening of its commitment.

    ``meta`` is what the import left with it, such as ``key_columns``.
    """

    object_id: str
    opening: Opening
    meta: dict[str, Any]


class DatasetPort(Protocol):
    """Which object stands behind a dataset this node published."""

    def dataset(self, dataset: str) -> StoredDataset | None:
        """None when this node holds no such dataset."""
        ...


class Location(Protocol):
    """Where an object lies."""

    @property
    def path(self) -> str:
        """The encrypted file."""
        ...

    @property
    def key(self) -> bytes:
        """Its key."""
        ...


class TablePort(Protocol):
    """A stored table."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        ...

    @property
    def columns(self) -> Sequence[Any]:
        """Its columns."""
        ...

    def batches(self, columns: Sequence[str] | None = None, size: int = 65_536) -> Iterator[Any]:
        """Arrow record batches in order."""
        ...


class StorePort(Protocol):
    """The vault."""

    def locate(self, object_id: str) -> Location:
        """Path and key, to hand to a worker."""
        ...

    def adopt(
        self,
        path: Path | str,
        key: bytes,
        kind: Any,
        *,
        name: str = "",
        details: Any = None,
    ) -> str:
        """Move a worker's encrypted output into the vault; returns the object's identifier."""
        ...

    def open_table(self, object_id: str) -> TablePort:
        """A stored table."""
        ...

    def get_bytes(self, object_id: str) -> bytes:
        """Stored bytes."""
        ...

    def list_objects(self, kind: Any = None) -> Sequence[Any]:
        """Objects with ``id`` and ``details``."""
        ...

    def delete(self, object_id: str) -> None:
        """Erase an object for good."""
        ...


class Worker(Protocol):
    """One worker process; `hanse.compute.worker.WorkerProcess` is one."""

    failure: Failure | None

    @property
    def pid(self) -> int | None:
        """Process id once started."""
        ...

    async def start(self, request: WorkerRequest) -> None:
        """Start it."""
        ...

    def tell(self, command: Command) -> None:
        """Say something to one that serves."""
        ...

    def events(self) -> AsyncIterator[WorkerEvent]:
        """What it says, until it has ended."""
        ...

    async def wait(self) -> WorkerResult:
        """Its result; raises the named error it ended with."""
        ...

    async def cancel(self) -> None:
        """Ask it to stop at the next checkpoint; after a grace time it is killed."""
        ...

    async def kill(self) -> None:
        """Kill it at once and wipe its directory."""
        ...


WorkerPort = Callable[[], Worker]


class AlgorithmPort(Protocol):
    """Packages of members' algorithms."""

    async def package(self, algorithm: str, fingerprint: str) -> bytes:
        """The canonical bytes, fetched from another node when they are not here; checked.

        Raises:
            HanseError: when nobody has them, or they have another fingerprint.
        """
        ...


class MembersPort(Protocol):
    """Who evidence is sealed to."""

    def auditors(self) -> list[str]:
        """DIDs of the active auditors."""
        ...

    def agreement_key(self, did: str) -> tuple[str, bytes] | None:
        """Key id (DID and fragment) and public agreement key; None when unknown."""
        ...


class PolicyPort(Protocol):
    """The node's own say, beside what the contracts check."""

    async def check(self, flow: FlowRecord, spec: FlowSpec, step: StepSpec, alias: str) -> None:
        """Return when this node takes part in the step.

        Raises:
            AuthorizationError: a subclass saying why not; it stands on the ledger for all.
        """
        ...
