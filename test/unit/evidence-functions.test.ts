// The rims of the functions that follow the bucket and the tasks: what AWS sends them, what they give back, and what of it comes again.
import { describe, expect, it, vi } from "vitest";
import { type IndexParts, indexSegment } from "#functions/index-segment/follow.ts";
import { readChange } from "#functions/recover-session/event.ts";
import { type RecoverySettings, recoverSession } from "#functions/recover-session/recover.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import type { SessionPart } from "#shared/evidence/session-part.ts";
import { objectCreated, queued, taskStateChange } from "#test/support/aws-events.ts";
import { finished, newIdentity, OPENED, STATEMENT } from "#test/support/evidence.ts";
import { MemoryJournal } from "#test/support/memory-journal.ts";
import { MemoryStore } from "#test/support/memory-store.ts";
import { linesOf, objectsOf } from "#test/support/objects.ts";

vi.spyOn(console, "warn").mockImplementation(() => undefined);
vi.spyOn(console, "error").mockImplementation(() => undefined);
const BUCKET = "evidence";
const START = Date.UTC(2026, 10, 20);

async function indexing(more: Partial<IndexParts> = {}) {
  const identity = newIdentity();
  const objects = await objectsOf(identity, [OPENED, STATEMENT, finished(2)], START, [1, 2]);
  const store = new MemoryStore(objects.map(({ record, bytes }) => [record.key, bytes] as const));
  const added: SessionPart[] = [];
  const parts: IndexParts = {
    bucket: BUCKET,
    get: (key) => store.get(key),
    list: async function* (prefix, after = "") {
      for (const key of [...store.objects.keys()].sort()) if (key.startsWith(prefix) && key > after) yield { key };
    },
    decompress,
    add: (part) => Promise.resolve(void added.push(part)),
    ...more,
  };
  return {
    keys: objects.map(({ record }) => record.key),
    store,
    added,
    run: indexSegment(() => Promise.resolve(parts)),
  };
}

describe("messages of the bucket's queue", () => {
  it("are taken; what belongs to no lane of events is passed over", async () => {
    const { keys, added, run } = await indexing();
    const others = [
      "ledger/checkpoint",
      "policy/v1/a/access.cedar",
      (keys[0] ?? "").replace("events", "recordings").replace("ndjson", "chunks"),
    ];
    const event = queued(...[...keys, ...others].map((key) => objectCreated(BUCKET, key)));
    expect(await run(event)).toEqual({ batchItemFailures: [] });
    expect(added.map(({ ranges }) => ranges[0])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it("come again one by one: those that make no sense, are of another bucket, or could not be done", async () => {
    const { keys, added, run, store } = await indexing();
    const [first = "", second = ""] = keys;
    store.objects.set(second, Buffer.from("damaged"));
    const event = queued(
      objectCreated(BUCKET, first),
      objectCreated(BUCKET, second),
      objectCreated(BUCKET, first.replace("0000000001-0000000001", "0000000009-0000000009")),
      objectCreated("another", first),
      "no JSON",
      { "detail-type": "Object Deleted" },
    );
    const [, ...bad] = event.Records.map(({ messageId }) => messageId);
    const result = (await run(event)) as { batchItemFailures: { itemIdentifier: string }[] };
    // What else there is of the session comes again with the damaged one: it does no harm.
    const again = result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(again).toEqual(expect.arrayContaining(bad));
    expect(added).toHaveLength(1);
  });

  it("come again all together, when the index cannot be had", async () => {
    const { keys, run } = await indexing({ add: () => Promise.reject(new Error("no table")) });
    const event = queued(...keys.map((key) => objectCreated(BUCKET, key)));
    const result = (await run(event)) as { batchItemFailures: unknown[] };
    expect(result.batchItemFailures).toHaveLength(3);
  });

  it("are no other than expected", async () => {
    const { run } = await indexing();
    await expect(run({ Records: [{ body: "x" }] })).rejects.toThrow("not as expected");
  });
});

describe("a listing", () => {
  it("is taken from where it stopped", async () => {
    const { keys, added, run } = await indexing();
    expect(await run({ list: "events/v1/date=2026-11-20/" })).toEqual({ taken: 3, next: null });
    expect(await run({ list: "events/v1/", after: keys[1] })).toEqual({ taken: 1, next: null });
    expect(added).toHaveLength(4);
  });

  it("fails as a whole when some of it could not be taken", async () => {
    const { run } = await indexing({ add: () => Promise.reject(new Error("no table")) });
    await expect(run({ list: "events/v1/" })).rejects.toThrow();
  });
});

describe("what ECS says of a task", () => {
  const TASK = "c13b4cb40f1f4fe4a2971f76ae5a47ad";

  it("is read: its id, and when it stopped", () => {
    const stopped = taskStateChange(TASK, "STOPPED", "2026-11-20T14:00:05.123Z");
    expect(readChange(JSON.stringify(stopped))).toEqual({ task: TASK, time: Date.UTC(2026, 10, 20, 14, 0, 5, 123) });
    expect(readChange(JSON.stringify(taskStateChange(TASK, "STOPPED")))?.time).toBe(Date.UTC(2026, 10, 20, 14, 0, 6));
    expect(readChange(JSON.stringify(taskStateChange(TASK, "DEPROVISIONING")))).toBeNull();
    expect(() => readChange(JSON.stringify(objectCreated(BUCKET, "x")))).toThrow();
  });

  it("recovers tasks that have stopped and no other, and comes again when that fails", async () => {
    const identity = newIdentity();
    const [line = ""] = linesOf(identity, [OPENED], START);
    const store = new MemoryStore();
    const opened: string[] = [];
    const parts: RecoverySettings = {
      store,
      openJournal: async (task) => {
        opened.push(task);
        if (task === "unreadable") throw new Error("no table");
        const journal = new MemoryJournal();
        if (task === TASK) await journal.write(Buffer.from(`${line}\n`));
        return new MemoryJournal(journal.batches);
      },
      sha256: nodeSha256,
      pack: (bytes) => Promise.resolve(bytes),
      decompress: (bytes) => Promise.resolve(bytes),
      now: () => START + 5000,
    };
    const run = recoverSession(() => Promise.resolve(parts));
    const event = queued(
      taskStateChange("running", "RUNNING"),
      taskStateChange("unreadable", "STOPPED"),
      taskStateChange(TASK, "STOPPED"),
      "{}",
    );
    const [, unreadable, , senseless] = event.Records.map(({ messageId }) => ({ itemIdentifier: messageId }));
    expect(await run(event)).toEqual({ batchItemFailures: [unreadable, senseless] });
    expect(opened).toEqual(["unreadable", TASK]);
    expect([...store.objects.keys()]).toEqual([
      `events/v1/date=2026-11-20/target=clinic/${identity.session}/0000000001-0000000002.ndjson.zst`,
    ]);
    expect(await run({ task: "another" })).toEqual({ task: "another", sessions: 0 });
  });
});
