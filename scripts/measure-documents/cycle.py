"""Objects from their creation to their end, and lists page by page."""

import uuid

TEXTS = ("name", "title", "description", "summary", "label", "subject", "note", "notes", "text", "content", "comment")
LISTS = ("data", "items", "results", "entries", "objects", "records", "values")
LIMITS = ("limit", "per_page", "page_size", "pagesize", "perpage", "size", "count", "max_results")
PAGES, OFFSETS = ("page", "page_number", "pagenumber"), ("offset", "skip")
CURSORS = ("cursor", "after", "starting_after", "page_token", "pagetoken", "iterator", "marker")
TOKENS = ("next_cursor", "next_page_token", "next_token", "iterator", "next_marker", "cursor", "next", "after")
# So many objects are listed, in pages of so many.
OBJECTS, SIZE = 25, 10


def bare(path):
    """A path without the ending that names a format."""
    return path.removesuffix(".json").rstrip("/")


class Resource:
    """What is created at a path and found below it."""

    def __init__(self, collection, operations):
        self.collection = collection
        items = [bare(one.path) for one in operations if is_item(one) and bare(one.path).rpartition("/{")[0] == collection]
        self.item_path = items[0] if items else None
        self.create, self.list = on(operations, collection, "post"), on(operations, collection, "get")
        self.retrieve = on(operations, self.item_path, "get")
        self.delete = on(operations, self.item_path, "delete")
        self.update = on(operations, self.item_path, "patch", "post", "put")


def is_item(operation):
    return bare(operation.path).endswith("}")


def on(operations, path, *methods):
    """The operation of a path with the first of these methods that it has."""
    here = {one.method: one for one in operations if bare(one.path) == path}
    return next((here[method] for method in methods if method in here), None)


