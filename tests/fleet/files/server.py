"""A small web server for get_url and uri: the files of a directory, and a few answers of its own."""

import base64
import functools
import http.server
import json
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.answer(302, b"", Location="/numbers.txt")
        elif self.path == "/teapot":
            self.answer(418, b"short and stout")
        elif self.path == "/json":
            self.answer(200, json.dumps({"items": [1, 2, 3]}).encode(), **{"Content-Type": "application/json"})
        elif self.path.startswith("/private/") and not self.is_allowed():
            self.answer(401, b"who is it?", **{"WWW-Authenticate": 'Basic realm="lab"'})
        elif self.path == "/private/name":
            self.answer(200, b"alice")
        else:
            super().do_HEAD() if self.command == "HEAD" else super().do_GET()

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        echo = {"method": self.command, "type": self.headers.get("Content-Type"), "body": body.decode()}
        self.answer(201, json.dumps(echo).encode(), **{"Content-Type": "application/json"})

    do_PUT = do_POST

    def is_allowed(self):
        expected = "Basic " + base64.b64encode(b"alice:hush-hush").decode()
        return self.headers.get("Authorization") == expected

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


serve = functools.partial(Handler, directory=sys.argv[1])
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), serve).serve_forever()
