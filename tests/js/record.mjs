// Records what this release of the library makes of a fixed conversation, for
// sync/tests/fixtures/changes-javascript.txt. Usage: node record.mjs VERSION DOCUMENT_HEX >> that file, with the document
// that sync/tests/fixtures/documents.txt calls `what recorded clients began with`.
//
// Each row: library | edit | its changes in hexadecimal | heads of both devices' documents together afterwards.

import * as A from "@automerge/automerge";

const [version, document] = process.argv.slice(2);
const words = ["独居，", "已上门。", "电话不通", "👨‍👩‍👧", "\n", "每周三透析"];
const phones = ["13900078442", "13900078443", "13900078444"];
const needs = ["送餐", "轮椅", "护理床"];

// The same for everybody: a small generator with a fixed seed.
let state = 7;
const roll = (n) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % n;
};
const oneOf = (all) => all[roll(all.length)];
const hex = (bytes) => Buffer.from(bytes).toString("hex");

let server = A.load(Buffer.from(document, "hex"));
const devices = [A.clone(server), A.clone(server)];

for (let n = 1; n <= 40; n += 1) {
  const which = roll(2);
  const id = `0193${n.toString(16).padStart(4, "0")}-0000-7000-8000-0000000000a${which}`;
  if (roll(3) === 0) devices[which] = A.merge(devices[which], A.clone(server));
  const before = devices[which];
  let doc = A.clone(before, { actor: id.replaceAll("-", "") });
  for (let times = 1 + roll(2); times > 0; times -= 1) {
    const kind = roll(4);
    doc = A.change(doc, { time: 1793926800 + n }, (draft) => {
      if (kind === 0) draft.fields.phone = new A.ImmutableString(oneOf(phones));
      if (kind === 1) draft.fields.guardian_name = roll(3) === 0 ? null : new A.ImmutableString("黄志强");
      if (kind === 2) {
        const [add, remove] = [oneOf(needs), oneOf(needs)];
        if (remove in draft.fields.needs) delete draft.fields.needs[remove];
        draft.fields.needs[add] = new A.ImmutableString(id);
      }
      if (kind === 3) {
        const letters = [...draft.fields.remarks];
        const at = roll(letters.length + 1);
        letters.splice(at, roll(4), oneOf(words));
        A.updateText(draft, ["fields", "remarks"], letters.join(""));
      }
    });
  }
  const changes = A.getChanges(before, doc);
  devices[which] = doc;
  if (changes.length === 0) continue;
  server = A.merge(server, A.clone(doc));
  console.log([version, id, changes.map(hex).join(" "), A.getHeads(server).sort().join(" ")].join(" | "));
}
