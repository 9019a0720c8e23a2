// The approval workflow where AWS stands in: the real bundles, the real state machine, and the store's contract on a table of the stack.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { apply } from "#shared/approval/apply.ts";
import { ACTIONS } from "#shared/approval/slack-names.ts";
import type { ApprovalStore } from "#shared/approval/store.ts";
import type { ApprovalRules, ApprovalState } from "#shared/approval/types.ts";
import { approvalStoreContract } from "#test/contract/approval-store.ts";
import { human, RULES, request } from "#test/support/approvals.ts";
import { blockActions, http, slackEvent } from "#test/support/slack.ts";
import { type Cloud, startCloud } from "./cloud.ts";

const STARTING = 300_000;
const RUNNING = 90_000;
/** Long enough for a machine that has much else to do. */
const soon = { timeout: 60_000, interval: 250 };

const MEMBERS = [
  { user: "UADA", name: "ada", groups: ["dba"] },
  { user: "UPIA", name: "pia", groups: ["privacy"] },
  { user: "UENGINEER", name: "engineer", groups: ["dba"] },
];
const BROKEN = "C0BROKEN0";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud(MEMBERS, new Set([BROKEN]));
}, STARTING);
afterAll(() => cloud?.stop());

/** Made when it is called: the cloud is not there yet when tests are collected. */
const later = new Proxy({} as ApprovalStore, {
  get: (_, name) => {
    const member = Reflect.get(cloud.contract, name);
    return typeof member === "function" ? member.bind(cloud.contract) : member;
  },
});
approvalStoreContract(
  "DynamoDB",
  () => later,
  () => later,
);

let requests = 0;
/** Requests whose times are seconds. */
function fresh(more: Partial<ApprovalRules["groups"]["dba"]> = {}) {
  const id = `01m${String(++requests).padStart(23, "0")}`;
  const rules: ApprovalRules = {
    ...RULES,
    groups: {
      dba: { quorum: 1, channels: ["slack", "console"], slack: "C0DBA0000", timeoutMinutes: 10, ...more },
      privacy: { quorum: 1, channels: ["email"], email: "privacy@example.org", timeoutMinutes: 10 },
    },
  };
  return request({
    id,
    digest: String(requests).padStart(64, "a"),
    facts: String(requests).padStart(64, "b"),
    rules,
    createdAt: Date.now(),
  });
}
const open = (wanted: ReturnType<typeof fresh>) => cloud.invoke<ApprovalState>("approval-request", { request: wanted });
const types = async (id: string) => (await cloud.store.get(id))?.history.map((change) => change.type);
const asked = (id: string) => vi.waitFor(async () => expect(await types(id)).toContain("notified"), soon);
const ended = (id: string, status: ApprovalState["status"]) =>
  vi.waitFor(async () => {
    expect((await cloud.store.get(id))?.status).toBe(status);
    expect(await cloud.execution(id)).toBe("SUCCEEDED");
  }, soon);
const seconds = () => Math.floor(Date.now() / 1000);
const said = (id: string, name: string, groups: string[], body: object, what = "answer") => {
  const authorization = `Bearer ${cloud.issuer.token(name, { groups, email: `${name}@example.org` })}`;
  return cloud.answer(http("POST", `/approvals/${id}/${what}`, JSON.stringify(body), { authorization }));
};
const YES = { decision: "approve", reason: "seen" };

