"""All five operations and a full walk through the vendor's SDK, as its users write them."""

import os

from orq_ai_sdk import Orq

with Orq(api_key=os.environ["ORQ_API_KEY"], server_url=os.environ["ORQ_BASE_URL"]) as orq:
    ids = [orq.conversations.create(display_name=f"Chat {n}").id for n in range(25)]
    seen, cursor = [], {}
    while True:
        page = orq.conversations.list(limit=10, **cursor)
        seen += [one.id for one in page.data]
        if not page.has_more:
            break
        cursor = {"starting_after": page.data[-1].id}
    assert seen == ids[::-1]
    assert [one.id for one in orq.conversations.list(limit=5, ending_before=seen[10]).data] == seen[5:10]
    assert orq.conversations.retrieve(conversation_id=ids[0]).display_name == "Chat 0"
    assert orq.conversations.update(conversation_id=ids[0], display_name="New").display_name == "New"
    orq.conversations.delete(conversation_id=ids[0])
