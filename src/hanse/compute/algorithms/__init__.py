"""Own algorithms: packages of members, traced in a sandbox, run like operators."""
