"""Node to node: proof of identity, blocks, sealed messages."""
