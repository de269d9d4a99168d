"""A step with all its parties on one machine: real workers, links and files.

For benchmarks, tests and whoever develops an operator. Nothing here is used by a node.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from hanse.compute.operators import Kind, Role, get_operator, protocol_for, validate_parameters
from hanse.compute.worker import (
    Failure,
    ObjectRef,
    OutputRef,
    Party,
    SessionManifest,
    WorkerEvent,
    WorkerProcess,
    WorkerRequest,
    WorkerResult,
    code_fingerprint,
)
from hanse.core.errors import HanseError
from hanse.core.ports import free_ports
from hanse.crypto.suite import get_suite
from hanse.crypto.tls import make_task_certificate
from hanse.data.batches import ArrowTable
from hanse.data.digest import content_digest
from hanse.data.objects import read_bytes_file
from hanse.data.tables import Table, write_table_file

Inputs = Mapping[str, Mapping[str, ObjectRef]]
_DAY_MS = 86_400_000


class Outcome(msgspec.Struct):
    """How a step ended at one party: with a result or with an error."""

    result: WorkerResult | None
    error: HanseError | None
    failure: Failure | None
    events: list[WorkerEvent]
    seconds: float

    @property
    def outputs(self) -> dict[str, OutputRef]:
        """Outputs by port; raises the party's error when it failed."""
        if self.result is None:
            raise self.error or RuntimeError("no result")
        return self.result.outputs


