"""Which pages may call: whole origins, exact, any port where the list says so."""

from chat_service.origins import origin_allowed


def test_an_origin_fits_whole_or_not_at_all() -> None:
    allowed = ["https://shop.example", "http://localhost:*", "http://[::1]:*"]
    good = [
        "https://shop.example",
        "http://localhost",
        "http://localhost:3000",
        "http://[::1]:8080",
    ]
    bad = [
        "",
        "null",
        "https://shop.example/",
        "https://shop.example:444",
        "https://a.shop.example",
        "https://shop.example.evil.test",
        "http://localhost:3000/x",
        "http://localhost:x",
        "http://localhost:3000@evil.test",
        "http://user@localhost:3000",
        "http://LOCALHOST:3000",
        "https://localhost:3000",
        "http://localhost.evil.test:3000",
        "http://[::1",
    ]
    assert [one for one in good if not origin_allowed(one, allowed)] == []
    assert [one for one in bad if origin_allowed(one, allowed)] == []
