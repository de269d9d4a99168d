"""Who may call what: one table, least privilege, checked at start for completeness.

An operation is open to the roles listed here and to nobody else. ``public`` operations
(declared in `hanse.api.operations`) need no caller, ``peer`` ones a member's node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hanse.api.operations import OPERATIONS
from hanse.node.users.roles import Role

_ADMIN, _STEWARD, _ANALYST, _AUDITOR = Role.ADMIN, Role.STEWARD, Role.ANALYST, Role.AUDITOR
_EVERYONE = (_ADMIN, _STEWARD, _ANALYST, _AUDITOR)
_BUSINESS = (_STEWARD, _ANALYST, _AUDITOR)

# Roles → operations. Reading order follows the API.
_GRANTED: Final[tuple[tuple[tuple[Role, ...], str], ...]] = (
    # one's own session, password and tokens
    (_EVERYONE, "session.show session.logout users.set_password"),
    (_EVERYONE, "tokens.list tokens.create tokens.delete"),
    # users of the organisation
    ((_ADMIN,), "users.create users.update users.delete"),
    ((_ADMIN, _AUDITOR), "users.list users.get"),
    # membership (the operator's node) and credentials
    ((_ADMIN,), "applications.admit applications.reject"),
    ((_ADMIN, _AUDITOR), "applications.list applications.get"),
    (_EVERYONE, "members.list members.get members.resolve"),
    ((_ADMIN,), "members.suspend members.reinstate members.remove"),
    # the organisation's own DID
    (_EVERYONE, "identity.show"),
    ((_ADMIN,), "identity.rotate_key identity.update_endpoint identity.deactivate"),
    (_EVERYONE, "issuers.list"),
    ((_ADMIN,), "issuers.accredit issuers.withdraw"),
    ((_ADMIN, _STEWARD, _AUDITOR), "credentials.list credentials.get"),
    (_EVERYONE, "credentials.verify"),
    ((_ADMIN,), "credentials.suspend credentials.reinstate credentials.revoke"),
    ((_ADMIN,), "credentials.reissue"),
    # the ledger is readable by every member, so by every user
    (_EVERYONE, "ledger.status ledger.blocks ledger.block ledger.transactions"),
    (_EVERYONE, "ledger.transaction ledger.prove_transaction ledger.prove_state ledger.checkpoint"),
    (_EVERYONE, "ledger.consensus ledger.statistics ledger.search"),
    # raw access serves other nodes; an administrator may look, nobody else needs it
    ((_ADMIN,), "ledger.submit ledger.raw_blocks ledger.prove_snapshot ledger.ask_engine"),
    # keeping the node's copy of the ledger in order
    ((_ADMIN,), "upkeep.snapshots upkeep.take_snapshot upkeep.prune"),
    ((_ADMIN,), "upkeep.archives upkeep.export_archive upkeep.restore_archive"),
    ((_ADMIN,), "upkeep.backups upkeep.back_up"),
    # the organisation's own data: the auditor reads everything but this
    ((_STEWARD,), "data.import_path data.upload data.delete data.publish data.export"),
    ((_STEWARD, _ANALYST), "data.list data.get"),
    # catalogue and operators
    (_EVERYONE, "catalogue.datasets catalogue.dataset catalogue.resources catalogue.resource"),
    (_EVERYONE, "operators.list operators.get"),
    (_EVERYONE, "algorithms.list algorithms.show algorithms.package"),
    ((_STEWARD,), "algorithms.publish algorithms.approve algorithms.revoke algorithms.withdraw"),
    ((_STEWARD,), "catalogue.update_dataset catalogue.withdraw_dataset"),
    ((_ADMIN, _STEWARD), "catalogue.publish_resource catalogue.withdraw_resource"),
    # grants: the analyst asks, the steward answers
    (_BUSINESS, "grants.list grants.get grants.explain"),
    ((_ANALYST,), "grants.request grants.accept grants.verify"),
    ((_STEWARD,), "grants.offer grants.agree grants.revoke"),
    ((_STEWARD, _ANALYST), "grants.terminate"),
    (_EVERYONE, "rights.show"),
    ((_ADMIN,), "rights.transfer"),
    # flows: the analyst runs them, the steward of the data can stop them
    (_EVERYONE, "templates.list templates.get templates.fill"),
    (_EVERYONE, "flows.list flows.get node.tasks"),
    ((_ANALYST,), "flows.check flows.deploy flows.resume flows.rerun"),
    ((_STEWARD, _ANALYST), "flows.suspend flows.terminate"),
    ((_STEWARD, _ANALYST), "flows.results"),
    ((_ANALYST,), "flows.result"),
    # models and services: the steward signs for the data, the analyst uses what was signed
    (_EVERYONE, "models.list models.get services.list services.get services.verify"),
    ((_STEWARD,), "models.retire services.offer services.accept"),
    ((_STEWARD,), "services.suspend services.resume services.end"),
    ((_ANALYST,), "services.reserve services.predict services.retrieve"),
    (_BUSINESS, "services.usage"),
    # points: the node's own account is the steward's; issuing is the regulator's office
    (_EVERYONE, "points.accounts points.account points.history"),
    ((_ADMIN,), "points.issue points.freeze points.unfreeze"),
    ((_STEWARD,), "points.transfer"),
    # privacy budgets: the steward answers for the organisation's data
    (_EVERYONE, "privacy.list privacy.show privacy.releases"),
    ((_STEWARD,), "privacy.set privacy.end"),
    # validators: the organisation's vote on blocks is its administrator's affair
    (_EVERYONE, "validators.list validators.nodes validators.votes validators.reports"),
    ((_ADMIN,), "validators.vote validators.register validators.deregister"),
    ((_ADMIN,), "validators.rotate_keys"),
    # evidence and audit
    (_BUSINESS, "evidence.list evidence.open"),
    (_EVERYONE, "audit.trace"),
    ((_ADMIN, _AUDITOR), "audit.log audit.verify_log"),
)


def _build() -> dict[str, frozenset[Role]]:
    table: dict[str, frozenset[Role]] = {}
    for roles, names in _GRANTED:
        for name in names.split():
            if name in table:
                raise ValueError(f"{name} stands twice in the permission table")
            table[name] = frozenset(roles)
    return table


PERMISSIONS: Final[Mapping[str, frozenset[Role]]] = _build()

# What a user whose password was set by somebody else may still do.
BEFORE_PASSWORD_CHANGE: Final = frozenset({"session.show", "session.logout", "users.set_password"})


def check_complete() -> None:
    """Every operation that is not public has an entry, and every entry an operation.

    Raises:
        ValueError: naming what is missing; the node does not start then.
    """
    needed = {name for name, op in OPERATIONS.items() if op.access != "public"}
    if missing := sorted(needed - PERMISSIONS.keys()):
        raise ValueError(f"operations without permission entry: {', '.join(missing)}")
    if unknown := sorted(PERMISSIONS.keys() - needed):
        raise ValueError(f"permission entries without operation: {', '.join(unknown)}")


def is_permitted(operation: str, roles: frozenset[Role]) -> bool:
    """Whether any of the roles includes the operation."""
    return not roles.isdisjoint(PERMISSIONS.get(operation, frozenset()))
