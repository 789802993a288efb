"""A client that a public generator makes from the one document that the mock serves works, and sends what the contract has."""

import os
import subprocess
import sys
from pathlib import Path

CONFORMANCE = Path(os.environ["CONFORMANCE"]).resolve()
PROGRAM = """
import os
from orq_ai_conversations_api_client import AuthenticatedClient
from orq_ai_conversations_api_client.api.default import create_conversation, list_conversations, retrieve_conversation
from orq_ai_conversations_api_client.models import CreateConversationRequest

client = AuthenticatedClient(base_url=os.environ["CONFORMANCE_BASE_URL"], token=os.environ["CONFORMANCE_TOKEN"])
made = create_conversation.sync(client=client, body=CreateConversationRequest(display_name="Generated"))
page = list_conversations.sync(client=client, limit=1)
found = retrieve_conversation.sync(made.field_id, client=client)
assert page.data[0].field_id == found.field_id and found.display_name == "Generated" and found.messages == []
"""


def test_a_generated_client_works(tmp_path):
    document = tmp_path / "openapi.json"
    document.write_bytes(subprocess.run([CONFORMANCE, "bundle"], check=True, capture_output=True).stdout)
    # The generator's own tools stand beside its interpreter.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    generate = [Path(sys.executable).parent / "openapi-python-client", "generate", "--path", document]
    made = subprocess.run(generate, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "Warning" not in made.stdout + made.stderr, made.stdout + made.stderr

    command = [CONFORMANCE, "exec", "--", sys.executable, "-c", PROGRAM]
    environment["PYTHONPATH"] = str(tmp_path / "orq-ai-conversations-api-client")
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
