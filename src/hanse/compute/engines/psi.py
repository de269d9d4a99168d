"""Private set intersection by libpsi, on digests of keys.

Two parties, semi-honest. RR22 (Raghuraman and Rindal, CCS 2022) is OPRF-based with VOLE and is
the default; ECDH uses Curve25519.

**Leaks**: each party learns how many keys the other enters. With ``broadcast`` both learn the
common keys, otherwise only the receiver does and the other learns nothing of the result.

libpsi reads and writes text files. They hold 15 base64 characters per key, the first 90 bits
of a digest salted with the session's nonce, never a key. For n and m keys a false match
has probability n·m/2^90 at most: 2^-50 for a million each. Fifteen characters because libpsi
keeps longer keys in separately allocated memory, which makes it 1.3 times slower.

Before the protocol libpsi sends the peer one hash over all keys, and skips the protocol when
both hashes are equal; its interface cannot turn that off. Such a hash would confirm a guess of
a whole table, and in a one-sided intersection tell the sender the result. So each party enters
one random key beside its own: the hash is then random, and equal with probability 2^-90.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.compute.engines import library
from hanse.compute.engines.link import Link
from hanse.compute.errors import DuplicateKeys, LinkFailed

DIGEST_CHARS = 15
_DIGEST_BYTES = 12
_LINE = DIGEST_CHARS + 1
Digests = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]


class Keys:
    """The keys one party enters, encoded and indexed.

    Args:
        digests: shape (rows, 12), uint8; one per row that has a key.

    Raises:
        DuplicateKeys: when a digest stands twice.
    """

    def __init__(self, digests: Digests) -> None:
        self.text = encode(digests)
        self._order = np.argsort(_prefix(self.text), kind="stable")
        ordered = self.text[self._order]
        if not _ascends(ordered):  # equal prefixes: sort in full
            self._order = np.argsort(self.text, kind="stable")
            ordered = self.text[self._order]
            if not _ascends(ordered):
                raise DuplicateKeys("a key stands in more than one row of a party's table")
        self._prefixes = _prefix(ordered)

    def __len__(self) -> int:
        return len(self.text)

    def rows(self, found: Any) -> Rows:
        """Row numbers of these keys, all of them ours, by ascending key."""
        wanted = np.sort(found)
        places = np.searchsorted(self._prefixes, _prefix(wanted))
        rows = self._order[np.minimum(places, len(self._order) - 1)]
        if not np.array_equal(self.text[rows], wanted):  # equal prefixes: compare in full
            rows = self._order[np.searchsorted(self.text[self._order], wanted)]
        return np.asarray(rows, np.int64)


def encode(digests: Digests) -> Any:
    """First 90 bits of 12-byte digests as 15 base64 characters each; dtype S15, shape (rows,)."""
    text = np.frombuffer(base64.b64encode(np.ascontiguousarray(digests).data), np.uint8)
    kept = np.ascontiguousarray(text.reshape(-1, 16)[:, :DIGEST_CHARS])
    return kept.view(f"S{DIGEST_CHARS}").reshape(-1)


def _prefix(keys: Any) -> npt.NDArray[np.uint64]:
    """The first eight characters of each key as a number that sorts like them."""
    table = keys.view(np.uint8).reshape(-1, DIGEST_CHARS)[:, :8]
    return np.asarray(np.ascontiguousarray(table).view(">u8").reshape(-1), np.uint64)


def _ascends(keys: Any) -> bool:
    return bool(np.all(keys[:-1] < keys[1:]))


def intersect(
    link: Link,
    keys: Keys,
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
        keys: this party's keys, at least one.
        scratch: directory for libpsi's files. It puts paths into a shell command unquoted, so
            the name must be free of characters that mean something to a shell.
        protocol: ``rr22`` or ``ecdh``.
        receiver: alias that learns the result; with ``broadcast`` both do.
        broadcast: whether the other learns it too.
        on_progress: called with percent done.

    Returns:
        Numbers of the common rows here, in an order that is the same at both parties; empty at
        a party that does not learn the result.

    Raises:
        LinkFailed: when libpsi gives up.
    """
    source, target = scratch / "psi-in.csv", scratch / "psi-out.csv"
    _write(source, keys.text)
    config = _config(link, source, target, protocol, receiver, broadcast)
    try:
        library.libpsi().psi_execute(config, link.context, _progress(on_progress))
    except RuntimeError as error:
        message = "the intersection broke off"
        raise LinkFailed(message, phase="intersect", debug=str(error)) from error
    if not broadcast and receiver != link.me:
        return np.empty(0, np.int64)
    found = _read(target)
    return keys.rows(found) if len(found) else np.empty(0, np.int64)


def _write(path: Path, keys: Any) -> None:
    """One line per key and one for a random key nobody else has, see the module's text."""
    lines = np.empty((len(keys) + 1, _LINE), np.uint8)
    lines[:-1, :DIGEST_CHARS] = keys.view(np.uint8).reshape(-1, DIGEST_CHARS)
    lines[-1, :DIGEST_CHARS] = _random_key().view(np.uint8)
    lines[:, DIGEST_CHARS] = ord("\n")
    with path.open("wb") as file:
        file.write(b"key\n")
        file.write(lines.data)


def _random_key() -> Any:
    drawn = np.frombuffer(secrets.token_bytes(_DIGEST_BYTES), np.uint8)
    return encode(drawn.reshape(1, _DIGEST_BYTES))


def _read(path: Path) -> Any:
    """Keys of libpsi's output: a header line, then lines of one fixed length."""
    content = path.read_bytes()
    body = content[content.index(b"\n") + 1 :]
    lines = np.frombuffer(body, np.uint8)
    if len(lines) % _LINE:
        raise LinkFailed("the intersection's result file has an unknown form", phase="intersect")
    text = np.ascontiguousarray(lines.reshape(-1, _LINE)[:, :DIGEST_CHARS])
    return text.view(f"S{DIGEST_CHARS}").reshape(-1)


def _config(
    link: Link, source: Path, target: Path, protocol: str, receiver: str, broadcast: bool
) -> Any:
    psi = library.libpsi()
    kinds = {"rr22": psi.PsiProtocol.PROTOCOL_RR22, "ecdh": psi.PsiProtocol.PROTOCOL_ECDH}
    return psi.PsiExecuteConfig(
        protocol_conf=psi.PsiProtocolConfig(
            protocol=kinds[protocol],
            receiver_rank=link.aliases.index(receiver),
            broadcast_result=broadcast,
            ecdh_params=psi.EcdhParams(curve=psi.EllipticCurveType.CURVE_25519),
        ),
        input_params=psi.InputParams(path=str(source), selected_keys=["key"], keys_unique=True),
        output_params=psi.OutputParams(path=str(target)),
    )


def _progress(on_progress: Callable[[int], None] | None) -> Any:
    psi = library.libpsi()
    if on_progress is None:
        return psi.ProgressParams()
    return psi.ProgressParams(hook=lambda data: on_progress(int(data.percentage)), interval_ms=1000)
