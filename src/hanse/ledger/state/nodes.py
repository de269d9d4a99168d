"""What a node of the state trie looks like, and the three hashes the trie is made of.

A path is the lower-case hexadecimal prefix of hashed keys that a node covers, as ASCII bytes;
the root has the empty path. A *bucket* holds up to a fixed number of entries, sorted by
hashed key. A *branch* holds how many entries lie below it and sixteen child hashes, all zero
where there is no child. What is stored is exactly what is hashed.
"""

from __future__ import annotations

from collections.abc import Callable

Hash = Callable[[bytes], bytes]

DIGEST_BYTES = 32
ENTRY_BYTES = 2 * DIGEST_BYTES
BUCKET = 0
BRANCH = 1
BUCKET_ENTRIES = 16
EMPTY_BUCKET = bytes([BUCKET])
NO_CHILD = bytes(DIGEST_BYTES)
SLOTS_OFFSET = 9
BRANCH_BYTES = SLOTS_OFFSET + 16 * DIGEST_BYTES
SLOT_OF = {
    ord(digit): SLOTS_OFFSET + DIGEST_BYTES * i for i, digit in enumerate("0123456789abcdef")
}


def _prefix(domain: str) -> bytes:
    tag = domain.encode("ascii")
    return len(tag).to_bytes(4, "big") + tag


_NODE = _prefix("hanse/state-node/1")
_KEY = _prefix("hanse/state-key/1")
_VALUE = _prefix("hanse/state-value/1")


def hash_node(hash_: Hash, node: bytes | bytearray) -> bytes:
    """Digest of a node: ``H(tagged("hanse/state-node/1", node))``."""
    return hash_(_NODE + len(node).to_bytes(4, "big") + node)


def hash_key(hash_: Hash, key: bytes) -> bytes:
    """Where a full state key lives: ``H(tagged("hanse/state-key/1", key))``."""
    return hash_(_KEY + len(key).to_bytes(4, "big") + key)


def hash_value(hash_: Hash, value: bytes) -> bytes:
    """What an entry commits to: ``H(tagged("hanse/state-value/1", value))``."""
    return hash_(_VALUE + len(value).to_bytes(4, "big") + value)


def empty_root(hash_: Hash) -> bytes:
    """Root of a state without any key."""
    return hash_node(hash_, EMPTY_BUCKET)


def entries_of(bucket: bytes) -> dict[bytes, bytes]:
    """Hashed key → value hash, in order."""
    return {
        bucket[i : i + DIGEST_BYTES]: bucket[i + DIGEST_BYTES : i + ENTRY_BYTES]
        for i in range(1, len(bucket), ENTRY_BYTES)
    }


def encode_bucket(entries: dict[bytes, bytes]) -> bytes:
    """Bucket bytes; sorts by hashed key."""
    return EMPTY_BUCKET + b"".join([key + entries[key] for key in sorted(entries)])


def encode_branch(count: int, slots: bytes | bytearray) -> bytes:
    """Branch bytes from the number of entries below and 512 bytes of child hashes."""
    return bytes([BRANCH]) + count.to_bytes(8, "big") + slots


def count_of(node: bytes) -> int:
    """Number of entries in a bucket, or below a branch."""
    if node[0] == BRANCH:
        return int.from_bytes(node[1:SLOTS_OFFSET], "big")
    return (len(node) - 1) // ENTRY_BYTES
