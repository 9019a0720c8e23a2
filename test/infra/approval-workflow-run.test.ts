// The workflow as it is deployed, run state by state with the functions' own code: who is asked when, what ends it, and what happens when a
// function fails. The stand-in for AWS knows neither TimeoutSecondsPath nor errors of the function that asks: here both are followed.
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { approvalExpire } from "#functions/approval-expire/due.ts";
import { workflowInput } from "#functions/approval-request/open.ts";
import { FunctionFailure } from "#functions/middleware.ts";
import type { Messenger } from "#functions/notify/messenger.ts";
import { notify } from "#functions/notify/notify.ts";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { applyGlass, decide } from "#shared/approval/apply.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalEvent } from "#shared/approval/machine.ts";
import { troubles } from "#shared/approval/words.ts";
import { answer, human, MINUTE, opened, RULES, request, START } from "#test/support/approvals.ts";
import { ROOT } from "#test/support/project.ts";
import { StateError, StateMachine, Timeline } from "#test/support/states.ts";

const DEFINITION = readFileSync(`${ROOT}/infra/workflow/approval.asl.json`, "utf8").replace(/\$\{(\w+)\}/g, "$1");
const ID = request().id;

let time: Timeline;
let store: LocalApprovalStore;
let machine: StateMachine;
/** Who was asked, told how it ended, or told of a glass: minute, channel, what. */
let said: string[];
/** What fails at each call of the notifier from now on; null when nothing does. */
let failing: () => Error | null;

beforeEach(() => {
  time = new Timeline(START);
  store = new LocalApprovalStore(":memory:");
  said = [];
  failing = () => null;
  const say = (what: string) => said.push(`${Math.round((time.now - START) / MINUTE)} ${what}`);
  const messenger = (channel: string): Messenger => ({
    ask: async () => `${channel}:${say(`${channel} asks`)}`,
    conclude: async (state) => void say(`${channel} ${state.status}`),
    announce: async (_state, _group, overdue) => `${channel}:${say(`${channel} ${overdue ? "overdue" : "glass"}`)}`,
  });
  const now = () => time.now;
  const messengers = { slack: messenger("slack"), email: messenger("email") };
  const told = notify(async () => ({ store, messengers, settle, now }));
  const due = approvalExpire(async () => ({ store, now }));
  machine = new StateMachine(DEFINITION, {
    time,
    async call(name, payload) {
      const error = name === "NotifyFunction" ? failing() : null;
      if (error !== null) throw error;
      return name === "NotifyFunction" ? told(payload) : due(payload);
    },
  });
});

const settle = async (token: string, { status }: { readonly status: string }) => machine.succeed(token, { status });
const later = (minutes: number, event: (at: number) => ApprovalEvent) => {
  const at = START + minutes * MINUTE;
  time.plan(at, async () => void (await decide(store, settle, ID, event(at))));
};
const says =
  (name: string, decision: "approve" | "deny", group = "dba") =>
  (at: number) =>
    ({ type: "answer", at, answer: answer(human(name, group), { decision }) }) as const;
const run = async () => {
  const state = opened();
  await store.create(state);
  return machine.run(workflowInput(state, time.now));
};
const types = async () => (await store.get(ID))?.history.map(({ type }) => type) ?? [];
const minutes = () => (time.now - START) / MINUTE;

