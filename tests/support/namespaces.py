"""Hosts apart: network namespaces joined by a switch whose cables can be pulled."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest


class Hosts:
    """Namespaces joined by a bridge, which this machine is linked to as well."""

    def __init__(self, count: int) -> None:
        number = os.getpid() % 60_000
        self._names = [f"hzn{number}x{i}" for i in range(count)]
        self._cables = [f"hz{number}x{i}" for i in range(count)]
        self._bridge = f"hzb{number}"
        network = f"10.{200 + number % 50}.{number // 50 % 250}"
        self.addresses = [f"{network}.{i + 1}" for i in range(count)]
        self._here = f"{network}.254"

    def prefix(self, index: int) -> tuple[str, ...]:
        """What to put before a command that is to run on a host."""
        return ("ip", "netns", "exec", self._names[index])

    def cut(self, index: int) -> None:
        """Pull a host's cable: packets are lost, nobody is told."""
        _ip("link", "set", self._cables[index], "down")

    def heal(self, index: int) -> None:
        """Put the cable back."""
        _ip("link", "set", self._cables[index], "up")

    def make(self) -> None:
        """Everything, on a machine that allows it."""
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self._here}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        for name, cable, address in zip(self._names, self._cables, self.addresses, strict=True):
            _ip("netns", "add", name)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", cable, "master", self._bridge, "up")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def remove(self) -> None:
        """Whatever of it is there."""
        for name in self._names:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)
        for link in (*self._cables, self._bridge):
            with suppress(subprocess.CalledProcessError):
                _ip("link", "del", link)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def hosts_apart(count: int) -> Iterator[Hosts]:
    """Hosts, or a skip that says why not."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and iproute2")
    hosts = Hosts(count)
    try:
        try:
            hosts.make()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
        yield hosts
    finally:
        hosts.remove()
