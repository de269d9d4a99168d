"""What a node saw others do wrong becomes a report, or a proof that convicts by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from hanse.contracts.validators.errors import ReportedAlready
from hanse.contracts.validators.messages import ProveEquivocation, ReportFault
from hanse.core.errors import UnavailableError
from hanse.ledger.bft.faults import Fault, Faults
from hanse.node.reactions import faults as reaction
from hanse.node.reactions.faults import FaultReporter

OWN, OTHER = "did:hanse:own", "did:hanse:other"


class Busy(UnavailableError):
    """The ledger cannot be reached now."""

    code = "test.busy"
    help = "Wait."


class Desk:
    """A ledger that saw faults and takes reports; `answers` are raised one after the other."""

    def __init__(self, *faults: Fault, validators: tuple[str, ...] = (OWN, OTHER)) -> None:
        self._seen = Faults()
        for fault in faults:
            self._seen.add(fault)
        self._validators = validators
        self.answers: list[Exception] = []
        self.sent: list[Any] = []

    def take_faults(self) -> list[Fault]:
        return self._seen.take()

    def validators(self) -> list[Any]:
        return [SimpleNamespace(did=did) for did in self._validators]

    async def submit(self, contract: str, message: Any) -> None:
        assert contract == "validators"
        self.sent.append(message)
        if self.answers:
            raise self.answers.pop(0)


async def reported(desk: Desk, count: int) -> list[Any]:
    """Run a reporter until it sent so many."""
    task = asyncio.create_task(FaultReporter(desk, desk, OWN).run())  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(30):
            while len(desk.sent) < count:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return desk.sent


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaction, "LOOK_S", 0.01)


async def test_fault_is_reported_with_its_evidence() -> None:
    desk = Desk(Fault(OTHER, 7, "bad_proposal", b"\x01\x02"))
    (message,) = await reported(desk, 1)
    assert message == ReportFault(offender=OTHER, height=7, kind="bad_proposal", evidence="0102")


async def test_two_signed_statements_are_shown_as_proof() -> None:
    desk = Desk(Fault(OTHER, 7, "equivocation", proof=(b"\x01", b"\x02")))
    (message,) = await reported(desk, 1)
    assert message == ProveEquivocation(offender=OTHER, first="01", second="02")


async def test_report_that_cannot_be_sent_now_is_sent_again_and_a_refused_one_is_not() -> None:
    desk = Desk(Fault(OTHER, 7, "bad_proposal"))
    desk.answers = [Busy(), ReportedAlready()]
    assert len(await reported(desk, 2)) == 2


async def test_own_faults_are_kept_to_oneself() -> None:
    desk = Desk(Fault(OWN, 7, "bad_proposal"), Fault(OTHER, 8, "bad_proposal"))
    (message,) = await reported(desk, 1)
    assert message.offender == OTHER