class Cycle:
    def __init__(self, client):
        self.client, self.document = client, client.document
        paths = sorted({bare(one.path).rpartition("/{")[0] for one in self.document.operations if is_item(one)})
        self.resources = {path: Resource(path, self.document.operations) for path in paths if path}
        self.found, self.failed = {}, []

    def measure(self):
        """Counts by name: how many of how many."""
        counts = {name: [0, 0] for name in ("found", "texts", "cycles", "pages")}
        for one in self.resources.values():
            if one.create is None or one.retrieve is None:
                continue
            for name, good in self._resource(one).items():
                counts[name][0] += good
                counts[name][1] += 1
                if not good:
                    self.failed.append(f"{name}: {one.collection}")
        return counts

    def values(self, operation):
        """Values of an operation's path: of objects that are made for it, where something makes them."""
        values = list(self._above(bare(operation.path)))
        if operation.method == "delete":
            self.found.clear()
        return values

    def _resource(self, one):
        above = self._above(one.collection)
        member = self._text_member(one, one.create)
        word = f"Grüße {uuid.uuid4().hex[:8]} 🚲"
        body = self._body(one.create, member, word)
        made = self.client.call(one.create, above, body=body)
        if made.status // 100 != 2:
            return {"found": False}
        key = self._id(one, made.body or body or self.document.sample(one.create.body[1]))
        read = key is not None and self.client.call(one.retrieve, [*above, key])
        good = {"found": bool(read) and read.status == 200 and self._shows(read.body, key)}
        if good["found"] and member:
            good["texts"] = word in texts(read.body)
        if good["found"] and one.list and one.delete:
            good["cycles"] = self._rest(one, above, key)
        if one.list and self._parameter(one.list, LIMITS) and self._way(one.list):
            good["pages"] = self._pages(one, above)
        return good

    def _rest(self, one, above, key):
        """Listed, changed, deleted, gone."""
        if key not in self._walk(one, above, 100):
            return False
        member = one.update and self._text_member(one, one.update)
        if member:
            word = f"changed {uuid.uuid4().hex[:8]}"
            self.client.call(one.update, [*above, key], body=self._body(one.update, member, word))
            if word not in texts(self.client.call(one.retrieve, [*above, key]).body):
                return False
        if self.client.call(one.delete, [*above, key]).status // 100 != 2:
            return False
        after = self.client.call(one.retrieve, [*above, key])
        gone = after.status in (404, 410) or (isinstance(after.body, dict) and after.body.get("deleted") is True)
        return gone and key not in self._walk(one, above, 100)

    def _pages(self, one, above):
        made = []
        for at in range(OBJECTS):
            body = self._named(one, at)
            answer = self.client.call(one.create, above, body=body)
            # Who answers nothing has taken the client's name.
            made.append(self._id(one, answer.body or body) if answer.status // 100 == 2 else None)
        seen = self._walk(one, above, SIZE)
        return None not in made and all(seen.count(key) == 1 for key in made)

    def _named(self, one, at):
        """A body under a name that no other one has, where the client names the object."""
        body = self.document.sample(one.create.body[1]) if one.create.body else None
        parameter = one.item_path.rpartition("{")[2].rstrip("}")
        for name in {parameter, parameter.rpartition("_")[2]} - {"id"}:
            if isinstance(body, dict) and isinstance(body.get(name), str):
                body = {**body, name: f"{body[name]}{at}"}
        return body

    def _walk(self, one, above, size):
        """The ids on all pages of a list, as its responses lead on."""
        seen, query = [], {}
        limit, way = self._parameter(one.list, LIMITS), self._way(one.list)
        if limit:
            query[limit] = min(size, self._shape(one.list, limit).get("maximum", size))
        for number in range(60):
            answer = self.client.call(one.list, above, query=query)
            items = listed(answer.body)
            keys = [self._id(one, item) for item in items]
            fresh = [key for key in keys if key not in seen]
            seen += keys
            if way is None or not items or not fresh or finished(answer.body):
                break
            kind, name = way
            first = 0 if kind == "page" and self._starts_at_zero(one.list, name) else 1
            steps = {"page": first + number + 1, "offset": len(seen), "cursor": token(answer.body) or keys[-1]}
            query[name] = steps[kind]
        return seen

    def _shape(self, operation, name):
        found = [one for one in operation.query() if one["name"] == name]
        return self.document.shape(found[0].get("schema") or {}) if found else {}

    def _starts_at_zero(self, operation, name):
        shape = self._shape(operation, name)
        return shape.get("minimum", shape.get("default", 1)) == 0

    def _way(self, operation):
        for kind, names in (("page", PAGES), ("offset", OFFSETS), ("cursor", CURSORS)):
            name = self._parameter(operation, names)
            if name:
                return kind, name
        return None

    def _parameter(self, operation, names):
        return next((one["name"] for one in operation.query() if one["name"].lower() in names), None)

    def _above(self, collection):
        """Values of a collection's path: of objects that are made for it, else of the document."""
        if collection not in self.found:
            at = collection.rfind("}")
            values = []
            if at >= 0:
                item = collection[: at + 1]
                parent = self.resources.get(item.rpartition("/{")[0])
                values = [*self._above(parent.collection)] if parent else [None] * (item.count("{") - 1)
                key = None
                if parent and parent.create:
                    key = self._id(parent, self.client.call(parent.create, values).body)
                values.append(key)
            self.found[collection] = values
        return self.found[collection]

    def _body(self, operation, member, word):
        if operation.body is None:
            return None
        body = self.document.sample(operation.body[1])
        return {**body, member: word} if member and isinstance(body, dict) else body

    def _text_member(self, resource, operation):
        """A member that may be any text, and that nothing is found by."""
        if operation.body is None:
            return None
        members = self.document.shape(operation.body[1])["properties"]
        for name in TEXTS:
            shape = self.document.shape(members.get(name) or {})
            bound = any(key in shape for key in ("enum", "const", "format", "pattern")) or shape.get("maxLength", 99) < 40
            bound = bound or resource.item_path.endswith("{%s}" % name)
            if name in members and shape.get("type") in ("string", ["string", "null"]) and not bound:
                return name
        return None

    def _id(self, resource, body):
        """The member that the path's parameter names."""
        parameter = resource.item_path.rpartition("{")[2].rstrip("}") if resource.item_path else "id"
        last = parameter.replace("-", "_").split("_")[-1]
        names = ["id", parameter, last, "uuid", "sid", "name", "number", "slug", "key"]
        same = lambda one, other: one.replace("_", "").lower() == other.replace("_", "").lower()
        ordered = sorted(names, key=lambda name: not same(name, parameter))
        for holder in [body, *(body.values() if isinstance(body, dict) else [])]:
            for name in ordered if isinstance(holder, dict) else []:
                value = next((value for key, value in holder.items() if same(key, name)), None)
                if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
                    return str(value)
        return None

    def _shows(self, body, key):
        return key in texts(body)


def texts(body):
    """Every scalar in a body, as text."""
    if isinstance(body, dict):
        return [one for value in body.values() for one in texts(value)]
    if isinstance(body, list):
        return [one for value in body for one in texts(value)]
    return [] if body is None else [str(body)]


def listed(body):
    """The objects of a list's body."""
    if isinstance(body, list):
        return body
    if not isinstance(body, dict):
        return []
    named = [body[name] for name in LISTS if isinstance(body.get(name), list)]
    return (named or [value for value in body.values() if isinstance(value, list)] or [[]])[0]


def finished(body):
    more = [body.get(name) for name in ("has_more", "hasMore", "has_next")] if isinstance(body, dict) else []
    return False in more or (isinstance(body, dict) and body.get("done") is True)


def token(body, depth=0):
    """What leads to the next page."""
    if not isinstance(body, dict):
        return None
    for name, value in body.items():
        if name.lower().replace("nextpage", "next_page").replace("pagetoken", "page_token") in TOKENS and isinstance(value, str):
            return value or None
    inner = [token(value, depth + 1) for value in body.values() if isinstance(value, dict)] if depth < 2 else []
    return next((one for one in inner if one), None)
