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
Array = npt.NDArray[Any]


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    meta: bytes
    chunks: list[bytes]


def runtime_config(protocol: str) -> Any:
    """SPU settings of a protocol: the 64-bit ring with 18 fraction bits.

    SEMI2K is not offered: its default dealer of correlated randomness is the first party, who
    could open everything.

    Raises:
        RefusedProtocol: for anything but ``aby3`` and ``cheetah``.
    """
    spu = library.libspu()
    kinds = {"aby3": spu.ProtocolKind.ABY3, "cheetah": spu.ProtocolKind.CHEETAH}
    if protocol not in kinds:
        raise RefusedProtocol(f"{protocol[:30]!r} is no protocol of the computing nodes")
    return spu.RuntimeConfig(
        protocol=kinds[protocol], field=spu.FieldType.FM64, fxp_fraction_bits=FRACTION_BITS
    )


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
