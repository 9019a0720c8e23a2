// Garbage from both sides, for as long as POSTERN_FUZZ_SECONDS says: nothing is thrown, nothing piles up, nothing that is not permitted
// goes to the target, and no masked cell to the client.
import { randomInt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { backend as b } from "#test/support/backend.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";
import { FUZZ_SECONDS } from "#test/support/settings.ts";

const SECRET = "123-45-6789";
const TEXTS = [
  "select ssn",
  "select id, ssn",
  "begin",
  "commit",
  "forbidden",
  "copy t from stdin",
  "copy (select ssn) to stdout",
  "prepare p as select ssn",
  "execute p",
  "set search_path = x",
  "create table t (x int)",
  "select ssn; select ssn; copy t from stdin",
  "",
];
const NAMES = ["", "a", "p"];

const CLIENT: readonly (() => Buffer)[] = [
  () => f.query(one(TEXTS)),
  () => f.parse(one(NAMES), one(TEXTS)),
  () => f.bind(one(NAMES), one(NAMES), ["x"]),
  () => f.describe(one(["S", "P"]), one(NAMES)),
  () => f.execute(one(NAMES), randomInt(3)),
  () => f.close(one(["S", "P"]), one(NAMES)),
  () => f.sync,
  () => f.flush,
  () => f.copyData("x".repeat(randomInt(200))),
  () => f.copyDone,
  () => f.copyFail("x"),
];

const SERVER: readonly (() => Buffer)[] = [
  () => b.rowDescription(...Array.from({ length: randomInt(3) }, () => "ssn")),
  () => b.dataRow(...Array.from({ length: randomInt(3) }, () => SECRET)),
  () => b.complete(one(["SELECT 1", "COMMIT", "ROLLBACK", "COPY 1", "SET"])),
  () => b.ready(one(["I", "T", "E"])),
  () => b.error("42601", SECRET),
  () => b.parseComplete,
  () => b.bindComplete,
  () => b.closeComplete,
  () => b.noData,
  () => b.emptyQuery,
  () => b.suspended,
  () => b.parameterDescription,
  () => b.copyIn(1),
  () => b.copyOut(1),
  () => b.copyData(`${SECRET}\n`),
  () => b.copyDone,
  () => b.notification("c", SECRET),
  () => b.parameter("search_path", "public"),
  () => b.fields("N", { S: "NOTICE", V: "NOTICE", C: "00000", M: SECRET }),
];

function one<T>(list: readonly T[]): T {
  return list[randomInt(list.length)] as T;
}

/** Now and then a byte is changed, a part left out, or doubled. */
function mangled(bytes: Buffer): Buffer {
  const kind = randomInt(60);
  const at = randomInt(bytes.length);
  const copy = Buffer.from(bytes);
  if (kind === 0) copy[at] = randomInt(256);
  else if (kind === 1) return copy.subarray(0, at);
  else if (kind === 2) return Buffer.concat([copy, copy.subarray(at)]);
  return copy;
}

/** A server that says a cell in place of a name or a tag cannot be helped: what is mangled holds no cell. */
function noiseOf(message: Buffer): Buffer {
  return message.includes(SECRET) ? message : mangled(message);
}

/** What an honest server would answer to the messages it was sent, more or less. */
function answers(sent: string): Buffer[] {
  return Array.from(sent, (type) => {
    if (type === "Q")
      return Buffer.concat([b.rowDescription("ssn"), b.dataRow(SECRET), b.complete("SELECT 1"), b.ready()]);
    const known: Readonly<Record<string, Buffer>> = {
      P: b.parseComplete,
      B: b.bindComplete,
      D: b.rowDescription("ssn"),
      E: Buffer.concat([b.dataRow(SECRET), b.complete("SELECT 1")]),
      C: b.closeComplete,
      S: b.ready(),
    };
    return known[type] ?? Buffer.alloc(0);
  });
}

describe(
  "the machine under garbage",
  () => {
    it(`stands ${FUZZ_SECONDS} s of it`, async () => {
      const end = Date.now() + FUZZ_SECONDS * 1000;
      let turns = 0;
      while (Date.now() < end) {
        const m = new FakeMachine();
        m.session.guards = true;
        m.session.masks = "all";
        m.session.slow = randomInt(4) === 0;
        // Before the first command there is nothing that the target's words could be about.
        await m.client(f.query("select ssn"));
        await m.server(...answers("Q"));
        for (let i = 0; i < 40 && m.failure === null && !m.finished; i++, turns++) {
          const batch = Array.from({ length: 1 + randomInt(6) }, () => mangled(one(CLIENT)()));
          await m.client(...batch);
          const honest = randomInt(3) > 0 ? answers(m.sent()) : [];
          const noise = randomInt(5) === 0 ? [noiseOf(one(SERVER)())] : [];
          const said = [...honest, ...noise];
          if (said.length > 0) await m.server(...said);
          const out = m.saidBytes();
          expect(out.includes(SECRET) ? [out, ...said].map(String) : []).toEqual([]);
        }
        m.machine.close();
      }
      expect(turns).toBeGreaterThan(0);
      expect(process.memoryUsage().rss).toBeLessThan(1024 * 1024 * 1024);
    });
  },
  (FUZZ_SECONDS + 20) * 1000,
);
