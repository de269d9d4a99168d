"""Secret shares: made by owners, held by computing nodes, joined by receivers.

ABY3 shares are replicated: each of three nodes holds two of three ring elements, any two nodes
could join them. CHEETAH shares are additive between two nodes. A single node's share is
uniformly random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.engines import library
from hanse.compute.errors import BadInput, RefusedProtocol
from hanse.compute.operators.registry import COMPUTE_NODES

FRACTION_BITS = 18
RING_BITS = 64
# A field 72, `cheetah_2pc_config`, of SPU's RuntimeConfig: its field 1, `disable_matmul_pack`, set,
# and field 3, `ot_kind`, SoftSpoken OT. Written in protobuf: SPU's Python has no type for the last.
_CHEETAH_SETTINGS = bytes([0xC2, 0x04, 4, 0x08, 1, 0x18, 1])
Array = npt.NDArray[Any]


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    meta: bytes
    chunks: list[bytes]


def runtime_config(protocol: str) -> Any:
    """SPU settings of a protocol: the 64-bit ring with 18 fraction bits.

    SEMI2K is not offered: its default dealer of correlated randomness is the first party, who
    could open everything.

    CHEETAH: oblivious transfer by SoftSpoken OT (Roy, CRYPTO 2022) rather than Ferret. Both are
    semi-honest at 128 bits, SoftSpoken without assuming hardness of decoding noisy codes; Ferret
    sends less, but takes seconds and hundreds of MiB before the first comparison. Results of
    matrix products come in more ciphertexts, not packed into one, which takes longer than to send
    them. Columns may stay with the node that owns them (`Sharing.private`).

    Raises:
        RefusedProtocol: for anything but ``aby3`` and ``cheetah``.
    """
    spu = library.libspu()
    kinds = {"aby3": spu.ProtocolKind.ABY3, "cheetah": spu.ProtocolKind.CHEETAH}
    if protocol not in kinds:
        raise RefusedProtocol(f"{protocol[:30]!r} is no protocol of the computing nodes")
    config = spu.RuntimeConfig(
        protocol=kinds[protocol], field=spu.FieldType.FM64, fxp_fraction_bits=FRACTION_BITS
    )
    if protocol == "cheetah":
        config.experimental_enable_colocated_optimization = True
        config.ParseFromString(config.SerializeToString() + _CHEETAH_SETTINGS)
    return config


class Sharing:
    """Splits and joins arrays for a protocol's number of computing nodes."""

    def __init__(self, protocol: str) -> None:
        self.nodes = COMPUTE_NODES.get(protocol, 0)
        self._io = library.spu_api().Io(self.nodes, runtime_config(protocol))

    def split(self, array: Array) -> list[bytes]:
        """Secret shares of an array, one per computing node in rank order."""
        secret = library.libspu().Visibility.VIS_SECRET
        return [pack(share) for share in self._io.make_shares(np.ascontiguousarray(array), secret)]

    def public(self, array: Array) -> list[bytes]:
        """A value that all computing nodes may see, in the form of shares."""
        public = library.libspu().Visibility.VIS_PUBLIC
        return [pack(share) for share in self._io.make_shares(np.asarray(array), public)]

    def private(self, array: Array, owner: int) -> list[bytes]:
        """What each node holds of a value that node ``owner`` keeps to itself (CHEETAH).

        The owner's is the value, the other's nothing but its shape: it can make its own from zeros.
        """
        secret = library.libspu().Visibility.VIS_SECRET
        made = self._io.make_shares(np.ascontiguousarray(array), secret, owner)
        return [pack(share) for share in made]

    def join(self, shares: Sequence[bytes]) -> Array:
        """Open an array from the shares of all computing nodes, in rank order.

        Raises:
            BadInput: when they do not belong together.
        """
        if len(shares) != self.nodes:
            raise BadInput(f"{self.nodes} shares are needed, {len(shares)} came")
        try:
            joined: Array = self._io.reconstruct([unpack(share) for share in shares])
        except RuntimeError as error:
            raise BadInput("shares do not belong together", debug=str(error)) from error
        return joined


def pack(share: Any) -> bytes:
    """A share as bytes."""
    return msgspec.msgpack.encode(
        _Packed(bytes(share.meta), [bytes(c) for c in share.share_chunks])
    )


def unpack(data: bytes) -> Any:
    """A share from bytes.

    Raises:
        BadInput: when they are none.
    """
    try:
        packed = msgspec.msgpack.decode(data, type=_Packed)
    except msgspec.DecodeError as error:
        raise BadInput("a share does not decode") from error
    share = library.libspu().Share()
    share.meta = packed.meta
    share.share_chunks = packed.chunks
    return share


def words_of(data: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    """The ring elements of an ABY3 share: shape (*shape, 2), own and next part.

    Raises:
        BadInput: when the share is one of bits or has another size.
    """
    share = unpack(data)
    if b"aby3.AShr<FM64>" not in bytes(share.meta):
        raise BadInput("an arithmetic share of the 64-bit ring was expected")
    content = b"".join(_content(bytes(chunk)) for chunk in share.share_chunks)
    if len(content) != 16 * int(np.prod(shape)):
        raise BadInput("a share has another size than was agreed")
    return np.frombuffer(content, np.uint64).reshape(*shape, 2)


def share_of(words: npt.NDArray[np.uint64], dtype: str, sharing: Sharing) -> bytes:
    """An ABY3 share of these ring elements, as `words_of` gives them."""
    like = unpack(sharing.split(np.zeros(words.shape[:-1], dtype))[0])
    content = np.ascontiguousarray(words).tobytes()
    size = _varint(len(content))
    like.share_chunks = [b"\x08" + size + b"\x1a" + size + content]
    return pack(like)


def _content(chunk: bytes) -> bytes:
    """Field 3 of SPU's ``ValueChunkProto``; fields 1 and 2 are total size and offset."""
    at = 0
    while at < len(chunk):
        tag, (value, at) = chunk[at], _read_varint(chunk, at + 1)
        if tag == 0x1A:
            return chunk[at : at + value]
    return b""


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while data[at] & 0x80:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1
