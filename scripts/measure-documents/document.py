"""OpenAPI documents, as far as a measurement needs them: operations, samples, and a judge of bodies."""

import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlparse

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "patch", "delete")
ROOT = "urn:document"
DEPTH = 8


@dataclass
class Operation:
    method: str
    path: str
    parameters: list
    body: tuple | None  # (media type, schema, required)
    responses: dict  # status: (media type, schema) or None
    security: list

    @property
    def parameter_names(self):
        return re.findall(r"{([^}]+)}", self.path)

    def query(self):
        return [one for one in self.parameters if one["in"] == "query"]

    def __str__(self):
        return f"{self.method.upper()} {self.path}"


@dataclass
class Document:
    root: dict
    operations: list = field(default_factory=list)

    def __post_init__(self):
        self.is_old = "swagger" in self.root
        self.base = self._base()
        for path, item in (self.root.get("paths") or {}).items():
            item = self.resolve(item)
            for method in METHODS:
                if isinstance(item.get(method), dict) and "#" not in path:
                    self.operations.append(self._operation(method, path, item))
        judged = to_2020(copy.deepcopy(self.root))
        resource = Resource(contents=judged, specification=DRAFT202012)
        self._registry = Registry().with_resource(ROOT, resource)
        self._judged = judged

    def _base(self):
        if self.is_old:
            return (self.root.get("basePath") or "").rstrip("/")
        servers = self.root.get("servers") or [{}]
        path = urlparse(servers[0].get("url", "")).path
        return "" if "{" in path else path.rstrip("/")

    def resolve(self, value):
        for _ in range(DEPTH):
            if not isinstance(value, dict) or "$ref" not in value:
                break
            found = self.root
            for step in value["$ref"].lstrip("#").split("/")[1:]:
                found = (found or {}).get(step.replace("~1", "/").replace("~0", "~"))
            value = found if found is not None else {}
        return value if isinstance(value, dict) else {}

    def _operation(self, method, path, item):
        own = item[method]
        named = {}
        for one in (item.get("parameters") or []) + (own.get("parameters") or []):
            one = self.resolve(one)
            if one.get("name"):
                named[one["name"], one.get("in")] = one
        parameters = [{**one, "schema": one.get("schema", one)} for one in named.values() if one["in"] != "body"]
        security = own.get("security", self.root.get("security", []))
        return Operation(method, path, parameters, self._body(own, named), self._responses(own), security or [])

    def _body(self, own, named):
        if self.is_old:
            for one in named.values():
                if one["in"] == "body":
                    kinds = own.get("consumes") or self.root.get("consumes") or ["application/json"]
                    return next((kind for kind in kinds if is_json(kind)), kinds[0]), one.get("schema", {}), one.get("required", False)
            form = [one for one in named.values() if one["in"] == "formData"]
            if not form:
                return None
            has_file = any(one.get("type") == "file" for one in form)
            parts = [{**one, "type": "string"} if one.get("type") == "file" else one for one in form]
            schema = {"type": "object", "properties": {one["name"]: one for one in parts}}
            schema["required"] = [one["name"] for one in form if one.get("required") is True]
            kinds = own.get("consumes") or self.root.get("consumes") or []
            in_parts = has_file or "application/x-www-form-urlencoded" not in kinds and "multipart/form-data" in kinds
            kind = "multipart/form-data" if in_parts else "application/x-www-form-urlencoded"
            return kind, schema, bool(schema["required"])
        body = self.resolve(own.get("requestBody") or {})
        content = body.get("content") or {}
        kinds = sorted(content, key=lambda kind: (not is_json(kind), "urlencoded" not in kind))
        return (kinds[0], content[kinds[0]].get("schema", {}), body.get("required", False)) if kinds else None

    def _responses(self, own):
        found = {}
        for status, response in (own.get("responses") or {}).items():
            response = self.resolve(response)
            if self.is_old:
                schema = response.get("schema")
                found[str(status)] = ("application/json", schema) if schema and schema.get("type") != "file" else None
                continue
            content = response.get("content") or {}
            json_kinds = [kind for kind in content if is_json(kind)]
            kind = (json_kinds or list(content) or [None])[0]
            found[str(status)] = (kind, content[kind].get("schema", {})) if kind else None
        return found

    def documented(self, operation, status):
        """What is documented for a status; False when nothing is."""
        for key in (str(status), f"{str(status)[0]}XX", "default"):
            if key in operation.responses:
                return operation.responses[key]
        return False

    def is_valid(self, schema, body):
        """Whether a schema allows a body; the first objection when it does not."""
        schema = absolute(to_2020(copy.deepcopy(schema)))
        validator = Draft202012Validator(schema, registry=self._registry)
        try:
            error = next(validator.iter_errors(body), None)
        except Exception as error:  # A schema that cannot be used is no fault of the body.
            return f"the schema cannot be used: {error}"[:200]
        return None if error is None else f"{error.json_path}: {error.message}"[:200]

    def shape(self, schema, depth=0):
        """The schema with references and `allOf` drawn together; of branches, the first."""
        schema = self.resolve(schema)
        drawn = {key: value for key, value in schema.items() if key not in ("allOf", "oneOf", "anyOf")}
        drawn["properties"] = dict(schema.get("properties") or {})
        drawn["required"] = list(schema.get("required") or []) if isinstance(schema.get("required"), list) else []
        parts = list(schema.get("allOf") or [])
        branches = [one for one in schema.get("oneOf") or schema.get("anyOf") or [] if one.get("type") != "null"]
        for part in (parts + branches[:1]) if depth < DEPTH else []:
            inner = self.shape(part, depth + 1)
            drawn["properties"] = {**inner.pop("properties"), **drawn["properties"]}
            drawn["required"] += inner.pop("required")
            drawn = {**inner, **drawn}
        return drawn

    def sample(self, schema, depth=0):
        """A value that a request may have."""
        shape = self.shape(schema)
        for key in ("const", "example", "default"):
            if shape.get(key) is not None and not (key == "default" and depth == 0):
                return shape[key]
        if shape.get("examples"):
            return shape["examples"][0] if isinstance(shape["examples"], list) else "x"
        if shape.get("enum"):
            return shape["enum"][0]
        kind = shape.get("type")
        kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
        if kind == "object" or (kind is None and shape["properties"]):
            needed = [name for name in shape["required"] if name in shape["properties"]] if depth < DEPTH else []
            others = [name for name in shape["properties"] if name not in needed]
            missing = max((shape.get("minProperties") or 0) - len(needed), 0) if depth < DEPTH else 0
            needed = [name for name in needed if not self.shape(shape["properties"][name]).get("readOnly")]
            needed += [name for name in others if not self.shape(shape["properties"][name]).get("readOnly")][:missing]
            return {name: self.sample(shape["properties"][name], depth + 1) for name in needed}
        if kind == "array":
            return [self.sample(shape.get("items") or {}, depth + 1) for _ in range(shape.get("minItems") or 0)]
        if kind in ("integer", "number"):
            least = shape.get("minimum", 1)
            return max(least, 1) if shape.get("maximum", 1) >= max(least, 1) else least
        if kind == "boolean":
            return True
        return text(shape)


