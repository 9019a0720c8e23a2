// Revocations in a stand-in for DynamoDB.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { awsTimes } from "#functions/adapters/clients.ts";
import { DynamoRevocations } from "#proxy/adapters/aws-revocations.ts";
import { watchRevocations } from "#proxy/adapters/revocations.ts";
import { revocationsContract } from "#test/contract/revocations.ts";
import { ENGINEER } from "#test/support/evidence.ts";
import { type Fault, type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { clientOf, createTable, type MiniStack, startMiniStack } from "./ministack.ts";

const STARTING = 300_000;
const ATTEMPT_MS = 300;
const FAULTS: readonly Fault[] = ["refused", "lost", "cut", "slow", "throttled", "500"];

let ministack: MiniStack;
let way: FaultyWay;
const table = () => new DynamoRevocations(new DynamoDBClient(clientOf(ministack.endpoint)), "revocations");
beforeAll(async () => {
  ministack = await startMiniStack();
  way = await startFaultyWay(ministack.port, 2 * ATTEMPT_MS);
  await createTable(new DynamoDBClient(clientOf(ministack.endpoint)), "revocations", { name: "S" });
}, STARTING);
afterAll(async () => {
  await way?.close();
  ministack?.stop();
});

revocationsContract("DynamoDB", async () => table());

test.each(FAULTS)("%s: nobody is let in on what is old, and all is well once it is over", async (fault) => {
  const bad = new DynamoDBClient({ ...clientOf(way.endpoint), ...awsTimes({ attemptMs: ATTEMPT_MS, attempts: 1 }) });
  let clock = 0;
  const watch = await watchRevocations(new DynamoRevocations(bad, "revocations"), () => clock, 20);
  way.always = fault;
  const seen = way.seen;
  await vi.waitFor(() => expect(way.seen).toBeGreaterThan(seen + 1), { timeout: 5000 });
  clock += 11_000;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(watch.available).toBe(false);
  await table().enter({ name: "engineer", by: "privacy", reason: "left", at: 1 });
  way.always = null;
  await vi.waitFor(() => expect(watch.available && watch.isRevoked(ENGINEER)).toBe(true), { timeout: 5000 });
  await table().lift("engineer");
  watch.close();
});
