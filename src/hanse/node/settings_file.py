"""The settings file that ``hanse node init`` writes: every setting, explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hanse.node.settings import SETTINGS_FILE

_TEMPLATE = """\
# Settings of one Hanse node. Every value can be overridden by the environment:
# HANSE_HTTP__PORT=8500 overrides port in [http]. Secrets do not belong here.

# The organisation's display name (on the ledger after admission).
name = {name}
# Cryptographic suite: "sm" (SM2/SM3/SM4) or "intl" (Ed25519/SHA-256/AES-256-GCM).
# Fixed by the network's genesis; a node of the other suite cannot join.
suite = {suite}

[http]
# Address the API listens on. 127.0.0.1 is reachable from this machine only.
host = {host}
port = {port}
# The URL other nodes reach this node at; it stands in the DID document.
# Empty means http://host:port.
public_url = {public_url}
# PEM files. With both set the node speaks HTTPS; use that on every network you do not own.
tls_certificate = ""
tls_private_key = ""
# PEM file with the authorities trusted for other nodes' HTTPS; empty: the system's.
peer_ca = ""
# Addresses of reverse proxies whose X-Forwarded-For is believed (for limits and logs).
trusted_proxies = []
# Largest request body, and largest uploaded table.
max_body_bytes = 2097152
max_upload_bytes = 17179869184

[database]
# SQLAlchemy URLs. Empty: SQLite files in this home. PostgreSQL:
# url = "postgresql+psycopg://hanse@db.example/hanse"
# `url` holds users and the audit log (back it up), `views_url` what can be rebuilt
# from the ledger.
url = ""
views_url = ""

[ledger]
# "none" until the node belongs to a network; then "sequencer" or "follower" under the embedded
# engine, "participant" (runs an engine of its own) or "follower" in a BFT network.
role = "none"
# Followers: where blocks come from.
operator_url = ""
# How long one request for new blocks may wait at the operator.
poll_wait_ms = 10000

[engine]
# Only for the role "participant". Where the engine listens for the engines of other nodes: open
# this port in the firewall, to them. `hanse node validator` sets host and port.
host = "127.0.0.1"
port = 0
# host:port others connect to, when it is not the above.
public_address = ""
# Loopback port of the engine's own metrics, which /metrics shows with the node's; 0 for none.
metrics_port = 0
# Path of the cometbft program; empty: where `make cometbft` put it, else from PATH.
binary = ""
# Further engines to stay connected to, as id@host:port; registered nodes are known anyway.
peers = []
# How a node that has no block yet begins: "replay" executes every block, and has all histories;
# "snapshot" takes over a proven state, and has histories from there on only.
join_by = "replay"
# Nodes of further members to ask for a snapshot besides the operator's, as DID@https://….
join_from = []
# Blocks from one state snapshot to the next, for newcomers and for repair; 0 for none.
snapshot_interval = 1000
# Blocks the engine keeps of its own; 0 for all. The ledger's blocks are pruned apart.
keep_blocks = 0

[compute]
# Address and ports the computing links listen on: tell your firewall.
# 0 to 0 means any free port, for trials on one machine.
host = {host}
first_port = 0
last_port = 0
# Tasks computing at the same time; more wait in a queue.
max_tasks = 4
# Memory all tasks together may take, in MiB; 0 is three quarters of the machine's. A task
# reserves what its operator declares before it starts.
memory_mib = 0
# Processor cores for all tasks together; 0 is all.
cores = 0
# File with the policies of workers in trusted hardware that may see this node's columns, a
# JSON list; empty accepts none. See docs/attestation.md.
attestation_policies = ""
# If this machine is a TDX trust domain: file with the collateral of its quotes.
attestation_collateral = ""
# Whether workers without any hardware are accepted too: for development, below level 3.
# Whoever runs such a worker's machine can read everything.
software_workers = false

[data]
# Directories tables may be imported from by path (`hanse data import FILE`), besides
# import/ in this home. Uploads need none.
import_directories = {import_directories}

[sessions]
# A session ends after this time, or earlier when unused.
ttl_seconds = 28800
idle_seconds = 3600
# So many failed logins lock an account for so long.
lockout_failures = 5
lockout_seconds = 300
password_minimum_length = 10

[limits]
# Calls per caller in each window. Beyond it: node.too_many_requests (HTTP 429).
window_seconds = 60
user_calls = 3000
peer_calls = 30000
public_calls = 300
login_calls = 30
application_calls = 30

[audit]
# How often the head of the audit log is anchored on the ledger (also at shutdown).
anchor_seconds = 3600

[log]
# debug, info, warning or error; json (one object per line) or text.
level = "info"
format = "json"
# Empty: standard error.
file = ""
"""


def render_settings(
    *,
    name: str,
    suite: str,
    host: str,
    port: int,
    public_url: str,
    import_directories: list[str],
) -> str:
    """The commented file for a new home. JSON strings are TOML strings."""
    return _TEMPLATE.format(
        name=_quote(name),
        suite=_quote(suite),
        host=_quote(host),
        port=port,
        public_url=_quote(public_url),
        import_directories=json.dumps(import_directories, ensure_ascii=False),
    )


def change_setting(home: Path, section: str, key: str, value: str | int) -> None:
    """Change one setting in place; every comment stays.

    Args:
        home: the node's home.
        section: table name, for instance ``ledger``.
        key: key the file holds already.
        value: the new string or number.
    """
    written = _quote(value) if isinstance(value, str) else str(value)
    path = home / SETTINGS_FILE
    text = path.read_text("utf-8")
    pattern = re.compile(
        rf"(^\[{re.escape(section)}\]\n(?:(?!\[).*\n)*?{re.escape(key)} = ).*$", re.MULTILINE
    )
    changed, count = pattern.subn(lambda match: match.group(1) + written, text, count=1)
    if not count:
        changed = f"{text.rstrip()}\n\n[{section}]\n{key} = {written}\n"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(changed, "utf-8")
    temporary.replace(path)


def _quote(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


__all__ = ["change_setting", "render_settings"]
