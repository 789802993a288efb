"""A front for any of the servers that writes answers byte by byte, in ways that no framework offers.

UPSTREAM is the server's URL; VARIANT says what is done to its answers.
"""

import http.client
import os
import select
import socketserver
from urllib.parse import urlsplit

UPSTREAM = urlsplit(os.environ["UPSTREAM"]).netloc
VARIANT = os.environ["VARIANT"]

INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
NOISE = (
    b"x-NOISE: one\r\nX-Noise: two \t \r\nx-noise:three\r\nX-Empty:\r\nX-Host: example.com.\r\nX-Quote: \"half\r\n"
    b"X-Latin: caf\xe9\r\nx_under.score!: |~\r\nWarning: 299 - \"Deprecated\"\r\nWarning: 199 - \"Stale\"\r\n"
)


def read_request(stream):
    """Method, target, headers and body, or None where the client has closed."""
    words = stream.readline().decode("latin-1").split()
    if len(words) != 3:
        return None
    headers = http.client.parse_headers(stream)
    return words[0], words[1], headers, stream.read(int(headers.get("Content-Length", 0)))


def ask(method, target, headers, body):
    upstream = http.client.HTTPConnection(UPSTREAM, timeout=30)
    upstream.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        if name.lower() != "connection":
            upstream.putheader(name, value)
    upstream.putheader("Connection", "close")
    upstream.endheaders(body)
    answer = upstream.getresponse()
    return answer, answer.read()


def written(answer, body):
    odd = VARIANT == "odd-headers"
    head = f"HTTP/1.1 {answer.status} {'' if odd else answer.reason}\r\n"
    for name, value in answer.getheaders():
        if name.lower() not in ("connection", "keep-alive", "transfer-encoding"):
            head += f"{name.swapcase()}:\t{value} \r\n" if odd else f"{name}: {value}\r\n"
    head = head.encode("latin-1") + (NOISE if odd else b"") + b"\r\n"
    if VARIANT == "no-content-body" and answer.status == 204:
        body = b'{"deleted":true}'
    return (INTERIM if VARIANT == "interim" else b"") + head + body


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while request := read_request(self.rfile):
            self.wfile.write(written(*ask(*request)))
            if VARIANT == "close-after-response":
                return
            # A client that has nothing more to say within 3 ms finds the connection closed.
            if VARIANT == "idle-close" and not select.select([self.connection], [], [], 0.003)[0]:
                return


class Front(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Front(("127.0.0.1", 0), Connection) as front:
    print(f"http://127.0.0.1:{front.server_address[1]}", flush=True)
    front.serve_forever()
