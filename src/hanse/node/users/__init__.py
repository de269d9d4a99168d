"""People of one organisation: accounts, passwords, sessions, API tokens."""
