"""The nonce of `hello`: good for one connection and half a minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import nonce

KEY = b"k" * 32
ANY_TEXT = st.text(st.characters(categories=["L", "N", "P", "Cs"]), max_size=80)


@given(st.floats(0, 2e9), st.floats(-29.9, 29.9))
def test_a_fresh_nonce_fits_its_connection_only(at_s: float, later_s: float) -> None:
    made = nonce.make(KEY, "conn", at_s)
    assert nonce.fits(KEY, "conn", made, at_s + later_s)
    assert not nonce.fits(KEY, "other", made, at_s + later_s)
    assert not nonce.fits(b"x" * 32, "conn", made, at_s + later_s)


@pytest.mark.parametrize("age_s", [-31.0, 31.0, 86_400.0])
def test_a_stale_nonce_does_not_fit(age_s: float) -> None:
    assert not nonce.fits(KEY, "conn", nonce.make(KEY, "conn", 1000.0), 1000.0 + age_s)


@given(ANY_TEXT)
def test_any_other_text_does_not_fit(text: str) -> None:
    assert not nonce.fits(KEY, "conn", text, 1000.0)


def test_two_nonces_of_one_moment_differ() -> None:
    assert nonce.make(KEY, "conn", 1.0) != nonce.make(KEY, "conn", 1.0)
