"""A driver on nothing but Python's own library, and the ways in which one can be broken: BROKEN names one."""

import json
import os
import posixpath
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

BROKEN = os.environ.get("BROKEN", "")
RETRIES = BROKEN in ("never-retries", "retries-at-once", "retries-for-ever") or os.environ.get("RETRIES") == "1"
# Broken only when it tries again: another argument, or a header field less.
ON_RETRY = BROKEN.removesuffix("-on-retry") if BROKEN.endswith("-on-retry") else None
PATHS = {
    "listConversations": ("GET", "/v2/conversations"),
    "createConversation": ("POST", "/v2/conversations"),
    "retrieveConversation": ("GET", "/v2/conversations/{conversation_id}"),
    "updateConversation": ("PATCH", "/v2/conversations/{conversation_id}"),
    "deleteConversation": ("DELETE", "/v2/conversations/{conversation_id}"),
}


def escaped(value):
    if BROKEN == "escapes-nothing":
        # As a URL is read by most libraries: what follows `#` is not sent, and `..` is resolved.
        return value.split("#")[0].replace(" ", "%20").encode("ascii", "ignore").decode()
    return urllib.parse.quote(value, safe="")


def send(call, again=False):
    method, path = PATHS[call["operation"]]
    query = dict(call["parameters"])
    if "{" in path:
        given = query.pop("conversation_id")
        if again and ON_RETRY == "changes-the-id":
            given = "conv_00000000000000000000000000"
        path = path.format(conversation_id=escaped(given))
        if BROKEN == "escapes-nothing":
            path = posixpath.normpath(path)
    pairs = list(query.items())
    if again and ON_RETRY == "loses-the-query":
        pairs = []
    if BROKEN == "sends-the-default" and call["operation"] == "listConversations" and "limit" not in query:
        pairs += [("limit", 10)]
    if BROKEN == "sends-the-cursor-twice":
        pairs += [pair for pair in pairs if pair[0] == "starting_after"]
    if BROKEN == "renames-the-cursor":
        pairs = [("startingAfter" if name == "starting_after" else name, value) for name, value in pairs]
    if BROKEN == "loses-the-limit":
        pairs = [pair for pair in pairs if pair[0] != "limit"]
    headers = {} if BROKEN == "forgets-the-token" else {"Authorization": f"Bearer {call['token']}"}
    if BROKEN == "sends-another-token":
        headers["Authorization"] = "Bearer somebody-elses"
    if again and ON_RETRY == "forgets-the-token":
        del headers["Authorization"]
    if not (again and ON_RETRY == "drops-a-header"):
        headers["X-Api-Version"] = "2025-12"
    headers["Accept"] = "text/html" if again and ON_RETRY == "changes-a-header" else "application/json"
    if BROKEN == "creates-again-with-a-key":
        headers["Idempotency-Key"] = str(call["id"])
    body = None
    if "body" in call:
        headers["Content-Type"] = "application/json"
        body = dict(call["body"])
        if BROKEN == "trims-names":
            body = {name: value.strip() if isinstance(value, str) else value for name, value in body.items()}
        if BROKEN == "sends-a-member-more":
            body["projectId"] = "default"
        if again and ON_RETRY == "changes-the-body":
            body = {name: f"{value} again" for name, value in body.items()}
        body = json.dumps(body).encode()
    target = call["baseUrl"] + path + ("?" + urllib.parse.urlencode(pairs) if pairs else "")
    request = urllib.request.Request(target, data=body, headers=headers, method=method)
    timeout = {"gives-up": 0.2, "ignores-deadlines": None}.get(BROKEN, call["deadlineMs"] / 1000)
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
            return send(call, again=left < attempts - 1)
        except urllib.error.HTTPError as error:
            if left == 0 or error.code not in (429, 503):
                raise
            if not BROKEN or ON_RETRY:
                time.sleep(float(error.headers.get("Retry-After", 0)))
        except ConnectionError:
            if left == 0 or not BROKEN.startswith("creates-again"):
                raise


def rejected(call):
    """What it does not send, and should or should not."""
    name = (call.get("body") or {}).get("displayName")
    length = {
        "counts-bytes": lambda text: len(text.encode()),
        "counts-utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
        "rejects-what-is-invalid": len,
    }.get(BROKEN)
    if length and isinstance(name, str) and not 1 <= length(name) <= 100:
        return f"displayName has {length(name)} characters"
    odd = not call["parameters"].get("conversation_id", "conv_").startswith("conv_")
    return "no such id" if BROKEN == "rejects-what-is-invalid" and odd else None


def result(call):
    if BROKEN == "answers-without-asking":
        return {"outcome": "ok", "value": {"object": "list", "data": [], "has_more": False}}
    if BROKEN == "fails-to-connect":
        return {"outcome": "transport_error", "message": "no route to host"}
    if reason := rejected(call):
        return {"outcome": "rejected", "message": reason}
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


def otherwise(value):
    """The same value: members in another order, whole numbers with a fraction of nothing."""
    if isinstance(value, dict):
        return {name: otherwise(one) for name, one in reversed(value.items())}
    if isinstance(value, list):
        return [otherwise(one) for one in value]
    return float(value) if type(value) is int else value


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
    if BROKEN == "drops-open-members" and "metadata" in value:
        value["metadata"].pop("ticket")
        value["metadata"]["by"]["team"].pop("size")
    if BROKEN == "rounds-numbers" and "metadata" in value:
        value["metadata"]["size"] = int(float(value["metadata"]["size"]))
    if BROKEN == "writes-it-otherwise":
        value = otherwise(value)
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
            if BROKEN == "cannot-update":
                names.remove("updateConversation")
            ready = {"type": "ready", "protocol": protocol, "sdk": "plain", "operations": names, "retries": RETRIES}
            print(json.dumps(ready), flush=True)
            continue
        if BROKEN == "dies-after-sending":
            send(message)
        if BROKEN in ("dies", "dies-after-sending"):
            print("something went wrong in the driver", file=sys.stderr)
            sys.exit(1)
        if BROKEN == "aborts":
            send(message)
            print("assertion failed: left == right", file=sys.stderr, flush=True)
            os.abort()
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
