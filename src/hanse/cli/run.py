"""One call of a command: the client, the output, confirmation, paging."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import typer

from hanse.api.base import Page
from hanse.cli.connection import Connection, choose
from hanse.cli.errors import ConfirmationNeeded, Declined
from hanse.cli.output import Output
from hanse.cli.progress import Report, reporting
from hanse.sdk import Client, iterate

T = TypeVar("T")


@dataclass
class Run:
    """What every command gets besides its own arguments.

    Attributes:
        limit, after, everything: paging options of list commands.
        yes: the answer to every question is yes.
    """

    url: str = ""
    token: str = ""
    profile: str = ""
    as_json: bool = False
    yes: bool = False
    limit: int = 50
    after: str = ""
    everything: bool = False
    _client: Client | None = field(default=None, repr=False)

    @property
    def out(self) -> Output:
        """Standard output."""
        return Output(as_json=self.as_json)

    def connection(self) -> Connection:
        """The node and token this call uses."""
        return choose(self.url, self.token, self.profile)

    @property
    def client(self) -> Client:
        """The SDK's client of the chosen node, made at first use."""
        if self._client is None:
            chosen = self.connection()
            self._client = Client(chosen.url, token=chosen.token, ca_file=chosen.ca_file)
        return self._client

    def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            self._client.close()

    def page(self, list_: Callable[..., Page[T]], *args: Any, **filters: Any) -> Page[T]:
        """One page as asked for, or with ``--all`` every item."""
        if self.everything:
            return Page(items=list(iterate(list_, *args, **filters)))
        return list_(*args, **filters, limit=self.limit, after=self.after or None)

    def confirm(self, question: str) -> None:
        """Ask before something that cannot be undone.

        Raises:
            ConfirmationNeeded: when there is nobody to ask.
            Declined: when the answer is no.
        """
        if self.yes:
            return
        if self.as_json or not sys.stdin.isatty():
            raise ConfirmationNeeded(question)
        if not typer.confirm(question, err=True):
            raise Declined()

    def progress(self, start: str) -> contextlib.AbstractContextManager[Report]:
        """Report progress on standard error."""
        return reporting(start, quiet=self.as_json)
