"""The session manifest: what all parties of a step agree on before a byte moves.

Every party builds it from the same offers and confirms its hash on the ledger, so that all
workers run the same code with the same parameters, on the committed inputs, with each other.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Protocol

import msgspec

from hanse.compute.errors import CodeDiffers, NotAParty
from hanse.compute.operators import (
    OperatorSpec,
    Role,
    Value,
    check_session,
    get_operator,
    validate_parameters,
)
from hanse.core import canonical


class Hashing(Protocol):
    """The part of a crypto suite that is needed here."""

    def hash(self, data: bytes) -> bytes:
        """32-byte digest."""
        ...


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A party of the session.

    Attributes:
        roles: any of ``owner``, ``compute``, ``receiver``.
        endpoints: ``host:port`` by link name, ``data`` and ``compute``.
        certificate: PEM of the certificate made for this task.
    """

    alias: str
    did: str
    roles: list[Role]
    endpoints: dict[str, str] = {}
    certificate: str = ""


class SessionManifest(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of one step, the same bytes at every party.

    Attributes:
        code: fingerprint of the computing code, see `code_fingerprint`.
        parties: in an order all parties share; ranks follow it.
        inputs: by port and alias, the hex commitment to that party's part of the input.
        nonce: 32 random bytes in hex, fresh for each attempt.
    """

    v: int = 1
    genesis: str
    flow: str
    step: str
    attempt: int
    operator: str
    operator_version: int
    code: str
    parameters: dict[str, Value]
    protocol: str
    parties: list[Party]
    inputs: dict[str, dict[str, str]]
    nonce: str

    def party(self, alias: str) -> Party:
        """The party by that alias.

        Raises:
            NotAParty: when there is none.
        """
        for party in self.parties:
            if party.alias == alias:
                return party
        raise NotAParty(f"the session has no party {alias[:60]!r}")

    def aliases(self, role: Role) -> list[str]:
        """Aliases of the parties in that role, in the manifest's order."""
        return [party.alias for party in self.parties if role in party.roles]


def manifest_hash(suite: Hashing, manifest: SessionManifest) -> str:
    """Hex hash that the parties confirm on the ledger."""
    return suite.hash(canonical.tagged("hanse/session/1", canonical.encode(manifest))).hex()


@functools.cache
def code_fingerprint() -> str:
    """Hex SHA-256 over every source file of `hanse.compute`, by relative name and content.

    SHA-256 under either suite: it names a release, it protects no data.
    """
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix().encode()
        digest.update(canonical.tagged("hanse/code/1", name, path.read_bytes()))
    return digest.hexdigest()


def check_manifest(manifest: SessionManifest) -> OperatorSpec:
    """Check a manifest against this node's operators and code; returns the operator.

    1. operator and version exist; 2. the code is this node's; 3. protocol and roles fit;
    4. parameters are the checked form of themselves; 5. aliases are distinct.

    Raises:
        UnknownOperator, CodeDiffers, RefusedProtocol, BadRoles, UnknownParameter, BadParameter,
        NotAParty: naming what does not hold.
    """
    spec = get_operator(manifest.operator, manifest.operator_version)
    if manifest.code != code_fingerprint():
        raise CodeDiffers("the session was agreed for another release of the computing code")
    check_session(
        spec,
        manifest.protocol,
        owners=len(manifest.aliases("owner")),
        computes=len(manifest.aliases("compute")),
        receivers=len(manifest.aliases("receiver")),
    )
    validate_parameters(spec, manifest.parameters)
    if len({party.alias for party in manifest.parties}) != len(manifest.parties):
        raise NotAParty("two parties of the session have the same alias")
    return spec