describe("the workflow, run", () => {
  test("asks, waits for the answer, and says at once how it ended", async () => {
    later(7, says("ada", "approve"));
    const { path } = await run();
    expect(path).toEqual(["What is it", "Ask, and wait for the answer", "Say how it ended", "Done"]);
    expect(said).toEqual(["0 slack asks", "7 slack approved"]);
    expect(minutes()).toBe(7);
  });

  test("ends with an answer that came before its task was known", async () => {
    const state = opened();
    await store.create(state);
    await decide(store, settle, ID, says("ada", "deny")(START));
    expect((await machine.run(workflowInput(state, time.now))).path).toContain("Say how it ended");
    expect(minutes()).toBe(0);
  });

  test("waits exactly as long as the request says: escalates when it is due, expires at its end", async () => {
    const { path } = await run();
    expect(path.filter((name) => name === "Do what is due")).toHaveLength(2);
    expect(await types()).toEqual(["opened", "notified", "notified", "escalated", "notified", "notified", "expired"]);
    const at = (await store.get(ID))?.history.map((change) => (change.at - START) / MINUTE);
    expect(at).toEqual([0, 0, 0, 20, 20, 20, 60]);
    expect(said).toEqual(["0 slack asks", "20 email asks", "60 slack expired", "60 email expired"]);
    expect(minutes()).toBe(60);
  });

  test("goes on after the escalation, and whoever stands in can answer", async () => {
    later(25, says("pia", "approve", "privacy"));
    await run();
    expect((await store.get(ID))?.status).toBe("approved");
    expect(minutes()).toBe(25);
  });

  test("says that nobody was asked, when the function that asks fails, and asks again when something is due", async () => {
    failing = () => (time.now < START + MINUTE ? new FunctionFailure("Failed", "the function failed") : null);
    later(30, says("pia", "approve", "privacy"));
    const { path } = await run();
    expect(path.slice(1, 6)).toEqual([
      "Ask, and wait for the answer",
      "Say that nobody was asked",
      "Wait until it is due",
      "Do what is due",
      "Is it still open",
    ]);
    const state = await store.get(ID);
    expect(state?.history[1]).toEqual({
      type: "notification-failed",
      at: START,
      group: "dba",
      channel: "slack",
      why: "the notifier failed",
    });
    // Whoever waits reads it.
    expect(state === null ? [] : troubles(state)).toEqual(["dba was not reached by slack: the notifier failed"]);
    // Who looks at the console is asked later; the others of the second group in time.
    expect(said).toEqual(["20 email asks", "30 email approved"]);
    expect(state?.status).toBe("approved");
  });

  test("expires though the function that asks never works, and ends as failed where that is all there is to say", async () => {
    failing = () => new FunctionFailure("Failed", "the function failed");
    // The alarm on failed executions tells of it.
    await expect(run()).rejects.toThrow("the function failed");
    expect((await store.get(ID))?.status).toBe("expired");
    expect(await types()).toEqual(["opened", "notification-failed", "escalated", "notification-failed", "expired"]);
    expect(minutes()).toBeGreaterThanOrEqual(60);
  });

  test("tries again when the function is throttled, and takes that for a failure in the end", async () => {
    let calls = 0;
    failing = () => (++calls <= 3 ? new StateError("Lambda.TooManyRequestsException") : null);
    later(5, says("ada", "approve"));
    expect((await run()).path).not.toContain("Say that nobody was asked");
    expect((await store.get(ID))?.history[1]).toMatchObject({ type: "notified", at: START + 7000 });
  });

  test("tells of a break-glass, and again and again of a review that does not come", async () => {
    const glass = brokenGlass();
    // The workflow is started before the glass is written.
    time.plan(START + 2000, async () => void (await store.createGlass(glass)));
    const by = human("pia", "privacy");
    const review = { type: "review", by, justified: true, reason: "late" } as const;
    const at = START + 50 * 60 * MINUTE;
    time.plan(at, async () => void (await applyGlass(store, glass.glass.id, { ...review, at })));
    const { path } = await machine.run({ glass: glass.glass.id, seconds: 24 * 3600 + 1 });
    expect(path.filter((name) => name === "Report that the review is missing")).toHaveLength(2);
    expect(said).toEqual(["0 email glass", "1440 email overdue", "2880 email overdue"]);
    expect((await store.getGlass(glass.glass.id))?.history.map(({ type }) => type)).toContain("overdue");
  });
});

describe("the interpreter", () => {
  const world = { time: new Timeline(0), call: async () => ({}) };
  const make = (state: object) => new StateMachine(JSON.stringify({ StartAt: "a", States: { a: state } }), world);

  test("takes nothing that it does not follow", () => {
    expect(() => make({ Type: "Parallel" })).toThrow("a: Parallel  is not known here");
    expect(() => make({ Type: "Task", Resource: "x", HeartbeatSeconds: 1 })).toThrow("HeartbeatSeconds is not known");
  });

  test("ends what does not end by itself, and a task that is over is over", async () => {
    await expect(make({ Type: "Pass", Next: "a" }).run({}, 5)).rejects.toThrow("it does not end");
    expect(() => make({ Type: "Succeed" }).succeed("task 1", {})).toThrow("TaskDoesNotExist");
  });
});

function brokenGlass(): GlassState {
  const { privacy } = RULES.groups;
  return {
    glass: {
      id: "01k0000000000000000000000g",
      target: "clinic",
      by: human("nora", "nurse"),
      reason: "cardiac arrest",
      minutes: 30,
      reviewers: privacy === undefined ? {} : { privacy },
      withinHours: 24,
    },
    history: [{ type: "opened", at: START }],
    until: START + 30 * MINUTE,
    reviewDue: START + 24 * 60 * MINUTE,
  };
}