class Rehearsal:
    """Runs steps under one folder.

    Args:
        folder: where files go.
        suite: ``sm`` or ``intl``.
        cache: whether compiled programs and lists of keys are kept between steps.
        checkpoints: whether checkpoints are kept, by operator, until `clear`.
        limits: further fields of `WorkerRequest`.
    """

    def __init__(
        self,
        folder: Path,
        suite: str = "intl",
        *,
        cache: bool = True,
        checkpoints: bool = False,
        **limits: Any,
    ) -> None:
        self.folder = folder
        self.suite = get_suite(suite)
        self._cache = str(folder / "cache") if cache else ""
        self._kept = folder / "checkpoints" if checkpoints else None
        self._kept_key = secrets.token_hex(self.suite.key_bytes)
        self._lists_key = secrets.token_hex(self.suite.key_bytes)
        self._limits = limits
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def enter(self, table: Any, **meta: Any) -> ObjectRef:
        """Store an Arrow table, encrypted, as an input."""
        held = ArrowTable(pa.table(table))
        key = secrets.token_bytes(self.suite.key_bytes)
        path = self.folder / f"{secrets.token_hex(8)}.data"
        write_table_file(path, key, self.suite, held.columns, held.batches())
        digest = content_digest(self.suite, held).hex()
        return ObjectRef(path=str(path), key=key.hex(), kind="table", digest=digest, meta=meta)

    async def run(
        self,
        operator: str,
        roles: Mapping[str, Sequence[Role]],
        inputs: Inputs,
        parameters: Mapping[str, object] | None = None,
        **changes: Any,
    ) -> dict[str, Outcome]:
        """Run a step to its end at all parties; errors are part of the outcome."""
        async with self.started(operator, roles, inputs, parameters, **changes) as workers:
            done = await asyncio.gather(*(_follow(worker) for worker in workers.values()))
        return dict(zip(workers, done, strict=True))

    @asynccontextmanager
    async def started(
        self,
        operator: str,
        roles: Mapping[str, Sequence[Role]],
        inputs: Inputs,
        parameters: Mapping[str, object] | None = None,
        **changes: Any,
    ) -> AsyncIterator[dict[str, WorkerProcess]]:
        """The workers of a step, started; killed on leaving."""
        requests = self.requests(operator, roles, inputs, parameters, **changes)
        workers = {alias: WorkerProcess() for alias in requests}
        try:
            await asyncio.gather(*(workers[a].start(request) for a, request in requests.items()))
            yield workers
        finally:
            await asyncio.gather(*(worker.kill() for worker in workers.values()))

    def requests(
        self,
        operator: str,
        roles: Mapping[str, Sequence[Role]],
        inputs: Inputs,
        parameters: Mapping[str, object] | None = None,
        **changes: Any,
    ) -> dict[str, WorkerRequest]:
        """The request of every party. ``changes`` replace fields of the manifest."""
        self._count += 1
        parties, keys = _parties(roles)
        manifest = self._manifest(operator, parties, inputs, parameters or {})
        manifest = msgspec.structs.replace(manifest, **changes)
        return {
            party.alias: WorkerRequest(
                manifest=manifest,
                alias=party.alias,
                inputs={
                    port: held[party.alias] for port, held in inputs.items() if party.alias in held
                },
                certificate=party.certificate,
                private_key=keys[party.alias],
                work_dir=str(self.folder / f"{self._count}-{operator}" / party.alias),
                suite=self.suite.name,
                output_key=secrets.token_hex(32),
                checkpoint_dir=str(self._kept / operator / party.alias) if self._kept else "",
                checkpoint_key=self._kept_key,
                cache_dir=self._cache,
                lists_dir=str(self.folder / "lists" / party.alias) if self._cache else "",
                lists_key=self._lists_key,
                **self._limits,
            )
            for party in parties
        }

    def _manifest(
        self,
        operator: str,
        parties: list[Party],
        inputs: Inputs,
        parameters: Mapping[str, object],
    ) -> SessionManifest:
        spec = get_operator(operator)
        computes = sum("compute" in party.roles for party in parties)
        return SessionManifest(
            genesis="00" * 32,
            flow="fl-rehearsal",
            step=operator,
            attempt=1,
            operator=operator,
            operator_version=spec.version,
            code=code_fingerprint(),
            parameters=validate_parameters(spec, parameters),
            protocol=protocol_for(spec, computes),
            parties=parties,
            inputs={port: dict.fromkeys(held, "00" * 32) for port, held in inputs.items()},
            nonce=secrets.token_hex(32),
        )

    def table(self, output: OutputRef) -> Table:
        """Read an output that is a table."""
        return Table(output.path, bytes.fromhex(output.key), self.suite)

    def data(self, output: OutputRef) -> bytes:
        """Read an output that is no table."""
        return read_bytes_file(output.path, bytes.fromhex(output.key), self.suite)

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def as_input(output: OutputRef) -> ObjectRef:
    """An output as the input of a next step."""
    kind: Kind = output.kind
    return ObjectRef(
        path=output.path, key=output.key, kind=kind, digest=output.digest, meta=output.meta
    )


def outputs_of(outcomes: Mapping[str, Outcome], port: str) -> dict[str, ObjectRef]:
    """One output at all parties that hold a part of it, as the input of a next step."""
    return {
        alias: as_input(outcome.outputs[port])
        for alias, outcome in outcomes.items()
        if port in outcome.outputs
    }


def _parties(roles: Mapping[str, Sequence[Role]]) -> tuple[list[Party], dict[str, str]]:
    ports = iter(free_ports(2 * len(roles)))
    until = int(time.time() * 1000) + _DAY_MS
    parties, keys = [], {}
    for alias, held in roles.items():
        certificate, keys[alias] = make_task_certificate(alias, until)
        endpoints = {name: f"127.0.0.1:{next(ports)}" for name in ("data", "compute")}
        party = Party(
            alias=alias,
            did=f"did:hanse:{alias}",
            roles=list(held),
            endpoints=endpoints,
            certificate=certificate,
        )
        parties.append(party)
    return parties, keys


async def _follow(worker: WorkerProcess) -> Outcome:
    start = time.monotonic()
    events = [event async for event in worker.events()]
    result, error = None, None
    try:
        result = await worker.wait()
    except HanseError as raised:
        error = raised
    return Outcome(result, error, worker.failure, events, time.monotonic() - start)
