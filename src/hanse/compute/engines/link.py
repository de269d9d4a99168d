"""Links between the parties of a task: brpc over mutual TLS.

Each party listens at its endpoint with the certificate made for this task and trusts exactly
the certificates named in the session manifest; both sides present theirs. Messages of one link
arrive in order.

**Leaks** to an observer of the network: who talks to whom, when, and how many bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hanse.compute.engines import library
from hanse.compute.engines.doorbell import wait_for_all
from hanse.compute.errors import LinkFailed, PeerLost

RETRY_MS = 50
RETRIES = 24  # over 15 s; then the library ends the process. The watch is quicker to name the peer.
_RANK = re.compile(r"rank[= ]+(\d+)")


class Identity(msgspec.Struct, frozen=True):
    """This party's certificate and key for the task, PEM."""

    certificate: str
    private_key: str


class Member(msgspec.Struct, frozen=True):
    """A party of a link: alias, ``host:port`` and PEM certificate."""

    alias: str
    endpoint: str
    certificate: str


class Link:
    """A mesh of mutually authenticated channels between the members.

    Args:
        name: distinguishes the links of a session; the same at every member.
        members: the same order at every member.
        alias: which member this is.
        identity: this member's certificate and key.
        connect_timeout_ms: how long to wait until all members are there.
        silence_timeout_ms: how long a message may be waited for.

    Raises:
        PeerLost: naming a member that could not be reached in time.
        LinkFailed: when this member cannot listen at its endpoint.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[Member],
        alias: str,
        identity: Identity,
        *,
        connect_timeout_ms: int,
        silence_timeout_ms: int,
    ) -> None:
        self.name = name
        self.members = list(members)
        self.aliases = [member.alias for member in members]
        self.rank = self.aliases.index(alias)
        self.bytes_sent = 0
        link = library.libspu().link
        desc = link.Desc()
        desc.id = name
        desc.connect_retry_interval_ms = RETRY_MS
        desc.connect_retry_times = max(1, connect_timeout_ms // RETRY_MS)
        desc.retry_opts.max_retry = RETRIES
        desc.retry_opts.retry_interval_ms = RETRY_MS
        desc.retry_opts.retry_interval_incr_ms = RETRY_MS
        desc.recv_timeout_ms = silence_timeout_ms
        for member in members:
            desc.add_party(member.alias, member.endpoint)
        peers = {m.alias: m.endpoint for m in members if m.alias != alias}
        wait_for_all(members[self.rank].endpoint, peers, connect_timeout_ms / 1000)
        self._trust = _trust_file(members)
        _demand_tls(desc, identity, f"/proc/self/fd/{self._trust}")
        try:
            self.context = link.create_brpc(desc, self.rank)
        except RuntimeError as error:
            raise self._not_connected(error) from error

    def _not_connected(self, error: RuntimeError) -> PeerLost | LinkFailed:
        text = str(error)
        found = _RANK.search(text)
        if "connect" in text and found is not None and int(found.group(1)) < len(self.aliases):
            return PeerLost(phase="connect", blamed=self.aliases[int(found.group(1))], debug=text)
        return LinkFailed(f"the {self.name} link could not be opened", phase="connect", debug=text)

    def send(self, alias: str, data: bytes) -> None:
        """Send bytes to a member; returns when they have arrived there."""
        try:
            self.context.send(self.aliases.index(alias), data)
        except RuntimeError as error:
            raise PeerLost(phase=self.name, blamed=alias, debug=str(error)) from error
        self.bytes_sent += len(data)

    def receive(self, alias: str) -> bytes:
        """Wait for the next message of a member.

        Raises:
            PeerLost: when none arrives within the link's timeout.
        """
        try:
            data: bytes = self.context.recv(self.aliases.index(alias))
        except RuntimeError as error:
            raise PeerLost(phase=self.name, blamed=alias, debug=str(error)) from error
        return data

    def exchange(self, value: Any) -> dict[str, Any]:
        """Tell every member a JSON value; returns everybody's, by alias."""
        data = msgspec.json.encode(value)
        for alias in self.aliases:
            if alias != self.me:
                self.send(alias, data)
        told: dict[str, Any] = {}
        for alias in self.aliases:
            raw = data if alias == self.me else self.receive(alias)
            told[alias] = msgspec.json.decode(raw)
        return told

    @property
    def me(self) -> str:
        """This member's alias."""
        return self.aliases[self.rank]


def _trust_file(members: Sequence[Member]) -> int:
    """The members' certificates as an anonymous file: the library wants a path."""
    descriptor = os.memfd_create("hanse-trust", os.MFD_CLOEXEC)
    os.write(descriptor, "".join(_ended(member.certificate) for member in members).encode())
    return descriptor


def _ended(pem: str) -> str:
    return pem if pem.endswith("\n") else pem + "\n"


def _demand_tls(desc: Any, identity: Identity, trust_path: str) -> None:
    """Mutual TLS for both directions; keys go in as text and never touch a disk."""
    desc.enable_ssl = True
    for options in (desc.client_ssl_opts, desc.server_ssl_opts):
        options.cert.certificate_path = identity.certificate
        options.cert.private_key_path = identity.private_key
        options.verify.ca_file_path = trust_path
        options.verify.verify_depth = 1


def members_of(parties: Sequence[Any], aliases: Sequence[str], link: str) -> list[Member]:
    """The members of a link out of a manifest's parties, in the manifest's order."""
    out = []
    for party in parties:
        if party.alias in aliases:
            endpoints: Mapping[str, str] = party.endpoints
            endpoint = endpoints.get(link, "")
            if not endpoint:
                raise LinkFailed(
                    f"{party.alias} names no endpoint for the {link} link",
                    phase="connect",
                    blamed=party.alias,
                )
            out.append(Member(party.alias, endpoint, party.certificate))
    return out
