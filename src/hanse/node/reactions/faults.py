"""Reports what other validators did wrong, by signed transactions."""

from __future__ import annotations

import asyncio

from hanse.contracts.validators.messages import ProveEquivocation, ReportFault
from hanse.core.errors import HanseError, UnavailableError
from hanse.ledger.bft.faults import Fault
from hanse.ledger.contract.contract import Message
from hanse.ledger.ledger import Ledger
from hanse.node.ledger_client import Submitter
from hanse.node.observability.logs import logger

_log = logger("node.faults")
LOOK_S = 1.0


class FaultReporter:
    """Hands what the ledger's engine saw to the validators contract.

    Args:
        ledger: knows what this node saw.
        submitter: sends ReportFault, or ProveEquivocation.
        own: DID of this node; only a validator's reports count, others are kept to themselves.
    """

    def __init__(self, ledger: Ledger, submitter: Submitter, own: str) -> None:
        self._ledger = ledger
        self._submitter = submitter
        self._own = own

    async def run(self) -> None:
        """Report for ever; a fault that cannot be reported now is tried again."""
        waiting: list[Fault] = []
        while True:
            waiting += self._ledger.take_faults()
            waiting = [fault for fault in waiting if not await self._report(fault)]
            await asyncio.sleep(LOOK_S)

    async def _report(self, fault: Fault) -> bool:
        """Whether nothing more is to be done about it."""
        if fault.offender == self._own or not self._votes():
            return True
        try:
            await self._submitter.submit("validators", _message(fault))
        except UnavailableError:
            return False
        except HanseError as error:  # reported already, expelled already, not admitted yet
            _log.info("fault.not_reported", offender=fault.offender, code=error.code)
        return True

    def _votes(self) -> bool:
        return any(v.did == self._own for v in self._ledger.validators())


def _message(fault: Fault) -> Message:
    """Two signatures that contradict each other convict at once; anything else is a report."""
    if fault.proof is not None:
        first, second = fault.proof
        return ProveEquivocation(offender=fault.offender, first=first.hex(), second=second.hex())
    return ReportFault(
        offender=fault.offender,
        height=fault.height,
        kind=fault.kind,
        evidence=fault.evidence.hex(),
    )
