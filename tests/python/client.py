"""A light client of the sync contract, written from docs/sync.md with the standard library alone.

As a program it reads one JSON command a line and answers each with one line, for the conformance kit.
"""

import gzip
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid


def new_id():
    """An id of version 7, lower case with hyphens."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 2 << 62))


def instant():
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)


class Server:
    """Requests that may fail: then the same is sent again later."""

    def __init__(self, base, authorization=None):
        self.base, self.authorization = base.rstrip("/"), authorization

    def post(self, path, body):
        headers = {"content-type": "application/json", "accept-encoding": "gzip"}
        if self.authorization:
            headers["authorization"] = self.authorization
        data = json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(self.base + path, data, headers, method="POST")
        # No proxy: the address is the one that was given.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                text = response.read()
                if response.headers.get("content-encoding") == "gzip":
                    text = gzip.decompress(text)
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise RuntimeError("%d %s" % (error.code, error.read().decode())) from error


class Client:
    """A phone: records, edits that were not acknowledged yet, and a cursor."""

    EDITS = 200

    def __init__(self, server):
        self.server = server
        self.records = {}
        self.unsent, self.sent = [], []
        self.receipts = {}
        self.heard = []
        self.dropped = []
        self.differing = set()
        self.cursor = None
        self.seq = 0
        self.through = 0

    # What the worker does.

    def make(self, resident, **parts):
        """Keeps an edit, to be sent; answers its id."""
        self.seq += 1
        edit = {"id": new_id(), "seq": self.seq, "made_at": instant(), "resident": resident, "catalogue": 1}
        record = self.records.get(resident)
        if record:
            edit["base"] = record["version"]
        if "create" not in parts:
            own = [e for e in self.unsent if e["resident"] == resident]
            if not own and not record:
                own = [e for e in self.sent if e["resident"] == resident]
            if own:
                edit["after"] = own[-1]["id"]
        edit.update(parts)
        self.unsent.append(edit)
        return edit["id"]

    def set(self, resident, key, value):
        return self.make(resident, fields={key: {"was": self.shown(resident, key), "now": value}})

    def change(self, resident, key, add=(), remove=()):
        return self.make(resident, fields={key: {"add": list(add), "remove": list(remove)}})

    def confirm(self, resident, keys):
        return self.make(resident, confirm=list(keys))

    def visit(self, resident, text):
        visit = {"means": "home", "outcome": "met", "at": instant(), "text": text}
        return self.make(resident, visit=visit)

    def report(self, resident, kind):
        return self.make(resident, report={"kind": kind})

    def create(self, grid, values):
        resident = new_id()
        fields = {key: {"was": None, "now": value} for key, value in values.items()}
        self.make(resident, create={"grid": grid}, fields=fields)
        return resident

    # What the screen shows.

    def shown(self, resident, key):
        """A field as the server last said it, with the own edits upon it that wait."""
        value = self.records.get(resident, {}).get("fields", {}).get(key)
        for edit in self.unsent:
            write = edit.get("fields", {}).get(key) if edit["resident"] == resident else None
            if write is None:
                continue
            if "now" in write:
                value = write["now"]
            else:
                elements = set(value or []) - set(write["remove"]) | set(write["add"])
                value = sorted(elements) or None
        return value

    def conflict(self, resident, key):
        sides = self.records[resident].get("conflicts", {}).get(key, [])
        return sorted(str(side.get("value", side.get("element"))) for side in sides)

    # The line.

    def sync(self):
        """Sends what waits and takes in what is new, until nothing changes any more."""
        for _ in range(60):
            more = self.exchange()
            if not (more or self.unsent or self.dropped or self.differing):
                return
        raise RuntimeError("never quiet")

    def exchange(self):
        edits = self.unsent[: self.EDITS]
        request = {"catalogue": 1, "sent_at": instant(), "edits": edits, "dropped": list(self.dropped)}
        if self.cursor:
            request["cursor"] = self.cursor
        if self.differing:
            request["have"] = {grid: self.versions(grid) for grid in self.differing}
        return self.take_in(request, self.server.post("/api/v1/sync", request))

    def take_in(self, request, answer):
        self.dropped = [drop for drop in self.dropped if drop not in request["dropped"]]
        for receipt in answer["receipts"]:
            # An edit without a readable id is named by its place.
            edit = receipt["edit"] if "edit" in receipt else request["edits"][receipt["index"]]["id"]
            self.receive(edit, receipt)
        for item in answer["items"]:
            self.apply(item)
        self.cursor = answer["cursor"]
        through = answer["standing"]["through"]
        if through < self.through:
            # A server that lost its database is told again what it does not count.
            self.unsent += [edit for edit in self.sent if edit["seq"] > through]
            self.unsent.sort(key=lambda edit: edit["seq"])
            self.sent = [edit for edit in self.sent if edit["seq"] <= through]
        self.through = through
        if not answer["more"]:
            self.compare(answer["grids"])
        return answer["more"]

    def receive(self, edit, receipt):
        self.receipts[edit] = receipt
        self.sent += [made for made in self.unsent if made["id"] == edit]
        self.unsent = [made for made in self.unsent if made["id"] != edit]

    def apply(self, item):
        kind = item["kind"]
        if kind == "record":
            self.records[item["resident"]] = item
        elif kind == "drop":
            if "resident" in item:
                self.records.pop(item["resident"], None)
                self.dropped.append([item["resident"], item["holding"]])
            self.heard.append(item)
        elif kind == "drop_everything":
            self.records.clear()
        elif kind == "receipt":
            self.receive(item["edit"], item)
        elif kind in ("decision", "notice"):
            self.heard.append(item)
        # Kinds that are not known are passed over.

    def versions(self, grid):
        there = [record for record in self.records.values() if record["grid"] == grid]
        return [[record["resident"], record["version"]] for record in there]

    def compare(self, grids):
        """Counts and digests of both sides; what differs is said with the next request."""
        self.differing = set()
        for resident, record in list(self.records.items()):
            if record["grid"] not in grids:
                del self.records[resident]
        for grid, told in grids.items():
            for resident in told.get("remove") or []:
                self.records.pop(resident, None)
            digest = 0
            for resident, version in self.versions(grid):
                text = uuid.UUID(resident).bytes + version.encode()
                digest ^= int.from_bytes(hashlib.sha256(text).digest()[:16], "big")
            if (len(self.versions(grid)), "%032x" % digest) != (told["count"], told["digest"]):
                self.differing.add(grid)


def main():
    clients = {}
    for line in sys.stdin:
        command = json.loads(line)
        does, name = command.pop("do"), command.pop("client")
        try:
            if does == "open":
                server = Server(command["base"], "Bearer " + command["token"])
                clients[name] = Client(server)
                result = None
            elif does == "receipt":
                result = clients[name].receipts.get(command["edit"])
            elif does == "holds":
                result = command["resident"] in clients[name].records
            else:
                result = getattr(clients[name], does)(**command)
            answer = {"ok": result}
        except Exception as error:  # noqa: BLE001 - whatever it is, the kit is told
            answer = {"error": repr(error)}
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
