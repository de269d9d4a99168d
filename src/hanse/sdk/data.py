"""Tables in the node's vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hanse.api.base import ErrorBody, Page
from hanse.api.catalogue import DatasetView
from hanse.api.data import (
    ExportTableRequest,
    ImportOptions,
    ImportTableRequest,
    PublishTableRequest,
    TableView,
)
from hanse.api.errors import build
from hanse.core.errors import catalogue
from hanse.sdk.area import Area, page
from hanse.sdk.errors import ImportFailed, rebuild
from hanse.sdk.files import ByteProgress, CannotRead, save
from hanse.sdk.waiting import Progress, wait_until

UPLOAD_TIMEOUT_S = 3_600.0


class DataArea(Area):
    """Import, look at, publish, export and delete tables."""

    def import_path(
        self,
        path: str,
        name: str,
        *,
        key_columns: Sequence[str] = (),
        types: Mapping[str, str] | None = None,
    ) -> TableView:
        """Import a file that lies at the node; `wait_ready` follows the work."""
        fields = {"path": path, "name": name, "key_columns": [*key_columns], "types": types}
        body = build(ImportTableRequest, fields)
        return self._http.call("data.import_path", TableView, body=body, timeout_s=UPLOAD_TIMEOUT_S)

    def upload(
        self,
        file: Path,
        name: str,
        *,
        key_columns: Sequence[str] = (),
        types: Mapping[str, str] | None = None,
    ) -> TableView:
        """Send a local file to the own node and import it; it is streamed, not loaded."""
        options = build(
            ImportOptions, {"name": name, "key_columns": [*key_columns], "types": types}
        )
        try:
            source = file.open("rb")
        except OSError as error:
            raise CannotRead(f"cannot read {file}: {error.strerror}") from error
        with source:
            reply = self._http.send(
                "data.upload",
                files={"file": (file.name, source, "application/octet-stream")},
                data={"options": options.model_dump_json()},
                timeout_s=UPLOAD_TIMEOUT_S,
            )
        return self._http.decode(reply, TableView)

    def list(
        self,
        *,
        q: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[TableView]:
        """One page of tables."""
        query = page(limit, after, q=q, state=state)
        return self._http.call("data.list", Page[TableView], query=query)

    def get(self, table: str) -> TableView:
        """A table with its profile."""
        return self._http.call("data.get", TableView, path={"id": table})

    def delete(self, table: str) -> None:
        """Delete a table beyond recovery: its key is destroyed."""
        self._http.run("data.delete", path={"id": table})

    def publish(self, table: str, *, title: str, **terms: Any) -> DatasetView:
        """Publish a table's metadata; ``terms`` are the fields of `PublishTableRequest`."""
        body = build(PublishTableRequest, {"title": title, **terms})
        return self._http.call("data.publish", DatasetView, path={"id": table}, body=body)

    def export(
        self,
        table: str,
        destination: Path,
        *,
        file_format: str = "csv",
        progress: ByteProgress | None = None,
    ) -> int:
        """Write an own table to a local file; returns its size in bytes."""
        body = build(ExportTableRequest, {"format": file_format})
        with self._http.stream("data.export", path={"id": table}, body=body) as reply:
            return save(reply.iter_bytes(), destination, progress)

    def wait_ready(
        self, table: str, timeout_s: float = 3_600.0, progress: Progress[TableView] | None = None
    ) -> TableView:
        """Wait until an import is done.

        Raises:
            InputError: the named error of an import that failed.
        """
        ready = wait_until(
            lambda: self.get(table),
            lambda view: view.state != "IMPORTING",
            what=f"import of {table}",
            timeout_s=timeout_s,
            progress=progress,
        )
        if ready.state == "FAILED":
            if ready.error_code in catalogue():
                raise rebuild(ErrorBody(code=ready.error_code, message=ready.error_message), 400)
            raise ImportFailed(f"{ready.error_code}: {ready.error_message}")
        return ready
