"""`protocol: auto`: what the compiler puts into the contract, and on what it depends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hanse.collaboration.compiler import LedgerDirectory, compile_flow
from hanse.core.errors import HanseError

AUTO = ("operator: align\n", "operator: align\n    protocol: auto\n")


def line(mbit, delay_ms):
    return ("defaults:", f"line: {{mbit: {mbit}, delay_ms: {delay_ms}}}\ndefaults:")


class Sized(LedgerDirectory):
    """The setting's network, its datasets with published row counts."""

    rows: int | None = None
    only: tuple[str, ...] = ()

    def dataset(self, dataset):
        found = super().dataset(dataset)
        return found and replace(found, row_count=self.rows)

    def allowed_protocols(self, level):
        return self.only or super().allowed_protocols(level)


@pytest.fixture
def protocols(setting):
    def compiled(*replacements, rows=None, only=()):
        directory = Sized(setting.net.state, setting.net.time_ms, lambda did: 10)
        directory.rows, directory.only = rows, only
        spec = compile_flow(setting.text(*replacements), directory, setting.initiator)
        return {step.id: step.protocol for step in spec.steps}

    return compiled


@pytest.mark.parametrize(
    ("rows", "known", "protocol"),
    [
        (None, line(2, 20), "rr22"),
        (300, line(2, 20), "kkrt"),
        (50, line(1, 100), "ecdh"),
        (300, line(1000, 1), "rr22"),
        (3_000_000, line(2, 20), "rr22"),
    ],
)
def test_sizes_and_line_decide(protocols, rows, known, protocol):
    assert protocols(AUTO, known, rows=rows)["align"] == protocol


def test_sizes_that_are_not_shown_decide_nothing(protocols):
    assert protocols(AUTO)["align"] == "rr22"


def test_only_what_the_network_allows_is_chosen(protocols):
    rest = ("local", "aby3")
    assert protocols(AUTO, rows=300, only=("ecdh_sm2", "kkrt", *rest))["align"] == "kkrt"
    assert protocols(AUTO, only=("ecdh_sm2", *rest))["align"] == "ecdh_sm2"


def test_what_the_network_does_not_allow_is_refused_with_its_line(protocols):
    with pytest.raises(HanseError, match=r"line \d+: step 'align'.* rr22 .* level 3") as refused:
        protocols(only=("kkrt",))
    assert refused.value.code == "flow.bad_protocol"
    with pytest.raises(HanseError, match="does not allow rr22"):
        protocols(AUTO, rows=300, only=("local",))


def test_elsewhere_it_is_the_same_as_leaving_it_out(protocols):
    train = ("operator: logistic_regression", "operator: logistic_regression\n    protocol: auto")
    split = ("operator: split", "operator: split\n    protocol: auto")
    found = protocols(train, split)
    assert (found["train"], found["split"]) == ("aby3", "local")


@pytest.mark.parametrize("bad", ["line: fast", "line: {mbit: 0}", "line: {speed: 9}"])
def test_a_line_is_checked(protocols, bad):
    with pytest.raises(HanseError) as caught:
        protocols(AUTO, ("defaults:", f"{bad}\ndefaults:"))
    assert caught.value.code.startswith("flow.")
