"""The identity contract: handlers of its messages."""

from __future__ import annotations

from typing import cast

from hanse.contracts.identity import events, members, messages, status
from hanse.contracts.identity.needs import NEEDS
from hanse.contracts.identity.types import IdentityGenesis
from hanse.ledger.contract.contract import Contract, Event

SPEC = Contract(
    name="identity",
    version=1,
    handlers={
        messages.RegisterMember: members.register,
        messages.SetMemberRoles: members.set_roles,
        messages.UpdateDocument: members.update_document,
        messages.RotateKey: members.rotate_key,
        messages.DeactivateDid: members.deactivate,
        messages.SuspendMember: members.suspend,
        messages.ReinstateMember: members.reinstate,
        messages.RemoveMember: members.remove,
        messages.AccreditIssuer: status.accredit,
        messages.WithdrawAccreditation: status.withdraw_accreditation,
        messages.CreateStatusList: status.create_list,
        messages.SetStatus: status.set_status,
    },
    genesis=members.begin,
    genesis_type=IdentityGenesis,
    needs=NEEDS,
    events=cast(
        "tuple[type[Event], ...]",
        (
            events.MemberRegistered,
            events.MemberRolesSet,
            events.DocumentUpdated,
            events.KeyRotated,
            events.DidDeactivated,
            events.MemberSuspended,
            events.MemberReinstated,
            events.MemberRemoved,
            events.IssuerAccredited,
            events.AccreditationWithdrawn,
            events.StatusListCreated,
            events.StatusSet,
        ),
    ),
)
