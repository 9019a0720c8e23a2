// What a deployment keeps, as the test looks at it: the index, the bucket and its locks, the ledger that follows.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, vi } from "vitest";
import { DynamoIndex } from "#functions/adapters/dynamo-index.ts";
import { S3Store } from "#functions/adapters/s3-store.ts";
import { headOf } from "#shared/evidence/checkpoint.ts";
import { CHECKPOINT_KEY } from "#shared/evidence/ledger.ts";
import { type EvidenceLine, readLine } from "#shared/evidence/line-read.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import type { Deployed } from "./deployed.ts";

const LANES = ["events/", "recordings/", "sealed/"];
const soon = { timeout: 120_000, interval: 500 };

export interface Kept {
  readonly store: S3Store;
  readonly index: DynamoIndex;
  /** Sessions of somebody, in the order of their beginning. */
  sessions(name: string): Promise<readonly SessionSummary[]>;
  /** A session, when the index has its end. */
  ended(session: string): Promise<SessionSummary>;
  /** Waits until the ledger has every object that there is. @returns how many */
  sealed(): Promise<number>;
  /** What `postern verify` says, and it says that all is well. */
  verified(): Promise<{ readonly ok: boolean } & Readonly<Record<string, unknown>>>;
  /** Events of a session, as they are kept. */
  events(session: string): Promise<readonly EvidenceLine[]>;
}

export function watch(deployed: Deployed): Kept {
  const { names } = deployed;
  const store = new S3Store({
    client: deployed.store,
    bucket: names.POSTERN_BUCKET ?? "",
    retentionDays: Number(names.POSTERN_RETENTION_DAYS),
    now: Date.now,
  });
  const index = new DynamoIndex(new DynamoDBClient(deployed.client), names.POSTERN_INDEX_TABLE ?? "");
  const sessions = async (name: string) => {
    const found = await index.find({ principal: name });
    return found.toSorted((a, b) => a.opened - b.opened);
  };
  return {
    store,
    index,
    sessions,
    ended: (session) =>
      vi.waitFor(async () => {
        const so = await index.get(session);
        expect(so?.closed, session).toEqual(expect.any(Number));
        return so as SessionSummary;
      }, soon),
    sealed: () =>
      vi.waitFor(async () => {
        let objects = 0;
        for (const lane of LANES) for await (const _ of store.list(lane)) objects++;
        const note = await store.get(CHECKPOINT_KEY);
        expect(note === null ? 0 : Number(headOf(note)?.size)).toBe(objects);
        return objects;
      }, soon),
    async verified() {
      const { code, out, err } = await deployed.postern(["verify", "--json"]);
      expect({ code, err: err.trim() }, out).toMatchObject({ code: 0 });
      return JSON.parse(out);
    },
    async events(session) {
      const { out } = await deployed.postern(["show", session, "--json"]);
      const lines = out.trim().split("\n").map(readLine);
      expect(lines).not.toContain(null);
      return lines as EvidenceLine[];
    },
  };
}
