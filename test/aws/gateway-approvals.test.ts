// A gateway's approvals on AWS: the contract of all of them, what they cost, and what happens when something of it fails.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ApprovalStore } from "#shared/approval/store.ts";
import { answering, approvalsContract, feeding, freshRequest, watching } from "#test/contract/approvals.ts";
import { opened } from "#test/support/approvals.ts";
import { type Cloud, startCloud } from "./cloud.ts";
import { approvalsIn } from "./gateways.ts";

const STARTING = 300_000;
const RUNNING = 90_000;

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud([], new Set());
}, STARTING);
afterAll(() => cloud?.stop());

/** Calls of the SDK by name, of one client. */
function counting() {
  const calls: string[] = [];
  const dynamo = new DynamoDBClient(cloud.client);
  dynamo.middlewareStack.add(
    (next, context) => (args) => {
      calls.push(context.commandName ?? "");
      return next(args);
    },
    { step: "initialize" },
  );
  return { dynamo, calls };
}

const open = (more: Parameters<typeof approvalsIn>[1] = {}) => approvalsIn(cloud, more);

/** Made when it is called: the cloud is not there yet when tests are collected. */
const store = new Proxy({} as ApprovalStore, {
  get: (_, name) => {
    const member = Reflect.get(cloud.store, name);
    return typeof member === "function" ? member.bind(cloud.store) : member;
  },
});
approvalsContract("AWS", { open: () => open(), store: () => store }, 20_000);

describe("approvals on AWS", () => {
  test("look after all that waits by a few reads, however much it is", { timeout: RUNNING }, async () => {
    const { dynamo, calls } = counting();
    const approvals = open({ dynamo });
    const all = Array.from({ length: 150 }, () => freshRequest());
    for (const wanted of all) await cloud.store.create(opened(wanted, Date.now()));
    const watched = all.map(({ id }) => watching(approvals, id));
    await vi.waitFor(() => expect(watched.every((one) => one.types().length === 1)).toBe(true), { timeout: 20_000 });
    calls.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    // One query for each look at the most, and no read at all while nothing changes.
    expect(calls.length).toBeLessThanOrEqual(16);
    expect([...new Set(calls)]).toEqual(["QueryCommand"]);
    const before = Date.now();
    for (const { id } of all.slice(0, 20)) await answering(cloud.store)(id);
    await vi.waitFor(() => expect(watched.filter((one) => one.last()?.status === "approved")).toHaveLength(20));
    expect(calls.filter((name) => name === "BatchGetItemCommand").length).toBeLessThanOrEqual(
      2 + (Date.now() - before) / 200,
    );
    await approvals.close();
  });

  test("one of several gateways writes the news, and another takes over", { timeout: RUNNING }, async () => {
    const clock = { ahead: 0 };
    const now = () => Date.now() + clock.ahead;
    const gateways = [open({ now }), open({ now })] as const;
    const feeds = gateways.map((one) => feeding(one));
    const first = freshRequest();
    await cloud.store.create(opened(first, Date.now()));
    const who = () => feeds.map((feed) => feed.of(first.id));
    await vi.waitFor(() => expect(who().flat()).toEqual(["opened"]), { timeout: 20_000 });
    const writer = who()[0]?.length === 1 ? 0 : 1;
    // It dies without a word: its lease ends by itself.
    feeds[writer]?.stop();
    const second = freshRequest();
    await cloud.store.create(opened(second, Date.now()));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(feeds.flatMap((feed) => feed.of(second.id))).toEqual([]);
    clock.ahead = 20_000;
    await vi.waitFor(() => expect(feeds[1 - writer]?.of(second.id)).toEqual(["opened"]), { timeout: 20_000 });
    expect(who().flat()).toEqual(["opened"]);
    await Promise.all(gateways.map((one) => one.close()));
  });

  test("expire what was approved and not run, and what a dead workflow does not mind", {
    timeout: RUNNING,
  }, async () => {
    const [approved, forgotten] = [freshRequest(), freshRequest()];
    await cloud.store.create(opened(approved, Date.now()));
    await cloud.store.create(opened(forgotten, Date.now()));
    await answering(cloud.store)(approved.id);
    const later = open({ now: () => Date.now() + 12 * 60_000 });
    const news = feeding(later);
    await vi.waitFor(() => expect(news.of(forgotten.id)).toEqual(["opened", "expired"]), { timeout: 20_000 });
    await vi.waitFor(() => expect(news.of(approved.id).at(-1)).toBe("expired"), { timeout: 20_000 });
    await later.close();
  });

  test("open nothing when the function or the workflow is not there", { timeout: RUNNING }, async () => {
    const without = open({ requestFunction: "nowhere" });
    await expect(without.open(freshRequest())).rejects.toThrow();
    await without.close();
    const approvals = open();
    await cloud.workflow.stop();
    const wanted = freshRequest();
    try {
      await expect(approvals.open(wanted)).rejects.toThrow();
      await expect(approvals.open(wanted)).rejects.toThrow();
    } finally {
      await cloud.workflow.start();
    }
    expect((await cloud.store.get(wanted.id))?.status).toBe("cancelled");
    expect(await approvals.spend(wanted.id, wanted.digest, "s")).toBe("refused");
    await approvals.close();
  });

  test("are not available once the table cannot be read", { timeout: RUNNING }, async () => {
    const clock = { ahead: 0 };
    const problems: string[] = [];
    const approvals = open({
      now: () => Date.now() + clock.ahead,
      onProblem: (problem) => problems.push(problem),
      dynamo: new DynamoDBClient({ ...cloud.client, endpoint: "http://127.0.0.1:9", maxAttempts: 1 }),
    });
    await vi.waitFor(() => expect(problems).toContain("requests for approval cannot be read"), { timeout: 20_000 });
    clock.ahead = 11_000;
    expect(approvals.available).toBe(false);
    const wanted = freshRequest();
    await expect(approvals.spend(wanted.id, wanted.digest, "s")).rejects.toThrow();
    await approvals.close();
  });
});
