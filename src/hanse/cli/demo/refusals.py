"""What must be refused, tried for real: each case yields the code of the error met."""

from __future__ import annotations

import json
from collections.abc import Callable

from hanse.api.grants import GrantView
from hanse.cli.demo.flow import flow_text
from hanse.cli.demo.inputs import DemoFiles
from hanse.cli.demo.market import PURPOSE, Published
from hanse.cli.demo.network import DemoNetwork
from hanse.cli.demo.organisations import BANK, COMPUTE_1, COMPUTE_2, MERCHANT
from hanse.core.errors import HanseError
from hanse.core.ids import random_id

NOT_REFUSED = "not refused"
EXPECTED = {
    "without_a_grant": "rights.grant_not_found",
    "used_up": "rights.grant_used_up",
    "other_purpose": "rights.purpose_not_granted",
    "other_fields": "rights.field_not_granted",
    "other_party": "rights.grant_not_yours",
    "revoked": "rights.grant_revoked",
}


def try_refusals(
    network: DemoNetwork,
    files: DemoFiles,
    bank: Published,
    merchant: Published,
    *,
    template: str,
    used: GrantView,
    fresh: GrantView,
    narrow: GrantView,
) -> dict[str, str]:
    """Try each forbidden run.

    Args:
        used: a grant whose only use was spent.
        fresh: an unused grant over all fields; it is revoked here.
        narrow: an unused grant that leaves one field out.

    Returns:
        Error code by case, to be compared with `EXPECTED`.
    """

    def text(grant: str, purpose: str = PURPOSE) -> str:
        return flow_text(
            network, files, bank, merchant, template=template, grant=grant, purpose=purpose
        )

    analyst = network[BANK].client("analyst")
    stranger = network[COMPUTE_1].client("analyst")
    codes = {
        "without_a_grant": _code(lambda: analyst.flows.deploy(text(random_id("gr")))),
        "used_up": _code(lambda: analyst.flows.deploy(text(used.id))),
        "other_purpose": _code(lambda: analyst.flows.deploy(text(fresh.id, purpose="marketing"))),
        "other_fields": _code(lambda: analyst.flows.deploy(text(narrow.id))),
        "other_party": _code(
            lambda: stranger.flows.deploy(_of_a_stranger(network, merchant, fresh))
        ),
    }
    network[MERCHANT].client("steward").grants.revoke(fresh.id, "demonstration")
    codes["revoked"] = _code(lambda: analyst.flows.deploy(text(fresh.id)))
    return codes


def _of_a_stranger(network: DemoNetwork, merchant: Published, grant: GrantView) -> str:
    """A flow by which a compute provider would use the bank's grant for itself."""
    orgs = (MERCHANT, COMPUTE_1, COMPUTE_2)
    use = {"owner": "merchant", "dataset": merchant.dataset, "grant": grant.id}
    flow = {
        "hanse": 1,
        "name": "summary for a stranger",
        "purpose": PURPOSE,
        "parties": {org.key: network[org].did for org in orgs},
        "data": {"profiles": {**use, "fields": [*merchant.fields]}},
        "compute": {"nodes": [org.key for org in orgs]},
        "receivers": [COMPUTE_1.key],
        "steps": [{"id": "report", "operator": "summary", "inputs": {"table": "profiles"}}],
    }
    return json.dumps(flow, ensure_ascii=False)  # JSON is YAML


def _code(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except HanseError as error:
        return error.code
    return NOT_REFUSED
