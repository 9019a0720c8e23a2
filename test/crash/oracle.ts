// The two accounts of what happened: the target's own log, and the evidence.

import { LocalStore } from "#proxy/adapters/local-store.ts";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import { type EvidenceLine, readLine } from "#shared/evidence/line-read.ts";
import { parseKey, splitLines } from "#shared/evidence/segment.ts";
import { NUMBERED } from "./load.ts";

/** Commands of one session: the numbers in them, and how often the repeated statement ran. */
export interface Account {
  readonly numbers: Set<number>;
  again: number;
}

/** @returns the target's account, by `application_name`, of a log that the local home's PostgreSQL wrote with `log_statement` = all */
export function executed(log: string): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const [, name = "", text = ""] of log.matchAll(
    /^[^\n]*? \[\d+\] \S+@\S+ (.*?) LOG: {2}(?:statement|execute [^:]+): (.*)$/gm,
  ))
    put(accounts, name, text);
  return accounts;
}

/** @returns the evidence's account, by session, of every event in the store */
export async function recorded(root: string): Promise<Map<string, Account>> {
  const store = LocalStore.forReading(root);
  const lines: EvidenceLine[] = [];
  for await (const { key } of store.list("events/")) {
    if (parseKey(key) === null) continue;
    const bytes = await decompress((await store.get(key)) ?? new Uint8Array());
    for (const line of splitLines(bytes) ?? []) {
      const read = readLine(new TextDecoder().decode(line));
      if (read !== null) lines.push(read);
    }
  }
  const texts = new Map<string, string>();
  const accounts = new Map<string, Account>();
  for (const { session, seq, event } of lines)
    if (event.type === "statement") texts.set(`${session} ${seq}`, event.text);
  for (const { session, event } of lines) {
    if (event.type === "statement" && event.phase === "query") put(accounts, session, event.text);
    if (event.type === "execute" && event.phase !== "prepare")
      put(accounts, session, texts.get(`${session} ${event.ref}`) ?? "");
  }
  return accounts;
}

function put(accounts: Map<string, Account>, who: string, text: string): void {
  const account = accounts.get(who) ?? { numbers: new Set(), again: 0 };
  accounts.set(who, account);
  const number = NUMBERED.exec(text)?.[1];
  if (number !== undefined) account.numbers.add(Number(number));
  if (/\bAS again\b/.test(text)) account.again++;
}

/** @returns every command that the target ran and the evidence does not have, in words; empty when the promise holds */
export function unrecorded(target: ReadonlyMap<string, Account>, evidence: ReadonlyMap<string, Account>): string[] {
  const missing: string[] = [];
  for (const [name, ran] of target) {
    if (ran.numbers.size === 0 && ran.again === 0) continue;
    const session = [...evidence.keys()].find((id) => name.includes(id));
    const known = session === undefined ? undefined : evidence.get(session);
    for (const n of ran.numbers) if (known?.numbers.has(n) !== true) missing.push(`${name}: statement ${n}`);
    if (ran.again > (known?.again ?? 0))
      missing.push(`${name}: ${ran.again} runs of the repeated one, ${known?.again ?? 0} recorded`);
  }
  return missing;
}
