"""What stands in a proposed block: made by the proposer, judged alike by everybody.

A proposed block is the certificate of the block before the last one, from the third block on,
and then transactions that admission would let run on the last committed state. Whether it is
acceptable depends on nothing but that state, the proposal and its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from hanse.ledger.application import Application
from hanse.ledger.bft.book import CertificateBook
from hanse.ledger.bft.bundles import is_bundle
from hanse.ledger.bft.carried import Carried, digest_of
from hanse.ledger.bft.known import KnownTransactions
from hanse.ledger.certificates import CERTIFIED_AFTER, FIRST_CERTIFIED, PREFIX
from hanse.ledger.errors import BadCertificate, BadProposal
from hanse.ledger.transaction import Transaction

FRAMING_BYTES = 6
"""At most this much is added to a transaction on the engine's wire: a tag and its length."""


@dataclass(frozen=True)
class Content:
    """The parts of an engine's block: the certificate, if one was put in, and transactions."""

    certificate: bytes | None
    transactions: list[bytes]


def split_content(items: Sequence[bytes]) -> Content:
    """Tell certificate and transactions of a block apart."""
    if items and items[0].startswith(PREFIX):
        return Content(items[0][len(PREFIX) :], list(items[1:]))
    return Content(None, list(items))


class Proposals:
    """Makes and judges proposals. Belongs to the thread that executes."""

    def __init__(
        self,
        application: Application,
        book: CertificateBook,
        known: KnownTransactions,
        carried: Carried,
    ) -> None:
        self._application = application
        self._book = book
        self._known = known
        self._carried = carried

    def prepare(
        self,
        height: int,
        time_ms: int,
        items: Sequence[bytes],
        max_bytes: int,
        votes: Sequence[tuple[bytes, bytes]],
    ) -> list[bytes]:
        """Choose what a block proposed by this node holds.

        Args:
            height: of the block.
            time_ms: its time on the ledger.
            items: transactions and bundles waiting, in order; of a bundle those go into the
                block that were new when it came.
            max_bytes: what they may take on the engine's wire, framing included.
            votes: engine address and extension of each vote on the block before.
        """
        chosen: list[bytes] = []
        certificate = self._certificate_due(height, votes)
        if certificate is not None:
            chosen.append(PREFIX + certificate)
            max_bytes -= len(chosen[0]) + FRAMING_BYTES
        limits = self._application.limits
        max_bytes = min(max_bytes, limits.max_block_bytes)
        candidates = self._unpacked(items)
        refusals = self._application.refusals(height, time_ms, candidates)
        fitting = 0
        for item, refusal in zip(candidates, refusals, strict=True):
            raw = item.raw if isinstance(item, Transaction) else item
            if refusal is not None and isinstance(item, Transaction):
                item.checked_height = -1  # the mempool looks at all of it again, and lets it go
            if refusal is not None or fitting == limits.max_block_transactions:
                continue
            max_bytes -= len(raw) + FRAMING_BYTES
            if max_bytes < 0:
                break
            chosen.append(raw)
            fitting += 1
        return chosen

    def check(self, height: int, time_ms: int, items: Sequence[bytes]) -> None:
        """Judge a block proposed by another validator.

        Raises:
            BadProposal: it holds what must not stand in a block.
            BadCertificate: its certificate is missing or does not hold.
        """
        content = split_content(items)
        self._check_certificate(height, content.certificate)
        limits, transactions = self._application.limits, content.transactions
        if len(transactions) > limits.max_block_transactions:
            raise BadProposal("more transactions than a block may hold")
        if sum(len(raw) for raw in transactions) > limits.max_block_bytes:
            raise BadProposal("more bytes than a block may hold")
        candidates = self._known.resolve(transactions)
        for refusal in self._application.refusals(height, time_ms, candidates):
            if refusal is not None:
                raise BadProposal(f"a transaction must not stand in it: {refusal.code}")

    def _unpacked(self, items: Sequence[bytes]) -> list[Transaction | bytes]:
        """The transactions that wait; a bundle that is not known here has none."""
        found: list[Transaction | bytes] = []
        for item in items:
            if is_bundle(item):
                found.extend(self._carried.members(digest_of(item)))
            else:
                found.extend(self._known.resolve([item]))
        return found

    def _certificate_due(self, height: int, votes: Sequence[tuple[bytes, bytes]]) -> bytes | None:
        certified = height - CERTIFIED_AFTER
        if certified < FIRST_CERTIFIED:
            return None
        for address, extension in votes:
            # An engine that fetched the last block from others has votes we have not verified.
            with suppress(BadCertificate):
                self._book.check_extension(height - 1, address, extension)
        return self._book.certificate(certified)

    def _check_certificate(self, height: int, certificate: bytes | None) -> None:
        certified = height - CERTIFIED_AFTER
        if certified < FIRST_CERTIFIED:
            if certificate is not None:
                raise BadCertificate("no block can be certified yet")
            return
        if certificate is None:
            raise BadCertificate(f"the certificate of block {certified} is missing")
        self._book.check_certificate(certified, certificate)
