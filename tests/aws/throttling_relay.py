"""Stands before an API: throttles all calls, or the first of two; refuses credentials; one region fails, `region:NAME`; or
pages after the first, `later-pages`, or every other call for one, `half-of-pages`. The emulator counts reservations where
the API counts instances: where it is about pages, each holds two."""

import http.client
import http.server
import re
import sys
import urllib.parse

PORT, ENDPOINT, WHICH = int(sys.argv[1]), urllib.parse.urlparse(sys.argv[2]), sys.argv[3]
ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>%s</Code>'
    "<Message>%s</Message></Error></Errors><RequestID>1</RequestID></Response>"
)


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls = 0
    pages = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Relay.calls += 1
        if WHICH == "all" or WHICH == "first-of-two" and Relay.calls % 2:
            return self.answer(503, (ERROR % ("RequestLimitExceeded", "Request limit exceeded.")).encode())
        if WHICH == "credentials":
            said = "AWS was not able to validate the provided access credentials"
            return self.answer(401, (ERROR % ("AuthFailure", said)).encode())
        if WHICH.startswith("region:") and WHICH[7:] in self.headers.get("Authorization", ""):
            return self.answer(500, (ERROR % ("InternalError", "An internal error has occurred")).encode())
        if WHICH.endswith("-pages"):
            body = re.sub(rb"MaxResults=\d+", b"MaxResults=2", body)
        if WHICH.endswith("-pages") and b"NextToken=" in body:
            Relay.pages += 1
            if WHICH == "later-pages" or Relay.pages % 2:
                return self.answer(500, (ERROR % ("InternalError", "An internal error has occurred")).encode())
        upstream = http.client.HTTPConnection(ENDPOINT.hostname, ENDPOINT.port)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "content-length")}
        upstream.request("POST", self.path, body, headers)
        answer = upstream.getresponse()
        self.answer(answer.status, answer.read())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Relay).serve_forever()
