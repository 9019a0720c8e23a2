// Records of activity streams: what is read of them, and that only what their key made is opened. test/corpus/activity-stream was sealed by AWS's encryption
// SDK for Python (test/aws/seal-activity.py), with the two suites of algorithms that such messages have.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KMSClient } from "@aws-sdk/client-kms";
import { describe, expect, it } from "vitest";
import { openActivityWith } from "#proxy/adapters/aws-activity-stream.ts";
import { eventsOf, fromStream } from "#shared/reconcile/activity-stream.ts";
import { ROOT } from "#test/support/project.ts";

const CLUSTER = "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ";
const records = readFileSync(join(ROOT, "test/corpus/activity-stream/sealed.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { databaseActivityEvents: string; key: string });
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

/** Unwraps the corpus' key in its context alone, and says how often it was asked. */
function kms(key = KEY) {
  const asked: unknown[] = [];
  const send = async ({ input }: { readonly input: unknown }) => {
    asked.push(input);
    return { Plaintext: key };
  };
  return { asked, client: { send } as unknown as KMSClient };
}

describe("a sealed record", () => {
  it.each([0, 1])("of either suite is opened, its key asked for once", async (i) => {
    const { asked, client } = kms();
    const open = openActivityWith(CLUSTER, client);
    const record = records[i];
    if (record === undefined) throw new Error("the corpus has two records");
    const text = await open(record);
    expect(await open(record)).toBe(text);
    const CiphertextBlob = Buffer.from("wrapped");
    expect(asked).toEqual([{ CiphertextBlob, EncryptionContext: { "aws:rds:dbc-id": CLUSTER } }]);
    const counts = { heartbeats: 0, unknown: 0 };
    const read = eventsOf(JSON.parse(text)).map((event) => fromStream(event, counts));
    expect(counts).toEqual({ heartbeats: 1, unknown: 0 });
    expect(read.filter((one) => one !== null)).toMatchObject([
      {
        source: "stream",
        text: "SELECT name FROM drugs WHERE id = $0",
        application: "postern/S1/engineer",
        audit: { statement: 1, part: 1 },
        backend: "691f2f80.4f2",
        at: Date.parse("2026-11-20T14:00:01.123Z"),
      },
      { audit: { statement: 1, part: 2 } },
      { user: "eve", host: "10.0.0.7", text: "SELECT ssn FROM patients WHERE ssn = '?'" },
    ]);
    expect(JSON.stringify(read)).not.toMatch(/4711|900-00/);
  });

  it.each([0, 1])("is not opened by another key, nor when a bit of it is another", async (i) => {
    const record = records[i];
    if (record === undefined) throw new Error("the corpus has two records");
    await expect(openActivityWith(CLUSTER, kms(new Uint8Array(32)).client)(record)).rejects.toThrow();
    await expect(openActivityWith(CLUSTER, kms(new Uint8Array(16)).client)(record)).rejects.toThrow("data key");
    const open = openActivityWith(CLUSTER, kms().client);
    const bytes = Buffer.from(record.databaseActivityEvents, "base64");
    for (let at = 0; at < bytes.length; at += 29) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const other = { ...record, databaseActivityEvents: changed.toString("base64") };
      await expect(open(other), String(at)).rejects.toThrow();
    }
  });

  it("of an instance is unwrapped in the instance's context", async () => {
    const { asked, client } = kms();
    await openActivityWith("db-FZJTMYKCXQBUUZ6VLU7NW3ITCM", client)(records[0]!);
    expect(asked).toMatchObject([{ EncryptionContext: { "aws:rds:db-id": "db-FZJTMYKCXQBUUZ6VLU7NW3ITCM" } }]);
  });
});

describe("an event", () => {
  const event = {
    type: "record",
    serverType: "PostgreSQL",
    logTime: "2026-11-20 14:00:00.000001+00",
    dbUserName: "postern_gateway",
    databaseName: "clinic",
    clientApplication: "postern/S1/engineer",
    sessionId: "691f2f80.4f2",
  };
  const counted = (more: object) => {
    const counts = { heartbeats: 0, unknown: 0 };
    return { read: fromStream({ ...event, ...more }, counts), counts };
  };

  it("that is a login says whose connection it is", () => {
    const { read } = counted({ command: "CONNECT", commandText: null, class: "MISC" });
    expect(read).toMatchObject({ source: "login", application: "postern/S1/engineer", backend: "691f2f80.4f2" });
  });

  it("about a command without its text is not passed over", () => {
    const { read, counts } = counted({ command: "SELECT", commandText: null });
    expect(read).toMatchObject({ source: "unreadable", user: "postern_gateway", database: "clinic" });
    expect(counts.unknown).toBe(0);
  });

  it("of something else is counted", () => {
    expect(counted({ serverType: "MySQL", commandText: "SELECT 1" }).counts.unknown).toBe(1);
    expect(counted({ type: "something new" }).counts.unknown).toBe(1);
    expect(fromStream(null, { heartbeats: 0, unknown: 0 })).toBeNull();
    expect(counted({ command: "DISCONNECT", commandText: null }).counts.unknown).toBe(0);
  });
});
