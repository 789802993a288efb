"""A driver on nothing but Python's own library, and the ways in which one can be broken: BROKEN names one."""

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

BROKEN = os.environ.get("BROKEN", "")
RETRIES = BROKEN in ("never-retries", "retries-at-once", "retries-for-ever") or os.environ.get("RETRIES") == "1"
PATHS = {
    "listConversations": ("GET", "/v2/conversations"),
    "createConversation": ("POST", "/v2/conversations"),
    "retrieveConversation": ("GET", "/v2/conversations/{conversation_id}"),
    "updateConversation": ("PATCH", "/v2/conversations/{conversation_id}"),
    "deleteConversation": ("DELETE", "/v2/conversations/{conversation_id}"),
}


def send(call):
    method, path = PATHS[call["operation"]]
    query = dict(call["parameters"])
    if "{" in path:
        path = path.format(conversation_id=urllib.parse.quote(query.pop("conversation_id"), safe=""))
    pairs = list(query.items())
    if BROKEN == "sends-the-cursor-twice":
        pairs += [pair for pair in pairs if pair[0] == "starting_after"]
    if BROKEN == "renames-the-cursor":
        pairs = [("startingAfter" if name == "starting_after" else name, value) for name, value in pairs]
    if BROKEN == "loses-the-limit":
        pairs = [pair for pair in pairs if pair[0] != "limit"]
    headers = {} if BROKEN == "forgets-the-token" else {"Authorization": f"Bearer {call['token']}"}
    if BROKEN == "sends-another-token":
        headers["Authorization"] = "Bearer somebody-elses"
    body = None
    if "body" in call:
        headers["Content-Type"] = "application/json"
        body = dict(call["body"])
        if BROKEN == "trims-names":
            body = {name: value.strip() if isinstance(value, str) else value for name, value in body.items()}
        if BROKEN == "sends-a-member-more":
            body["projectId"] = "default"
        body = json.dumps(body).encode()
    target = call["baseUrl"] + path + ("?" + urllib.parse.urlencode(pairs) if pairs else "")
    request = urllib.request.Request(target, data=body, headers=headers, method=method)
    timeout = 0.2 if BROKEN == "gives-up" else call["deadlineMs"] / 1000
    with urllib.request.urlopen(request, timeout=timeout) as response:
        text = response.read()
        return json.loads(text) if text else None


def attempt(call):
    """Tries again where it says so, as late as it is told."""
    attempts = {"retries-for-ever": 20, "never-retries": 1}.get(BROKEN, 3 if RETRIES else 1)
    if BROKEN == "retries-in-secret":
        attempts = 3
    for left in range(attempts - 1, -1, -1):
        try:
            return send(call)
        except urllib.error.HTTPError as error:
            if left == 0 or error.code not in (429, 503):
                raise
            if not BROKEN:
                time.sleep(float(error.headers.get("Retry-After", 0)))


def result(call):
    if BROKEN == "answers-without-asking":
        return {"outcome": "ok", "value": {"object": "list", "data": [], "has_more": False}}
    try:
        if BROKEN == "sends-everything-twice":
            send(call)
        value = broken(call["operation"], attempt(call))
    except urllib.error.HTTPError as error:
        if BROKEN == "swallows-errors":
            return {"outcome": "ok", "value": None}
        if BROKEN == "cannot-read-errors":
            return {"outcome": "decode_error", "message": "no such model"}
        status = 500 if BROKEN == "tells-another-status" else error.code
        return {"outcome": "api_error", "status": status, "message": error.reason}
    except ValueError as error:
        if BROKEN == "swallows-errors":
            return {"outcome": "ok", "value": None}
        return {"outcome": "decode_error", "message": str(error)}
    except OSError as error:
        if BROKEN == "swallows-errors":
            return {"outcome": "ok", "value": None}
        return {"outcome": "transport_error", "message": str(error)}
    return {"outcome": "ok", "value": value}


def broken(operation, value):
    """What becomes of a value on its way to the caller."""
    if not isinstance(value, dict):
        return value
    if BROKEN == "drops-a-field":
        value.pop("messages", None)
    if BROKEN == "swaps-objects" and len(value.get("data", [])) > 1:
        value["data"].reverse()
    if BROKEN == "drops-the-last" and value.get("data"):
        value["data"].pop()
    if BROKEN == "invents-an-id" and "_id" in value:
        value["_id"] = "conv_00000000000000000000000000"
    if BROKEN == "invents-a-member":
        value["archived"] = False
    if BROKEN == "drops-metadata":
        for one in [value, *value.get("data", [])]:
            one.pop("metadata", None)
    if BROKEN == "invents-missing-ids" and "displayName" in value:
        value.setdefault("_id", "conv_00000000000000000000000000")
    if BROKEN == "makes-null-a-name" and "displayName" in value:
        value["displayName"] = value["displayName"] or ""
    if BROKEN == "reads-only-what-it-knows" and "labels" in value:
        raise ValueError("unexpected member `labels`")
    if BROKEN == "makes-times-text" and "createdAt" in value:
        value["createdAt"] = str(value["createdAt"])
    return value


def main():
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            if BROKEN == "never-greets":
                sys.exit(3)
            protocol = 99 if BROKEN == "speaks-another-version" else 1
            names = ["nope"] if BROKEN == "knows-other-operations" else list(PATHS)
            ready = {"type": "ready", "protocol": protocol, "sdk": "plain", "operations": names, "retries": RETRIES}
            print(json.dumps(ready), flush=True)
            continue
        if BROKEN == "dies-after-sending":
            send(message)
        if BROKEN in ("dies", "dies-after-sending"):
            print("something went wrong in the driver", file=sys.stderr)
            sys.exit(1)
        if BROKEN == "hangs":
            time.sleep(60)
        while BROKEN == "never-ends-its-line":
            print("x" * 65536, end="")
        if BROKEN == "prints-garbage":
            print("DEBUG calling the API")
        if BROKEN == "fails-itself":
            answer = {"outcome": "driver_error", "message": "KeyError: 'x'"}
        elif BROKEN == "supports-nothing":
            answer = {"outcome": "unsupported"}
        elif BROKEN == "cannot-read":
            send(message)
            answer = {"outcome": "decode_error", "message": "unexpected member"}
        else:
            answer = result(message)
        if BROKEN == "sends-again-later":
            threading.Timer(0.05, lambda call=message: send(call)).start()
            time.sleep(0.2 if message["id"] > 3 else 0)
        for _ in range(2 if BROKEN == "answers-twice" else 1):
            print(json.dumps({"type": "result", "id": message["id"], **answer}), flush=True)


main()