FORMATS = {
    "date-time": "2024-01-02T03:04:05Z", "date": "2024-01-02", "uuid": "018cc251-f400-4000-8000-000000000001",
    "email": "user@example.com", "uri": "https://example.com/", "url": "https://example.com/", "ipv4": "192.0.2.1",
}


def text(shape):
    if shape.get("pattern"):
        try:
            return matching(re._parser.parse(shape["pattern"]), shape.get("minLength") or 0)
        except re.error:
            pass  # Patterns of other dialects are no reason to stop.
    made = FORMATS.get(shape.get("format"), "measured")
    return made.ljust(shape.get("minLength") or 0, "x")[: shape.get("maxLength") or None]


def matching(parsed, least=0):
    """A text that a parsed pattern matches; repetitions are as short as they may be, or as `least` wants them."""
    made = ""
    for kind, value in parsed:
        match str(kind):
            case "LITERAL":
                made += chr(value)
            case "NOT_LITERAL":
                made += "b" if value == ord("a") else "a"
            case "ANY":
                made += "a"
            case "IN":
                made += member(value)
            case "BRANCH":
                made += matching(value[1][0])
            case "SUBPATTERN":
                made += matching(value[-1])
            case "MAX_REPEAT" | "MIN_REPEAT":
                times = max(value[0], min(least, value[1]))
                made += "".join(matching(value[2]) for _ in range(times))
    return made


def member(choices):
    """A character of a class."""
    kind, value = choices[0]
    if str(kind) == "NEGATE":
        taken = {value for kind, value in choices[1:] if str(kind) == "LITERAL"}
        return next(one for one in "a0_" if ord(one) not in taken)
    if str(kind) == "RANGE":
        return chr(value[0])
    if str(kind) == "CATEGORY":
        return {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}.get(str(value), "a")
    return chr(value)


def is_json(kind):
    return "json" in kind or kind == "*/*"


def to_2020(value):
    """Schemas of OpenAPI 2.0 and 3.0 as JSON Schema 2020-12 has them; those of 3.1 stay what they are."""
    if isinstance(value, list):
        return [to_2020(one) for one in value]
    if not isinstance(value, dict):
        return value
    value = {key: to_2020(one) for key, one in value.items() if key not in ("discriminator", "xml")}
    if value.get("nullable") is True or value.get("x-nullable") is True:
        if isinstance(value.get("type"), str):
            value["type"] = [value["type"], "null"]
        if isinstance(value.get("enum"), list) and None not in value["enum"]:
            value["enum"] = [*value["enum"], None]
        if "$ref" in value or "allOf" in value:
            value = {"anyOf": [{key: one for key, one in value.items() if key != "nullable"}, {"type": "null"}]}
    if isinstance(value.get("required"), list) and isinstance(value.get("properties"), dict):
        # What only clients write is in no response.
        hidden = [name for name, one in value["properties"].items() if isinstance(one, dict) and one.get("writeOnly")]
        value["required"] = [name for name in value["required"] if name not in hidden]
    for bound, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(value.get(strict), bool):
            if value.pop(strict) and bound in value:
                value[strict] = value.pop(bound)
    return value


def absolute(value):
    """The same with references that lead into the document."""
    if isinstance(value, list):
        return [absolute(one) for one in value]
    if not isinstance(value, dict):
        return value
    value = {key: absolute(one) for key, one in value.items()}
    if isinstance(value.get("$ref"), str) and value["$ref"].startswith("#"):
        value["$ref"] = ROOT + value["$ref"]
    return value


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.2: `on` and `no` are texts, and dates stay as they are written."""


LEFT_OUT = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in all_ if tag not in LEFT_OUT]
    for first, all_ in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|True|TRUE|false|False|FALSE)$"), "tTfF")


def load(path: Path):
    source = path.read_text(encoding="utf-8-sig")
    root = json.loads(source) if path.suffix == ".json" else yaml.load(source, Loader=Loader)
    if not isinstance(root, dict) or not ("openapi" in root or "swagger" in root):
        return None
    # Keys that are numbers, such as statuses, become the texts that JSON has for them.
    return Document(json.loads(json.dumps(root, default=str)))
