"""How parties and one attested worker meet, and what travels between them.

1. Everybody draws a nonce; the session's is the hash of them all and of the manifest, so that
   worker and parties mean the same code, package, parties and certificates.
2. The worker makes an agreement key, has the hardware sign `binding` of both, and shows it.
3. Every other party checks that against its own node's policies (`verify_attestation`) and, only
   then, seals a fresh key of its own to the worker's.
4. Columns travel to the worker under their owner's key, outputs back under their receiver's.

The link ends where the worker's node is; what goes to the worker is sealed once more, so that the
machine outside the trust domain carries nothing it can read.

**Leaks**: row counts and names, by the sizes and names of what is agreed; the attested code learns
the columns and forgets them; receivers learn the outputs.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.attestation import Attested, Evidence, binding, open_released, release_key
from hanse.compute.attestation.errors import BadAttestation, NoPolicy
from hanse.compute.attestation.evidence import Tee
from hanse.compute.attestation.hardware import make_evidence
from hanse.compute.worker.manifest import manifest_hash
from hanse.core.canonical import tagged
from hanse.core.errors import HanseError
from hanse.crypto.errors import CannotOpen
from hanse.crypto.suite import get_suite

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task

NONCE_BYTES = 32
TO_WORKER, FROM_WORKER = "columns", "outputs"


class Shown(msgspec.Struct, frozen=True):
    """What the worker showed: its public key, hex, and evidence over it."""

    public: str
    evidence: Evidence


class Handed(msgspec.Struct, frozen=True):
    """What a party hands to the attested worker: its key, and columns under it."""

    envelope: dict[str, Any]
    sealed: bytes


class Meeting:
    """One party's side.

    Args:
        task: with exactly one computing node.
        link: joins all participants.

    Raises:
        HanseError: the named errors of `make_evidence`, at the worker's node.
    """

    def __init__(self, task: Task, link: Link) -> None:
        self._task, self._link = task, link
        self._suite = get_suite(task.request.suite)
        (self.worker,) = task.parties("compute")
        self.is_worker = task.me == self.worker
        self._tee = msgspec.convert(task.manifest.protocol, Tee)
        self._failure: HanseError | None = None
        task.phase("attest")
        self._nonce = self._common_nonce()
        self._keys: dict[str, bytes] = {}
        self._envelope: dict[str, Any] = {}
        self._private = self._suite.generate_agreement_key() if self.is_worker else b""
        self._told = link.exchange(self._show() if self.is_worker else None)[self.worker]

    def _common_nonce(self) -> bytes:
        drawn = self._link.exchange(secrets.token_hex(NONCE_BYTES))
        manifest = self._task.manifest
        # Without endpoints, which a party may reach by other addresses; certificates stay: a node
        # that hands its worker another session, with another receiver, gets no columns.
        parties = [msgspec.structs.replace(party, endpoints={}) for party in manifest.parties]
        fixed = msgspec.structs.replace(manifest, parties=parties)
        session = manifest_hash(self._suite, fixed)
        parts = [f"{alias} {drawn[alias]}".encode() for alias in sorted(drawn)]
        return self._suite.hash(tagged("hanse/attested-session/1", session.encode(), *parts))

    def _show(self) -> Any:
        """Key and evidence; instead the error, which all others must hear of."""
        task, public = self._task, self._suite.agreement_public(self._private)
        asked = binding(self._suite, self._nonce, public)
        try:
            evidence = make_evidence(
                self._tee, asked, code=task.manifest.code, collateral=task.request.collateral
            )
        except HanseError as error:
            self._failure = error
            return None
        return msgspec.to_builtins(Shown(public.hex(), evidence))

    def release(self) -> Attested | None:
        """Check the worker and make a key for it; None at the worker itself.

        Raises:
            HanseError: those of `verify_attestation`; NoPolicy; at the worker why it shows nothing.
        """
        if self.is_worker:
            if self._failure is not None:
                raise self._failure
            return None
        request = self._task.request
        policy = next((each for each in request.policies if each.tee == self._tee), None)
        if policy is None:
            raise NoPolicy(f"{self._task.me} accepts no worker of the kind {self._tee}")
        if self._told is None:
            return None  # its own error says more
        try:
            shown = msgspec.convert(self._told, Shown)
            public = bytes.fromhex(shown.public)
            self._suite.check_public(public, "agreement")
        except (msgspec.ValidationError, ValueError, HanseError) as error:
            raise BadAttestation(f"{self.worker} shows no key and evidence") from error
        key = secrets.token_bytes(self._suite.key_bytes)
        self._envelope, attested = release_key(
            self._suite,
            shown.evidence,
            policy,
            nonce=self._nonce,
            worker_public=public,
            key=key,
            level=request.level,
            now_ms=time.time_ns() // 1_000_000,
        )
        self._keys[self._task.me] = key
        return attested

    def hand_over(self, columns: bytes) -> None:
        """At a party: its key and columns, to the worker."""
        me = self._task.me
        sealed = self._suite.seal(self._keys[me], columns, self._bound(TO_WORKER, me))
        self._link.send(self.worker, msgspec.msgpack.encode(Handed(self._envelope, sealed)))

    def take(self) -> dict[str, bytes]:
        """At the worker: columns of every other party, by alias.

        Raises:
            BadAttestation: naming the party whose message does not open.
        """
        found: dict[str, bytes] = {}
        for alias in self._task.participants:
            if alias != self.worker:
                found[alias] = self._open(alias, self._link.receive(alias))
        return found

    def _open(self, alias: str, message: bytes) -> bytes:
        try:
            handed = msgspec.msgpack.decode(message, type=Handed)
            key = open_released(self._suite, handed.envelope, self._private, self._nonce)
            opened = self._suite.open(key, handed.sealed, self._bound(TO_WORKER, alias))
        except (msgspec.DecodeError, CannotOpen) as error:
            raise BadAttestation(f"what {alias} handed over does not open") from error
        self._keys[alias] = key
        return opened

    def give_back(self, alias: str, outputs: bytes) -> None:
        """At the worker: outputs to a receiver."""
        bound = self._bound(FROM_WORKER, alias)
        self._link.send(alias, self._suite.seal(self._keys[alias], outputs, bound))

    def outputs(self) -> bytes:
        """At a receiver: what the worker gave back.

        Raises:
            BadAttestation: when it does not open.
        """
        me, sealed = self._task.me, self._link.receive(self.worker)
        try:
            return self._suite.open(self._keys[me], sealed, self._bound(FROM_WORKER, me))
        except CannotOpen as error:
            raise BadAttestation(f"what {self.worker} gave back does not open") from error

    def _bound(self, what: str, alias: str) -> bytes:
        return tagged("hanse/attested-message/1", self._nonce, what.encode(), alias.encode())
