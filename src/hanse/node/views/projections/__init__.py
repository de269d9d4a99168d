"""One file per contract: what its events do to the tables."""
