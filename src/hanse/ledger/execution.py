"""Executing a block: a pure function of state, height, time and transactions.

Every node that executes the same block on the same state gets the same receipts and the same
root, whatever engine ordered it. Nothing is written here; the result is a `Delta`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError, UnavailableError
from hanse.crypto.suite import Suite
from hanse.ledger import admission
from hanse.ledger.block import (
    Receipt,
    pack_transaction,
    receipt_leaf,
    receipts_root,
    transactions_root,
)
from hanse.ledger.contract.contract import BlockContext, Context, Contract, EmittedEvent
from hanse.ledger.contract.state import Overlay
from hanse.ledger.errors import (
    ContractFailed,
    Replayed,
    SoftwareTooOld,
    UnknownAction,
)
from hanse.ledger.genesis import Parameters
from hanse.ledger.keys import KeyCache
from hanse.ledger.records import REPLAY, replay_record
from hanse.ledger.registry import Registry
from hanse.ledger.state.nodes import EMPTY_BUCKET, hash_node, hash_value
from hanse.ledger.state.trie import Trie
from hanse.ledger.storage.delta import Delta
from hanse.ledger.storage.view import View
from hanse.ledger.transaction import DOMAIN, Transaction, decode_message, parse_transaction

Check = tuple[bytes, str, bytes, bytes]
"""public key, domain, message, signature"""
Verifier = Callable[[list[Check]], list[bool]]
PRUNED_PER_BLOCK = 16
# Failures of this machine: they halt the node and never become a receipt (others would differ).
HALTING = (MemoryError, OSError, RecursionError, UnavailableError, SoftwareTooOld)


@dataclass(frozen=True)
class Executed:
    """What a block does.

    Attributes:
        height: of the block.
        time_ms: of the block.
        transactions: wire bytes in order.
        packed_transactions: how they stand in the block.
        receipts: one per transaction, in order.
        encoded_receipts: their canonical bytes with wording.
        transactions_root: hex.
        receipts_root: hex.
        state_root: hex.
        delta: changes to state, replay window and index.
    """

    height: int
    time_ms: int
    transactions: list[bytes]
    packed_transactions: list[msgspec.Raw]
    receipts: list[Receipt]
    encoded_receipts: list[bytes]
    transactions_root: str
    receipts_root: str
    state_root: str
    delta: Delta


class Executor:
    """Executes blocks of one chain."""

    def __init__(
        self, suite: Suite, chain: str, registry: Registry, limits: Parameters, verifier: Verifier
    ) -> None:
        self._suite = suite
        self._chain = chain
        self._registry = registry
        self._limits = limits
        self._verifier = verifier
        self._trie = Trie(suite.hash)

    def execute(
        self, view: View, height: int, time_ms: int, transactions: Sequence[Transaction | bytes]
    ) -> Executed:
        """Execute a block above ``view``.

        Args:
            view: state after the block before.
            height: of this block.
            time_ms: of this block, UTC ms.
            transactions: in order; bytes are decoded here, and what does not decode gets a
                receipt saying so.
        """
        run = _BlockRun(self, view, BlockContext(self._chain, height, time_ms))
        parsed = [self._parse(item) for item in transactions]
        run.verify_ahead([t for t in parsed if isinstance(t, Transaction)])
        receipts = [run.receipt_for(index, item) for index, item in enumerate(parsed)]
        run.keep_replay_window()
        state_root = self.settle(view, run.overlay, run.delta)
        raw = [t.raw if isinstance(t, Transaction) else t for t in transactions]
        leaves = [receipt_leaf(receipt) for receipt in receipts]
        return Executed(
            height=height,
            time_ms=time_ms,
            transactions=raw,
            packed_transactions=[
                pack_transaction(data, isinstance(item, Transaction))
                for data, item in zip(raw, parsed, strict=True)
            ],
            receipts=receipts,
            encoded_receipts=[
                canonical.encode(r) if r.message else leaf
                for r, leaf in zip(receipts, leaves, strict=True)
            ],
            transactions_root=transactions_root(self._suite, raw),
            receipts_root=receipts_root(self._suite, leaves),
            state_root=state_root,
            delta=run.delta,
        )

    def refusals(
        self, view: View, height: int, time_ms: int, transactions: Sequence[Transaction | bytes]
    ) -> list[HanseError | None]:
        """For each transaction of a proposed block why admission would refuse it, or None."""
        run = _BlockRun(self, view, BlockContext(self._chain, height, time_ms))
        parsed = [self._parse(item) for item in transactions]
        run.verify_ahead([t for t in parsed if isinstance(t, Transaction)])
        return [run.refusal_of(item) for item in parsed]

    def settle(self, view: View, overlay: Overlay, delta: Delta) -> str:
        """Turn an overlay's writes into state and trie changes of ``delta``; the root, hex."""
        changes: dict[bytes, bytes | None] = {}
        for key, value in overlay.writes.items():
            if value == view.get(key):
                continue
            hashed = view.hash_key(key)
            delta.values[key] = value
            delta.hashed[key] = hashed
            changes[hashed] = None if value is None else hash_value(self._suite.hash, value)
        if not changes:
            return hash_node(self._suite.hash, view.node(b"") or EMPTY_BUCKET).hex()
        update = self._trie.update(view.node, changes)
        delta.nodes.update(update.nodes)
        return update.root.hex()

    def _parse(self, item: Transaction | bytes) -> Transaction | tuple[bytes, HanseError]:
        if isinstance(item, Transaction):
            return item
        try:
            admission.check_size(item, self._limits)
            return parse_transaction(self._suite, item)
        except HanseError as error:
            return item, error


