"""The conformance kit: plays the wire fixtures against a server, and client fixtures through a client's driver.

    python3 tests/python/kit.py BASE_URL PHONE PASSWORD [--client COMMAND] [--wire FOLDER]

The account is a worker's with at least one grid; the kit reports people of its own there. Without a client it sends
requests itself (tests/wire/*.json, kind "wire"). A client's driver reads one JSON command a line and answers each with
{"ok": ...} or {"error": ...}; see kind "client" and tests/python/client.py.
"""

import json
import pathlib
import shlex
import subprocess
import sys
import uuid

from client import Server, instant, new_id

WIRE = pathlib.Path(__file__).resolve().parent.parent / "wire"


class Names:
    """What `$name` stands for: ids are made at their first use, other values are kept by steps."""

    def __init__(self, grid):
        self.values = {"grid": grid}

    def fill(self, value):
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, str) and value.startswith("$"):
            return self.values.setdefault(value[1:], new_id())
        return value


def matches(expected, found):
    """Whether `found` says all that `expected` says; members that are not named do not count."""
    if isinstance(expected, dict):
        if expected.get("absent") is True and len(expected) == 1:
            return found is None
        return isinstance(found, dict) and all(matches(item, found.get(key)) for key, item in expected.items())
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(matches, expected, found))
    return expected == found


class Kit:
    def __init__(self, base, phone, password):
        self.base, self.phone, self.password = base, phone, password
        self.tokens, self.cursors, self.seqs = {}, {}, {}
        answer = self.device("first").post("/api/v1/sync", {"catalogue": 1})
        while answer["more"]:
            answer = self.device("first").post("/api/v1/sync", {"catalogue": 1, "cursor": answer["cursor"]})
        if not answer["grids"]:
            raise SystemExit("this account has no grid")
        self.names = Names(sorted(answer["grids"])[0])

    def device(self, name):
        """A registration of its own for each name."""
        if name not in self.tokens:
            credentials = {"phone": self.phone, "password": self.password, "installation": uuid.uuid4().hex}
            self.tokens[name] = Server(self.base).post("/api/v1/sign-in", credentials)["access_token"]
        return Server(self.base, "Bearer " + self.tokens[name])

    def wire(self, step):
        """One request and what its answer must say."""
        name = step["device"]
        edits = []
        for edit in step.get("edits", []):
            if "seq" not in edit:
                self.seqs[name] = self.seqs.get(name, 0) + 1
                edit = {"seq": self.seqs[name], **edit}
            edits.append(self.names.fill({"made_at": "2026-11-06T01:00:00.000Z", "catalogue": 1, **edit}))
        request = {"catalogue": 1, "sent_at": instant(), "edits": edits}
        request.update(self.names.fill(step.get("request", {})))
        if name in self.cursors and not step.get("reload"):
            request["cursor"] = self.cursors[name]
        items, answer = [], {"more": True}
        receipts = None
        while answer["more"]:
            answer = self.device(name).post("/api/v1/sync", request)
            receipts = answer["receipts"] if receipts is None else receipts
            items += answer["items"]
            self.cursors[name] = answer["cursor"]
            request = {**request, "edits": [], "cursor": answer["cursor"]}
        for item in items:
            if item["kind"] == "record":
                self.names.values["version " + item["resident"]] = item["version"]
        for keep, resident in step.get("versions", {}).items():
            self.names.values[keep] = self.names.values["version " + self.names.fill(resident)]
        expected = self.names.fill(step.get("expect", {}))
        if not matches(expected.pop("receipts", receipts), receipts):
            return "receipts %s" % json.dumps(receipts, ensure_ascii=False)
        for item in expected.pop("items", []):
            if not any(matches(item, found) for found in items):
                return "no item %s among %s" % (json.dumps(item, ensure_ascii=False), json.dumps(items, ensure_ascii=False))
        return None if matches(expected, answer) else json.dumps(answer, ensure_ascii=False)

    def client(self, driver, step):
        """One command to the client under test, and what it must answer."""
        command = self.names.fill({key: step[key] for key in step if key not in ("as", "expect")})
        if command["do"] == "open":
            self.device(command["client"])
            command.update(base=self.base, token=self.tokens[command["client"]])
        driver.stdin.write(json.dumps(command) + "\n")
        driver.stdin.flush()
        answer = json.loads(driver.stdout.readline() or '{"error": "the client ended"}')
        if "error" in answer:
            return answer["error"]
        if "as" in step:
            self.names.values[step["as"]] = answer["ok"]
        if "expect" in step and not matches(self.names.fill(step["expect"]), answer["ok"]):
            return json.dumps(answer["ok"], ensure_ascii=False)
        return None


def play(kit, fixture, driver):
    for n, step in enumerate(fixture["steps"], 1):
        fault = kit.client(driver, step) if fixture["kind"] == "client" else kit.wire(step)
        if fault:
            return "step %d (%s): %s" % (n, step.get("says", step.get("do", "")), fault)
    return None


def main():
    arguments = sys.argv[1:]
    options = {"--client": None, "--wire": WIRE}
    for name in options:
        if name in arguments:
            at = arguments.index(name)
            options[name] = arguments[at + 1]
            del arguments[at : at + 2]
    command = options["--client"]
    if len(arguments) != 3:
        raise SystemExit(__doc__)
    failed, played = 0, 0
    for path in sorted(pathlib.Path(options["--wire"]).glob("*.json")):
        fixture = json.loads(path.read_text("utf-8"))
        if fixture["kind"] == "client" and not command:
            continue
        kit = Kit(*arguments)
        driver = None
        if fixture["kind"] == "client":
            pipe = subprocess.PIPE
            driver = subprocess.Popen(shlex.split(command), stdin=pipe, stdout=pipe, text=True, encoding="utf-8")
        fault = play(kit, fixture, driver)
        if driver:
            driver.stdin.close()
            driver.wait(10)
        played += 1
        failed += bool(fault)
        print("%s %s%s" % ("FAILED" if fault else "ok", path.name, ": " + fault if fault else ""), flush=True)
    print("%d of %d conversations as they should be" % (played - failed, played))
    raise SystemExit(1 if failed or not played else 0)


if __name__ == "__main__":
    main()
