// Files that an auditor was given and that are not whole: what is missing of them is said, and nothing of what is in them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loggedIn } from "#cli/reconcile/logs.ts";
import { streamed } from "#cli/reconcile/streams.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-reconcile-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const row = (text: string) =>
  [
    ...["2026-11-20 14:00:00.123 UTC", "eve", "clinic", "7", "10.0.0.7:5", "691f2f80.4f2", "1", "SELECT"],
    ...["2026-11-20 13:59:00 UTC", "3/1", "0", "LOG", "00000", `"statement: ${text}"`, "", "", "", "", "", "", "", ""],
    ...["psql", "client backend", "", "0"],
  ].join(",");

async function rowsOf(text: string): Promise<string[]> {
  const file = join(folder, "server.csv");
  writeFileSync(file, text);
  const found: string[] = [];
  for await (const logged of loggedIn([file], { format: "csv" }))
    found.push("text" in logged ? `${logged.source}: ${logged.text}` : logged.source);
  return found;
}

describe("rows of a csvlog", () => {
  const [whole, next] = [row("SELECT 1"), row("SELECT ssn FROM patients")];
  const [ONE, NEXT] = ["log: SELECT $0", "log: SELECT ssn FROM patients"];

  it("are read to the last, with a newline behind it or without", async () => {
    expect(await rowsOf(`${whole}\n${next}\n`)).toEqual([ONE, NEXT]);
    expect(await rowsOf(`${whole}\n${next}`)).toEqual([ONE, NEXT]);
    expect(await rowsOf(`${whole}\n\n`)).toEqual([ONE]);
  });

  it("that were cut off, anywhere, are not passed over", async () => {
    for (let at = 1; at < next.length; at += 7) {
      const [first, last, ...more] = await rowsOf(`${whole}\n${next.slice(0, at)}`);
      expect([first, more]).toEqual([ONE, []]);
      // From the twenty-third column on all is there that is read.
      expect([NEXT, "unreadable"]).toContain(last);
      if (at < next.indexOf("psql")) expect(last).toBe("unreadable");
    }
    expect(await rowsOf(`half of a row\n${whole}\n`)).toEqual(["unreadable", ONE]);
  });
});

it("a record of Kinesis that is no JSON is said without a word of it", async () => {
  const file = join(folder, "records.json");
  const Data = Buffer.from('{"type":"x","ssn 900-00-1234').toString("base64");
  writeFileSync(file, JSON.stringify({ Records: [{ Data }] }));
  const read = async () => {
    for await (const _ of streamed([file], undefined, { heartbeats: 0, unknown: 0 })) throw new Error("it was read");
  };
  const told = await read().catch((error: Error) => error);
  expect(String(told)).toContain("has a record that is not JSON");
  expect(String(told)).not.toContain("900-00");
});
