"""Services offered, accepted, used, suspended, ended; each with those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from contract_story import DAY_MS, Story
from msgspec.structs import replace
from service_story import HEAD, Served

from hanse.collaboration.services.standing import require_usable
from hanse.contracts.flows.errors import FlowNotFound, StepNotFound
from hanse.contracts.flows.queries import StepFacts
from hanse.contracts.identity.errors import MemberNotFound
from hanse.contracts.points.errors import InsufficientPoints
from hanse.contracts.privacy.errors import NoiseRequired
from hanse.contracts.privacy.messages import EndBudget, SetBudget
from hanse.contracts.services import errors, messages
from hanse.contracts.services.invariants import ServicesBroken, check_service
from hanse.contracts.services.queries import get_retirement, get_usage
from hanse.contracts.services.rules import parties_of
from hanse.contracts.services.types import SERVICES, USAGE, UsageRecord
from hanse.core.canonical import NotCanonical


@pytest.fixture
def served() -> Served:
    return Served()


def test_offer_is_active_once_every_party_signed(served: Served) -> None:
    service = served.offer()
    record = served.load(service)
    assert record.state == "OFFERED"
    assert sorted(record.parties) == ["bank", "compute_1", "merchant"]
    assert (record.owners, record.receiver) == (["bank", "merchant"], "bank")
    served.refuse(errors.WrongServiceState, "bank", messages.ReserveUses(service, 1))
    served.net.send("bank", messages.AcceptService(service))
    assert served.load(service).state == "OFFERED"
    served.refuse(errors.AcceptedAlready, "bank", messages.AcceptService(service))
    outcome = served.net.send("compute_1", messages.AcceptService(service))
    assert outcome.data("ServiceAccepted")["entry"]["state"] == "ACTIVE"
    served.refuse(errors.WrongServiceState, "merchant", messages.AcceptService(service))
    check_service(served.net.state, service)


def test_receiver_without_a_part_signs_as_a_party_of_its_own(served: Served) -> None:
    record = served.load(served.offer(receiver=served.net.did("stranger")))
    assert record.receiver == "receiver"
    assert record.parties["receiver"] == served.net.did("stranger")


def test_receiver_gets_an_alias_nobody_has(served: Served) -> None:
    spec = served.story.spec()
    aliases = {"bank": "receiver", "merchant": "merchant", "compute_1": "compute_1"}
    parties = {aliases[name]: did for name, did in spec.parties.items()}
    facts = StepFacts(parties, ["receiver", "merchant"], ["compute_1"], [], "aby3", {}, True)
    assert "receiver_" in parties_of(facts, "prediction", served.net.did("stranger"))


def test_retrieval_serves_only_whom_it_was_set_up_for(served: Served) -> None:
    stranger = served.net.did("stranger")
    wrong = served.message(kind="retrieval", receiver=stranger)
    served.refuse(errors.HoldsNoPart, "merchant", wrong)
    record = served.load(served.offer(kind="retrieval"))
    assert sorted(record.parties) == ["bank", "merchant"]


@pytest.mark.parametrize(
    ("error", "sender", "changes"),
    [
        (errors.HoldsNoPart, "stranger", {}),
        (MemberNotFound, "merchant", {"receiver": "did:hanse:" + "a" * 32}),
        (FlowNotFound, "merchant", {"flow": "fl-" + "a" * 26}),
        (StepNotFound, "merchant", {"step": "nothing"}),
    ],
)
def test_offer_of_nothing_or_by_nobody_is_refused(
    served: Served, error: type[Exception], sender: str, changes: dict[str, Any]
) -> None:
    served.refuse(error, sender, served.message(**changes))


def test_offer_before_the_step_completed_is_refused(served: Served) -> None:
    story = Story()
    served.story, served.net = story, story.net
    served.flow = story.deploy()
    served.refuse(errors.NothingToServe, "merchant", served.message())


def test_offer_with_bad_terms_is_refused(served: Served) -> None:
    past = served.terms(not_after_ms=served.net.time_ms)
    served.refuse(errors.ServiceExpired, "merchant", served.message(terms=past))
    for alias in ("nobody", "bank"):
        paid = served.terms(prices={alias: 1})
        served.refuse(errors.UnknownPayee, "merchant", served.message(terms=paid))
    for changes in ({"uses": 0}, {"window_ms": 1}, {"window_uses": 0}):
        served.refuse(NotCanonical, "merchant", served.message(terms=served.terms(**changes)))


def test_acceptance_after_the_end_of_the_period_is_refused(served: Served) -> None:
    service = served.offer()
    with pytest.raises(errors.ServiceExpired):
        served.net.send("bank", messages.AcceptService(service), after_ms=2 * DAY_MS)


def test_strangers_do_nothing_in_a_service(served: Served) -> None:
    service = served.offer()
    for message in (
        messages.AcceptService(service),
        messages.ReserveUses(service, 1),
        messages.RecordUses(service, 1, HEAD),
        messages.SuspendService(service),
        messages.ResumeService(service),
        messages.EndService(service),
    ):
        served.refuse(errors.NotAServiceParty, "stranger", message)
    served.refuse(errors.ServiceNotFound, "bank", messages.AcceptService("sv-" + "a" * 26))


def test_only_the_receiver_reserves(served: Served) -> None:
    service = served.active()
    served.refuse(errors.NotTheReceiver, "merchant", messages.ReserveUses(service, 1))
    outcome = served.net.send("bank", messages.ReserveUses(service, 30))
    data = outcome.data("UsesReserved")
    assert (data["reserved"], data["uses_left"], data["paid_points"]) == (30, 70, 0)
    check_service(served.net.state, service)


def test_rate_and_total_bound_what_is_reserved(served: Served) -> None:
    service = served.active()
    served.net.send("bank", messages.ReserveUses(service, 40))
    served.refuse(errors.RateExceeded, "bank", messages.ReserveUses(service, 1))
    served.net.send("bank", messages.ReserveUses(service, 40), after_ms=60_000)
    served.refuse(errors.RateExceeded, "bank", messages.ReserveUses(service, 1))
    served.net.send("bank", messages.ReserveUses(service, 20), after_ms=60_000)
    served.refuse(errors.ServiceUsedUp, "bank", messages.ReserveUses(service, 1))
    assert served.load(service).reserved == 100
    check_service(served.net.state, service)


def test_reservations_are_paid_at_once(served: Served) -> None:
    service = served.active(terms=served.terms(prices={"merchant": 3, "compute_1": 0}))
    before = served.story.balance("merchant"), served.story.balance("bank")
    outcome = served.net.send("bank", messages.ReserveUses(service, 10))
    assert outcome.data("UsesReserved")["paid_points"] == 30
    assert served.story.balance("merchant") == before[0] + 30
    assert served.story.balance("bank") == before[1] - 30
    assert served.story.held() == 0


def test_receiver_without_points_reserves_nothing(served: Served) -> None:
    service = served.active(terms=served.terms(prices={"merchant": 1_000_000}))
    served.refuse(InsufficientPoints, "bank", messages.ReserveUses(service, 10))


def test_expired_service_reserves_nothing(served: Served) -> None:
    service = served.active()
    with pytest.raises(errors.ServiceExpired):
        served.net.send("bank", messages.ReserveUses(service, 1), after_ms=2 * DAY_MS)


def test_totals_only_grow_and_stay_below_what_is_reserved(served: Served) -> None:
    service = served.active()
    served.net.send("bank", messages.ReserveUses(service, 10))
    served.refuse(errors.MoreThanReserved, "merchant", messages.RecordUses(service, 11, HEAD))
    served.net.send("merchant", messages.RecordUses(service, 7, HEAD))
    served.refuse(errors.FewerThanRecorded, "merchant", messages.RecordUses(service, 6, HEAD))
    served.net.send("bank", messages.EndService(service))
    served.net.send("merchant", messages.RecordUses(service, 10, HEAD))
    usage = get_usage(served.net.state, service, served.net.did("merchant"))
    assert usage is not None
    assert usage.uses == 10
    assert get_usage(served.net.state, service, served.net.did("bank")) is None


def test_only_who_suspended_resumes(served: Served) -> None:
    service = served.active()
    served.refuse(errors.WrongServiceState, "merchant", messages.ResumeService(service))
    served.net.send("merchant", messages.SuspendService(service, "audit"))
    check_service(served.net.state, service)
    served.refuse(errors.ServiceSuspendedError, "bank", messages.SuspendService(service))
    served.refuse(errors.ServiceSuspendedError, "bank", messages.ReserveUses(service, 1))
    served.refuse(errors.NotTheSuspender, "bank", messages.ResumeService(service))
    served.net.send("merchant", messages.ResumeService(service))
    served.net.send("bank", messages.ReserveUses(service, 1))


def test_ended_service_stays_ended(served: Served) -> None:
    service = served.active()
    served.net.send("compute_1", messages.EndService(service, "over"))
    assert served.load(service).reason == "over"
    for message in (
        messages.ReserveUses(service, 1),
        messages.SuspendService(service),
        messages.EndService(service),
        messages.AcceptService(service),
    ):
        served.refuse(errors.WrongServiceState, "bank", message)


def test_retired_model_is_not_served(served: Served) -> None:
    service, offered = served.active(), served.offer()
    retire = messages.RetireModel(served.flow, "train", "model", "old")
    served.refuse(errors.HoldsNoPart, "stranger", retire)
    served.net.send("merchant", retire)
    record = get_retirement(served.net.state, served.flow, "train", "model")
    assert record is not None
    assert (record.by, record.reason) == (served.net.did("merchant"), "old")
    served.refuse(errors.ModelRetiredError, "bank", retire)
    served.refuse(errors.ModelRetiredError, "bank", messages.ReserveUses(service, 1))
    served.refuse(errors.ModelRetiredError, "bank", messages.AcceptService(offered))
    served.refuse(errors.ModelRetiredError, "merchant", served.message())


@pytest.mark.parametrize("kind", ["prediction", "retrieval"])
def test_dataset_with_a_privacy_budget_is_not_served(served: Served, kind: str) -> None:
    offered, service = served.offer(kind=kind), served.offer(kind=kind)
    others = [n for n in served.load(service).parties if n != "merchant"]
    for name in others:
        served.net.send(name, messages.AcceptService(service))
    assert served.load(service).datasets == [served.story.dataset]
    served.net.send("bank", messages.ReserveUses(service, 1))
    served.net.send("merchant", SetBudget(served.story.dataset, 1_000_000))
    served.refuse(NoiseRequired, "merchant", served.message(kind=kind))
    served.refuse(NoiseRequired, "bank", messages.AcceptService(offered))
    served.refuse(NoiseRequired, "bank", messages.ReserveUses(service, 1))
    state, now = served.net.state, served.net.time_ms
    with pytest.raises(NoiseRequired):  # nodes refuse what was reserved before
        require_usable(state, served.load(service), now)
    served.net.send("merchant", EndBudget(served.story.dataset))
    require_usable(state, served.load(service), now)
    served.net.send("bank", messages.ReserveUses(service, 1))
    served.net.send("bank", messages.AcceptService(offered))


def test_owner_is_served_from_its_own_dataset_under_a_budget(served: Served) -> None:
    served.net.send("bank", SetBudget(served.story.own, 1_000_000))
    own = served.offer(receiver=served.net.did("bank"))
    assert served.load(own).datasets == [served.story.dataset]
    served.refuse(NoiseRequired, "bank", served.message(receiver=served.net.did("merchant")))
    stranger = served.net.did("stranger")
    served.refuse(NoiseRequired, "merchant", served.message(receiver=stranger))


def test_invariants_notice_what_must_not_be(served: Served) -> None:
    service = served.active()
    record = served.load(service)
    broken = [
        replace(record, reserved=101),
        replace(record, window_reserved=41),
        replace(record, accepted=[]),
        replace(record, state="OFFERED", accepted=[], reserved=1),
        replace(record, suspended_by=record.offerer),
    ]
    for wrong in broken:
        SERVICES.put(served.net.state, wrong, service)
        with pytest.raises(ServicesBroken):
            check_service(served.net.state, service)
    SERVICES.put(served.net.state, record, service)
    USAGE.put(served.net.state, UsageRecord(uses=1, head=HEAD, time_ms=1), service, record.offerer)
    with pytest.raises(ServicesBroken):
        check_service(served.net.state, service)
    with pytest.raises(ServicesBroken):
        check_service(served.net.state, "sv-" + "a" * 26)