class _BlockRun:
    """One block being executed."""

    def __init__(self, executor: Executor, view: View, block: BlockContext) -> None:
        self._suite = executor._suite
        self._registry = executor._registry
        self._limits = executor._limits
        self._verifier = executor._verifier
        self._view = view
        self._block = block
        self._keys = KeyCache(executor._registry.keys, block.height)
        self._contracts: dict[str, Contract] = {}
        self._used: dict[bytes, int] = {}  # replay digest → expiry, of this block
        self.overlay = Overlay(view)
        self.delta = Delta()

    def verify_ahead(self, transactions: list[Transaction]) -> None:
        """Verify signatures not seen before, in parallel, with the keys as the block begins."""
        unseen: list[tuple[Transaction, bytes]] = []
        for transaction in transactions:
            if transaction.verified_with is None:
                body = transaction.body
                public = self._keys.public_key(self.overlay, body.sender, body.key)
                if public is not None:
                    unseen.append((transaction, public))
        if len(unseen) < 2:
            return
        verdicts = self._verifier(
            [(public, DOMAIN, t.body_bytes, t.signature) for t, public in unseen]
        )
        for (transaction, public), holds in zip(unseen, verdicts, strict=True):
            if holds:
                transaction.verified_with = public

    def receipt_for(self, index: int, item: Transaction | tuple[bytes, HanseError]) -> Receipt:
        """Execute one transaction."""
        if not isinstance(item, Transaction):
            raw, error = item
            id_ = self._suite.hash(canonical.tagged("hanse/malformed-transaction/1", raw))
            return _failed(id_, error)
        try:
            self._admit(item)
        except HALTING:
            raise
        except HanseError as error:
            return _failed(item.id, error)
        self._used[item.replay] = item.body.expires_ms
        self.delta.transactions[item.id] = (self._block.height, index)
        return self._run(item)

    def refusal_of(self, item: Transaction | tuple[bytes, HanseError]) -> HanseError | None:
        """Admit one transaction without running it; why not, when it is refused."""
        if not isinstance(item, Transaction):
            return item[1]
        try:
            self._admit(item)
        except HALTING:
            raise
        except HanseError as error:
            return error
        self._used[item.replay] = item.body.expires_ms
        return None

    def keep_replay_window(self) -> None:
        """Record this block's nonces and drop what expired; nothing when there were none."""
        if not self._used:
            return
        height, delta = self._block.height, self.delta
        for until_ms, old in self._view.expiring(self._block.time_ms, PRUNED_PER_BLOCK):
            record = REPLAY.get(self.overlay, old)
            REPLAY.delete(self.overlay, old)
            delta.expiry[until_ms, old] = False
            delta.replay.update(dict.fromkeys(record.split() if record else []))
        until_ms = max(self._used.values())
        REPLAY.put(self.overlay, replay_record(until_ms, list(self._used)), height)
        delta.expiry[until_ms, height] = True
        delta.replay.update(dict.fromkeys(self._used, height))

    def _admit(self, transaction: Transaction) -> None:
        admission.check_times(transaction, self._block.chain, self._block.time_ms, self._limits)
        if transaction.replay in self._used:
            raise Replayed()
        admission.check_replay(transaction, self._view)
        public = admission.find_key(transaction, self._keys, self.overlay)
        admission.check_signature(self._suite, transaction, public)

    def _run(self, transaction: Transaction) -> Receipt:
        overlay = Overlay(self.overlay)
        events: list[EmittedEvent] = []
        try:
            result = self._call(transaction, overlay, events)
        except HALTING:
            raise
        except HanseError as error:
            return _failed(transaction.id, error)
        except Exception as error:  # a fault of the contract's code, the same on every node
            return _failed(transaction.id, ContractFailed(f"{type(error).__name__} in contract"))
        overlay.merge_into(self.overlay)
        self._keys.forget(overlay.writes.keys())
        return Receipt(
            tx=transaction.id.hex(),
            ok=True,
            events=events,
            result=None if result is None else msgspec.to_builtins(result),
        )

    def _call(
        self, transaction: Transaction, overlay: Overlay, events: list[EmittedEvent]
    ) -> msgspec.Struct | None:
        contract = self._contract(transaction.body.contract)
        message = decode_message(transaction, contract)
        if message is None:
            raise UnknownAction(f"{contract.name} has no action {transaction.body.action[:40]!r}")
        context = Context(
            contract=contract.name,
            block=self._block,
            tx_id=transaction.id,
            sender=transaction.body.sender,
            state=overlay,
            suite=self._suite,
            events=events,
            needs=self._registry.wiring,
            counter=[0],
        )
        return contract.handlers[type(message)](context, message)

    def _contract(self, name: str) -> Contract:
        # The version is the one active as the block begins; activation heights lie ahead.
        contract = self._contracts.get(name)
        if contract is None:
            contract = self._registry.active(self._view, name, self._block.height)
            self._contracts[name] = contract
        return contract


def _failed(id_: bytes, error: HanseError) -> Receipt:
    return Receipt(tx=id_.hex(), ok=False, code=error.code, message=error.message)
