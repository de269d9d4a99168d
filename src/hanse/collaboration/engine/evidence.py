"""What a party puts on record about its part of an attempt.

Salted commitments only; each opening is sealed to those who may see it and to the auditors:

* ``input`` — the commitment of the manifest, so that the chain from dataset to result shows
  on the ledger; sealed to the party itself and the auditors.
* ``output`` — content digest and kind of each part kept here; the same recipients.
* ``parameters`` and ``algorithm`` — what ran, in which release; sealed to all parties.
* ``count`` and ``metric`` — rows, seconds, model metrics; to the party itself and the auditors.

Nothing here depends on how few values are possible: every item has 32 random bytes of salt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanse.collaboration.engine.inputs import Part
from hanse.collaboration.engine.records import AttemptKey
from hanse.collaboration.ports import MembersPort
from hanse.compute.worker.manifest import SessionManifest
from hanse.contracts.flows.messages import EvidenceItem
from hanse.core import canonical
from hanse.crypto.commitment import Opening, commit
from hanse.crypto.envelope import seal_for
from hanse.crypto.suite import Suite

MAX_DEPTH = 8
MAX_ITEMS = 500
MAX_VALUE_BYTES = 12 * 1024
"""Sealed, with some dozens of recipients, it fits the contract's limit for an envelope."""
MAX_AUDITORS = 64


def envelope_context(key: AttemptKey, party: str, name: str, kind: str) -> str:
    """Context an opening is sealed in; it opens at its own place only."""
    return f"hanse/evidence/1 {key} {party} {kind} {name}"


class EvidenceWriter:
    """Writes the evidence of one party about one attempt.

    Args:
        suite: of the network.
        members: agreement keys and auditors.
        key: the attempt.
        party: DID of this member.
        parties: DIDs of everybody in the step.
    """

    def __init__(
        self, suite: Suite, members: MembersPort, key: AttemptKey, party: str, parties: list[str]
    ) -> None:
        self._suite = suite
        self._members = members
        self._key = key
        self._party = party
        auditors = members.auditors()[:MAX_AUDITORS]
        self._own = [party, *auditors]
        self._all = [*parties, *auditors]
        self.items: list[EvidenceItem] = []

    def add_inputs(self, parts: Mapping[str, Part]) -> None:
        """Record what was brought, under the commitments the ledger has already."""
        for port, part in parts.items():
            self._add(port, "input", part.commitment, part.opening, self._own)

    def add_algorithm(self, manifest: SessionManifest) -> None:
        """Record what ran."""
        parameters = {"parameters": manifest.parameters, "protocol": manifest.protocol}
        algorithm = {
            "operator": manifest.operator,
            "version": manifest.operator_version,
            "code": manifest.code,
        }
        self._commit("parameters", "parameters", parameters, self._all)
        self._commit("algorithm", "algorithm", algorithm, self._all)

    def add_output(self, port: str, kind: str, digest: str, rows: int) -> tuple[str, Opening]:
        """Record a part kept here; returns commitment and opening for later steps."""
        value = {"digest": digest, "kind": kind, "rows": rows}
        commitment, opening = commit(self._suite, "output", value)
        self._add(port, "output", commitment, opening, self._own)
        return commitment, opening

    def add_measures(self, kind: str, name: str, values: object) -> None:
        """Record counts or metrics; numbers that are no integers become decimal strings.

        Of a report too large to put on record its series to draw are left out first.
        """
        value = plain(values)
        if isinstance(value, dict) and len(canonical.encode(value)) > MAX_VALUE_BYTES:
            value = {key: each for key, each in value.items() if not isinstance(each, list)}
        self._commit(name, kind, value, self._own)

    def _commit(self, name: str, kind: str, value: object, readers: list[str]) -> None:
        commitment, opening = commit(self._suite, kind, self._bounded(value))
        self._add(name, kind, commitment, opening, readers)

    def _bounded(self, value: object) -> object:
        """The value, or its digest and size when it is too large to put on record whole."""
        encoded = canonical.encode(value)
        if len(encoded) <= MAX_VALUE_BYTES:
            return value
        digest = self._suite.hash(canonical.tagged("hanse/evidence-value/1", encoded))
        return {"digest": digest.hex(), "size_bytes": len(encoded)}

    def _add(
        self, name: str, kind: str, commitment: str, opening: Opening, readers: list[str]
    ) -> None:
        recipients: dict[str, bytes] = {}
        for did in readers:
            known = self._members.agreement_key(did)
            if known is not None:
                recipients[known[0]] = known[1]
        envelope = None
        if recipients:
            context = envelope_context(self._key, self._party, name, kind)
            sealed = canonical.encode(opening)
            envelope = seal_for(self._suite, recipients, sealed, context=context)
        self.items.append(EvidenceItem(name, kind, commitment, envelope))


def plain(value: object, depth: int = 0) -> Any:
    """A value with a canonical form: floats as shortest decimal strings, long lists cut.

    The cut keeps evidence small; the whole report stays with its receiver, bound by its
    digest in the ``output`` item.
    """
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        items = list(value.items())[:MAX_ITEMS]
        return {_ascii(str(key)): plain(item, depth + 1) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value[:MAX_ITEMS]]
    return _scalar(value)


def _scalar(value: object) -> str | int | bool | None:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= canonical.MAX_INTEGER else str(value)
    return repr(value) if isinstance(value, float) else str(value)


def _ascii(key: str) -> str:
    return key if key.isascii() else key.encode("unicode_escape").decode("ascii")
