"""From the wire to the orderer: checking, verifying in parallel, waiting."""
