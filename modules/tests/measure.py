#!/usr/bin/env python3
"""Runs module cases under ansible-core and writes what happened into their `expect`.

    ANSIBLE_PYTHON=/path/to/python [PYTHONPATH=/path/to/collections] tests/measure.py tests/cases/file/*.json

A case is a JSON object: `module` (default: the folder's name), `args`, `before` (the tree the case starts with) and
optionally `action` (what the task's action plugin does on the control node is part of it), `environment` (of the module; fake programs can stand in `$DIR/bin`), `blob` (the content of a file on the control node) or `tree` (a directory there, copied with a trailing slash
when `slash` is "/"), `phases`, `opaque` (names of files whose bytes may differ, such as archives) and `ignore` (result keys that differ from run to run).
Three phases are measured by default: `check` (check and diff mode), `run` (diff mode) and `again` (the same once more).

A case with `system` runs as root in a copy of the lab's image (`cargo xtask fleet image` builds it and says where it
is), which has the real tools and servers and is thrown away afterwards.
`setup` are shell commands to run there first, `files` are files of the system that are compared, too.
"""
import json, os, re, shutil, stat, subprocess, sys, tempfile

PYTHON = os.environ.get("ANSIBLE_PYTHON", "python3")
PHASES = ["check", "run", "again"]
# Results that differ from run to run; the Rust side leaves out the same.
VOLATILE = {"invocation", "start", "end", "delta", "backup_file", "atime", "mtime", "ctime", "inode", "dev", "version",
            "exception", "elapsed", "deprecations", "stdout_lines", "stderr_lines", "attr_flags", "attributes", "blocks",
            "block_size", "birthtime"}


def build(root, tree):
    for name, spec in tree.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(spec, str):
            spec = {"content": spec}
        if spec.get("dir"):
            os.makedirs(path, exist_ok=True)
        elif "link" in spec:
            os.symlink(spec["link"].replace("$DIR", root), path)
        elif "hard" in spec:
            os.link(os.path.join(root, spec["hard"]), path)
        elif "fifo" in spec:
            os.mkfifo(path)
        else:
            with open(path, "wb") as file:
                file.write(spec.get("content", "").encode("utf-8", "surrogateescape") if "hex" not in spec else bytes.fromhex(spec["hex"]))
        if "mode" in spec:
            os.chmod(path, int(spec["mode"], 8))
        elif "link" not in spec and "hard" not in spec:
            os.chmod(path, 0o755 if spec.get("dir") else 0o644)
        if "mtime" in spec:
            os.utime(path, (spec["mtime"], spec["mtime"]))


