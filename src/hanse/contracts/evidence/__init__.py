"""Evidence: salted commitments to what happened, openable by named parties."""
