"""The embedded orderer: one node puts transactions in order and signs the blocks.

Crash-safe, not fault-tolerant: a block exists when state, block and index are on disk, in one
disk transaction; while this node is down nothing is ordered, and it is trusted to order fairly
and not to sign two blocks of one height. Whatever waits when a block is done goes into the
next (group commit), so blocks grow with the load and an idle network makes none.
"""

from __future__ import annotations

from dataclasses import dataclass

from hanse.ledger.application import Application
from hanse.ledger.block import sign_header
from hanse.ledger.errors import WrongOrderer
from hanse.ledger.execution import Executed
from hanse.ledger.transaction import Transaction


@dataclass(frozen=True)
class Sequencer:
    """Role of the node that orders; holds the orderer's private signing key."""

    private: bytes

    def __repr__(self) -> str:
        return "Sequencer()"


class SequencerEngine:
    """Makes blocks, in the thread that executes and writes."""

    def __init__(self, application: Application, role: Sequencer) -> None:
        """Raises WrongOrderer when the key is not the one the genesis names."""
        public = application.suite.signing_public(role.private).hex()
        if public != application.genesis.orderer.public:
            raise WrongOrderer()
        self._application = application
        self._private = role.private

    def block_time_ms(self, now_ms: int) -> int:
        """Time of the next block: the clock, but always after the block before."""
        return max(self._application.head.time_ms + 1, now_ms)

    def produce(self, transactions: list[Transaction], time_ms: int) -> Executed:
        """Execute, sign and commit the next block.

        Raises:
            StorageFull, StorageFailed: nothing happened; the same call may be repeated.
        """
        application = self._application
        try:
            executed = application.execute(application.head.height + 1, time_ms, transactions)
            header = application.header_for(executed)
            signature = sign_header(application.suite, self._private, header)
            application.stage(executed, header, signature)
            application.commit()
        except BaseException:
            application.discard()
            raise
        return executed
