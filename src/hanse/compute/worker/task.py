"""What an operator works with: the session, its inputs and outputs, the links, progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput, LinkFailed, Located, TaskError
from hanse.compute.operators import Kind, OperatorSpec, Role, decimal_of
from hanse.compute.worker.checkpoint import Checkpoint, scope_of
from hanse.compute.worker.checkpoint_files import CheckpointFiles
from hanse.compute.worker.kept_lists import KeptLists
from hanse.compute.worker.objects import ObjectStore
from hanse.compute.worker.probe import Probe, calling
from hanse.compute.worker.request import (
    FirstByte,
    OutputRef,
    Progress,
    Resumed,
    WorkerEvent,
    WorkerRequest,
)
from hanse.core.errors import HanseError, error_for

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.watch import Watch
    from hanse.data.batches import KeptTable
    from hanse.data.types import Column, TableSource

CONNECT_GRACE_S = 2.0  # from all endpoints answering to a link over TLS


class Task:
    """One party's part of one attempt of a step.

    Args:
        request: as handed over by the node, with a checked manifest.
        spec: the operator.
        emit: tells the node something.
        watch: ends the task when a peer is lost.
        folder: where temporary files go.
    """

    def __init__(
        self,
        request: WorkerRequest,
        spec: OperatorSpec,
        emit: Callable[[WorkerEvent], None],
        watch: Watch,
        folder: Path,
    ) -> None:
        self.request = request
        self.manifest = request.manifest
        self.spec = spec
        self.me = request.alias
        self.parameters = request.manifest.parameters
        self.nonce = bytes.fromhex(request.manifest.nonce)
        self.scratch = folder
        self.outputs: dict[str, OutputRef] = {}
        self.phase_name = "start"
        self.seconds: dict[str, float] = {}
        self.measures: dict[str, Any] = {}
        self._objects = ObjectStore(request)
        self.checkpoint = self._checkpoint()
        lists = Path(request.lists_dir) if request.lists_dir else None
        self.lists = KeptLists(lists, bytes.fromhex(request.lists_key), self._objects.suite)
        self._emit = emit
        self._watch = watch
        self._since = time.monotonic()
        self._links: list[Link] = []
        self._left = False

    # Parties

    def parties(self, role: Role) -> list[str]:
        """Aliases in that role, in the manifest's order; none when the operator lacks it."""
        return self.manifest.aliases(role) if role in self.spec.roles else []

    def is_in(self, role: Role) -> bool:
        """Whether this party has that role in this operator."""
        return self.me in self.parties(role)

    @property
    def participants(self) -> list[str]:
        """Aliases of all who take part in this operator, in the manifest's order."""
        active = {alias for role in self.spec.roles for alias in self.parties(role)}
        return [party.alias for party in self.manifest.parties if party.alias in active]

    # Parameters

    def text(self, name: str) -> str:
        """A text parameter."""
        return str(self.parameters[name])

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        value = self.parameters[name]
        return list(value) if isinstance(value, list) else [str(value)]

    def integer(self, name: str) -> int:
        """A whole number."""
        return int(str(self.parameters[name]))

    def decimal(self, name: str) -> float:
        """A decimal as a float."""
        return decimal_of(self.parameters[name])

    # Progress

    def phase(self, name: str) -> None:
        """Enter a phase; errors from here on name it."""
        now = time.monotonic()
        self.seconds[self.phase_name] = self.seconds.get(self.phase_name, 0.0) + now - self._since
        self._since, self.phase_name = now, name
        self._emit(Progress(name))

    def progress(self, done: int, total: int) -> None:
        """Say how far the phase is."""
        self._emit(Progress(self.phase_name, done, total))

    # Checkpoints

    def _checkpoint(self) -> Checkpoint:
        request, suite = self.request, self._objects.suite
        files = None
        if request.checkpoint_dir:
            key = bytes.fromhex(request.checkpoint_key)
            place = (self.manifest.flow, self.manifest.step, self.me)
            files = CheckpointFiles(Path(request.checkpoint_dir), key, suite, place)
        return Checkpoint(self.manifest, scope_of(suite, self.manifest), files, self._resumed)

    def _resumed(self, number: int) -> None:
        self.measures["resumed_at"] = number
        self._emit(Resumed(number))

    # Links

    def link(self, name: str, aliases: Sequence[str]) -> Link:
        """Open a link between these parties."""
        from hanse.compute.engines.link import Identity, Link, members_of

        self.phase("connect")
        request = self.request
        late = LinkFailed(f"the {name} link did not open in time; a certificate may not fit")
        self._watch.limit(request.connect_timeout_ms / 1000 + CONNECT_GRACE_S, late)
        link = Link(
            name,
            members_of(self.manifest.parties, aliases, name),
            self.me,
            Identity(request.certificate, request.private_key),
            connect_timeout_ms=request.connect_timeout_ms,
            silence_timeout_ms=request.deadline_ms or 24 * 3_600_000,
        )
        self._watch.unlimit()
        self._links.append(link)
        if len(self._links) == 1:
            self._watch.peers(self._probes(link))
        return link

    def _probes(self, link: Link) -> dict[str, Probe]:
        """One for every other member of a link."""
        request = self.request
        others = [member for member in link.members if member.alias != self.me]
        trusted = [member.certificate for member in others]
        context = calling(request.certificate, request.private_key, trusted)
        silence_s = request.link_timeout_ms / 1000
        return {each.alias: Probe(each.endpoint, context, silence_s) for each in others}

    def agree(self, link: Link, check: Callable[[], Any]) -> dict[str, Any]:
        """Check the own part, tell the others whether it holds, and share facts about it.

        Every party runs its own check before anything leaves anybody. If one fails, all end
        with its error. Otherwise this is the moment the first byte leaves.

        Args:
            link: joins all participants.
            check: raises a named error, or returns a JSON value for the others.

        Returns:
            Everybody's facts by alias.
        """
        self.phase("check")
        facts, failure = None, None
        try:
            facts = check()
        except HanseError as error:
            failure = error
        said = {"code": failure.code, "message": failure.message} if failure else {}
        verdicts = link.exchange(said)
        if failure is not None:
            raise failure
        for alias, verdict in verdicts.items():
            if verdict:
                raise _theirs(alias, verdict)
        self.first_byte()
        return link.exchange(facts)

    def first_byte(self) -> None:
        """Tell the node, once, that from now on something leaves this party."""
        if not self._left:
            self._left = True
            self._emit(FirstByte())

    def finish(self) -> None:
        """Part from the others: nobody leaves before everybody has all it needs.

        Links are not stopped: the library's own farewell hangs when a peer is quicker. The
        process lingers a moment instead (`hanse.compute.worker.main`).
        """
        if not self._links:
            return
        self.phase("finish")
        self._links[0].exchange("done")
        self._watch.peers({})
        self.measures["bytes_sent"] = sum(link.bytes_sent for link in self._links)

    # Objects

    def table(self, port: str) -> KeptTable:
        """This party's part of an input table."""
        return self._objects.table(port)

    def has(self, port: str) -> bool:
        """Whether this party was given a part of that input."""
        return port in self.request.inputs

    def readable(self, port: str) -> list[Column]:
        """The columns of an input table that were granted."""
        allowed = self.request.inputs[port].columns
        columns = self.table(port).columns
        return [column for column in columns if not allowed or column.name in allowed]

    def meta(self, port: str) -> dict[str, Any]:
        """What the step that made the input left with it."""
        return self._objects.reference(port).meta

    def payload(self, port: str, type_: type[Any]) -> Any:
        """This party's part of an input that is no table, decoded into ``type_``."""
        try:
            return msgspec.msgpack.decode(self._objects.data(port), type=type_)
        except msgspec.DecodeError as error:
            raise BadInput(f"the input {port!r} is not what this operator reads") from error

    def report(self, port: str) -> dict[str, Any]:
        """An input that is a report."""
        try:
            return msgspec.json.decode(self._objects.data(port), type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise BadInput(f"the input {port!r} is no report") from error

    def keep_table(self, port: str, table: TableSource, meta: dict[str, Any]) -> None:
        """Write an output table."""
        self.outputs[port] = self._objects.keep_table(port, table, meta, self._kind(port))

    def keep_bytes(self, port: str, data: bytes, meta: dict[str, Any]) -> None:
        """Write an output that is no table."""
        self.outputs[port] = self._objects.keep_bytes(port, data, meta, self._kind(port))

    def _kind(self, port: str) -> Kind:
        return self.spec.outputs[port].kind


def _theirs(alias: str, verdict: dict[str, str]) -> HanseError:
    """The error another party found in its own part."""
    message = f"{alias}: {str(verdict.get('message', ''))[:300]}"
    error = error_for(str(verdict.get("code", "")), message)
    if not isinstance(error, Located):
        return TaskError(f"{verdict.get('code')}: {message}", phase="check", blamed=alias)
    error.phase, error.blamed = "check", alias
    return error
