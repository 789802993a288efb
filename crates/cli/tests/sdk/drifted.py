"""The same intent through a version of the SDK that has drifted from this contract."""

import os

from orq_ai_sdk import Orq

SOME_ID = "conv_01jj1hdhn79xas7a01wb3hysdb"


def attempt(call, **arguments):
    try:
        call(**arguments)
    except Exception as error:  # noqa: BLE001
        print(type(error).__name__)


with Orq(api_key=os.environ["ORQ_API_KEY"], server_url=os.environ["ORQ_BASE_URL"]) as orq:
    attempt(orq.conversations.create, project_id="project", display_name="Chat")
    attempt(orq.conversations.list, limit=10)
    attempt(orq.conversations.list, limit=10, starting_after=SOME_ID)
    attempt(orq.conversations.list, limit=10, ending_before=SOME_ID)
