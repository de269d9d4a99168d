"""Private set intersection by libpsi, on digests of keys.

Two parties, semi-honest. RR22 (Raghuraman and Rindal, CCS 2022) is OPRF-based with VOLE and is
the default; KKRT (Kolesnikov and others, CCS 2016) is OT-based; ECDH uses Curve25519 or SM2's
curve. RR22's low-communication mode is not offered: in libpsi 0.9.5 it misses common keys (some
1.5 % of 334 in a run with 1,000 keys a side, others each time).

**Leaks**: each party learns how many keys the other enters. With ``broadcast`` both learn the
common keys, otherwise only the receiver does and the other learns nothing of the result.

libpsi reads and writes text files, see `hanse.compute.engines.psi_files`. They hold 15 base64
characters per key, the first 90 bits of a digest salted with the session's nonce, never a key.
For n and m keys a false match has probability n·m/2^90 at most: 2^-50 for a million each.

Libpsi's memory grows with the keys, so many keys are compared in parts, one after the other: part
by part of what the first bits of their marks can be.

**Leaks** of parts: how many keys the other enters in each. Marks depend on keys alone, so this is
like telling how many of the keys begin with a letter, for letters that mean nothing.

Rows are entered in the order of their marks and libpsi keeps the order of its input, so the
common rows come out in an order that both parties share without anybody sorting them again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.compute.engines import library, psi_files
from hanse.compute.engines.link import Link
from hanse.compute.engines.memory import give_back
from hanse.compute.errors import DuplicateKeys, LinkFailed

Digests = npt.NDArray[np.uint8]
Marks = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
_PART_BITS = 8
MOST_PARTS = 1 << _PART_BITS


class Keys:
    """The keys one party enters, in the order of their marks.

    Args:
        digests: shape (rows, 12), uint8; one per row that has a key.
        marks: shape (rows,), uint64; equal for equal keys.
        rows: shape (rows,), int64; which row of its table each is, ascending.
        columns: what the key columns are called, for errors.
        first_of_equal: of rows with equal keys enter the first, instead of refusing them.

    Attributes:
        digests: the digests by ascending mark, those with equal marks by ascending digest.
        rows: the row numbers in that order.

    Raises:
        DuplicateKeys: when a key stands twice and that is refused.
    """

    def __init__(
        self,
        digests: Digests,
        marks: Marks,
        rows: Rows,
        *,
        columns: Sequence[str] = ("key",),
        first_of_equal: bool = False,
    ) -> None:
        self._every: Rows | None = None
        self._counts: Rows | None = None
        order = np.argsort(marks)
        ordered = marks[order]
        if not bool(np.all(ordered[:-1] < ordered[1:])):  # equal keys, or the marks are by chance
            words = np.ascontiguousarray(digests).view(">u4")
            order = np.lexsort((words[:, 2], words[:, 1], words[:, 0], marks))
            is_repeated = _repeated(digests[order])
            if bool(is_repeated.any()) and not first_of_equal:
                named = ", ".join(map(repr, columns))
                raise DuplicateKeys(f"a key stands in more than one row of the columns {named}")
            self._remember(rows[order], is_repeated)
            order = order[~is_repeated]  # the sort left equal keys in the table's order
            ordered = marks[order]
        starts = np.arange(MOST_PARTS, dtype=np.uint64) << np.uint64(64 - _PART_BITS)
        self._starts = [*np.searchsorted(ordered, starts).tolist(), len(order)]
        whole = np.ascontiguousarray(digests).view(f"V{digests.shape[1]}")
        self.digests: Digests = whole[order].view(np.uint8)
        self.rows: Rows = rows[order]

    def __len__(self) -> int:
        return len(self.rows)

    def _remember(self, every: Rows, is_repeated: npt.NDArray[np.bool_]) -> None:
        firsts = np.flatnonzero(~is_repeated)
        self._every, self._counts = every, np.diff([*firsts, len(every)]).astype(np.int64)

    @property
    def every(self) -> Rows:
        """The rows of all keys, those that were not entered too, key after key."""
        return self.rows if self._every is None else self._every

    @property
    def counts(self) -> Rows:
        """How many rows each key has."""
        return np.ones(len(self.rows), np.int64) if self._counts is None else self._counts

    def with_equal(self, rows: Rows) -> Rows:
        """Rows that were entered, each followed by the others that have its key."""
        if self._every is None:
            return rows
        order = np.argsort(self.rows)
        keys = order[np.searchsorted(self.rows[order], rows)]
        counts = self.counts[keys]
        starts = (np.cumsum(self.counts) - self.counts)[keys]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found: Rows = self._every[np.repeat(starts, counts) + within]
        return found

    def part(self, number: int, parts: int) -> tuple[Digests, Rows]:
        """Digests and rows of one of so many parts, which the marks' first bits decide.

        Args:
            number: from 0; parts follow each other in the order of the marks.
            parts: a power of two up to `MOST_PARTS`; the same at both parties.
        """
        width = MOST_PARTS // parts
        low, high = self._starts[number * width], self._starts[(number + 1) * width]
        return self.digests[low:high], self.rows[low:high]


def parts_for(keys: int, part_keys: int) -> int:
    """How many parts so many keys are compared in: a power of two, 256 at most."""
    return min(1 << (max(1, -(-keys // part_keys)) - 1).bit_length(), MOST_PARTS)


def _repeated(ordered: Digests) -> npt.NDArray[np.bool_]:
    """Whether each digest equals the one before it."""
    repeated = np.zeros(len(ordered), np.bool_)
    repeated[1:] = np.all(ordered[:-1] == ordered[1:], axis=1)
    return repeated


def intersect(
    link: Link,
    digests: Digests,
    rows: Rows,
    scratch: Path,
    *,
    protocol: str,
    receiver: str,
    broadcast: bool,
    on_progress: Callable[[int], None] | None = None,
) -> Rows:
    """Find the rows whose key both parties have.

    Args:
        link: a link of exactly two members.
        digests: this party's keys by ascending mark, shape (keys, 12), uint8, or one part of them.
        rows: the row number of each.
        scratch: directory for libpsi's files. It puts paths into a shell command unquoted, so
            the name must be free of characters that mean something to a shell.
        protocol: ``rr22``, ``kkrt``, ``ecdh`` (Curve25519) or ``ecdh_sm2``.
        receiver: alias that learns the result; with ``broadcast`` both do.
        broadcast: whether the other learns it too.
        on_progress: called with percent done.

    Returns:
        Numbers of the common rows here, by ascending mark and so in the same order at both
        parties; empty at a party that does not learn the result.

    Raises:
        LinkFailed: when libpsi gives up.
    """
    source, target = scratch / "psi-in.csv", scratch / "psi-out.csv"
    target.unlink(missing_ok=True)  # of the part before
    psi_files.write(source, digests)
    give_back()
    config = _config(link, source, target, protocol, receiver, broadcast)
    try:
        library.libpsi().psi_execute(config, link.context, _progress(on_progress))
    except RuntimeError as error:
        message = "the intersection broke off"
        raise LinkFailed(message, phase="intersect", debug=str(error)) from error
    if not broadcast and receiver != link.me:
        return np.empty(0, np.int64)
    return rows[psi_files.read(target, len(rows))]


def _config(
    link: Link, source: Path, target: Path, protocol: str, receiver: str, broadcast: bool
) -> Any:
    psi = library.libpsi()
    kinds = psi.PsiProtocol
    protocols = {
        "rr22": kinds.PROTOCOL_RR22,
        "kkrt": kinds.PROTOCOL_KKRT,
        "ecdh": kinds.PROTOCOL_ECDH,
        "ecdh_sm2": kinds.PROTOCOL_ECDH,
    }
    curves = psi.EllipticCurveType
    curve = curves.CURVE_SM2 if protocol == "ecdh_sm2" else curves.CURVE_25519
    return psi.PsiExecuteConfig(
        protocol_conf=psi.PsiProtocolConfig(
            protocol=protocols[protocol],
            receiver_rank=link.aliases.index(receiver),
            broadcast_result=broadcast,
            ecdh_params=psi.EcdhParams(curve=curve),
        ),
        input_params=psi.InputParams(
            path=str(source), selected_keys=[psi_files.KEY], keys_unique=True
        ),
        output_params=psi.OutputParams(path=str(target), disable_alignment=True),
    )


def _progress(on_progress: Callable[[int], None] | None) -> Any:
    psi = library.libpsi()
    if on_progress is None:
        return psi.ProgressParams()
    return psi.ProgressParams(hook=lambda data: on_progress(int(data.percentage)), interval_ms=1000)
