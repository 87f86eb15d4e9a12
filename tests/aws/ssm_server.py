"""The inventory of Systems Manager, which the emulator has not: ssm_server.py PORT

Knows those instances whose ids end with a digit, and tells of two on a page.
"""
import http.server
import json
import sys


class Service(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = [value for entry in asked.get("Filters", []) for value in entry["Values"] if value[-1].isdigit()]
        first = int(asked.get("NextToken", 0))
        answer = {"Entities": [self.entity(one) for one in ids[first:first + 2]]}
        if first + 2 < len(ids):
            answer["NextToken"] = str(first + 2)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @staticmethod
    def entity(one):
        content = {"AgentType": "amazon-ssm-agent", "AgentVersion": "3.2", "ComputerName": one + ".internal", "InstanceId": one,
                   "InstanceStatus": "Active", "IpAddress": "10.0.0.1", "PlatformName": "Debian GNU/Linux",
                   "PlatformType": "Linux", "PlatformVersion": "12", "ResourceType": "EC2Instance"}
        data = {"TypeName": "AWS:InstanceInformation", "SchemaVersion": "1.0", "CaptureTime": "2024-01-02T03:04:05Z"}
        return {"Id": one, "Data": {"AWS:InstanceInformation": {**data, "Content": [content]}}}


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
