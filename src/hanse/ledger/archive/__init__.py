"""Archives: a range of blocks in one file, verifiable alone, put back under a pruned ledger."""
