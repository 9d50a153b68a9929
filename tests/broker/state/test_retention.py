from headway_broker.state.retention import KEEP_ENDED, KEEP_FRESH, RUNS_LIMIT, cutoffs, surplus

NOW = 1_700_000_000.0


def test_ends_are_kept_for_an_hour_claims_for_a_day_and_what_never_ended_for_a_month():
    found = cutoffs(NOW)
    assert NOW - found.ended_before == 60 * 60
    assert NOW - found.claimed_before == 24 * 60 * 60
    assert NOW - found.open_stored_before == 30 * 24 * 60 * 60


def test_how_many_are_kept_does_not_depend_on_the_clock():
    assert {cutoffs(now)[4:6] for now in (0.0, NOW)} == {(KEEP_ENDED, RUNS_LIMIT)}


def test_what_is_too_many_goes_from_the_writer_that_has_the_most():
    ended = [("a1", "a"), *((f"b{n}", "b") for n in range(700)), ("a2", "a"), ("c1", "c")]
    gone = surplus(ended, 10)
    assert gone == [f"b{n}" for n in range(693)]


def test_of_writers_with_as_much_the_oldest_go_first():
    ended = [("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b")]
    assert surplus(ended, 3) == ["a1"]
    assert surplus(ended, 1) == ["a1", "b1", "a2"]
    assert surplus(ended, 4) == surplus([], 0) == []


def test_what_has_just_ended_is_spared_though_its_writer_has_the_most():
    burst = [(f"b{n}", "b") for n in range(25)]
    ended = [*((f"a{n}", n) for n in range(500)), *burst]
    fresh = {name for name, _ in burst}
    assert surplus(ended, 500) == ["a0", *(f"b{n}" for n in range(24))]
    assert surplus(ended, 500, fresh) == ["a0"]


def test_what_has_just_ended_is_not_spared_without_bound():
    ended = [(n, "a") for n in range(KEEP_FRESH + 7)]
    assert surplus(ended, KEEP_ENDED, range(KEEP_FRESH + 7)) == list(range(7))
