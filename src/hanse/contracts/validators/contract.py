"""The validators contract: handlers of its messages."""

from __future__ import annotations

from hanse.contracts.validators import events, faults, messages, nodes, votes
from hanse.contracts.validators.needs import NEEDS
from hanse.contracts.validators.types import ValidatorsGenesis
from hanse.ledger.contract.contract import Contract

SPEC = Contract(
    name="validators",
    version=1,
    handlers={
        messages.RegisterNode: nodes.register,
        messages.UpdateNode: nodes.update,
        messages.DeregisterNode: nodes.deregister,
        messages.ReplaceKeys: nodes.replace_keys,
        messages.VoteValidator: votes.vote,
        messages.ReportFault: faults.report,
        messages.ProveEquivocation: faults.prove,
    },
    genesis=nodes.begin,
    genesis_type=ValidatorsGenesis,
    needs=NEEDS,
    events=(
        events.NodeRegistered,
        events.NodeUpdated,
        events.NodeDeregistered,
        events.KeysReplaced,
        events.ValidatorVoted,
        events.ValidatorDecided,
        events.ValidatorSetChanged,
        events.FaultReported,
        events.ValidatorExpelled,
    ),
)
