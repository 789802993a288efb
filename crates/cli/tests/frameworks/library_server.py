"""A server of `fixtures/documents/libraries.yaml`, in Python's standard library alone: right, or with one defect or one
peculiarity that `VARIANT` names. Each is a line that looks `IS("…")`."""

import json
import os
import re
import time
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock
from urllib.parse import parse_qsl, unquote, urlsplit

KEY = "first-workspace_of.the~tests"
VARIANT = os.environ.get("VARIANT", "")
IS = VARIANT.__eq__
GENRES = ("novel", "poetry", "travel", "science")
LOCK = RLock()
LIBRARIES, BOOKS, POLICIES, ROOMS, ORPHANS = {}, {}, {}, {}, {}
# Libraries that somebody wanted to close.
TRIED = set()


class Refusal(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def want(condition, message, status=400 if VARIANT == "says-400" else 422):
    if not condition:
        raise Refusal(status, message)


def text(value, least, most):
    want(isinstance(value, str) and least <= len(value) <= most, f"a text of {least} to {most} characters")


def whole(value, least, most=2**63 - 1):
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    want(is_whole and least <= value <= most, "a whole number within its bounds")


CHECKS = {
    "name": lambda value: text(value, 1, 60),
    "description": lambda value: text(value, 0, 300),
    "title": lambda value: text(value, 1, 120),
    "genre": lambda value: want(value in GENRES if isinstance(value, str) else False, "a genre"),
    "pages": lambda value: whole(value, 1),
    "seats": lambda value: whole(value, 1, 500),
    "note": lambda value: text(value, 0, 80),
    "loanDays": lambda value: whole(value, 1, 90),
    "quiet": lambda value: want(isinstance(value, bool), "true or false"),
    "contacts": lambda value: contacts(value),
    "open": lambda value: want(isinstance(value, bool), "true or false"),
    "fee": lambda value: amount(value),
}


def amount(value):
    want(isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0, "an amount of at least 0")


def contacts(value):
    want(isinstance(value, list) and len(value) <= 5, "at most five contacts")
    for one in value:
        want(isinstance(one, dict) and one.get("role") in ("front desk", "director"), "a role")
        text(one.get("phone"), 3, 40)


def members(body, known, required=()):
    want(isinstance(body, dict), "an object")
    for name in required:
        want(name in body, f"{name} is missing")
    for name in known:
        if name in body:
            CHECKS[name](body[name])
    return {name: body[name] for name in known if name in body}


def kept(fields):
    """What a database makes of what was sent."""
    if IS("loses-contacts") and fields.get("contacts"):
        fields = fields | {"contacts": fields["contacts"][:-1] or [{"role": "director", "phone": "000"}]}
    if IS("loses-phones") and fields.get("contacts"):
        fields = fields | {"contacts": [one | {"phone": "unlisted"} for one in fields["contacts"]]}
    if IS("one-line") and "description" in fields:
        fields = fields | {"description": fields["description"].replace("\n", " ")}
    if IS("sorts-contacts") and fields.get("contacts"):
        fields = fields | {"contacts": sorted(fields["contacts"], key=lambda one: (one["role"], one["phone"]))}
    return fields


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, **headers):
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def serve(self):
        self.raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        steps = [unquote(one) for one in parts.path.strip("/").split("/")]
        try:
            with LOCK:
                self.route(steps)
        except Refusal as refusal:
            self.answer(refusal.status, {"message": str(refusal)})
        except (ValueError, OverflowError):
            self.answer(500, {"message": "it broke"})

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def body(self):
        if IS("breaks-at-nothing") and not self.raw:
            raise ValueError
        if IS("takes-nothing") and not self.raw:
            return {"name": "Unnamed", "title": "Unnamed", "genre": "novel", "seats": 1, "loanDays": 1}
        if not IS("any-media-type"):
            want((self.headers.get("Content-Type") or "").startswith("application/json"), "JSON, please", 415)
        try:
            decoded = self.raw.decode("utf-8", "strict" if not IS("replaces-bytes") else "replace")
        except UnicodeDecodeError as error:
            if IS("breaks-at-bytes"):
                raise ValueError from error
            raise Refusal(400, "no UTF-8") from error
        try:
            return json.loads(decoded)
        except ValueError as error:
            raise Refusal(400, "no JSON") from error

    def is_known(self, what):
        key = self.headers.get("X-Library-Key")
        if IS("any-key") and key:
            return True
        if IS(f"any-key-{what}") and key:
            return True
        if IS("empty-key") and key == "":
            return True
        return key == KEY

    def route(self, steps):
        method, collection = self.command, steps[0]
        depth = len(steps)
        what = f"{method}-{'-'.join('x' if at % 2 else one for at, one in enumerate(steps))}".lower()
        want(self.is_known(what), "whose key is this?", 401)
        if collection == "rooms" and depth <= 2:
            return self.rooms(method, *steps[1:])
        want(collection == "libraries", "nothing is there", 404)
        if depth == 1:
            return {"GET": self.list_libraries, "POST": self.found}.get(method, self.not_allowed)()
        id = steps[1]
        if depth == 2:
            calls = {"GET": self.library, "PATCH": self.change_library, "DELETE": self.close}
            return calls.get(method, self.not_allowed)(id)
        if depth == 3 and steps[2] == "policy":
            return self.policy(method, id)
        want(steps[2] == "books" and depth <= 4, "nothing is there", 404)
        if depth == 3:
            return {"GET": self.list_books, "POST": self.add_book}.get(method, self.not_allowed)(id)
        return self.book(method, id, steps[3])

    def not_allowed(self, *_):
        raise Refusal(405, "not this method")

    # Libraries

    def list_libraries(self):
        limit, cursor = self.number("limit", 10, 1, 50), self.query.get("cursor")
        all_of_them = list(LIBRARIES.values())
        start = 0
        if cursor:
            at = [place for place, one in enumerate(all_of_them) if one["id"] == cursor]
            want(at, "no such cursor", 400)
            start = at[0] + 1
        page, rest = all_of_them[start : start + limit], all_of_them[start + limit :]
        self.answer(200, {"libraries": page, "next_cursor": page[-1]["id"] if rest else None})

    def number(self, name, default, least, most):
        value = self.query.get(name)
        if value is None:
            return default
        want(re.fullmatch("[0-9]{1,9}", value) and least <= int(value) <= most, f"{name} is wrong", 400)
        return int(value)

    def found(self):
        if not IS("needs-no-desk"):
            want(self.headers.get("X-Desk") in ("front", "back"), "which desk?", 400)
        body, id = self.body(), str(uuid.uuid4())
        if IS("stores-then-refuses") and isinstance(body, dict):
            LIBRARIES[id] = {"id": id, "name": "x", **{k: v for k, v in body.items() if k == "name"}, "createdAt": now()}
        fields = members(body, ("name", "description", "open", "fee", "contacts"), ("name",))
        if IS("rounds-fees") and "fee" in fields:
            fields["fee"] = int(fields["fee"])
        if IS("zero-is-nothing") and "fee" in fields:
            fields["fee"] = fields["fee"] or 2.5
        if IS("false-is-nothing") and "open" in fields:
            fields["open"] = fields["open"] or True
        if IS("empty-is-nothing") and "description" in fields:
            fields["description"] = fields["description"] or "A library"
        if IS("takes-id") and isinstance(body.get("id"), str):
            id = body["id"]
        made = {"id": id, **kept(fields), "visits": 0, "createdAt": now()}
        if IS("takes-visits") and isinstance(body.get("visits"), int):
            made["visits"] = body["visits"]
        if IS("takes-times") and "createdAt" in body:
            made["createdAt"] = body["createdAt"]
        LIBRARIES[id], BOOKS[id] = made, {}
        place = f"/libraries/{id}"
        place = {"place-of-all": "/libraries", "place-elsewhere": f"/shelves/{id}"}.get(VARIANT, place)
        if IS("place-absolute"):
            place = f"http://{self.headers['Host']}{place}"
        if IS("place-relative"):
            place = f"libraries/{id}"
        self.answer(201, made, Location=place, X_Revision="first" if IS("revision-in-words") else "1")

    def find(self, id):
        want(id in LIBRARIES, "there is no such library", 404)
        return LIBRARIES[id]

    def library(self, id):
        self.answer(200, self.find(id))

    def change_library(self, id):
        library, body = self.find(id), self.body()
        library |= kept(members(body, ("name", "description", "contacts")))
        if IS("changes-visits") and isinstance(body.get("visits"), int):
            library["visits"] = body["visits"]
        self.answer(200, library)

    def close(self, id):
        if IS("keeps-full-libraries"):
            want(not BOOKS.get(id), "there are books in it", 409)
        if IS("closes-at-the-second-try"):
            # Nothing is added to what is there already.
            want(id in TRIED or TRIED.add(id), "there are readers in it", 409)
        self.find(id)
        del LIBRARIES[id]
        POLICIES.pop(id, None)
        books = BOOKS.pop(id)
        if IS("orphans") or IS("lists-orphans"):
            ORPHANS[id] = books
        self.answer(204)

    def policy(self, method, id):
        self.find(id)
        key = "" if IS("one-policy-for-all") else id
        if method == "PUT":
            fields = members(self.body(), ("loanDays", "quiet"), ("loanDays",))
            if not IS("forgets-policies"):
                POLICIES[key] = fields
            return self.answer(200, fields)
        want(method == "GET", "not this method", 405)
        return self.answer(200, POLICIES.get(key, {"loanDays": 28}))

    # Books

    def shelf(self, id, is_list=False):
        if id in ORPHANS and (IS("orphans") or is_list):
            return ORPHANS[id]
        self.find(id)
        return BOOKS[id]

    def list_books(self, id):
        books = list(self.shelf(id, True).values())
        genre = self.query.get("genre")
        want(genre in (None, *GENRES), "no such genre", 400)
        if genre and not (IS("ignores-science") and genre == "science"):
            books = [one for one in books if one["genre"] == genre]
        if IS("late-list"):
            books = [BEFORE.get(one["id"], (0, one))[1] if time.monotonic() < BEFORE.get(one["id"], (0, one))[0] else one for one in books]
        if IS("old-list"):
            books = [one | {"title": FIRST_TITLES[one["id"]]} for one in books]
        limit, offset = self.number("limit", 50, 1, 50), self.number("offset", 0, 0, 10**9)
        page = books[offset : offset + limit]
        self.answer(200, page, X_Total_Count=str(len(page if IS("counts-the-page") else books)))

    def add_book(self, id):
        books, body = self.shelf(id), self.body()
        fields = members(body, ("title", "genre", "pages"), ("title", "genre"))
        number = next(NUMBERS)
        books[number] = {"id": number, "libraryId": id, **kept(fields)}
        FIRST_TITLES[number] = fields["title"]
        self.answer(201, books[number])

    def book(self, method, id, number):
        books = self.shelf(id)
        want(re.fullmatch("[0-9]{1,18}", number), "no number", 404)
        number = int(number)
        if (IS("deletes-elsewhere") and method == "DELETE") or (IS("changes-elsewhere") and method == "PATCH"):
            books = next((one for one in BOOKS.values() if number in one), books)
        want(number in books, "there is no such book", 404)
        book = books[number]
        if method == "DELETE":
            del books[number]
            return self.answer(204)
        if method == "PATCH":
            body = self.body()
            fields = members(body, ("title", "genre", "pages"))
            BEFORE[number] = (time.monotonic() + 0.4, dict(book))
            if IS("moves-books") and isinstance(body.get("id"), int):
                book["id"] = body["id"]
            book |= kept(fields)
        else:
            want(method == "GET", "not this method", 405)
        return self.answer(200, book)

    # Rooms

    def rooms(self, method, room=None):
        if room is None:
            want(method == "GET", "not this method", 405)
            return self.answer(200, list(ROOMS.values()))
        if method == "PUT":
            if not IS("any-room"):
                want(re.fullmatch("[a-z][a-z0-9-]*", room) and len(room) <= 40, "no name of a room")
            is_new, body = room not in ROOMS, self.body()
            if IS("puts-then-refuses") and isinstance(body, dict) and is_new:
                ROOMS[room] = {"room": room, "seats": 1}
            kept = ROOMS.get(room, {}) if IS("merges-rooms") else {}
            ROOMS[room] = {**kept, "room": room, **members(body, ("seats", "note"), ("seats",))}
            return self.answer(201 if is_new else 200, ROOMS[room])
        want(room in ROOMS, "there is no such room", 404)
        if method == "DELETE":
            del ROOMS[room]
            return self.answer(204)
        return self.answer(200, ROOMS[room])


def now():
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


NUMBERS, FIRST_TITLES, BEFORE = iter(range(1, 10**9)), {}, {}
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
