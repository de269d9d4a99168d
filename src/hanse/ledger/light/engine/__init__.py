"""The ordering engine's own signatures, verified in our own code.

CometBFT v0.38: ``spec/core/data_structures.md`` and ``spec/core/encoding.md`` of that release
define blocks, votes and what is hashed; ``types/block.go``, ``types/canonical.go``,
``types/validator_set.go`` and ``types/results.go`` are the reference where they are silent.
Nothing here is national cryptography: Ed25519 and SHA-256.
"""
