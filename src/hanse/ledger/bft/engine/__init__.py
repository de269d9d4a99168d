"""The consensus engine's process: its binary, keys, configuration, supervision and RPC."""
