"""Stands before an API and answers calls of DescribeInstances with 503 RequestLimitExceeded: all, or the first of two."""

import http.client
import http.server
import sys
import urllib.parse

PORT, ENDPOINT, WHICH = int(sys.argv[1]), urllib.parse.urlparse(sys.argv[2]), sys.argv[3]
THROTTLED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>RequestLimitExceeded</Code>'
    b"<Message>Request limit exceeded.</Message></Error></Errors><RequestID>1</RequestID></Response>"
)


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Relay.calls += 1
        if WHICH == "all" or Relay.calls % 2:
            return self.answer(503, THROTTLED)
        upstream = http.client.HTTPConnection(ENDPOINT.hostname, ENDPOINT.port)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
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
