#!/usr/bin/env python3
"""Records cases of modules that talk to a container engine: what is asked, what is answered, what comes of it.

    ANSIBLE_PYTHON=/path/to/python RUN_MODULE=target/debug/examples/run_module ENGINE=/run/podman/podman.sock \\
        tests/record_engine.py tests/cases/community.docker.docker_volume/*.json

A case has `args` and optionally `setup`, the commands (lists of words) that bring the engine into the state it starts with; it
starts with nothing but images. Each phase runs under ansible-core's module and, from the same state, under ours through a proxy that
writes down the exchanges. Both must report the same, ids and points in time aside; then `engine` and `expect` are written.
`before` is the tree `$DIR` has at the start, as with `measure.py`; without it there is no such directory.
"""
import http.client, http.server, json, os, re, shutil, socket, socketserver, subprocess, sys, tempfile, threading

from measure import build, snapshot, substituted

ENGINE = os.environ["ENGINE"]
CLEAN = [["podman", "rm", "-f", "-t", "0", "-a"], ["podman", "volume", "prune", "-f"], ["podman", "network", "prune", "-f"]]
# What an engine tells about a thing; it is compared by the state that the next phase finds.
INSPECTIONS = ("container", "network", "volume", "image")


class Upstream(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(ENGINE)


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    exchanges = []

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        upstream = Upstream("engine")
        headers = {key: value for key, value in self.headers.items() if key.lower() in ("content-type", "x-registry-auth")}
        upstream.request(self.command, self.path, body or None, headers)
        answer = upstream.getresponse()
        data = answer.read()
        self.exchanges.append({"method": self.command, "path": self.path, "body": json_or_null(body),
                               "status": answer.status, "answer": json_or_text(data)})
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        if data:
            self.wfile.write(data)
        self.close_connection = True

    do_GET = do_POST = do_DELETE = do_PUT = pass_on

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return super().get_request()[0], ("engine", 0)


def json_or_null(data):
    try:
        return json.loads(data)
    except ValueError:
        return None


def json_or_text(data):
    value = json_or_null(data)
    return data.decode("utf-8", "replace") if value is None else value


def prepare(case):
    for words in CLEAN + case.get("setup", []):
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if words in CLEAN else None, check=words not in CLEAN)


def reference(module, args, phase):
    namespace, collection, name = module.split(".")
    place = f"ansible_collections.{namespace}.{collection}.plugins.modules.{name}"
    told = dict(args, docker_host="unix://" + ENGINE, _ansible_check_mode=phase == "check", _ansible_diff=True)
    done = subprocess.run([os.environ["ANSIBLE_PYTHON"], "-m", place], input=json.dumps({"ANSIBLE_MODULE_ARGS": told}),
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def ours(module, args, phase, proxy):
    told = dict(args, docker_host="unix://" + proxy)
    flags = ["check", "diff"] if phase == "check" else ["diff"]
    done = subprocess.run([os.environ["RUN_MODULE"], module, json.dumps(told), *flags], capture_output=True, text=True)
    return json.loads(done.stdout)


def comparable(result):
    result = {key: value for key, value in result.items() if key not in ("invocation", "deprecations", *INSPECTIONS)}
    result.setdefault("changed", False)
    text = json.dumps(result, sort_keys=True)
    text = re.sub(r"[0-9a-f]{64}", "ID", text)
    return json.loads(re.sub(r"HOSTNAME=[0-9a-f]{12}", "HOSTNAME=ID", text))


def differing(one, other, at=""):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            yield from differing(one.get(key, "<absent>"), other.get(key, "<absent>"), f"{at}.{key}")
    elif one != other:
        yield f"{at}: reference {json.dumps(one)}, ours {json.dumps(other)}"


def without(value, keys):
    """The value without these keys, at any depth: as the Rust side ignores them."""
    if isinstance(value, dict):
        return {key: without(inner, keys) for key, inner in value.items() if key not in keys}
    return [without(inner, keys) for inner in value] if isinstance(value, list) else value


def side(case, phases, run):
    """Results and trees of all phases, from the state the case starts with."""
    prepare(case)
    root = tempfile.mkdtemp(prefix="kapell-case-")
    try:
        os.chmod(root, 0o755)
        build(root, case.get("before", {}))
        seen = snapshot(root)
        outcome = {}
        for phase in phases:
            result = json.loads(json.dumps(run(phase, substituted(case["args"], root))).replace(root, "$DIR"))
            outcome[phase] = {"result": result}
            now = snapshot(root)
            if now != seen:
                outcome[phase]["tree"] = seen = now
        return outcome
    finally:
        shutil.rmtree(root, ignore_errors=True)


def record(path):
    with open(path) as file:
        case = json.load(file)
    module = os.path.basename(os.path.dirname(path))
    phases = case.get("phases", ["check", "run", "again"])
    wanted = side(case, phases, lambda phase, args: reference(module, args, phase))
    case["engine"], problems = {}, []
    with tempfile.TemporaryDirectory() as directory:
        socket_path = os.path.join(directory, "proxy.sock")
        server = Server(socket_path, Proxy)
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def recorded(phase, args):
            case["engine"][phase] = Proxy.exchanges = []
            return ours(module, args, phase, socket_path)

        found = side(case, phases, recorded)
        server.shutdown()
    for phase in phases:
        for line in differing(comparable(wanted[phase]["result"]), comparable(found[phase]["result"])):
            if line.split(":")[0].strip(".") not in case.get("differs", []):
                problems.append(phase + line)
        problems += [phase + line for line in differing(wanted[phase].get("tree"), found[phase].get("tree"), " tree")]
        found[phase]["result"] = without(found[phase]["result"], {"invocation", *INSPECTIONS})
    case["expect"] = found
    case["ignore"] = sorted(set(case.get("ignore", [])) | set(INSPECTIONS))
    print(path, "same" if not problems else "DIFFERENT\n  " + "\n  ".join(problems))
    if not problems:
        with open(path, "w") as file:
            json.dump(case, file, indent=1, ensure_ascii=False)
            file.write("\n")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        record(name)
