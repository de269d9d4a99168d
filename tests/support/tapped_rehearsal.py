"""A rehearsal whose links pass through recording proxies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from recording_proxy import Certificate, Recorder

from hanse.compute.rehearsal import Rehearsal
from hanse.compute.worker import Party, WorkerRequest


class TappedRehearsal(Rehearsal):
    """Every party is told other addresses of its peers: those of proxies that open TLS.

    Proxies are named ``operator link caller>callee``.
    """

    def __init__(self, folder: Path, recorder: Recorder, **limits: Any) -> None:
        super().__init__(folder, **limits)
        self.recorder = recorder
        self.nonces: dict[str, str] = {}
        self.protocols: dict[str, str] = {}

    def requests(self, operator: str, *given: Any, **changes: Any) -> dict[str, WorkerRequest]:
        """The requests of a step, each with the proxies in place of the peers."""
        asked = super().requests(operator, *given, **changes)
        held = {a: Certificate(r.certificate, r.private_key) for a, r in asked.items()}
        out = {}
        for me, request in asked.items():
            self.nonces[operator] = request.manifest.nonce
            self.protocols[operator] = request.manifest.protocol
            parties = [
                party if party.alias == me else self._behind(operator, me, party, held)
                for party in request.manifest.parties
            ]
            manifest = msgspec.structs.replace(request.manifest, parties=parties)
            out[me] = msgspec.structs.replace(request, manifest=manifest)
        return out

    def _behind(self, operator: str, me: str, party: Party, held: dict[str, Certificate]) -> Party:
        endpoints = {}
        for link, endpoint in party.endpoints.items():
            host, _, port = endpoint.rpartition(":")
            label = f"{operator} {link} {me}>{party.alias}"
            own = self.recorder.tap(label, host, int(port), held[me], held[party.alias])
            endpoints[link] = f"127.0.0.1:{own}"
        return msgspec.structs.replace(party, endpoints=endpoints)
