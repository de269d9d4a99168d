"""The ledger's deterministic core under any ordering engine: check, execute, stage, commit.

An engine decides the order and the time; everything else is here. ``execute`` is pure and may
be repeated. ``stage`` puts an executed block on top of what the next one sees; ``commit`` makes
all staged blocks durable in one disk transaction, ``discard`` forgets them. Execute, stage,
commit and discard belong to one thread; ``check`` may run in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger import admission
from hanse.ledger.block import (
    Block,
    EncodedBlock,
    Header,
    decode_block,
    encode_block,
    header_hash,
    receipts_root,
    transactions_root,
)
from hanse.ledger.contract.contract import BlockContext, Context, EmittedEvent
from hanse.ledger.contract.state import Overlay
from hanse.ledger.errors import BadGenesis, StoreAltered, UnknownAction, WrongGenesis
from hanse.ledger.execution import Executed, Executor, Verifier
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.keys import KeyCache
from hanse.ledger.records import (
    PARAMETERS,
    VERSIONS,
    ActiveVersion,
    ContractVersions,
    ParameterRecord,
)
from hanse.ledger.registry import Registry
from hanse.ledger.state.nodes import EMPTY_BUCKET, hash_node
from hanse.ledger.storage.delta import Delta
from hanse.ledger.storage.store import Snapshot, Store
from hanse.ledger.storage.view import View
from hanse.ledger.transaction import Transaction, decode_message, parse_transaction
from hanse.ledger.validators import Validator, ValidatorDirectory


class Application:
    """State machine of one chain on one store."""

    def __init__(
        self, store: Store, genesis: Genesis, registry: Registry, verifier: Verifier
    ) -> None:
        """Load the last commit, or make and commit block 0.

        Raises:
            WrongGenesis: when the store belongs to another chain.
            StoreAltered: when its last header and its state do not agree.
            BadGenesis: when the genesis cannot be executed.
        """
        self.genesis = genesis
        self.chain = genesis_hash(genesis)
        self.suite: Suite = suite_of(genesis)
        self.limits = genesis.parameters
        self._store = store
        self._registry = registry
        self._executor = Executor(self.suite, self.chain, registry, self.limits, verifier)
        self._staged = Delta()
        self._arrival_keys = _ArrivalKeys(registry, 0)
        with store.read() as snapshot:
            head = snapshot.head()
            stored_chain = snapshot.chain()
        if head is None:
            self.begin_on(store)
        elif stored_chain != self.chain:
            raise WrongGenesis()
        self._load()

    @property
    def _orderer(self) -> str:
        return self.genesis.orderer.did if self.genesis.engine == "embedded" else ""

    @property
    def directory(self) -> ValidatorDirectory | None:
        """Who says which validators vote on a block."""
        return self._registry.validators

    @property
    def head(self) -> Header:
        """Header of the last staged or committed block."""
        return self._head

    @property
    def committed(self) -> Header:
        """Header of the last committed block."""
        return self._committed

    def check(self, raw: bytes, now_ms: int) -> tuple[Transaction, bytes]:
        """What can be said on arrival: everything but the signature.

        Args:
            raw: wire bytes.
            now_ms: UTC ms.

        Returns:
            The transaction and the public key its signature must hold for.

        Raises:
            HanseError: the named reason to refuse it.
        """
        transaction = self.check_form(raw, now_ms)
        return transaction, self.check_again(transaction, now_ms)

    def check_again(self, transaction: Transaction, now_ms: int) -> bytes:
        """The same for one that is decoded already: whether it may still be executed.

        Returns:
            The public key its signature must hold for.
        """
        committed = self._committed
        time_ms = max(now_ms, committed.time_ms + 1)
        admission.check_times(transaction, self.chain, time_ms, self.limits)
        if self._arrival_keys.height != committed.height:
            self._arrival_keys = _ArrivalKeys(self._registry, committed.height)
        with self._store.read() as snapshot:
            admission.check_replay(transaction, snapshot)
            keys = self._arrival_keys.keys
            public = admission.find_key(transaction, keys, snapshot)
            self._check_message(transaction, snapshot)
        return public

    def check_form(self, raw: bytes, now_ms: int) -> Transaction:
        """The part of `check` that needs no state."""
        admission.check_size(raw, self.limits)
        transaction = parse_transaction(self.suite, raw)
        time_ms = max(now_ms, self._committed.time_ms + 1)
        admission.check_times(transaction, self.chain, time_ms, self.limits)
        return transaction

    def execute(
        self, height: int, time_ms: int, transactions: Sequence[Transaction | bytes]
    ) -> Executed:
        """Execute a block above what is staged; changes nothing here."""
        with self._store.read() as snapshot:
            view = View(snapshot, self._staged, self.suite.hash)
            return self._executor.execute(view, height, time_ms, transactions)

    def refusals(
        self, height: int, time_ms: int, transactions: Sequence[Transaction | bytes]
    ) -> list[HanseError | None]:
        """Why each transaction may not stand in a block above what is committed, None if it may.

        The same on every node that committed the block before: proposals are judged by it.
        """
        with self._store.read() as snapshot:
            view = View(snapshot, Delta(), self.suite.hash)
            return self._executor.refusals(view, height, time_ms, transactions)

    def header_for(self, executed: Executed) -> Header:
        """The header an orderer signs over an executed block."""
        return Header(
            height=executed.height,
            time_ms=executed.time_ms,
            chain=self.chain,
            previous=header_hash(self.suite, self._head),
            transactions_root=executed.transactions_root,
            receipts_root=executed.receipts_root,
            state_root=executed.state_root,
            count=len(executed.transactions),
            orderer=self._orderer,
        )

    def validators(self, height: int) -> tuple[Validator, ...]:
        """The set that votes on a block, known for every block up to two above the last staged."""
        if self._registry.validators is None:
            return ()
        with self._store.read() as snapshot:
            view = View(snapshot, self._staged, self.suite.hash)
            return self._registry.validators.validators(view, height)

    def stage(
        self, executed: Executed, header: Header, signature: str, block_id: str = ""
    ) -> bytes:
        """Put an executed block on top; returns its encoded form.

        Args:
            executed: by `execute`.
            header: by `header_for`.
            signature: the embedded orderer's, hex.
            block_id: the ordering engine's hash of the block, hex.
        """
        encoded = encode_block(
            EncodedBlock(
                block_id=block_id,
                header=header,
                signature=signature,
                transactions=executed.packed_transactions,
                receipts=[msgspec.Raw(receipt) for receipt in executed.encoded_receipts],
            )
        )
        executed.delta.blocks[header.height] = encoded
        self._staged.merge(executed.delta)
        self._head = header
        return encoded

    def stage_certificate(self, height: int, certificate: bytes) -> None:
        """Write an encoded certificate, verified by the caller, with the next commit."""
        self._staged.certificates[height] = certificate

    def commit(self) -> None:
        """Make all staged blocks durable, or on error none of them; they stay staged then.

        Raises:
            StorageFull, StorageFailed
        """
        if not self._staged:
            return
        self._store.commit(self._staged, self.chain)
        self._staged = Delta()
        self._committed = self._head

    def discard(self) -> None:
        """Forget staged blocks."""
        self._staged = Delta()
        self._head = self._committed

    def reload(self) -> None:
        """Go on from what the store holds now, after a snapshot was put in its place.

        Raises:
            StoreAltered: when its last header and its state do not agree.
        """
        self._staged = Delta()
        self._load()

    def begin_on(self, store: Store) -> None:
        """Execute the genesis and commit block 0 on an empty store."""
        genesis = self.genesis
        genesis.parameters.check()
        with store.read() as snapshot:
            view = View(snapshot, Delta(), self.suite.hash)
            overlay = Overlay(view)
            self._write_own_records(overlay)
            self._run_genesis_handlers(overlay)
            delta = Delta()
            state_root = self._executor.settle(view, overlay, delta)
        header = Header(
            height=0,
            time_ms=genesis.created_ms,
            chain=self.chain,
            previous=self.chain,
            transactions_root=transactions_root(self.suite, []),
            receipts_root=receipts_root(self.suite, []),
            state_root=state_root,
            count=0,
            orderer=self._orderer,
        )
        block = Block(header=header, signature="", transactions=[], receipts=[])
        delta.blocks[0] = encode_block(block)
        store.commit(delta, self.chain)

    def _write_own_records(self, overlay: Overlay) -> None:
        limits = msgspec.structs.asdict(self.limits)
        PARAMETERS.put(overlay, ParameterRecord(**limits))
        for name, version in sorted(self.genesis.contracts.items()):
            active = ActiveVersion(version=version, from_height=0)
            VERSIONS.put(overlay, ContractVersions(versions=[active]), name)

    def _run_genesis_handlers(self, overlay: Overlay) -> None:
        initial = dict(self.genesis.initial)
        block = BlockContext(self.chain, 0, self.genesis.created_ms)
        events: list[EmittedEvent] = []
        counter = [0]
        for contract in self._registry.contracts:
            if self.genesis.contracts.get(contract.name) != contract.version:
                continue
            message = initial.pop(contract.name, None)
            if contract.genesis is None or contract.genesis_type is None:
                if message is not None:
                    raise BadGenesis(f"{contract.name} takes no genesis message")
                continue
            context = Context(
                contract=contract.name,
                block=block,
                tx_id=bytes.fromhex(self.chain),
                sender=self.genesis.orderer.did,
                state=overlay,
                suite=self.suite,
                events=events,
                needs=self._registry.wiring,
                counter=counter,
            )
            try:
                contract.genesis(context, msgspec.convert(message or {}, contract.genesis_type))
            except (HanseError, msgspec.ValidationError) as error:
                raise BadGenesis(f"genesis of {contract.name}: {error}") from error
        self._check_contracts_known(initial)

    def _check_contracts_known(self, unused: dict[str, object]) -> None:
        known = {(contract.name, contract.version) for contract in self._registry.contracts}
        missing = sorted(set(self.genesis.contracts.items()) - known)
        if missing or unused:
            raise BadGenesis(f"this software lacks {missing or sorted(unused)}")

    def _load(self) -> None:
        with self._store.read() as snapshot:
            head = snapshot.head()
            stored = snapshot.block(head) if head is not None else None
            root = snapshot.node(b"") or EMPTY_BUCKET
        if stored is None:
            raise StoreAltered("the last block is missing")
        header = decode_block(stored).header
        if header.height != head or header.state_root != hash_node(self.suite.hash, root).hex():
            raise StoreAltered("the state is not the one the last block commits to")
        self._head = self._committed = header
        self._arrival_keys = _ArrivalKeys(self._registry, header.height)

    def _check_message(self, transaction: Transaction, snapshot: Snapshot) -> None:
        keys = self._arrival_keys
        name = transaction.body.contract
        contract = keys.contracts.get(name)
        if contract is None:
            contract = self._registry.active(snapshot, name, keys.height + 1)
            keys.contracts[name] = contract
        if decode_message(transaction, contract) is None:
            raise UnknownAction(f"{name} has no action {transaction.body.action[:40]!r}")


class _ArrivalKeys:
    """Keys and contracts as seen from the last commit, for checks on arrival."""

    def __init__(self, registry: Registry, height: int) -> None:
        self.height = height
        self.keys = KeyCache(registry.keys, height + 1)
        self.contracts: dict[str, Any] = {}
