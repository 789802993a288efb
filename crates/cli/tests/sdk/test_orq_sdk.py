"""The vendor's Python SDK against `conformance mock`, over TCP.

Not one of these lines knows that the server is a mock: what an SDK team's own tests do, works.
"""

import uuid

import pytest
from orq_ai_sdk import Orq, models

UNKNOWN = "conv_00000000000000000000000000"


@pytest.fixture
def orq(url):
    """A client with a token of its own, and so with a workspace of its own."""
    with Orq(api_key=f"key-{uuid.uuid4()}", server_url=url) as client:
        yield client


@pytest.fixture
def ids(orq):
    """Twenty-five conversations, the newest first."""
    return [orq.conversations.create(display_name=f"Chat {n}").id for n in range(25)][::-1]


def test_list_without_a_limit_holds_ten(orq, ids):
    page = orq.conversations.list()
    assert [item.id for item in page.data] == ids[:10]
    assert page.has_more is True


def test_list_with_a_limit(orq, ids):
    page = orq.conversations.list(limit=25)
    assert [item.id for item in page.data] == ids
    assert page.has_more is False


def test_pages_forward_to_the_end_and_back(orq, ids):
    pages, cursor = [], None
    while True:
        page = orq.conversations.list(limit=10, starting_after=cursor)
        pages.append([item.id for item in page.data])
        cursor = page.data[-1].id
        if not page.has_more:
            break
    assert pages == [ids[:10], ids[10:20], ids[20:]]

    back = orq.conversations.list(limit=10, ending_before=pages[2][0])
    assert ([item.id for item in back.data], back.has_more) == (pages[1], True)
    back = orq.conversations.list(limit=10, ending_before=pages[1][0])
    assert ([item.id for item in back.data], back.has_more) == (pages[0], False)


def test_both_cursors_as_in_the_sdk_reference(orq):
    example = "conv_01jj1hdhn79xas7a01wb3hysdb"
    page = orq.conversations.list(limit=10, starting_after=example, ending_before=example)
    assert page.data == []


def test_create_retrieve_update_delete(orq):
    created = orq.conversations.create(display_name="Support Chat #1234")
    assert (created.kind, created.display_name) == ("conversation", "Support Chat #1234")
    assert created.id.startswith("conv_") and created.created_at == created.updated_at

    retrieved = orq.conversations.retrieve(conversation_id=created.id)
    assert (retrieved.id, retrieved.display_name) == (created.id, "Support Chat #1234")

    updated = orq.conversations.update(conversation_id=created.id, display_name="Resolved")
    assert (updated.id, updated.display_name, updated.created_at) == (created.id, "Resolved", created.created_at)
    assert updated.updated_at >= created.updated_at

    orq.conversations.delete(conversation_id=created.id)
    with pytest.raises(models.RetrieveConversationConversationsResponseBody):
        orq.conversations.retrieve(conversation_id=created.id)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.retrieve(conversation_id=UNKNOWN), models.RetrieveConversationConversationsResponseBody),
        (lambda c: c.update(conversation_id=UNKNOWN, display_name="x"), models.UpdateConversationConversationsResponseBody),
        (lambda c: c.delete(conversation_id=UNKNOWN), models.DeleteConversationResponseBody),
    ],
    ids=["retrieve", "update", "delete"],
)
def test_an_unknown_id_is_the_sdks_own_typed_404(orq, call, error):
    with pytest.raises(error) as caught:
        call(orq.conversations)
    assert caught.value.status_code == 404
    assert UNKNOWN in caught.value.data.message


@pytest.mark.parametrize("length", [0, 101])
def test_names_of_0_and_101_characters_are_refused(orq, length):
    with pytest.raises(models.APIError) as caught:
        orq.conversations.create(display_name="x" * length)
    assert caught.value.status_code == 400
    assert "body/displayName" in caught.value.body


@pytest.mark.parametrize("character", ["x", "é", "한", "😀"])
def test_a_hundred_characters_are_a_name(orq, character):
    created = orq.conversations.create(display_name=character * 100)
    assert created.display_name == character * 100
