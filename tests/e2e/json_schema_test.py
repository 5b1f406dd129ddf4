#!/usr/bin/env python3
"""Every line that lwpinspect prints with --json is as docs/lwpinspect.schema.json says.

json_schema_test.py SCHEMA LWPINSPECT ORACLE STUCK PTHREAD_STUCK
"""
import json
import re
import subprocess
import sys

TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list,
         "null": type(None)}


class Schema:
    """The part of JSON Schema that the file uses; anything else in it is an error."""
    KNOWN = {"type", "const", "enum", "pattern", "required", "properties", "additionalProperties",
             "items", "anyOf", "oneOf", "$ref", "$defs", "$schema", "title", "description"}

    def __init__(self, document):
        self.document = document

    def faults(self, rule, value, path="line"):
        unknown = set(rule) - self.KNOWN
        if unknown:
            yield "the schema has %s, which this test does not know" % sorted(unknown)
        if "$ref" in rule:
            yield from self.faults(self.document["$defs"][rule["$ref"].rsplit("/", 1)[1]], value, path)
        if "type" in rule:
            names = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
            if not any(self.is_a(value, name) for name in names):
                yield "%s is %r, not %s" % (path, value, names)
                return
        if "const" in rule and value != rule["const"]:
            yield "%s is %r, not %r" % (path, value, rule["const"])
        if "enum" in rule and value not in rule["enum"]:
            yield "%s is %r" % (path, value)
        if "pattern" in rule and not re.search(rule["pattern"], value):
            yield "%s is %r" % (path, value)
        if isinstance(value, dict):
            for name in rule.get("required", []):
                if name not in value:
                    yield "%s has no %s" % (path, name)
            for name, part in rule.get("properties", {}).items():
                if name in value:
                    yield from self.faults(part, value[name], path + "." + name)
            if "properties" in rule:
                for name in set(value) - set(rule["properties"]):
                    yield "%s.%s is not in the schema" % (path, name)
        if isinstance(value, list) and "items" in rule:
            for number, item in enumerate(value):
                yield from self.faults(rule["items"], item, "%s[%d]" % (path, number))
        for word in ("anyOf", "oneOf"):
            if word in rule:
                results = [list(self.faults(part, value, path)) for part in rule[word]]
                fitting = sum(not faults for faults in results)
                if fitting == 0 or (word == "oneOf" and fitting > 1):
                    yield from min(results, key=len)

    @staticmethod
    def is_a(value, name):
        if name == "integer" and isinstance(value, bool):
            return False
        return isinstance(value, TYPES[name])


def started(*command):
    target = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in target.stdout:
        if line.strip() == "ready":
            return target
    raise RuntimeError("%s did not start" % command[0])


def main(schema_path, tool, oracle, stuck, pthread_stuck):
    with open(schema_path, encoding="utf-8") as file:
        schema = Schema(json.load(file))
    seen, failures = set(), 0
    targets = [started(oracle, "spin"), started(stuck, "circle2"),
               started(pthread_stuck, "normal", "3")]
    try:
        for target in targets:
            pid = str(target.pid)
            for words in (["ps", "-L", pid], ["stack", pid], ["stacks", pid], ["lwps", pid],
                          ["locks", "--all", pid], ["deadlocks", pid], ["-S", "stack", pid],
                          ["why", pid, "lwp:" + pid], ["probes", pid], ["check", "--sample-ms", "20", pid],
                          ["diff", "--every", "0.02", pid], ["info", pid], ["-n", "ps", pid]):
                result = subprocess.run([tool, *words, "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, check=False, timeout=60)
                lines = [json.loads(line) for line in result.stdout.splitlines()]
                faults = [] if lines and lines[0]["type"] == "process" else ["no process line"]
                faults += [] if lines and lines[-1]["type"] == "end" else ["no end line"]
                for line in lines:
                    seen.add(line["type"])
                    faults += schema.faults({"oneOf": schema.document["oneOf"]}, line)
                if lines and lines[-1].get("exit") != result.returncode:
                    faults.append("exit code %d" % result.returncode)
                for fault in sorted(set(faults))[:5]:
                    failures += 1
                    print("%s: %s" % (" ".join(words), fault))
    finally:
        for target in targets:
            target.kill()
            target.wait()
    unseen = {ref["$ref"].rsplit("/", 1)[1] for ref in schema.document["oneOf"]} - seen
    if unseen:
        print("never printed: %s" % sorted(unseen))
    return 1 if failures or unseen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
