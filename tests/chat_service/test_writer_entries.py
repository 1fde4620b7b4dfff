import orjson

from chat_service.entries import batches, given_up, refused_by_database, unpack
from chat_service.leases import fair_share
from chat_service.store.streams import Entry
from chorus.codes import NackCode
from chorus.ids import uuid7
from chorus.ingest import IngestItem, dump_items, load_items


def item(**other: object) -> IngestItem:
    given = {
        "tenant_id": uuid7(),
        "conversation_id": uuid7(),
        "id": uuid7(),
        "sender_id": uuid7(),
        "sender_role": "visitor",
        "role": "customer",
        "type": "text",
        "visibility": "public",
        "content": "hi",
        "body_hash": "00",
        "sent_ms": 0,
        "node": 3,
    }
    return IngestItem(**{**given, **other})  # type: ignore[arg-type]


def entry(*items: IngestItem, number: int = 1) -> Entry:
    return Entry(0, b"%d-0" % number, dump_items(list(items)))


def test_a_good_entry_comes_out_as_it_went_in() -> None:
    one, two = item(), item(payload={"meta": {"a": 1}})
    assert unpack(entry(one, two)) == ([one, two], [])


def test_what_is_unreadable_does_not_spoil_the_rest() -> None:
    good, spoilt = item(), item()
    parts = [*orjson.loads(dump_items([good])), {**orjson.loads(dump_items([spoilt]))[0]}]
    del parts[1]["content"]
    items, bad = unpack(Entry(0, b"1-0", orjson.dumps(parts)))
    assert items == [good]
    assert [(one.code, one.item and one.item.id) for one in bad] == [(NackCode.INVALID, spoilt.id)]


def test_rubbish_is_bad_and_has_no_sender() -> None:
    for packed in (b"", b"{", b"null", b"{}", b'["x"]', b"[[]]", b'[{"node": -1}]'):
        items, bad = unpack(Entry(0, b"1-0", packed))
        assert items == []
        assert [one.item for one in bad] == [None]


def test_batches_keep_order_and_their_bound() -> None:
    entries = [entry(*(item() for _ in range(3)), number=n) for n in range(5)]
    cut = list(batches(entries, most_items=7, claimed=True))
    assert [len(one.taken) for one in cut] == [6, 6, 3]
    assert [one for batch in cut for one in batch.entries] == entries
    assert all(batch.claimed for batch in cut)


def test_an_entry_above_the_bound_is_a_batch_of_its_own() -> None:
    entries = [entry(*(item() for _ in range(9))), entry(item(), number=2)]
    assert [len(one.taken) for one in batches(entries, most_items=4, claimed=False)] == [9, 1]


def test_a_batch_leaves_lost_partitions_alone() -> None:
    mine, lost = entry(item()), Entry(5, b"2-0", dump_items([item()]))
    batch = next(batches([mine, lost], most_items=10, claimed=False))
    batch.drop(frozenset({5}))
    assert batch.entries == [mine]
    assert [one for _, one in batch.taken] == [mine]


def test_what_is_given_up_may_be_stored_so_its_senders_try_again() -> None:
    one = item()
    assert [(bad.code, bad.item) for bad in given_up(entry(one))] == [(NackCode.UNAVAILABLE, one)]


def test_shares_cover_all_partitions_and_leave_none_out() -> None:
    assert [fair_share(16, writers) for writers in (1, 2, 3, 16, 20)] == [16, 8, 6, 1, 1]
    assert all(fair_share(16, n) * n >= 16 for n in range(1, 40))


def test_what_postgresql_would_never_take_goes_back_as_it_came() -> None:
    (read,), _ = unpack(entry(item(content="x")))
    bad = refused_by_database(read, entry(), "no such tenant")
    assert (bad.reason, bad.code, bad.item) == ("no such tenant", NackCode.INVALID, read)
    assert load_items(bad.packed) == [read]


def test_an_entry_all_of_whose_parts_can_be_read_one_by_one_loses_none() -> None:
    """The driver's ids are stricter than ours: what only they refuse is read the slow way."""
    spelled = orjson.loads(dump_items([item()]))
    spelled[0]["id"] = "{" + spelled[0]["id"] + "}"
    items, bad = unpack(Entry(0, b"1-0", orjson.dumps(spelled)))
    assert (len(items), bad) == (1, [])


def test_a_sender_whose_socket_is_no_number_of_ours_is_nobody() -> None:
    for strange in (-1, 2**63, "3", None):
        spoilt = {**orjson.loads(dump_items([item()]))[0], "conn": strange}
        del spoilt["content"]
        items, bad = unpack(Entry(0, b"1-0", orjson.dumps([spoilt])))
        assert (items, [one.item for one in bad]) == ([], [None])
