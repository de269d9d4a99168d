"""Encrypted objects in and out of a worker, checked against the session's commitments.

Tables and scores are stored as tables, models and reports as bytes.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import msgspec

from hanse.compute.errors import BadInput, InputChanged, NoSuchColumn
from hanse.compute.operators import TABLE_KINDS, Kind
from hanse.compute.worker import scratch
from hanse.compute.worker.finite import FiniteTable, finite
from hanse.compute.worker.request import ObjectRef, OutputRef, WorkerRequest
from hanse.core.canonical import tagged
from hanse.crypto.commitment import Opening, verify_opening
from hanse.crypto.errors import BadOpening
from hanse.crypto.suite import get_suite
from hanse.data.batches import KeptTable
from hanse.data.digest import Digesting, content_digest
from hanse.data.objects import read_bytes_file, write_bytes_file
from hanse.data.tables import Table, write_table_file
from hanse.data.types import TableSource

KEPT_BYTES = 256 << 20


class ObjectStore:
    """The objects of one task at one party.

    Args:
        request: names the inputs, and holds the secret the outputs' keys come from.
    """

    def __init__(self, request: WorkerRequest) -> None:
        self._request = request
        self.suite = get_suite(request.suite)
        self._out = Path(request.work_dir) / scratch.OUT
        self._tables: dict[str, KeptTable] = {}

    def reference(self, port: str) -> ObjectRef:
        """Where this party's part of an input is.

        Raises:
            BadInput: when the party was given none.
        """
        reference = self._request.inputs.get(port)
        if reference is None:
            raise BadInput(f"this party was given no input {port!r}")
        return reference

    def table(self, port: str) -> KeptTable:
        """Open an input table, once checked against its digest; a small one stays in memory.

        Raises:
            InputChanged: when its content is not what the manifest commits to.
            NoSuchColumn: when a column that was granted is not there.
            OutOfRange: when a number is infinite.
        """
        if port not in self._tables:
            reference = self.reference(port)
            if reference.kind not in TABLE_KINDS:
                raise BadInput(f"the input {port!r} is a {reference.kind}, not a table")
            stored = Table(reference.path, bytes.fromhex(reference.key), self.suite)
            names = {column.name for column in stored.columns}
            granted = set(reference.columns) or names
            table = KeptTable(FiniteTable(stored, granted), self._kept_bytes())
            for name in reference.columns:
                if name not in names:
                    raise NoSuchColumn(f"the input {port!r} has no column {name!r}")
            if reference.digest:
                self._check(port, reference, content_digest(self.suite, table))
            self._tables[port] = table
        return self._tables[port]

    def _kept_bytes(self) -> int:
        limit = self._request.memory_limit_bytes
        return min(KEPT_BYTES, limit // 8) if limit else KEPT_BYTES

    def data(self, port: str) -> bytes:
        """Read an input that is no table; checked like one."""
        reference = self.reference(port)
        if reference.kind in TABLE_KINDS:
            raise BadInput(f"the input {port!r} is a {reference.kind}")
        data = read_bytes_file(reference.path, bytes.fromhex(reference.key), self.suite)
        if reference.digest:
            self._check(port, reference, self.bytes_digest(data))
        return data

    def bytes_digest(self, data: bytes) -> bytes:
        """Content digest of an object that is no table."""
        return self.suite.hash(tagged("hanse/object/1", data))

    def _check(self, port: str, reference: ObjectRef, digest: bytes) -> None:
        """1. content has the digest; 2. the opening holds that digest; 3. it opens the manifest's
        commitment."""
        if not hmac.compare_digest(digest.hex(), reference.digest):
            raise InputChanged(f"the input {port!r} is not what was committed to")
        if not reference.opening:
            return
        try:
            opening = msgspec.convert(reference.opening, Opening)
            committed = self._request.manifest.inputs.get(port, {}).get(self._request.alias, "")
            verify_opening(self.suite, committed, opening)
        except (BadOpening, msgspec.ValidationError) as error:
            raise InputChanged(f"the commitment to the input {port!r} does not open") from error
        value = opening.value
        held = value.get("digest") if isinstance(value, dict) else value
        if held != reference.digest:
            raise InputChanged(f"the commitment to the input {port!r} is to another content")

    def keep_table(
        self, port: str, table: TableSource, meta: dict[str, Any], kind: Kind
    ) -> OutputRef:
        """Write an output table, encrypted under a key of its own; NaN becomes missing.

        Raises:
            OutOfRange: when a number is infinite.
        """
        path, key = self._new(port)
        digesting = Digesting(self.suite, table.columns)
        batches = digesting.through(finite(table.batches(), {c.name for c in table.columns}))
        rows = write_table_file(path, key, self.suite, table.columns, batches)
        digest = digesting.digest().hex()
        return OutputRef(
            path=str(path), key=key.hex(), kind=kind, rows=rows, digest=digest, meta=meta
        )

    def keep_bytes(self, port: str, data: bytes, meta: dict[str, Any], kind: Kind) -> OutputRef:
        """Write an output that is no table."""
        path, key = self._new(port)
        write_bytes_file(path, key, self.suite, data)
        digest = self.bytes_digest(data).hex()
        return OutputRef(path=str(path), key=key.hex(), kind=kind, rows=0, digest=digest, meta=meta)

    def _new(self, port: str) -> tuple[Path, bytes]:
        key = self.suite.hkdf(
            bytes.fromhex(self._request.output_key),
            salt=bytes.fromhex(self._request.manifest.nonce),
            info=tagged("hanse/task-output/1", self._request.alias.encode(), port.encode()),
            length=self.suite.key_bytes,
        )
        return self._out / f"{port}.data", key
