// From a recorder to a ledger and an index, through a stand-in for AWS: nothing but events and queues moves it on.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DynamoIndex } from "#functions/adapters/dynamo-index.ts";
import { openDynamoJournal } from "#functions/adapters/dynamo-journal.ts";
import { DynamoSequence } from "#functions/adapters/dynamo-sequence.ts";
import { openKmsSigner } from "#functions/adapters/kms-signer.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { openRecorder, type Recorder } from "#proxy/recorder/recorder.ts";
import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { partOf, type SessionPart } from "#shared/evidence/session-part.ts";
import { verifyEvidence } from "#shared/evidence/verify.ts";
import { finderContract } from "#test/contract/index-of-sessions.ts";
import { ledgerSequenceContract } from "#test/contract/ledger-sequence.ts";
import { taskStateChange } from "#test/support/aws-events.ts";
import { Crash } from "#test/support/crashing.ts";
import {
  finished,
  newIdentity,
  OPENED,
  recorderParts,
  STATEMENT,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { leavesOf, verifyTools } from "#test/support/memory-store.ts";
import { linesOf } from "#test/support/objects.ts";
import { type EvidenceCloud, LEDGER, startEvidenceCloud } from "./evidence-cloud.ts";

const STARTING = 300_000;
const RUNNING = 120_000;
/** Long enough for a machine that has much else to do. */
const soon = { timeout: 90_000, interval: 300 };
const state = temporaryState();
const TASK = "c13b4cb40f1f4fe4a2971f76ae5a47ad";
const INDEX_KEYS = { key: "S", sort: "S" } as const;

let cloud: EvidenceCloud;
let index: DynamoIndex;
beforeAll(async () => {
  cloud = await startEvidenceCloud();
  index = new DynamoIndex(cloud.dynamo, "index");
}, STARTING);
afterAll(() => {
  cloud?.stop();
  state.remove();
});

ledgerSequenceContract(
  "DynamoDB",
  async () => new DynamoSequence(cloud.dynamo, await cloud.table({ key: "S", sort: "N" })),
);
finderContract("DynamoDB", async () => new DynamoIndex(cloud.dynamo, await cloud.table(INDEX_KEYS)));

async function open(task: string): Promise<Recorder> {
  const parts = await recorderParts(state.path);
  await parts.journal.close();
  const journal = await openDynamoJournal({ client: cloud.dynamo, table: "journal", task, now: Date.now });
  return openRecorder({ ...parts, store: cloud.store, journal, signer: null });
}

async function verify() {
  const { verifierKey } = await openKmsSigner({ client: cloud.kms, key: cloud.key, name: LEDGER, sha256: nodeSha256 });
  return verifyEvidence(cloud.store, verifyTools, {
    scope: { type: "all" },
    verifierKey,
    pending: () => Promise.resolve({ lines: new Map(), announced: [] }),
    settle: () => Promise.resolve(),
  });
}

const settled = (sessions: number) =>
  vi.waitFor(async () => {
    const report = await verify();
    expect(report).toMatchObject({ bad: null, ok: true, open: [] });
    expect(report.checked.sessions).toBe(sessions);
    return report;
  }, soon);

describe("evidence on AWS", () => {
  test("goes from the bucket into the ledger and the index by itself", { timeout: RUNNING }, async () => {
    const recorder = await open("first");
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 3);
    await session.close("done");
    await recorder.close();
    await settled(1);
    await vi.waitFor(
      async () =>
        expect(await index.find({ principal: "engineer", relation: "patients" })).toMatchObject([
          { session: identity.session, ending: "done", statements: 3, rows: 3 },
        ]),
      soon,
    );
  });

  test("of a task that died is brought to its end", { timeout: RUNNING }, async () => {
    const recorder = await open(TASK);
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 2);
    await vi.waitFor(async () => expect(await index.get(identity.session)).not.toBeNull(), soon);
    await session.record(STATEMENT);
    // The process is gone from here on; ECS says so, twice.
    const stopped = JSON.stringify(taskStateChange(TASK, "STOPPED", new Date().toISOString()));
    for (const body of [stopped, stopped]) await cloud.send("recover-session", body);
    await vi.waitFor(async () => expect((await index.get(identity.session))?.ending).toMatch(/^recovered: /), soon);
    const report = await settled(2);
    expect(report.recovered).toEqual([identity.session]);
    // It was fenced off: nothing that it still wanted to say can be written.
    await expect(session.record(STATEMENT)).rejects.toThrow();
    await recorder.close();
    await settled(2);
  });

  test("is a leaf once, however often its objects are told of", { timeout: RUNNING }, async () => {
    const before = await leavesOf(cloud.store);
    const head = await cloud.store.get(CHECKPOINT_KEY);
    await cloud.invoke("seal-ledger", { list: "events/v1/" });
    await Promise.all([1, 2, 3].map(() => cloud.invoke("seal-ledger", { list: "recordings/v1/" })));
    expect(await leavesOf(cloud.store)).toEqual(before);
    expect(await cloud.store.get(CHECKPOINT_KEY)).toEqual(head);
  });

  test("makes no sense to a function: it is put aside", { timeout: RUNNING }, async () => {
    await cloud.send("seal-ledger", "no notice at all");
    await vi.waitFor(async () => expect(await cloud.dead("seal-ledger")).toBe(1), soon);
    expect(await cloud.dead("recover-session")).toBe(0);
  });

  test("gives the same index again, read from a listing", { timeout: RUNNING }, async () => {
    const before = await index.find({});
    const taken = (await cloud.invoke("index-segment", { list: "events/v1/" })) as { taken: number };
    expect(taken.taken).toBeGreaterThan(2);
    expect(await index.find({})).toEqual(before);
  });
});

