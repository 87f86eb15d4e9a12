#!/usr/bin/python
# WANT_JSON
import json, sys
args = json.load(open(sys.argv[1]))
print(json.dumps({"changed": False, "given": {key: value for key, value in args.items() if key[0] != '_'}}))
