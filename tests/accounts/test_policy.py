from itertools import product

import pytest

from accounts.policy import Decision, Facts, Vouched, decide


def test_verified_session_goes_anywhere() -> None:
    for must, factor, gone, only in product([False, True], repeat=4):
        facts = Facts(must_have=must, has_factor=factor, is_verified=True, device_removed=gone, set_up_only=only)
        assert decide(facts) is Decision.ALLOW


@pytest.mark.parametrize("must", [False, True])
@pytest.mark.parametrize(("factor", "gone"), [(True, False), (False, True), (True, True)])
def test_session_that_owes_a_second_step_or_lost_it_ends(factor: bool, gone: bool, must: bool) -> None:
    assert (
        decide(Facts(must_have=must, has_factor=factor, is_verified=False, device_removed=gone)) is Decision.END_SESSION
    )


@pytest.mark.parametrize(("must", "decision"), [(True, Decision.SET_UP), (False, Decision.ALLOW)])
def test_whoever_must_have_a_second_step_sets_it_up_first(must: bool, decision: Decision) -> None:
    assert decide(Facts(must_have=must, has_factor=False, is_verified=False, device_removed=False)) is decision


def test_session_that_support_opened_is_good_for_the_set_up_only() -> None:
    for must, factor, gone in product([False, True], repeat=3):
        facts = Facts(must_have=must, has_factor=factor, is_verified=False, device_removed=gone, set_up_only=True)
        assert decide(facts) is Decision.SET_UP


# ASVS 6.3.3
@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        ({"by_passkey": True, "has_passkey": True}, Decision.ALLOW),
        ({"has_passkey": True}, Decision.SHOW_PASSKEY),
        ({"has_passkey": True, "by_recovery_code": True}, Decision.ADD_PASSKEY),
        ({"by_recovery_code": True}, Decision.ADD_PASSKEY),
        ({"has_passkey": True, "by_recovery_code": True, "has_room_for_passkey": False}, Decision.REMOVE_PASSKEY),
        ({"has_passkey": True, "has_room_for_passkey": False}, Decision.SHOW_PASSKEY),
        ({}, Decision.ADD_PASSKEY),
    ],
)
def test_code_is_not_enough_where_a_passkey_is_required(facts: dict[str, bool], decision: Decision) -> None:
    shown = Facts(must_have=False, has_factor=True, is_verified=True, device_removed=False, **facts)
    assert decide(shown) is Decision.ALLOW
    assert decide(shown._replace(must_use_passkey=True)) is decision


def test_whoever_must_use_a_passkey_sets_up_nothing_else_first() -> None:
    without = Facts(True, False, False, False, must_use_passkey=True)
    assert decide(without) is Decision.ADD_PASSKEY
    assert decide(without._replace(set_up_only=True)) is Decision.ADD_PASSKEY
    assert decide(without._replace(has_factor=True)) is Decision.END_SESSION


@pytest.mark.parametrize(
    ("vouched", "is_staff", "decision"),
    [
        (Vouched.CLAIM, True, Decision.ALLOW),
        (Vouched.AGREEMENT, False, Decision.ALLOW),
        (Vouched.AGREEMENT, True, Decision.ADD_PASSKEY),
        (Vouched.NOTHING, False, Decision.ADD_PASSKEY),
    ],
)
def test_no_passkey_is_asked_where_a_provider_vouches(vouched: Vouched, is_staff: bool, decision: Decision) -> None:
    shown = Facts(False, True, True, False, vouched=vouched, is_staff=is_staff, must_use_passkey=True)
    assert decide(shown) is decision
