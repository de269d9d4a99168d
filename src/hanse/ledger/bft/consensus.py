"""What the ordering engine asks about blocks, answered by the ledger's application.

Everything here runs in the one thread that executes and writes. Finalizing computes and stages
in memory; only committing touches the disk, in one transaction. The engine may finalize a height
again after a crash and gets the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.bft.book import CertificateBook, voter
from hanse.ledger.bft.carried import Carried
from hanse.ledger.bft.faults import EVIDENCE_BYTES, Fault, FaultKind, Faults
from hanse.ledger.bft.known import KnownTransactions
from hanse.ledger.bft.proposals import Proposals, split_content
from hanse.ledger.block import receipt_leaf
from hanse.ledger.certificates import CERTIFIED_AFTER
from hanse.ledger.errors import BadCertificate, BadProposal, OutOfStep
from hanse.ledger.execution import Executed
from hanse.ledger.validators import Validator

NANOSECONDS = 1_000_000


@dataclass(frozen=True)
class Outcome:
    """What the engine is told of a finalized block.

    Attributes:
        results: for each item of the engine's block, its error code (empty when it took effect)
            and the hash of what the ledger commits to of it.
        updates: (Ed25519 public key, hex → power) of validators that change, 0 removes.
        app_hash: state root, 32 bytes.
    """

    results: list[tuple[str, bytes]]
    updates: dict[str, int]
    app_hash: bytes


class Consensus:
    """The consensus side of the application.

    Args:
        application: executes blocks.
        book: certificates.
        known: transactions seen on arrival.
        carried: what the engine's mempool holds.
        faults: where misbehaviour of validators is noted.
    """

    def __init__(
        self,
        application: Application,
        book: CertificateBook,
        known: KnownTransactions,
        carried: Carried,
        faults: Faults,
    ) -> None:
        self._application = application
        self._book = book
        self._known = known
        self._faults = faults
        self._proposals = Proposals(application, book, known, carried)
        self._finalized: tuple[Executed, list[bytes]] | None = None

    def initial_validators(self) -> tuple[Validator, ...]:
        """The set that votes on block 1."""
        return self._application.validators(1)

    def prepare(
        self,
        height: int,
        time_ns: int,
        items: Sequence[bytes],
        max_bytes: int,
        votes: Sequence[tuple[bytes, bytes]],
    ) -> list[bytes]:
        """Content of a block this node proposes; see `Proposals.prepare`."""
        self._expect(height)
        return self._proposals.prepare(height, self._time_ms(time_ns), items, max_bytes, votes)

    def is_acceptable(
        self, height: int, time_ns: int, items: Sequence[bytes], proposer: bytes
    ) -> bool:
        """Whether a proposed block may be voted for; if not, its proposer is noted."""
        self._expect(height)
        try:
            self._proposals.check(height, self._time_ms(time_ns), items)
        except BadCertificate as error:
            evidence = split_content(items).certificate or b""
            self._note(proposer, height, "bad_certificate", evidence, error)
            return False
        except BadProposal as error:
            self._note(proposer, height, "bad_proposal", b"", error)
            return False
        return True

    def extension(self, height: int) -> bytes:
        """This node's extension of its vote on a block."""
        self._expect(height)
        return self._book.extension(height)

    def is_extension_valid(self, height: int, address: bytes, data: bytes) -> bool:
        """Whether another validator's vote counts; if not, the validator is noted."""
        self._expect(height)
        try:
            self._book.check_extension(height, address, data)
        except BadCertificate as error:
            self._note(address, height, "bad_extension", data, error)
            return False
        finally:
            self._note_contradiction(height, address)
        return True

    def finalize(
        self, height: int, time_ns: int, items: Sequence[bytes], block_id: bytes
    ) -> Outcome:
        """Execute a decided block; nothing is written yet.

        Args:
            height: of the block.
            time_ns: the engine's time of it, UTC ns.
            items: what was decided, certificate included.
            block_id: the engine's hash of the block.
        """
        application = self._application
        application.discard()
        self._expect(height)
        content = split_content(items)
        executed = application.execute(
            height, self._time_ms(time_ns), self._known.resolve(content.transactions)
        )
        application.stage(executed, application.header_for(executed), "", block_id.hex())
        self._stage_certificates(height, content.certificate)
        self._finalized = executed, content.transactions
        suite = application.suite
        results = [
            (receipt.code, suite.hash(receipt_leaf(receipt))) for receipt in executed.receipts
        ]
        if content.certificate is not None:
            results.insert(0, ("", b""))
        return Outcome(results, self._updates(height), bytes.fromhex(executed.state_root))

    def commit(self) -> Executed:
        """Make the finalized block durable.

        Raises:
            StorageFull, StorageFailed: nothing was written.
        """
        if self._finalized is None:
            raise OutOfStep("nothing was finalized")
        executed, transactions = self._finalized
        self._application.commit()
        self._finalized = None
        self._known.forget(transactions)
        return executed

    def equivocated(self, height: int, address: bytes) -> None:
        """Note that the engine holds two votes of one validator at one height."""
        self._note(address, height, "equivocation", b"", None)

    def _stage_certificates(self, height: int, sent: bytes | None) -> None:
        """With a block goes to disk the certificate it carries and the newest one assembled."""
        certified = height - CERTIFIED_AFTER
        if sent is not None:
            self._stage_sent(certified, sent)
        newest = self._book.assembled(height - 1)
        if newest is not None:
            self._application.stage_certificate(height - 1, newest)

    def _stage_sent(self, certified: int, sent: bytes) -> None:
        try:
            self._book.check_certificate(certified, sent)
        except BadCertificate:
            # More than two thirds voted for the block, so this cannot happen; were it to, the
            # block stands all the same, because certificates are no part of the state.
            return
        self._application.stage_certificate(certified, sent)

    def _updates(self, height: int) -> dict[str, int]:
        before = {v.engine_public: v.power for v in self._application.validators(height + 1)}
        after = {v.engine_public: v.power for v in self._application.validators(height + 2)}
        gone = {key: 0 for key in before if key not in after}
        changed = {key: power for key, power in after.items() if before.get(key) != power}
        return {**gone, **changed}

    def _time_ms(self, time_ns: int) -> int:
        return max(self._application.committed.time_ms + 1, time_ns // NANOSECONDS)

    def _expect(self, height: int) -> None:
        due = self._application.committed.height + 1
        if height != due:
            raise OutOfStep(f"the engine is at block {height}, the application awaits {due}")

    def _note_contradiction(self, height: int, address: bytes) -> None:
        try:
            proof = self._book.contradiction(height, address)
        except BadCertificate:
            return
        if proof is not None:
            # What is stated with the vote on this block is the block before.
            offender = voter(self._application.validators(height), address).did
            reason = "it signed two statements of one block"
            fault = Fault(offender, height - 1, "equivocation", b"", reason, proof)
            self._faults.add(fault)

    def _note(
        self,
        address: bytes,
        height: int,
        kind: FaultKind,
        evidence: bytes,
        error: HanseError | None,
    ) -> None:
        try:
            offender = voter(self._application.validators(height), address).did
        except BadCertificate:
            return
        reason = "" if error is None else error.message
        self._faults.add(Fault(offender, height, kind, evidence[:EVIDENCE_BYTES], reason))
