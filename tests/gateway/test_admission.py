from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.admission import (
    Admission,
    AdmissionLimits,
    Refused,
    Ticket,
    full_bucket,
)

ATTACKER = "203.0.113.9"


def admitted(answer: Ticket | Refused) -> Ticket:
    assert isinstance(answer, Ticket)
    return answer


def refused(answer: Ticket | Refused) -> Refused:
    assert isinstance(answer, Refused)
    return answer


def test_a_burst_of_exactly_thirty_handshakes_is_admitted_then_one_a_second() -> None:
    admission = Admission()
    for _ in range(30):
        admitted(admission.admit(ATTACKER, 0.0)).gone(0.0)
    assert refused(admission.admit(ATTACKER, 0.0)) == Refused(
        429, 1, "too many handshakes from this address"
    )
    admitted(admission.admit(ATTACKER, 1.0)).gone(1.0)
    assert refused(admission.admit(ATTACKER, 1.5)).status == 429


def test_the_retry_after_of_a_refusal_is_enough() -> None:
    admission = Admission(AdmissionLimits(handshakes_per_s=0.3, handshakes_burst=1))
    admitted(admission.admit(ATTACKER, 0.0)).gone(0.0)
    wait_s = refused(admission.admit(ATTACKER, 0.1)).retry_after_s
    assert wait_s == 4
    admitted(admission.admit(ATTACKER, 0.1 + wait_s))


def test_two_hundred_open_sockets_of_one_address_are_the_most() -> None:
    admission = Admission(AdmissionLimits(handshakes_burst=1_000))
    tickets = [admitted(admission.admit(ATTACKER, 0.0)) for _ in range(20)]
    while len(tickets) < 200:
        tickets[-1].opened()
        for ticket in tickets:
            ticket.opened()
        tickets.append(admitted(admission.admit(ATTACKER, 0.0)))
    tickets[-1].opened()
    assert refused(admission.admit(ATTACKER, 0.0)).reason == "too many sockets from this address"
    tickets.pop().gone(0.0)
    admitted(admission.admit(ATTACKER, 0.0))


def test_twenty_unfinished_handshakes_of_one_address_are_the_most() -> None:
    admission = Admission()
    tickets = [admitted(admission.admit(ATTACKER, 0.0)) for _ in range(20)]
    assert (
        refused(admission.admit(ATTACKER, 0.0)).reason
        == "too many unfinished handshakes from this address"
    )
    tickets[0].opened()
    admitted(admission.admit(ATTACKER, 0.0))


def test_one_address_at_its_limit_leaves_the_others_alone() -> None:
    admission = Admission(AdmissionLimits(handshakes_burst=1))
    admitted(admission.admit(ATTACKER, 0.0))
    assert refused(admission.admit(ATTACKER, 0.0)).status == 429
    admitted(admission.admit("203.0.113.10", 0.0))


def test_a_full_server_and_a_draining_one_answer_503() -> None:
    admission = Admission(AdmissionLimits(sockets=1))
    ticket = admitted(admission.admit("127.0.0.1", 0.0))
    assert refused(admission.admit("203.0.113.10", 0.0)).status == 503
    ticket.gone(0.0)
    admission.draining = True
    assert refused(admission.admit("203.0.113.10", 0.0)) == Refused(503, 5, "draining")


def test_loopback_is_only_limited_when_asked_for() -> None:
    loose, strict = Admission(), Admission(AdmissionLimits(limit_loopback=True))
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        for _ in range(100):
            admitted(loose.admit(address, 0.0))
    answers = [strict.admit("127.0.0.1", 0.0) for _ in range(100)]
    assert sum(isinstance(answer, Ticket) for answer in answers) == 20


def test_a_ticket_counts_once_however_often_it_is_given_back() -> None:
    admission = Admission()
    ticket = admitted(admission.admit(ATTACKER, 0.0))
    ticket.opened()
    ticket.opened()
    ticket.gone(0.0)
    ticket.gone(0.0)
    ticket.opened()
    assert admission.total == 0


def test_addresses_are_forgotten_when_their_bucket_is_full_again() -> None:
    admission = Admission()
    for number in range(1_000):
        admitted(admission.admit(f"203.0.{number // 256}.{number % 256}", 0.0)).gone(0.0)
    assert admission.addresses == 1_000
    admitted(admission.admit(ATTACKER, 30.0))
    assert admission.addresses == 1


def test_a_sweep_of_addresses_never_costs_more_memory_than_the_limit() -> None:
    admission = Admission(AdmissionLimits(addresses_max=100))
    held = admitted(admission.admit(ATTACKER, 0.0))
    for number in range(5_000):
        admitted(admission.admit(f"198.51.{number // 256}.{number % 256}", 0.0)).gone(0.0)
        assert admission.addresses <= 101
    held.gone(0.0)


Step = tuple[int, float, int]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0, 5, allow_subnormal=False), st.integers(0, 2)),
        max_size=120,
    )
)
def test_the_counts_are_those_of_the_tickets_and_the_limits_hold(steps: list[Step]) -> None:
    limits = AdmissionLimits(
        sockets=12, sockets_per_address=5, pending_per_address=3, handshakes_burst=8
    )
    admission, now_s = Admission(limits), 0.0
    live: list[tuple[str, Ticket]] = []
    for host, wait_s, act in steps:
        now_s += wait_s
        address = f"203.0.113.{host}"
        if act == 0 and isinstance(answer := admission.admit(address, now_s), Ticket):
            live.append((address, answer))
        elif act == 1 and live:
            live[host % len(live)][1].opened()
        elif act == 2 and live:
            live.pop(host % len(live))[1].gone(now_s)
        assert admission.total == len(live) <= limits.sockets
        assert (
            max(Counter(address for address, _ in live).values(), default=0)
            <= limits.sockets_per_address
        )


@given(st.lists(st.floats(0, 3, allow_subnormal=False), max_size=200), st.integers(1, 30))
def test_a_bucket_never_gives_more_than_its_burst_plus_its_rate(
    gaps_s: list[float], burst: int
) -> None:
    bucket, now_s, taken = full_bucket(1.0, burst, 0.0), 0.0, 0
    for gap_s in gaps_s:
        now_s += gap_s
        taken += bucket.take(now_s)
        assert taken <= burst + now_s + 1e-6
