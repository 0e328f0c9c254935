from itertools import product

import pytest

from accounts.policy import Decision, Facts, decide


def test_verified_session_goes_anywhere() -> None:
    for staff, factor, gone, administration in product([False, True], repeat=4):
        facts = Facts(is_staff=staff, has_factor=factor, is_verified=True, device_gone=gone)
        assert decide(facts, administration=administration) is Decision.ALLOW


@pytest.mark.parametrize("administration", [False, True])
@pytest.mark.parametrize("staff", [False, True])
@pytest.mark.parametrize(("factor", "gone"), [(True, False), (False, True), (True, True)])
def test_session_that_owes_a_second_step_or_lost_it_ends(
    factor: bool, gone: bool, staff: bool, administration: bool
) -> None:
    facts = Facts(is_staff=staff, has_factor=factor, is_verified=False, device_gone=gone)
    assert decide(facts, administration=administration) is Decision.CLOSE


@pytest.mark.parametrize(
    ("staff", "administration", "decision"),
    [
        (True, True, Decision.SET_UP),
        (True, False, Decision.ALLOW),
        (False, False, Decision.ALLOW),
        (False, True, Decision.ALLOW),
    ],
)
def test_only_staff_in_the_administration_must_set_one_up(
    staff: bool, administration: bool, decision: Decision
) -> None:
    facts = Facts(is_staff=staff, has_factor=False, is_verified=False, device_gone=False)
    assert decide(facts, administration=administration) is decision
