from headway_broker.state.retention import KEEP_ENDED, RUNS_LIMIT, cutoffs

NOW = 1_700_000_000.0


def test_ends_are_kept_for_an_hour_claims_for_a_day_and_what_never_ended_for_a_month():
    found = cutoffs(NOW)
    assert NOW - found.ended_before == 60 * 60
    assert NOW - found.claimed_before == 24 * 60 * 60
    assert NOW - found.open_stored_before == 30 * 24 * 60 * 60


def test_how_many_are_kept_does_not_depend_on_the_clock():
    assert {cutoffs(now)[3:] for now in (0.0, NOW)} == {(KEEP_ENDED, RUNS_LIMIT)}