def snapshot(root):
    tree = {}
    for base, dirs, files in os.walk(root):
        for name in dirs + files:
            path = os.path.join(base, name)
            key = os.path.relpath(path, root)
            tree[re.sub(r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$", ".BACKUP~", key)] = entry_of(path, root)
    return dict(sorted(tree.items()))


def entry_of(path, root):
    info = os.lstat(path)
    entry = {}
    if stat.S_ISLNK(info.st_mode):
        entry["link"] = os.readlink(path).replace(root, "$DIR")
        return entry
    entry["mode"] = "%04o" % stat.S_IMODE(info.st_mode)
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            data = file.read()
        try:
            text = re.sub(r"(Updated by Ansible - )[0-9T:.-]+", r"\1DATE", data.decode().replace(root, "$DIR"))
            entry["content"] = re.sub(r"# \(\S+ installed on [^)]*\)", "# (INSTALLED)", text)
        except UnicodeDecodeError:
            entry["hex"] = data.hex()
        if info.st_nlink > 1:
            entry["names"] = info.st_nlink
    elif stat.S_ISDIR(info.st_mode):
        entry["dir"] = True
    if info.st_mtime < 1700000000:
        entry["mtime"] = int(info.st_mtime)
    return entry


def text_of(note):
    return note["event"]["msg"] if isinstance(note, dict) else note


def cleaned(value, root, ignore):
    if isinstance(value, dict):
        return {k.replace(root, "$DIR"): cleaned(v, root, ignore) for k, v in value.items() if k not in ignore}
    if isinstance(value, list):
        # Directories are listed in any order.
        return sorted((cleaned(v, root, ignore) for v in value), key=lambda v: v.get("path", "") if isinstance(v, dict) else "")
    if isinstance(value, str):
        value = re.sub(r"^Sleeping for \d+ seconds", "Sleeping for N seconds", value)  # A random part of it.
        value = re.sub(r"(\.ansible_tmp|/tmp/ansible|/tmp/tmp)[A-Za-z0-9_./-]*", "$TMP", value.replace(root, "$DIR"))
        return re.sub(r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~", ".BACKUP~", value)
    return value


def substituted(value, root):
    if isinstance(value, dict):
        return {k: substituted(v, root) for k, v in value.items()}
    if isinstance(value, list):
        return [substituted(v, root) for v in value]
    return value.replace("$DIR", root) if isinstance(value, str) else value


def run(module, args, phase, case, root):
    args = substituted(args, root)
    uses = {"shell": "command"}.get(module, module)
    place, full_name = "ansible.modules." + uses, "ansible.builtin." + module
    if "." in module:
        # A module of a collection; ANSIBLE_PYTHON must have the `ansible` package with all of them.
        namespace, collection, name = module.split(".")
        place, full_name = f"ansible_collections.{namespace}.{collection}.plugins.modules.{name}", module
    if module == "shell":
        args["_uses_shell"] = True
    if "blob" in case or "tree" in case or "action" in case:
        return run_task(module, args, phase, case, root)
    with tempfile.TemporaryDirectory() as tmp:
        args.update(_ansible_check_mode=phase == "check", _ansible_diff=True, _ansible_no_log=False, _ansible_remote_tmp=tmp,
                    _ansible_module_name=full_name, _ansible_keep_remote_files=False)
        done = subprocess.run([PYTHON, "-m", place], input=json.dumps({"ANSIBLE_MODULE_ARGS": args}), capture_output=True,
                              text=True, cwd=root, env=dict(os.environ, **substituted(case.get("environment", {}), root)))
        try:
            result = json.loads(done.stdout)
        except ValueError:
            return {"crashed": (done.stderr or done.stdout).strip().splitlines()[-1]}
    if "warnings" in result:
        result["warnings"] = [text_of(note) for note in result["warnings"]]
    result.setdefault("changed", False)
    # Some modules say what goes without saying.
    if result.get("failed") is False:
        del result["failed"]
    return cleaned(result, root, VOLATILE | set(case.get("ignore", [])))


def run_task(module, args, phase, case, root):
    """Through the action plugin, for what begins on the control node."""
    variables = {"ansible_async_dir": args.pop("_async_dir")} if "_async_dir" in args else {}
    with tempfile.TemporaryDirectory() as tmp:
        if "action" in case:
            pass
        elif "tree" in case:
            args["src"] = os.path.join(tmp, "source") + case.get("slash", "")
            os.makedirs(args["src"])
            build(os.path.join(tmp, "source"), case["tree"])
        else:
            args["src"] = os.path.join(tmp, "source.txt")
            with open(args["src"], "w") as file:
                file.write(case["blob"])
            os.chmod(args["src"], 0o644)
        quiet = {f"ANSIBLE_{name}": "0" for name in ("LOCALHOST_WARNING", "DEPRECATION_WARNINGS", "INVENTORY_UNPARSED_WARNING")}
        flags = ["--check", "--diff"] if phase == "check" else ["--diff"]
        ansible = os.path.join(os.path.dirname(PYTHON), "ansible")
        done = subprocess.run([ansible, "localhost", "-o", "-vvv", "-m", module, "-a", json.dumps(args), "-e", json.dumps(variables), *flags],
                              capture_output=True, text=True, cwd=root, env=dict(os.environ, **quiet))
        line = next(line for line in done.stdout.splitlines() if line.startswith("localhost |"))
        result = json.loads(line.split("=>", 1)[1])
        if "FAILED!" in line:
            result["failed"] = True
        result.setdefault("changed", False)
        result = json.loads(json.dumps(result).replace(tmp, "$SRC"))
    hidden = set() if "action" in case else {"src"}
    return cleaned(result, root, VOLATILE | hidden | set(case.get("ignore", [])))


def measure_elsewhere(path):
    """In a copy of the image, where the tools of a case are."""
    here = os.path.dirname(os.path.abspath(__file__))
    code = "import ansible, os; print(os.path.dirname(os.path.dirname(ansible.__file__)))"
    packages = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    packages = ":".join([packages, *filter(None, os.environ.get("PYTHONPATH", "").split(":"))])
    with open(os.environ.get("KAPELL_LAB", "/var/tmp/kapell-lab") + "/modules-image") as file:
        layers = file.read().strip()
    command = [os.path.join(here, "throwaway.sh"), layers, f"{here}:{packages}", "env", f"PYTHONPATH={packages}",
               "ANSIBLE_PYTHON=/usr/bin/python3", "INSIDE=1", "/usr/bin/python3", os.path.abspath(__file__), os.path.abspath(path)]
    subprocess.run(command, check=True)


def set_up(case, root):
    for line in case.get("setup", []):
        done = subprocess.run(["sh", "-ec", line.replace("$DIR", root)], cwd=root, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL)
        assert done.returncode == 0, f"setup fails: {line}"


def snapshot_with_files(root, case):
    tree = snapshot(root)
    for name in case.get("files", []):
        if os.path.lexists(name):
            tree[name] = {key: value for key, value in entry_of(name, root).items() if key != "mtime"}
    return dict(sorted(tree.items()))


def measure(path):
    with open(path) as file:
        case = json.load(file)
    if case.get("system") and "INSIDE" not in os.environ:
        return measure_elsewhere(path)
    module = case.get("module", os.path.basename(os.path.dirname(path)))
    root = tempfile.mkdtemp(prefix="kapell-case-")
    expect = {}
    try:
        os.chmod(root, 0o755)
        build(root, case.get("before", {}))
        set_up(case, root)
        before = snapshot_with_files(root, case)
        after = before
        for phase in case.get("phases", PHASES):
            result = run(module, case["args"], phase, case, root)
            expect[phase] = {"result": result}
            now = snapshot_with_files(root, case)
            for name in case.get("opaque", []):
                if name in now:
                    now[name] = {key: value for key, value in now[name].items() if key not in ("content", "hex")}
            if now != after:
                expect[phase]["tree"] = now
                after = now
    finally:
        shutil.rmtree(root, ignore_errors=True)
    case["expect"] = expect
    with open(path, "w") as file:
        json.dump(case, file, indent=2, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        measure(name)
