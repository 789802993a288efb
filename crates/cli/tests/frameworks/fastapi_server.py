"""The Conversations API as one writes it with FastAPI, run by uvicorn: a right server to try `conformance run` on."""

import json
import secrets
import socket
import time
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as AnyHTTPException


class Json(Response):
    """Escapes what is not ASCII; half a surrogate pair can be written in no other way."""

    media_type = "application/json"

    def render(self, content):
        return json.dumps(content).encode()


Name = Annotated[str, Field(min_length=1, max_length=100)]
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(pattern="^conv_[0-9a-z]{26}$")]


class Create(BaseModel):
    displayName: Name


class Update(BaseModel):
    displayName: Name = None  # may be left out, but not null


app = FastAPI(default_response_class=Json)
workspaces = {}  # token -> conversations by id, oldest first
last_ulid = 0


@app.exception_handler(AnyHTTPException)
async def refused(request, error):
    return Json({"message": error.detail}, error.status_code, error.headers)


@app.exception_handler(RequestValidationError)
async def invalid(request, error):
    first = error.errors()[0]
    return Json({"message": f"{first['loc']}: {first['msg']}"}, 400 if first["type"] == "json_invalid" else 422)


def now():
    return time.time_ns() // 1_000_000


def make_id():
    """A ULID, each larger than the one before."""
    global last_ulid
    last_ulid = max(now() << 80 | secrets.randbits(80), last_ulid + 1)
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    return "conv_" + "".join(digits[last_ulid >> shift & 31] for shift in range(125, -1, -5))


async def workspace(given=Depends(HTTPBearer())):
    return workspaces.setdefault(given.credentials, {})


async def found(conversation_id: str, conversations=Depends(workspace)):
    if conversation_id not in conversations:
        raise HTTPException(404, "Conversation not found")
    return conversations[conversation_id]


@app.post("/v2/conversations", status_code=201)
async def create(body: Create, conversations=Depends(workspace)):
    ms = now()
    one = {"_id": make_id(), "kind": "conversation", "displayName": body.displayName, "createdAt": ms, "updatedAt": ms}
    conversations[one["_id"]] = one
    return one


@app.get("/v2/conversations")
async def page(
    limit: Limit = 10, starting_after: Cursor = None, ending_before: Cursor = None, conversations=Depends(workspace)
):
    # Ids sort by creation: a cursor is a place in the list, also when no conversation has this id (any more).
    older_than, newer_than = starting_after or "conv_~", ending_before or ""
    between = [one for one in reversed(conversations.values()) if newer_than < one["_id"] < older_than]
    data = between[-limit:] if ending_before and not starting_after else between[:limit]
    return {"object": "list", "data": data, "has_more": len(between) > len(data)}


@app.get("/v2/conversations/{conversation_id}")
async def retrieve(conversation=Depends(found)):
    return conversation | {"messages": []}


@app.patch("/v2/conversations/{conversation_id}")
async def update(body: Update, conversation=Depends(found)):
    conversation.update(body.model_dump(exclude_unset=True), updatedAt=now())
    return conversation


@app.delete("/v2/conversations/{conversation_id}", status_code=204)
async def delete(conversation=Depends(found), conversations=Depends(workspace)):
    del conversations[conversation["_id"]]


# asyncio switches Nagle's algorithm off only where the protocol is named; with it, answers wait for 40 ms.
listener = socket.socket(proto=socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen()
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)).run(sockets=[listener])
