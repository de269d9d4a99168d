"""Checkpoints of a step as encrypted files: written whole or not at all, the last two kept.

A file is sealed under the step's own key and bound to its place and name, so that nothing else
can stand in for it. What is only ever added to (trees, one by one) goes into pieces of its own,
written once and named by every checkpoint that needs them.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hanse.compute.errors import CheckpointDamaged
from hanse.core.canonical import tagged
from hanse.crypto.errors import CannotOpen
from hanse.crypto.suite import Suite

KEPT = 2
STATE, PIECE, PART = ".state", ".piece", ".part"
Mark = tuple[int, str]
T = TypeVar("T")
log = logging.getLogger("hanse.worker")


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What one party keeps at one number (epoch, tree, iteration) of its step.

    Attributes:
        scope: digest of all that must be the same for it to be of use, see `scope_of`.
        session: nonce of the session that wrote it, hex.
        shares: this party's shares, or its own values, by variable.
        state: what else the loop needs to go on.
        pieces: names of the files with what was added so far, in order.
    """

    scope: str
    session: str
    number: int
    shares: dict[str, bytes] = {}
    state: dict[str, Any] = {}
    pieces: list[str] = []

    @property
    def mark(self) -> Mark:
        """What parties compare: shares of one mark, and of no two, belong together."""
        return self.number, self.session

    @property
    def name(self) -> str:
        """Its file's name without the ending."""
        return f"{self.number:09d}-{self.session[:16]}"


class CheckpointFiles:
    """One party's checkpoints of one step.

    Args:
        folder: of this step alone; made when the first checkpoint is written.
        key: ``suite.key_bytes``, of this step alone.
        suite: the cipher.
        place: flow, step and alias: bound into every file.
    """

    def __init__(self, folder: Path, key: bytes, suite: Suite, place: tuple[str, ...]) -> None:
        self._folder, self._key, self._suite = folder, key, suite
        self._place = [part.encode() for part in place]

    def found(self, scope: str) -> list[Saved]:
        """Every checkpoint of that scope that opens with all its pieces.

        Those of another scope and halves of files are removed; a damaged one is logged.
        """
        kept = []
        for path in sorted(self._folder.glob(f"*{PART}")):
            path.unlink(missing_ok=True)
        for path in sorted(self._folder.glob(f"*{STATE}")):
            try:
                saved = self._read(path.name, Saved)
                if saved.scope != scope:
                    path.unlink(missing_ok=True)
                    continue
                self.pieces(saved)
            except CheckpointDamaged as error:
                log.warning("checkpoint ignored: %s: %s", error.code, error.message)
            else:
                kept.append(saved)
        return kept

    def pieces(self, saved: Saved) -> list[dict[str, bytes]]:
        """What was added up to a checkpoint, in order.

        Raises:
            CheckpointDamaged: when a piece is missing or does not open.
        """
        return [self._read(name, dict[str, bytes]) for name in saved.pieces]

    def write(self, saved: Saved, piece: dict[str, bytes] | None = None) -> Saved:
        """Add a checkpoint, and the piece that is new in it; only the last two are kept.

        Returns:
            The checkpoint with that piece among its own.

        Raises:
            OSError: when the disk does not take it; what was there stays.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if piece is not None:
            added = saved.name + PIECE
            self._write(added, msgspec.msgpack.encode(piece))
            saved = msgspec.structs.replace(saved, pieces=[*saved.pieces, added])
        self._write(saved.name + STATE, msgspec.msgpack.encode(saved))
        self._prune(saved)
        return saved

    def forget_after(self, mark: Mark | None) -> None:
        """Remove what lies beyond the checkpoint the parties go on from; all without one."""
        for path in sorted(self._folder.glob(f"*{STATE}")):
            if mark is None or int(path.name.split("-")[0]) > mark[0]:
                path.unlink(missing_ok=True)
        if mark is None:
            for path in sorted(self._folder.glob(f"*{PIECE}")):
                path.unlink(missing_ok=True)

    def _prune(self, newest: Saved) -> None:
        states = sorted(path.name for path in self._folder.glob(f"*{STATE}"))
        for name in states[:-KEPT]:
            (self._folder / name).unlink(missing_ok=True)
        for path in self._folder.glob(f"*{PIECE}"):
            # The one before the newest needs a part of the newest's pieces and no others.
            if path.name not in newest.pieces:
                path.unlink(missing_ok=True)

    def _write(self, name: str, data: bytes) -> None:
        sealed = self._suite.seal(self._key, data, self._bound(name))
        aside = self._folder / (name + PART)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._folder / name)
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _read(self, name: str, kind: type[T]) -> T:
        try:
            opened = self._suite.open(
                self._key, (self._folder / name).read_bytes(), self._bound(name)
            )
            return msgspec.msgpack.decode(opened, type=kind)
        except OSError as error:
            raise CheckpointDamaged("a file of a checkpoint cannot be read") from error
        except (CannotOpen, msgspec.DecodeError) as error:
            raise CheckpointDamaged("a file of a checkpoint does not open") from error

    def _bound(self, name: str) -> bytes:
        return tagged("hanse/checkpoint/1", *self._place, name.encode())