describe("the head of the ledger", () => {
  test("is replaced on condition", async () => {
    const key = "ledger/other";
    expect(await cloud.store.version(key)).toBeNull();
    expect(await cloud.store.swap(key, Buffer.from("1"), null)).toBe(true);
    expect(await cloud.store.swap(key, Buffer.from("x"), null)).toBe(false);
    const first = await cloud.store.version(key);
    expect(await cloud.store.swap(key, Buffer.from("2"), first?.tag ?? "")).toBe(true);
    expect(await cloud.store.swap(key, Buffer.from("y"), first?.tag ?? "")).toBe(false);
    expect(Buffer.from((await cloud.store.get(key)) ?? []).toString()).toBe("2");
  });

  test("knows of an object what was said when it was stored", async () => {
    const key = "recordings/v1/date=2026-11-20/target=other/X/0000000001-0000000004.chunks.zst";
    expect(await cloud.store.describe(key)).toBeNull();
    await cloud.store.put(key, Buffer.from("evidence"), { final: true });
    const sha256 = nodeSha256.text("evidence", "hex");
    expect(await cloud.store.describe(key)).toEqual({ key, sha256, bytes: 8, first: 1, last: 4, final: true });
    expect(await cloud.store.describe(CHECKPOINT_KEY)).toBeNull();
  });
});

describe("the index", () => {
  /** A client whose commands die: the n-th of them, before it is sent or when its answer has come. */
  function dying(left: number, after: boolean): { readonly client: DynamoDBClient; dead(): boolean } {
    const client = new DynamoDBClient({ ...cloud.client, maxAttempts: 1 });
    let count = left;
    client.middlewareStack.add(
      (next) => async (args) => {
        count -= 1;
        if (count < -1 || (count < 0 && !after)) throw new Crash();
        const answer = await next(args);
        if (count < 0) throw new Crash();
        return answer;
      },
      { step: "initialize" },
    );
    return { client, dead: () => count < 0 };
  }

  test("comes to the same, whatever order its segments come in and wherever a run dies", {
    timeout: RUNNING,
  }, async () => {
    const closed = { type: "session.closed", reason: "done", statements: 1, rows: 1, bytes: 26 } as const;
    const identity = newIdentity();
    const lines = linesOf(identity, [OPENED, STATEMENT, finished(2), STATEMENT, closed], Date.UTC(2026, 10, 20));
    const read = lines.map((text) => readLine(text)).filter((line) => line !== null);
    const whole = partOf(read)?.summary;
    const parts = [read.slice(0, 2), read.slice(2, 4), read.slice(4)].map((some) => partOf(some) as SessionPart);
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ])
      for (const after of [false, true]) {
        const table = await cloud.table(INDEX_KEYS);
        const sure = new DynamoIndex(cloud.dynamo, table);
        for (const i of order)
          for (let left = 0; ; left++) {
            const { client, dead } = dying(left, after);
            await new DynamoIndex(client, table).add(parts[i] as SessionPart, []).catch(() => undefined);
            client.destroy();
            if (!dead()) break;
          }
        expect(await sure.find({})).toEqual([whole]);
        expect(await sure.find({ since: 30 * 86_400_000, target: identity.target })).toEqual([whole]);
        expect(await sure.find({ since: Date.UTC(2027, 0, 1) })).toEqual([]);
      }
  });
});
