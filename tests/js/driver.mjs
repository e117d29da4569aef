// Plays what a test says, one JSON line a command, and answers each with one line.

import { createInterface } from "node:readline";
import { FullClient } from "./client.mjs";

const clients = new Map();

const commands = {
  open: ({ client, base, token }) => void clients.set(client, new FullClient(base, token)),
  sync: ({ client }) => clients.get(client).sync(),
  edit: ({ client, resident, writes }) => clients.get(client).edit(resident, writes),
  shown: ({ client, resident }) => clients.get(client).shown(resident),
  receipt: ({ client, edit }) => clients.get(client).receipts.get(edit),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await commands[command.do](command)) ?? null };
  } catch (error) {
    answer = { error: String(error.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