describe("the workflow", () => {
  test("asks, is approved in Slack by a button, says how it ended, and the command runs once", {
    timeout: RUNNING,
  }, async () => {
    const wanted = fresh();
    expect((await open(wanted)).status).toBe("open");
    // The same again is the same.
    expect((await open(wanted)).request.id).toBe(wanted.id);
    await asked(wanted.id);
    const press = slackEvent(blockActions(wanted.id, ACTIONS.approve, "UADA"), { timestamp: seconds() });
    expect((await cloud.answer(press)).statusCode).toBe(200);
    await ended(wanted.id, "approved");
    // A duplicate of the callback changes nothing.
    expect((await cloud.answer(press)).statusCode).toBe(401);
    const own = cloud.slack.filter(({ body }) => JSON.stringify(body).includes(wanted.id)).map(({ method }) => method);
    expect(own).toEqual(["chat.postMessage", "chat.update"]);
    const spend = { type: "spend", at: Date.now(), digest: wanted.digest, session: "s" } as const;
    const spent = await Promise.all([1, 2, 3].map(() => apply(cloud.store, wanted.id, spend)));
    expect(spent.filter((one) => one?.changes.length === 1)).toHaveLength(1);
  });

  test("is denied by somebody who is signed in", { timeout: RUNNING }, async () => {
    const wanted = fresh();
    await open(wanted);
    await asked(wanted.id);
    expect(JSON.parse((await said(wanted.id, "engineer", ["dba"], YES)).body)).toMatchObject({ refused: "requester" });
    expect((await said(wanted.id, "nurse", ["nurse"], YES)).statusCode).toBe(403);
    expect((await said(wanted.id, "ada", ["dba"], { decision: "deny", reason: "not today" })).statusCode).toBe(200);
    await ended(wanted.id, "denied");
    expect((await said(wanted.id, "abe", ["dba"], YES)).statusCode).toBe(409);
  });

  test("expires when nobody answers", { timeout: RUNNING }, async () => {
    const wanted = fresh({ timeoutMinutes: 0.1 });
    await open(wanted);
    await ended(wanted.id, "expired");
    expect((await said(wanted.id, "ada", ["dba"], YES)).statusCode).toBe(410);
    expect(await types(wanted.id)).not.toContain("escalated");
  });

  test("is escalated to a second group, which then may answer", { timeout: RUNNING }, async () => {
    const wanted = fresh({ escalation: { afterMinutes: 0.05, to: "privacy" } });
    await open(wanted);
    await vi.waitFor(async () => {
      const history = (await cloud.store.get(wanted.id))?.history ?? [];
      expect(history.map((change) => change.type)).toContain("escalated");
      expect(history).toContainEqual(expect.objectContaining({ type: "notified", group: "privacy", channel: "email" }));
    }, soon);
    expect((await said(wanted.id, "pia", ["privacy"], YES)).statusCode).toBe(200);
    await ended(wanted.id, "approved");
  });

  test("goes on when a channel fails, and says so", { timeout: RUNNING }, async () => {
    const wanted = fresh({ slack: BROKEN });
    await open(wanted);
    await vi.waitFor(async () => {
      const history = (await cloud.store.get(wanted.id))?.history ?? [];
      expect(history).toContainEqual(
        expect.objectContaining({
          type: "notification-failed",
          channel: "slack",
          why: "Slack refused it: channel_not_found",
        }),
      );
      expect(history).toContainEqual(expect.objectContaining({ type: "notified", channel: "console" }));
    }, soon);
    expect((await said(wanted.id, "ada", ["dba"], YES)).statusCode).toBe(200);
    await ended(wanted.id, "approved");
  });

  test("ends when the request is taken back", { timeout: RUNNING }, async () => {
    const wanted = fresh();
    await open(wanted);
    await asked(wanted.id);
    expect((await said(wanted.id, "engineer", [], {}, "cancel")).statusCode).toBe(200);
    await ended(wanted.id, "cancelled");
  });

  test("takes no callback that is not Slack's, and no token that is not the issuer's", {
    timeout: RUNNING,
  }, async () => {
    const wanted = fresh();
    await open(wanted);
    const forged = slackEvent(blockActions(wanted.id, ACTIONS.approve, "UADA"), { secret: "x", timestamp: seconds() });
    expect((await cloud.answer(forged)).statusCode).toBe(401);
    const token = cloud.issuer.token("ada", { groups: ["dba"], aud: "another" });
    const event = http("POST", `/approvals/${wanted.id}/answer`, JSON.stringify(YES), {
      authorization: `Bearer ${token}`,
    });
    expect((await cloud.answer(event)).statusCode).toBe(401);
    expect((await cloud.store.get(wanted.id))?.status).toBe("open");
    const incidents = (await cloud.store.incidents(50)).map(({ why }) => why);
    expect(incidents).toEqual(expect.arrayContaining(["forged", "token", "replayed"]));
  });

  test("announces a break-glass to those who review it", { timeout: RUNNING }, async () => {
    const authorization = `Bearer ${cloud.issuer.token("nora", { groups: ["nurse"], email: "nora@example.org" })}`;
    const wish = JSON.stringify({ target: "clinic", reason: "cardiac arrest in bed 4", minutes: 5 });
    const broken = await cloud.answer(http("POST", "/break-glass", wish, { authorization }));
    expect(broken.statusCode, broken.body).toBe(201);
    const { id } = JSON.parse(broken.body).glass;
    await vi.waitFor(async () => {
      const history = (await cloud.store.getGlass(id))?.history ?? [];
      expect(history).toContainEqual(expect.objectContaining({ type: "notified", group: "privacy", channel: "slack" }));
      expect(history).toContainEqual(expect.objectContaining({ type: "notified", group: "privacy", channel: "email" }));
    }, soon);
    const { groups: _, ...requester } = human("nora");
    const own = { ...fresh(), requester: { ...requester, issuer: cloud.issuer.url } };
    expect((await open(own)).history.at(-1)).toMatchObject({ type: "approved", through: { kind: "break-glass", id } });
  });
});
