// A full client on the official library: it carries the documents, edits them offline, and sends its changes.
// Written from docs/sync.md, section 10.

import * as A from "@automerge/automerge";
import { randomBytes } from "node:crypto";

/** An id of version 7, lower case with hyphens. */
export function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export class FullClient {
  constructor(base, token) {
    this.base = base;
    this.token = token;
    this.documents = new Map();
    this.receipts = new Map();
    this.unsent = [];
    this.seq = 0;
    this.cursor = undefined;
  }

  /** Does some writes to a record, each a change, as one edit that waits to be sent; answers its id. */
  edit(resident, writes) {
    const id = newId();
    const before = this.documents.get(resident);
    let doc = A.clone(before, { actor: id.replaceAll("-", "") });
    for (const write of writes) {
      doc = A.change(doc, (draft) => apply(draft, write, id));
    }
    const changes = A.getChanges(before, doc);
    // Nothing written, nothing to say.
    if (changes.length === 0) return null;
    this.documents.set(resident, doc);
    this.unsent.push({ id, resident, seq: ++this.seq, made_at: new Date().toISOString(), changes });
    return id;
  }

  /** Sends what waits and takes in what is new, until there is no more. */
  async sync() {
    let more = true;
    while (more) {
      const sent = this.unsent.slice(0, 200);
      const answer = await this.request({
        catalogue: 1,
        documents: true,
        cursor: this.cursor,
        edits: sent.map((edit) => ({
          id: edit.id,
          seq: edit.seq,
          made_at: edit.made_at,
          resident: edit.resident,
          catalogue: 1,
          changes: edit.changes.map((bytes) => Buffer.from(bytes).toString("base64")),
        })),
      });
      for (const receipt of answer.receipts) {
        this.receipts.set(receipt.edit, receipt);
        this.unsent = this.unsent.filter((edit) => edit.id !== receipt.edit);
      }
      for (const item of answer.items) {
        if (item.kind === "record") this.take(item);
        if (item.kind === "drop" && item.resident) this.documents.delete(item.resident);
        if (item.kind === "receipt") this.receipts.set(item.edit, item);
      }
      this.cursor = answer.cursor;
      more = answer.more || this.unsent.length > 0;
    }
  }

  /** The server's document and the own edits that have no receipt yet: nothing else is kept. */
  take(item) {
    let doc = A.load(Buffer.from(item.document, "base64"));
    for (const edit of this.unsent.filter((edit) => edit.resident === item.resident)) {
      [doc] = A.applyChanges(doc, edit.changes);
    }
    this.documents.set(item.resident, doc);
  }

  async request(body) {
    const response = await fetch(`${this.base}/api/v1/sync`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** What the document shows, as plain values, and its heads. */
  shown(resident) {
    const doc = this.documents.get(resident);
    const fields = {};
    for (const [key, value] of Object.entries(doc.fields)) {
      fields[key] = A.isImmutableString(value)
        ? value.val
        : value !== null && typeof value === "object"
          ? Object.keys(value).sort()
          : value;
    }
    return { heads: A.getHeads(doc).sort(), fields };
  }
}

function apply(draft, write, id) {
  if ("register" in write) {
    const value = write.value;
    draft.fields[write.register] = typeof value === "string" ? new A.ImmutableString(value) : value;
  } else if ("note" in write) {
    A.updateText(draft, ["fields", write.note], write.text);
  } else if ("set" in write) {
    for (const element of write.remove ?? []) delete draft.fields[write.set][element];
    for (const element of write.add ?? []) draft.fields[write.set][element] = new A.ImmutableString(id);
  } else if ("raw" in write) {
    // What no client should do: a plain string makes a text object.
    draft.fields[write.raw] = write.value;
  }
}
