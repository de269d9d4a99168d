"""Two flows between the same parties at the same time."""

import pytest

from hanse.cli.demo.flow import ALL_AT_HOME
from hanse.cli.demo.network import wait_same_state


@pytest.mark.long
def test_deploy_two_flows_at_once_both_complete_with_their_own_results(town) -> None:
    analyst = town.network.nodes["bank"].client("analyst")
    flows = [analyst.flows.deploy(town.text(ALL_AT_HOME)) for _ in range(2)]
    for flow in flows:
        view = analyst.flows.wait_completed(flow.id, 300.0)
        assert view.state == "COMPLETED"
        assert analyst.flows.result(flow.id, "evaluate", "report")
    wait_same_state(town.network)
