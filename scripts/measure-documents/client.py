"""A mock of a document, and calls of its operations."""

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests


@dataclass
class Answer:
    status: int
    body: object
    error: str | None  # What the document has against the response.


class Mock:
    """The process, and how it started."""

    def __init__(self, binary, path, timeout):
        begin = time.monotonic()
        command = [binary, "mock", "--port", "0", "--quiet", "--openapi", str(path)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        self.took = time.monotonic() - begin
        self.timeout = timeout

    def memory(self, name="VmRSS"):
        """MiB, where the system tells."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(rf"{name}:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(self.timeout)


class Client:
    def __init__(self, document, mock):
        self.document, self.mock = document, mock
        # Each token has a workspace of its own.
        self.token = "measure-operations"
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, operation, path=(), query=None, body=None):
        """Calls an operation with values for its path, in their order, and whatever else it needs."""
        headers, asked = self._credentials()
        values = iter([*path, *[None] * len(operation.parameter_names)])
        target = operation.path
        for name in operation.parameter_names:
            value = next(values)
            target = target.replace("{%s}" % name, quote(plain(self._sample(operation, name) if value is None else value), safe=""), 1)
        for one in operation.parameters:
            if one["in"] == "query" and one.get("required") and one["name"] not in (query or {}):
                shape = self.document.shape(one.get("schema") or {})
                least = {"minItems": max(shape.get("minItems") or 0, 1)} if shape.get("type") == "array" else {}
                asked[one["name"]] = flat(self.document.sample({**shape, **least}))
            if one["in"] == "header" and one.get("required"):
                headers[one["name"]] = plain(self.document.sample(one.get("schema") or {}))
        sent = self._body(operation, headers, body)
        url = self.mock.url + self.document.base + target
        response = self.session.request(
            operation.method.upper(), url, params={**asked, **(query or {})}, data=sent, headers=headers,
            timeout=self.mock.timeout, allow_redirects=False,
        )
        return self._read(operation, response)

    def _credentials(self):
        """Every scheme of the document at once."""
        root = self.document.root
        schemes = (root.get("components") or {}).get("securitySchemes") or root.get("securityDefinitions") or {}
        headers, query = {"Authorization": f"Bearer {self.token}"}, {}
        kinds = [self.document.resolve(one) for one in schemes.values()]
        if kinds and all(one.get("scheme") == "basic" or one.get("type") == "basic" for one in kinds):
            headers["Authorization"] = requests.auth._basic_auth_str(self.token, "")
        for one in kinds:
            if one.get("type") == "apiKey" and one.get("in") == "header" and one["name"].lower() != "authorization":
                headers[one["name"]] = self.token
            elif one.get("type") == "apiKey" and one.get("in") == "query":
                query[one["name"]] = self.token
            elif one.get("type") == "apiKey" and one.get("in") == "cookie":
                headers["Cookie"] = f"{one['name']}={self.token}"
        return headers, query

    def _sample(self, operation, name):
        found = [one for one in operation.parameters if one["in"] == "path" and one["name"] == name]
        if not found:
            return "x"
        one = found[0]
        return one["example"] if one.get("example") is not None else self.document.sample(one.get("schema") or {})

    def _body(self, operation, headers, body):
        if operation.body is None:
            return None
        kind, schema, _ = operation.body
        if body is None:
            body = self.document.sample(schema)
        if "json" in kind or "*" in kind:
            headers["Content-Type"] = "application/json" if "*" in kind else kind
            return json.dumps(body).encode()
        if "urlencoded" in kind:
            headers["Content-Type"] = kind
            return dict(pairs(body)) if isinstance(body, dict) else ""
        headers["Content-Type"] = f"{kind}; boundary=b" if "multipart" in kind else kind
        return parts(body) if "multipart" in kind else plain(body).encode()

    def _read(self, operation, response):
        try:
            body = json.loads(response.content) if response.content else None
        except ValueError:
            body = None
        documented = self.document.documented(operation, response.status_code)
        if documented is False:
            return Answer(response.status_code, body, f"status {response.status_code} is not documented")
        if documented is None or "json" not in (documented[0] or ""):
            return Answer(response.status_code, body, None)
        return Answer(response.status_code, body, self.document.is_valid(documented[1], body))


def plain(value):
    if isinstance(value, bool):
        return str(value).lower()
    return str(value if not isinstance(value, list) else ",".join(map(plain, value)))


def flat(value):
    return [plain(one) for one in value] if isinstance(value, list) else plain(value)


def pairs(body, above=""):
    """A form in the way of `a[b]=c`."""
    for name, value in body.items():
        key = f"{above}[{name}]" if above else name
        if isinstance(value, dict):
            yield from pairs(value, key)
        elif isinstance(value, list):
            yield f"{key}[]", [plain(one) for one in value]
        else:
            yield key, plain(value)


def parts(body):
    one = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    members = body.items() if isinstance(body, dict) else []
    return ("".join(one.format(name, plain(value)) for name, value in members) + "--b--\r\n").encode()
