"""How to look around in a network that was left up."""

from __future__ import annotations

from hanse.cli.demo.network import DemoNetwork
from hanse.cli.demo.organisations import EVERYBODY


def how_to_look(network: DemoNetwork, flow: str) -> str:
    """Addresses, users and passwords of the trial network, and commands to begin with."""
    lines = ["", "The network is up. Log in as somebody, then look around:", ""]
    for org in EVERYBODY:
        node = network[org]
        for user, password in node.passwords.items():
            lines.append(f"  {org.name:16} {node.url}  {user:8} {password}  pid {node.pid}")
    analyst = network.nodes["bank"]
    auditor = network.nodes["auditor"]
    lines += [
        "",
        f"  hanse login {analyst.url} --user analyst",
        f"  hanse flows show {flow}",
        f"  hanse flows result {flow} evaluate report",
        "  hanse catalogue search",
        f"  hanse login {auditor.url} --user auditor",
        f"  hanse audit trace {flow}",
        "",
        f"Homes and logs: {network.root.absolute()}",
        "Stop: kill the process ids above, then remove that directory.",
    ]
    return "\n".join(lines)
