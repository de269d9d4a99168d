"""Models of earlier flows in a flow text: compiled, explained, refused with the line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from contract_story import get_final_grant
from model_story import Later

from hanse.collaboration.compiler import LedgerDirectory, compile_flow, explain_flow
from hanse.collaboration.language.errors import FlowUnused, FlowWrongKind
from hanse.contracts.flows import errors
from hanse.contracts.flows.messages import DeployFlow
from hanse.contracts.flows.spec import FlowSpec
from hanse.contracts.rights.errors import OperatorNotGranted
from hanse.contracts.services.errors import ModelRetiredError
from hanse.contracts.services.messages import RetireModel
from hanse.core.errors import HanseError, catalogue

PAGE = (Path(__file__).parents[3] / "docs" / "flow-language.md").read_text("utf-8")


@pytest.fixture
def later() -> Later:
    return Later()


def example(later: Later, *replaced: tuple[str, str]) -> str:
    """The worked example of the page, on this network."""
    found = re.search(r"```yaml\n([^`]*?\nmodels:.*?)```", PAGE, re.DOTALL)
    assert found is not None
    text = found[1]
    for old, new in (
        ("did:hanse:mfzwizltoruw63tfoi2dknjwmfzwizlt", later.net.did("bank")),
        ("did:hanse:nfzwizltoruw63tfoi2dknjwmfzwizlt", later.net.did("merchant")),
        ("did:hanse:ofzwizltoruw63tfoi2dknjwmfzwizlt", later.net.did("compute_1")),
        (f"ds-{'a' * 26}", later.story.own),
        (f"ds-{'b' * 26}", later.rows),
        (f"gr-{'c' * 26}", later.rows_grant),
        (f"fl-{'d' * 26}", later.trained),
        (f"ds-{'e' * 26}", later.story.dataset),
        (f"gr-{'f' * 26}", later.story.grant),
        ("[id, age, income]", "[id, region]"),
        ("[id, spend, visits]", "[id, spend]"),
        *replaced,
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


def compiled(later: Later, *replaced: tuple[str, str]) -> FlowSpec:
    directory = LedgerDirectory(later.net.state, later.net.time_ms)
    return compile_flow(example(later, *replaced), directory, later.net.did("bank"))


def test_worked_example_compiles_and_deploys(later: Later) -> None:
    spec = compiled(later)
    score = spec.steps[-1]
    assert (score.owners, score.computes, score.protocol) == (
        ["bank", "merchant"], ["bank", "merchant", "compute_1"], "aby3",
    )  # fmt: skip
    assert score.parameters["maximum_rows"] == 5000
    assert later.net.send("bank", DeployFlow(spec)).names()[-1] == "StepRequested"


def test_grant_of_the_training_is_used_when_none_is_written(later: Later) -> None:
    line = f"    grants: {{{later.story.dataset}: {later.story.grant}}}\n"
    assert compiled(later, (line, "")) == compiled(later)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_explanation_tells_of_model_scores_and_grant(later: Later, lang: str) -> None:
    lines = explain_flow(compiled(later), lang=lang).steps[-1].lines
    told = [line for line in lines if later.trained in line]
    assert len(told) == 1
    assert "5000" in told[0]
    assert later.story.grant in told[0]


def refuse(later: Later, error: type[HanseError], *replaced: tuple[str, str]) -> None:
    with pytest.raises(error, match=r"line \d+"):
        compiled(later, *replaced)


def test_refusals_are_the_contracts_own_with_the_line(later: Later) -> None:
    refuse(later, errors.ModelNotFound, ("output: model", "output: table"))
    refuse(later, errors.ModelNotFound, ("step: train", "step: nothing"))
    refuse(later, errors.ScoresNotLimited, ("{maximum_rows: 5000}", "{minimum_rows: 20}"))
    third = later.net.did("compute_2")
    refuse(later, errors.ModelHolderMissing, (later.net.did("compute_1"), third))
    narrow = get_final_grant(later.net, later.story.dataset, uses=1, operators=["align"])
    refuse(later, OperatorNotGranted, (later.story.grant, narrow))
    later.net.send("merchant", RetireModel(later.trained, "train", "model"))
    refuse(later, ModelRetiredError)


def test_model_is_read_where_a_model_goes_and_not_declared_for_nothing(later: Later) -> None:
    refuse(later, FlowWrongKind, ("table: align.table}", "table: scoring}"))
    score = example(later).split("  - id: score")[1]
    refuse(later, FlowUnused, ("  - id: score" + score, ""))


def test_codes_on_the_page_are_in_the_catalogue() -> None:
    import hanse.collaboration.engine.errors
    import hanse.compute.errors

    assert hanse.collaboration.engine.errors and hanse.compute.errors
    for code in re.findall(
        r"`((?:flows|services|compute|collaboration|rights)\.[a-z]+_[a-z_]+)`", PAGE
    ):
        assert code in catalogue(), code
