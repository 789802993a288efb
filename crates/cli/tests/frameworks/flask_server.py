"""The Conversations API as one writes it with Flask: a right server to try `conformance run` on; VARIANT: flask_variants.py."""

import os
import secrets
import threading
import time

import flask_variants
from flask import Flask, abort, g, request
from waitress.server import create_server
from werkzeug.exceptions import HTTPException

app = Flask(__name__)
lock = threading.Lock()
workspaces = {}  # token -> conversations by id, oldest first
last_ulid = 0


@app.errorhandler(HTTPException)
def refused(error):
    return {"message": error.description}, error.code, {"WWW-Authenticate": "Bearer"} if error.code == 401 else {}


@app.errorhandler(RecursionError)
def nested_too_deep(error):
    return {"message": "The body is nested too deep"}, 400


@app.before_request
def open_workspace():
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        abort(401, "A bearer token is needed")
    g.conversations = workspaces.setdefault(given.token, {})


def now():
    return time.time_ns() // 1_000_000


def make_id():
    """A ULID, each larger than the one before; called with the lock held."""
    global last_ulid
    last_ulid = max(now() << 80 | secrets.randbits(80), last_ulid + 1)
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    return "conv_" + "".join(digits[last_ulid >> shift & 31] for shift in range(125, -1, -5))


def json_object():
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "The body must be a JSON object")
    return body


def checked_name(body):
    name = body.get("displayName")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        abort(422, "displayName must be text of 1 to 100 characters")
    return name


def find(conversation_id):
    return g.conversations.get(conversation_id) or abort(404, "Conversation not found")


@app.post("/v2/conversations")
def create():
    name = checked_name(json_object())
    with lock:
        ms = now()
        one = {"_id": make_id(), "kind": "conversation", "displayName": name, "createdAt": ms, "updatedAt": ms}
        g.conversations[one["_id"]] = one
    return one, 201


@app.get("/v2/conversations")
def page():
    limit, after, before = (request.args.get(name) for name in ("limit", "starting_after", "ending_before"))
    limit = 10 if limit is None else int(limit) if limit.isdecimal() and len(limit) < 4 else 0
    if not 1 <= limit <= 100:
        abort(400, "limit must be an integer from 1 to 100")
    with lock:
        rows = list(reversed(g.conversations.values()))
    ids = [one["_id"] for one in rows]
    if any(cursor is not None and cursor not in ids for cursor in (after, before)):
        abort(400, "The cursor names no conversation")
    between = rows[0 if after is None else ids.index(after) + 1 : None if before is None else ids.index(before)]
    data = between[-limit:] if before is not None and after is None else between[:limit]
    return {"object": "list", "data": data, "has_more": len(between) > len(data)}


@app.get("/v2/conversations/<conversation_id>")
def retrieve(conversation_id):
    return find(conversation_id) | {"messages": []}


@app.patch("/v2/conversations/<conversation_id>")
def update(conversation_id):
    conversation, body = find(conversation_id), json_object()
    changes = {"displayName": checked_name(body)} if "displayName" in body else {}
    with lock:
        conversation.update(changes, updatedAt=now())
    return conversation


@app.delete("/v2/conversations/<conversation_id>")
def delete(conversation_id):
    if g.conversations.pop(conversation_id, None) is None:
        abort(404, "Conversation not found")
    return "", 204


if variant := os.environ.get("VARIANT"):
    app.wsgi_app = flask_variants.VARIANTS[variant](app.wsgi_app)
server = create_server(app, host="127.0.0.1", port=0, threads=8)
print(f"http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
