"""Validators that lie: what an application does when its operator is dishonest.

`turn` has every ledger this process opens from then on lie to its engine; the honest nodes see
nothing but what arrives over the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hanse.ledger.bft import participating
from hanse.ledger.bft.consensus import Consensus, Outcome
from hanse.ledger.certificates import (
    PREFIX,
    VoteExtension,
    decode_certificate,
    decode_extension,
    encode_certificate,
    encode_extension,
    sign_statement,
)


class InvalidProposer(Consensus):
    """Puts garbage behind what it should propose."""

    def prepare(self, *arguments: Any) -> list[bytes]:
        return [*super().prepare(*arguments), b"not a transaction"]


class Duplicator(Consensus):
    """Proposes each transaction twice."""

    def prepare(self, *arguments: Any) -> list[bytes]:
        items = super().prepare(*arguments)
        return items + [item for item in items if not item.startswith(PREFIX)]


class Repeater(Consensus):
    """Proposes transactions of its earlier blocks again."""

    earlier: Sequence[bytes] = ()

    def prepare(self, *arguments: Any) -> list[bytes]:
        items = super().prepare(*arguments)
        repeated = [item for item in self.earlier if item not in items]
        self.earlier = [item for item in items if not item.startswith(PREFIX)] or self.earlier
        return items + repeated


class WrongCertifier(Consensus):
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


class NoCertifier(Consensus):
    """Leaves the certificate out of its proposals."""

    def prepare(self, *arguments: Any) -> list[bytes]:
        return [item for item in super().prepare(*arguments) if not item.startswith(PREFIX)]


class FalseWitness(Consensus):
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


class Babbler(Consensus):
    """Attaches random bytes to its votes."""

    def extension(self, height: int) -> bytes:
        return b"\xff" * 64


class Refuser(Consensus):
    """Votes against every proposal of others."""

    def is_acceptable(self, *arguments: Any) -> bool:
        return False


class Diverging(Consensus):
    """Tells its engine of a state that nobody else has."""

    def finalize(self, *arguments: Any) -> Outcome:
        return replace(super().finalize(*arguments), app_hash=b"\x11" * 32)


LIES: dict[str, type[Consensus]] = {
    "proposes garbage": InvalidProposer,
    "proposes everything twice": Duplicator,
    "proposes old transactions": Repeater,
    "proposes wrong certificates": WrongCertifier,
    "proposes no certificate": NoCertifier,
    "states falsehoods": FalseWitness,
    "babbles": Babbler,
    "refuses everything": Refuser,
    "computes another state": Diverging,
}


def turn(lie: str) -> None:
    """Lie from now on, in this process."""
    participating.Consensus = LIES[lie]  # type: ignore[attr-defined]
