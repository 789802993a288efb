"""Variations of the server beside it: WSGI middleware that changes the text of its JSON bodies."""

import re

from werkzeug.wrappers import Response


def texts(change):
    def variant(app):
        def changed(environ, start_response):
            response = Response.from_app(app, environ)
            if response.is_json:
                response.set_data(change(response.get_data(as_text=True)))
            return response(environ, start_response)

        return changed

    return variant


def with_member(text):
    """One more member for every conversation."""
    return texts(lambda body: body.replace('"kind":"conversation"', f'"kind":"conversation",{text}'))


def with_times(write):
    return texts(lambda body: re.sub(r'(?<=At":)\d+', lambda ms: write(ms[0]), body))


def as_dotnet_writes(body):
    """System.Text.Json escapes what could be read as HTML, quotes by number, and in upper case."""

    def escape(found):
        text = found[0]
        if text.startswith("\\u"):
            return "\\u" + text[2:].upper()
        return f"\\u{ord(text[-1]):04X}" if text[-1] in "+&<>'`\"" else text

    return re.sub(r"\\u[0-9a-f]{4}|\\.|[+&<>'`]", escape, body)


VARIANTS = {
    "huge-number": with_member('"size":1e400'),
    "deep-nesting": with_member(f'"tree":{"[" * 200}{"]" * 200}'),
    "float-times": with_times(lambda ms: f"{ms}.0"),
    "exponent-times": with_times(lambda ms: f"{ms[0]}.{ms[1:]}e12"),
    "dotnet-escapes": texts(as_dotnet_writes),
}
