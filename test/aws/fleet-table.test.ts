// The table of gateways in a stand-in for DynamoDB, also over ways that fail: no place is taken twice, and none is lost.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { awsTimes } from "#functions/adapters/clients.ts";
import { DynamoFleetTable } from "#proxy/adapters/aws-fleet-table.ts";
import { SharedCount } from "#proxy/adapters/shared-count.ts";
import { fleetTableContract } from "#test/contract/fleet-table.ts";
import { type Fault, type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { clientOf, createTable, type MiniStack, startMiniStack } from "./ministack.ts";

const STARTING = 300_000;
const ATTEMPT_MS = 300;
const FAULTS: readonly Fault[] = ["refused", "lost", "cut", "slow", "throttled", "500"];

let ministack: MiniStack;
let way: FaultyWay;
let tables = 0;
const opened = async (endpoint: string, more: object = {}) => {
  const name = `fleet-${++tables}`;
  await createTable(new DynamoDBClient(clientOf(ministack.endpoint)), name, { key: "S" });
  return new DynamoFleetTable(new DynamoDBClient({ ...clientOf(endpoint), ...more }), name);
};
beforeAll(async () => {
  ministack = await startMiniStack();
  way = await startFaultyWay(ministack.port, 2 * ATTEMPT_MS);
}, STARTING);
afterAll(async () => {
  await way?.close();
  ministack?.stop();
});

fleetTableContract("DynamoDB", () => opened(ministack.endpoint));

test.each(FAULTS)(
  "%s now and then: what was counted is what is wanted, to the one",
  { timeout: 60_000 },
  async (fault) => {
    const table = await opened(way.endpoint, awsTimes({ attemptMs: ATTEMPT_MS, attempts: 2 }));
    const count = new SharedCount(table, "k", "me", () => {});
    let have = 0;
    for (let i = 0; i < 12; i++) {
      // Once so that the client's second attempt does it, once so that nobody knows what came of it.
      way.plan.push(...(i % 3 === 0 ? [fault] : i % 3 === 1 ? [fault, fault] : []));
      if (i % 4 === 3 && have > 0) {
        await count.less();
        have--;
      } else if (await count.more(100).catch(() => false)) have++;
      way.plan.length = 0;
    }
    await count.write();
    expect(have).toBeGreaterThan(1);
    // With exactly as many as there are, there is no room; with one more, there is for one.
    expect(await table.count("k", "other", { from: 0, to: 1, limit: have })).toEqual({ done: false, own: 0 });
    expect(await table.count("k", "other", { from: 0, to: 1, limit: have + 1 })).toEqual({ done: true });
    table.close();
  },
);
