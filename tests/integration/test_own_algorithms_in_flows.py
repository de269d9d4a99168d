"""A flow of two parties runs an approved algorithm; unapproved or altered ones are refused."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from engine_network import Town
from own_package import needs_sandbox

from hanse.cli.main import main
from hanse.collaboration.compiler import LedgerDirectory, compile_flow
from hanse.compute.algorithms.errors import FingerprintDiffers
from hanse.compute.algorithms.manifest import plain_manifest
from hanse.compute.algorithms.package import Package, make_package, verify_package
from hanse.contracts.algorithms.errors import NotApproved
from hanse.contracts.algorithms.messages import ApproveAlgorithm, PublishAlgorithm
from hanse.contracts.flows.messages import DeployFlow

DOC = (Path(__file__).parents[2] / "docs" / "own-algorithms.md").read_text("utf-8")
NAME = "burden@1.0.0"


def documented() -> Package:
    """The package on the page."""
    manifest = re.search(r"```yaml\n(name: .*?)```", DOC, re.DOTALL)
    source = re.search(r"```python\n(.*?)```", DOC, re.DOTALL)
    assert manifest is not None
    assert source is not None
    return make_package(manifest[1], source[1])


class Held:
    """A party's packages; ``altered`` is what a node would have been given wrongly."""

    def __init__(self, town: Town, package: Package) -> None:
        self._suite = town.chain.net.suite
        self.data = package.encode()

    async def package(self, algorithm: str, fingerprint: str) -> bytes:
        verify_package(self.data, fingerprint, self._suite)
        return self.data


class AlgorithmTown(Town):
    """Two parties whose columns are those of the page's example."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.package = documented()
        self.fingerprint = self.package.fingerprint(self.chain.net.suite)
        ids = [f"c{number}" for number in range(30)]
        limits = [10_000.0 + 1_000 * number for number in range(30)]
        bills = [500.0 * number for number in range(30)]
        operators = ["align", f"algorithm:{NAME}"]
        self.bank_data = self.parties["bank"].publish({"id": ids, "limit_bal": limits})
        self.merchant_data = self.parties["merchant"].publish(
            {"id": ids, "bill": bills}, operators=operators
        )
        self.given = self.grant(fields=["id", "bill"], operators=operators)
        self.mean = sum(0.5 * b / x for b, x in zip(bills, limits, strict=True)) / 30
        manifest = self.package.manifest
        message = PublishAlgorithm(
            name=manifest.name,
            version=manifest.version,
            fingerprint=self.fingerprint,
            size_bytes=len(self.package.encode()),
            manifest=plain_manifest(manifest),
            levels=manifest.levels,
        )
        assert self.chain.send("stranger", message).ok
        for party in self.parties.values():
            party.algorithms = Held(self, self.package)

    def approve(self, *names: str) -> None:
        for name in names:
            assert self.chain.send(name, ApproveAlgorithm(NAME, self.fingerprint)).ok

    def compiled(self) -> Any:
        step = re.search(r"```yaml\n(  - id: burden.*?)```", DOC, re.DOTALL)
        assert step is not None
        head = f"""\
hanse: 1
name: burden
purpose: credit-risk
parties:
  bank: {self.parties["bank"].did}
  shop: {self.parties["merchant"].did}
data:
  limits: {{owner: bank, dataset: {self.bank_data}, fields: [id, limit_bal]}}
  bills: {{owner: shop, dataset: {self.merchant_data}, fields: [id, bill], grant: {self.given}}}
compute: {{nodes: [bank, shop]}}
receivers: [bank]
defaults: {{attempts: 1, deadline_seconds: 300}}
steps:
  - id: align
    operator: align
    inputs: {{left: limits, right: bills}}
    parameters: {{left_key: id, right_key: id}}
"""
        directory = LedgerDirectory(self.chain.net.state, self.chain.now_ms())
        return compile_flow(head + step[1], directory, self.parties["bank"].did)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[AlgorithmTown]:
    needs_sandbox()
    town = AlgorithmTown(tmp_path)
    yield town
    await town.stop()


@pytest.mark.slow
async def test_approved_algorithm_runs_and_is_named_on_the_ledger(town: AlgorithmTown) -> None:
    town.approve("bank", "merchant")
    await town.start()
    spec = town.compiled()
    assert spec.steps[-1].parameters["fingerprint"] == town.fingerprint
    flow = town.chain.send("bank", DeployFlow(spec)).result["flow"]
    record = await town.ended(flow)
    assert record.state == "COMPLETED", town.failures()
    engine = town.parties["bank"].engine
    assert engine is not None
    report = engine.results.report(flow, "burden", "report")
    assert report["fingerprint"] == town.fingerprint
    assert report["outputs"]["mean"] == pytest.approx(town.mean, rel=1e-2)
    assert len(engine.results.page(flow, "burden", "rows").data) == 30


@pytest.mark.slow
async def test_altered_package_is_refused_before_an_offer(town: AlgorithmTown) -> None:
    town.approve("bank", "merchant")
    held = town.parties["merchant"].algorithms
    assert isinstance(held, Held)
    held.data = held.data.replace(b"weight * bill", b"weight + bill")
    await town.start()
    flow = town.chain.send("bank", DeployFlow(town.compiled())).result["flow"]
    record = await town.ended(flow)
    assert (record.state, record.code) == ("TERMINATED", FingerprintDiffers.code)


async def test_flow_without_approvals_does_not_compile(town: AlgorithmTown) -> None:
    town.approve("bank")
    with pytest.raises(NotApproved, match=r"line \d+"):
        town.compiled()


@pytest.mark.slow
def test_try_shows_plaintext_and_mpc_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs_sandbox()
    monkeypatch.chdir(tmp_path)
    assert main(["algorithms", "new", "mine"]) == 0
    capsys.readouterr()
    manifest = tmp_path / "mine" / "manifest.yaml"
    manifest.write_text(manifest.read_text("utf-8").replace("1000000", "1000"), "utf-8")
    assert main(["algorithms", "try", "mine", "--rows", "40", "--json"]) == 0
    trial = json.loads(capsys.readouterr().out)
    assert (trial["algorithm"], trial["rows"]) == ("mine@1.0.0", 40)
    for output in trial["outputs"]:
        assert output["relative_error"] < 1e-2, output
    assert trial["bytes_sent"] > 0
    (tmp_path / "a.csv").write_text(
        "income,debt\n" + "\n".join(f"{100 + n},{n}" for n in range(20)) + "\n", "utf-8"
    )
    arguments = ["algorithms", "try", "mine", "--data", "a.csv", "--set", "weight=2", "--json"]
    assert main(arguments) == 0
    (row, _) = json.loads(capsys.readouterr().out)["outputs"]
    assert row["plain"][1] == pytest.approx(2 * 1 / 102)
