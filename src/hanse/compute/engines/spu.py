"""A computing node's part of secure multi-party computation, by SPU.

ABY3 (Mohassel and Rindal, CCS 2018) between three nodes, honest majority; CHEETAH (Huang et
al., USENIX Security 2022) between two. Both semi-honest.

**Leaks**: shapes, the program, and what is opened; values stay shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hanse.compute.engines import library
from hanse.compute.engines.link import Link
from hanse.compute.engines.programs import Program, executable
from hanse.compute.engines.shares import Array, Sharing, pack, runtime_config, unpack
from hanse.compute.errors import CodeDiffers, LinkFailed


class Machine:
    """This node's slice of the shared machine.

    Args:
        protocol: ``aby3`` or ``cheetah``.
        link: joins the computing nodes, in rank order.
        cache_dir: where compiled programs are kept.
    """

    def __init__(self, protocol: str, link: Link, cache_dir: str) -> None:
        self.protocol = protocol
        self.link = link
        self._cache_dir = cache_dir
        self.sharing = Sharing(protocol)
        self._runtime = library.spu_api().Runtime(link.context, runtime_config(protocol))

    @property
    def rank(self) -> int:
        """This node's number among the computing nodes."""
        return self.link.rank

    def put(self, name: str, share: bytes) -> None:
        """Set a variable to this node's share."""
        self._runtime.set_var(name, unpack(share))

    def put_public(self, name: str, value: Any) -> None:
        """Set a variable to a value all nodes know; each sets the same."""
        self.put(name, self.sharing.public(value)[self.rank])

    def put_private(self, name: str, value: Any, owner: int) -> None:
        """Set a variable that node ``owner`` keeps to itself; others pass zeros of its shape."""
        self.put(name, self.sharing.private(value, owner)[self.rank])

    def get(self, name: str) -> bytes:
        """This node's share of a variable."""
        return pack(self._runtime.get_var(name))

    def shares(self, names: Iterable[str]) -> dict[str, bytes]:
        """This node's shares of variables, by name."""
        return {name: self.get(name) for name in names}

    def restore(self, shares: Mapping[str, bytes]) -> None:
        """Set variables to shares an earlier session of the same nodes ended with."""
        for name, share in shares.items():
            self.put(name, share)

    def drop(self, name: str) -> None:
        """Forget a variable."""
        self._runtime.del_var(name)

    def open(self, name: str) -> Any:
        """The value of a variable, which all computing nodes learn.

        Raises:
            BadInput: when the shares do not belong together.
        """
        told = self.link.exchange(self.get(name).hex())
        return self.sharing.join([bytes.fromhex(told[alias]) for alias in self.link.aliases])

    def load(self, program: Program) -> tuple[Any, bool]:
        """Compile a program or take it from the cache, and see that all nodes have the same.

        Returns:
            The executable, and whether it came from the cache here.

        Raises:
            CodeDiffers: when the nodes compiled different programs.
        """
        ready, cached = executable(program, self._cache_dir)
        self.require_same(ready)
        return ready, cached

    def require_same(self, ready: Any) -> None:
        """See that all nodes have the same executable.

        Raises:
            CodeDiffers: when they do not.
        """
        digest = hashlib.sha256(ready.SerializeToString()).hexdigest()
        if len(set(self.link.exchange(digest).values())) != 1:
            raise CodeDiffers("the computing nodes compiled different programs")

    def run(self, ready: Any) -> None:
        """Run a program; its outputs become variables.

        Raises:
            LinkFailed: when the run broke off.
        """
        try:
            self._runtime.run(ready)
        except RuntimeError as error:
            raise LinkFailed("the computation broke off", debug=str(error)) from error


def deliver(link: Link, nodes: Sequence[str], shares: Sequence[bytes]) -> None:
    """Send each computing node its share; one's own is not sent."""
    for alias, share in zip(nodes, shares, strict=True):
        if alias != link.me:
            link.send(alias, share)


def share_known(link: Link, nodes: Sequence[str], sharing: Sharing, value: Array) -> bytes:
    """A value all nodes know as a secret one: the first node shares it.

    Args:
        link: joins the computing nodes, others may be on it.
        nodes: the computing nodes, in rank order.
        sharing: of the protocol.
        value: float32 or int64, any shape; only its first holder's counts.

    Returns:
        This node's share.
    """
    if link.me != nodes[0]:
        return link.receive(nodes[0])
    shares = sharing.split(value)
    deliver(link, nodes, shares)
    return shares[0]
