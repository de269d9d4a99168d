"""What a snapshot says about itself: the block it stands at and the hash of each chunk.

A manifest is not trusted. A chunk that has the hash it names is only known to belong to it;
that the whole is the state of the chain shows when the rebuilt root is the trusted one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.suite import HASH_BYTES, Suite
from hanse.ledger.block import Block, Header
from hanse.ledger.certificates import Certificate
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.snapshots.errors import SnapshotRefused

FORMAT = 1
CHUNK_BYTES = 4 << 20
MAX_CHUNKS = 1 << 20


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Description of a snapshot.

    Attributes:
        format: of manifest and chunks, 1.
        block: the block after which the state was this, *bare*: without transactions and
            receipts, so that it fits a message whatever the block held.
        keys: number of keys in state.
        chunks: hashes of the chunks in order, hex.
        handovers: certificates by which validators handed over to others before the block, by
            ascending height: whoever restores needs them to prove anything from the genesis.
    """

    format: int = FORMAT
    block: Block
    keys: int
    chunks: list[str]
    handovers: list[Certificate] = []

    @property
    def header(self) -> Header:
        """Header of the block."""
        return self.block.header

    @property
    def height(self) -> int:
        """Height of the block."""
        return self.block.header.height

    @property
    def state_root(self) -> str:
        """Root of the state, hex."""
        return self.block.header.state_root


def encode_manifest(manifest: Manifest) -> bytes:
    """Canonical bytes."""
    return canonical.encode(manifest)


def decode_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        SnapshotRefused: when it is none, or of a format this software does not know.
    """
    try:
        manifest = canonical.decode(data, Manifest)
        sizes = {len(unhex(digest)) for digest in manifest.chunks}
    except (HanseError, ValueError) as error:
        raise SnapshotRefused(f"not a manifest of a snapshot: {error}") from error
    if manifest.format != FORMAT:
        raise SnapshotRefused(f"snapshot format {manifest.format} is not known")
    if sizes - {HASH_BYTES} or len(manifest.chunks) > MAX_CHUNKS:
        raise SnapshotRefused("the chunk hashes of the manifest are malformed, or too many")
    if manifest.block.transactions or manifest.block.receipts:
        raise SnapshotRefused("the manifest's block is not bare")
    if manifest.height < 1 or manifest.keys < 0:
        raise SnapshotRefused("height or number of keys of the manifest are out of range")
    return manifest


def certify(
    manifest: Manifest, certificate: bytes, handovers: Sequence[Certificate] = ()
) -> Manifest:
    """The manifest with the validators' certificate of its block, which exists a block later.

    Args:
        manifest: as taken.
        certificate: of its block, encoded.
        handovers: see `hanse.ledger.light.handovers.kept_handovers`.
    """
    block = msgspec.structs.replace(manifest.block, certificate=msgspec.Raw(certificate))
    return msgspec.structs.replace(manifest, block=block, handovers=list(handovers))


def manifest_hash(suite: Suite, manifest: Manifest) -> bytes:
    """Digest that names a snapshot, 32 bytes; equal states in equal chunks have the same.

    It leaves certificates out: two nodes may have collected other signatures.
    """
    plain = certify(manifest, b"null")
    return suite.hash(canonical.tagged("hanse/snapshot/1", encode_manifest(plain)))


def chunk_hash(suite: Suite, data: bytes) -> str:
    """Digest of a chunk, hex."""
    return suite.hash(canonical.tagged("hanse/snapshot-chunk/1", data)).hex()
