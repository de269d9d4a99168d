"""Imports that are going on: quick ones answer at once, long ones go on in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from hanse.core.errors import HanseError
from hanse.data.importing import Source
from hanse.data.scratch import Scratch
from hanse.data.types import ColumnType
from hanse.data.vault import Vault
from hanse.node.data.tables import TableInfo, Tables
from hanse.node.errors import FileNotServed
from hanse.node.observability.logs import logger

_log = logger("node.imports")
ANSWER_WITHIN_S = 15.0


class Imports:
    """Runs imports in threads.

    Args:
        tables: where results are noted.
        vault: gives encrypted scratch for uploads.
        directories: where files may be imported from by path.
    """

    def __init__(self, tables: Tables, vault: Vault, directories: Sequence[Path]) -> None:
        self._tables = tables
        self._vault = vault
        self._directories = [path.resolve() for path in directories]
        self._going: set[asyncio.Task[TableInfo]] = set()

    def served_path(self, text: str) -> Path:
        """A file the node may read.

        Relative paths are looked up in each import directory. Links are followed before the
        check, so a link cannot lead outside.

        Raises:
            FileNotServed: outside, or not there; the two look alike.
        """
        for directory in self._directories:
            path = (directory / text).resolve()
            if path.is_relative_to(directory) and path.is_file():
                return path
        raise FileNotServed("no such file in the import directories")

    def scratch(self) -> AbstractContextManager[Scratch]:
        """Encrypted scratch for an upload."""
        return self._vault.scratch()

    async def run(
        self,
        source: Source,
        name: str,
        key_columns: Sequence[str],
        types: Mapping[str, ColumnType],
        held: ExitStack,
    ) -> TableInfo:
        """Import; when it takes long, answer IMPORTING and go on.

        Args:
            source: the file.
            name: of the table.
            key_columns: columns that identify a row.
            types: types not to be detected.
            held: closed when the import has ended, whoever waits.

        Raises:
            HanseError: a ``data.*`` error, when the import fails while the caller waits;
                nothing of it remains then.
        """
        table_id = await asyncio.to_thread(self._tables.begin, name, key_columns)

        async def work() -> TableInfo:
            with held:
                return await asyncio.to_thread(
                    self._tables.fill, table_id, source, name, key_columns, types
                )

        task = asyncio.create_task(work(), name=f"import-{table_id}")
        self._going.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.wait_for(asyncio.shield(task), ANSWER_WITHIN_S)
        except TimeoutError:
            return await asyncio.to_thread(self._tables.get, table_id)
        except HanseError:
            await asyncio.to_thread(self._tables.forget, table_id)
            raise

    async def close(self) -> None:
        """Wait for imports that are going on."""
        if self._going:
            await asyncio.wait(self._going)

    def _ended(self, task: asyncio.Task[TableInfo]) -> None:
        self._going.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            code = error.code if isinstance(error, HanseError) else type(error).__name__
            _log.info("import.failed", code=code)
