// The journal in a stand-in for DynamoDB: the contract of every journal, who may write, and what happens when the way is bad.
import { randomBytes } from "node:crypto";
import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsTimes } from "#functions/adapters/clients.ts";
import { openDynamoJournal } from "#functions/adapters/dynamo-journal.ts";
import type { JournalPort } from "#shared/evidence/ports.ts";
import { journalContract } from "#test/contract/journal.ts";
import { type Fault, type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { clientOf, createTable, type MiniStack, startMiniStack } from "./ministack.ts";

const STARTING = 300_000;
const ATTEMPT_MS = 600;
const TABLE = "journal";
const FAULTS: readonly Fault[] = ["refused", "lost", "cut", "slow", "throttled", "500"];

let ministack: MiniStack;
let client: DynamoDBClient;
let way: FaultyWay;
beforeAll(async () => {
  ministack = await startMiniStack();
  client = new DynamoDBClient(clientOf(ministack.endpoint));
  way = await startFaultyWay(ministack.port, 2 * ATTEMPT_MS);
  await createTable(client, TABLE, { task: "S", sequence: "N" });
}, STARTING);
afterAll(async () => {
  await way?.close();
  ministack?.stop();
});

const open = (task: string, over = client) => openDynamoJournal({ client: over, table: TABLE, task, now: Date.now });
const viaFaulty = (attempts: number) =>
  new DynamoDBClient({ ...clientOf(way.endpoint), ...awsTimes({ attemptMs: ATTEMPT_MS, attempts }) });

journalContract("DynamoDB", (place) => open(place));

async function contents(journal: JournalPort): Promise<string[]> {
  const texts: string[] = [];
  for await (const { bytes } of journal.read()) texts.push(Buffer.from(bytes).toString("latin1"));
  return texts;
}

/** As group commit does: the same again until it is known to be there. */
async function persist(journal: JournalPort, text: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await journal.write(Buffer.from(text, "latin1"));
      return;
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

describe("a batch that is larger than an item", () => {
  const big = randomBytes(1_000_000);

  test("is several, which are read, released and forgotten as one", async () => {
    const first = await open("large");
    const unit = await first.write(big);
    const after = await first.write(Buffer.from("after"));
    expect(after).toBe(unit + 3);
    const second = await open("large");
    expect(await contents(second)).toEqual([big.toString("latin1"), "after"]);
    await second.write(big);
    const kept = await second.write(Buffer.from("kept"));
    await second.release(kept - 3);
    const third = await open("large");
    expect(await contents(third)).toEqual([big.toString("latin1"), "after", "kept"]);
    await third.forget();
    const { Count } = await client.send(
      new QueryCommand({
        TableName: TABLE,
        KeyConditionExpression: "task = :task",
        ExpressionAttributeValues: { ":task": { S: "large" } },
      }),
    );
    // The fences of the three.
    expect(Count).toBe(3);
  });

  test("does not count when its writer was stopped half way", async () => {
    const writer = await open("half", viaFaulty(1));
    await writer.write(Buffer.from("whole"));
    for (let part = 0; part < 3; part++) {
      // `part` requests go through, and then none.
      const plan = Array.from({ length: part }, (): Fault => "none");
      way.plan.push(...plan, "refused");
      await expect(writer.write(big)).rejects.toThrow();
      way.plan.length = 0;
    }
    const next = await open("half");
    expect(await contents(next)).toEqual(["whole"]);
    await expect(writer.write(big)).rejects.toThrow("another process");
  });

  test("is one when it is written again after it failed half way, also by another that came between", async () => {
    const writer = await open("again", viaFaulty(1));
    way.plan.push("none", "lost");
    await expect(writer.write(big)).rejects.toThrow();
    const unit = await writer.write(big);
    way.plan.push("none", "lost");
    await expect(writer.write(big)).rejects.toThrow();
    expect(await writer.write(Buffer.from("other"))).toBeGreaterThan(unit + 3);
    expect(await contents(await open("again"))).toEqual([big.toString("latin1"), "other"]);
  });
});

describe("on a bad way", () => {
  test.each(FAULTS)("%s: what was written is there, once and in order", async (fault) => {
    for (const attempts of [1, 3]) {
      const task = `${fault} ${attempts}`;
      const writer = await open(task, viaFaulty(attempts));
      const texts = Array.from({ length: 6 }, (_, i) => `${task} ${i}`);
      for (const [i, text] of texts.entries()) {
        if (i % 2 === 1) way.plan.push(fault);
        await persist(writer, text);
      }
      expect(await contents(await open(task))).toEqual(texts);
    }
  });

  test.each(FAULTS)("%s at every request: nothing is called durable", async (fault) => {
    const writer = await open(`always ${fault}`, viaFaulty(1));
    way.always = fault;
    await expect(writer.write(Buffer.from("x"))).rejects.toThrow();
    await expect(open(`always ${fault}`, viaFaulty(1))).rejects.toThrow();
    way.always = null;
  });
});

test("whoever takes over reads all that was called durable, and nothing is called so afterwards", {
  timeout: 120_000,
}, async () => {
  for (let round = 0; round < 25; round++) {
    const task = `race ${round}`;
    const writer = await open(task, viaFaulty(1 + (round % 3)));
    const durable: string[] = [];
    let taken = false;
    const writing = (async () => {
      for (let i = 0; !taken; i++) {
        const text = `${round} ${i}`;
        if (Math.random() < 0.3) way.plan.push(FAULTS[Math.floor(Math.random() * FAULTS.length)] as Fault);
        try {
          await persist(writer, text);
          durable.push(text);
        } catch (error) {
          expect((error as Error).message).toContain("another process");
          return;
        }
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 150));
    const next = await open(task);
    const left = await contents(next);
    // An answer that was on its way may still come; no write is begun and carried out.
    await new Promise((resolve) => setTimeout(resolve, 50));
    taken = true;
    way.plan.length = 0;
    await writing;
    expect(left.slice(0, durable.length)).toEqual(durable);
    expect(await contents(next)).toEqual(left);
  }
});
