"""When a provider is left alone, and when it is tried again."""

from ai.models.breaker import OPEN_AFTER, REST_S, SHARE, WINDOW, WINDOW_S, Breaker


def opened() -> Breaker:
    breaker = Breaker()
    for n in range(OPEN_AFTER):
        breaker.failed(n)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_says_so_once() -> None:
    breaker = Breaker()
    told = [breaker.failed(n) for n in range(OPEN_AFTER + 2)]
    assert told == [False] * (OPEN_AFTER - 1) + [True, False, False]
    assert breaker.standing(OPEN_AFTER) == "open"
    assert not breaker.allows(OPEN_AFTER)


def test_one_that_works_in_between_begins_the_count_anew() -> None:
    breaker = Breaker()
    for n in range(3 * OPEN_AFTER):
        if n % OPEN_AFTER == OPEN_AFTER - 1:
            breaker.worked(100 * n)
        else:
            breaker.failed(100 * n)
    assert breaker.standing(10_000) == "closed"


def test_after_a_rest_one_call_is_let_through_and_decides() -> None:
    breaker = opened()
    later = OPEN_AFTER + REST_S
    assert breaker.standing(later) == "half_open"
    assert [breaker.allows(later) for _ in range(3)] == [True, False, False]
    breaker.failed(later)
    assert not breaker.allows(later + REST_S / 2)
    assert breaker.allows(later + REST_S)
    breaker.worked(later + REST_S)
    assert all(breaker.allows(later + REST_S) for _ in range(3))


def test_a_trial_that_was_not_made_is_left_to_the_next() -> None:
    breaker = opened()
    later = OPEN_AFTER + REST_S
    assert breaker.allows(later)
    breaker.gave_up()
    assert breaker.allows(later)


def test_a_refused_key_opens_it_at_once() -> None:
    breaker = Breaker()
    assert breaker.failed(0.0, for_good=True)
    assert not breaker.allows(1.0)


def test_a_share_of_failures_opens_it_and_old_ones_do_not_count() -> None:
    failing = round(WINDOW * SHARE)
    mixed = [n % (WINDOW // failing) != 0 for n in range(WINDOW)]
    lately, long_ago = Breaker(), Breaker()
    for n, worked in enumerate(mixed):
        _tell(lately, n * 0.1, worked=worked)
        _tell(long_ago, n * WINDOW_S / 5, worked=worked)
    _tell(lately, 2.0, worked=False)
    assert lately.standing(2.0) == "open"
    assert long_ago.standing(WINDOW * WINDOW_S / 5) == "closed"


def _tell(breaker: Breaker, now_s: float, *, worked: bool) -> None:
    if worked:
        breaker.worked(now_s)
    else:
        breaker.failed(now_s)
