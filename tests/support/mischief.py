"""Validators that lie: what an application does when its operator is dishonest.

Each entry of `MISCHIEF` changes a ledger that is not started yet. Only the liar's own answers to
its engine change; the honest nodes see nothing but what arrives over the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hanse.ledger.bft.consensus import Consensus
from hanse.ledger.bft.participating import Participating
from hanse.ledger.certificates import (
    PREFIX,
    VoteExtension,
    decode_certificate,
    decode_extension,
    encode_certificate,
    encode_extension,
    sign_statement,
)
from hanse.ledger.ledger import Ledger


class Liar(Consensus):
    """A consensus side that answers with something else."""

    def __init__(self, honest: Consensus, participating: Participating) -> None:
        self.__dict__.update(honest.__dict__)
        self.participating = participating


class InvalidProposer(Liar):
    """Puts garbage behind what it should propose."""

    def prepare(self, *arguments: Any) -> list[bytes]:
        return [*super().prepare(*arguments), b"not a transaction"]


class Duplicator(Liar):
    """Proposes each transaction twice."""

    def prepare(self, *arguments: Any) -> list[bytes]:
        items = super().prepare(*arguments)
        return items + [item for item in items if not item.startswith(PREFIX)]


class Repeater(Liar):
    """Proposes transactions of its earlier blocks again."""

    earlier: Sequence[bytes] = ()

    def prepare(self, *arguments: Any) -> list[bytes]:
        items = super().prepare(*arguments)
        repeated = [item for item in self.earlier if item not in items]
        self.earlier = [item for item in items if not item.startswith(PREFIX)] or self.earlier
        return items + repeated


class WrongCertifier(Liar):
    """Proposes certificates with a signature that is another's."""

    def prepare(self, *arguments: Any) -> list[bytes]:
        items = super().prepare(*arguments)
        if not items or not items[0].startswith(PREFIX):
            return items
        right = decode_certificate(items[0][len(PREFIX) :])
        first, *others = right.signatures
        swapped = type(first)(did=first.did, signature=others[0].signature)
        wrong = type(right)(statement=right.statement, signatures=[swapped, *others])
        return [PREFIX + encode_certificate(wrong), *items[1:]]


class NoCertifier(Liar):
    """Leaves the certificate out of its proposals."""

    def prepare(self, *arguments: Any) -> list[bytes]:
        return [item for item in super().prepare(*arguments) if not item.startswith(PREFIX)]


class FalseWitness(Liar):
    """Signs, with its own key, a statement that is not what executing the block gives."""

    def extension(self, height: int) -> bytes:
        honest = super().extension(height)
        if not honest:
            return honest
        right = decode_extension(honest).statement
        content = {field: getattr(right, field) for field in right.__struct_fields__}
        wrong = type(right)(**content | {"app_hash": "00" * 32})
        book = self._book
        (private,) = book._private.values()
        signature = sign_statement(self._application.suite, private, wrong)
        return encode_extension(VoteExtension(wrong, signature))


class Babbler(Liar):
    """Attaches random bytes to its votes."""

    def extension(self, height: int) -> bytes:
        return b"\xff" * 64


def _as(kind: Callable[[Consensus, Participating], Consensus]) -> Callable[[Ledger], None]:
    def change(ledger: Ledger) -> None:
        engine = ledger._engine
        assert isinstance(engine, Participating)
        answers = engine._answers
        answers._consensus = kind(answers._consensus, engine)

    return change


MISCHIEF: dict[str, Callable[[Ledger], None]] = {
    "proposes garbage": _as(InvalidProposer),
    "proposes everything twice": _as(Duplicator),
    "proposes old transactions": _as(Repeater),
    "proposes wrong certificates": _as(WrongCertifier),
    "proposes no certificate": _as(NoCertifier),
    "states falsehoods": _as(FalseWitness),
    "babbles": _as(Babbler),
}
