#!/usr/bin/python3
"""A module whose own result is called `results`, like that of a loop."""

import json
import sys

arguments = open(sys.argv[1]).read()
outcome = {"changed": "change" in arguments, "results": [{"name": "one"}, {"name": "two"}], "rc": 0}
if "break" in arguments:
    outcome.update(failed=True, msg="broken")
print(json.dumps(outcome))
