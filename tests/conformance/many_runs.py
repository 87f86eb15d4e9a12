"""Runs Ansible's programs many times without starting Python anew: each line of standard input is one call as JSON
(`directory`, `program`, `arguments`), each line of standard output what it said (`code`, `output`, `errors`)."""

import importlib
import json
import os
import signal
import sys
import tempfile

PROGRAMS = {"ansible": "ansible.cli.adhoc", "ansible-inventory": "ansible.cli.inventory"}
MODULES = {program: importlib.import_module(module) for program, module in PROGRAMS.items()}
SECONDS = 60


def play(call, output, errors):
    signal.alarm(SECONDS)
    for place, file in enumerate((open(os.devnull), output, errors)):
        os.dup2(file.fileno(), place)
    os.chdir(call["directory"])
    sys.argv = [call["program"], *call["arguments"]]
    try:
        code = MODULES[call["program"]].main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def answer(call):
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            play(call, output, errors)
        _, status = os.waitpid(child, 0)
        texts = []
        for file in output, errors:
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return {"code": os.waitstatus_to_exitcode(status), "output": texts[0], "errors": texts[1]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
