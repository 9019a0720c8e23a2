// The rules of activity reviews: which sessions, and the function that minds them.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { nodeSha256 } from "#functions/adapters/node-crypto.ts";
import { approvalAnswer } from "#functions/approval-answer/answer.ts";
import { announcement } from "#functions/notify/announcement.ts";
import { notify } from "#functions/notify/notify.ts";
import { activityReview } from "#functions/review/review.ts";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { DAY, lastPeriod, reviewId } from "#shared/review/period.ts";
import { choose, misfits, totalsOf } from "#shared/review/sample.ts";
import { human, policyOf, START } from "#test/support/approvals.ts";
import { HEAD, principal, reviewOf, summary, WEEK } from "#test/support/reviews.ts";
import { http } from "#test/support/slack.ts";

const FILE = `groups:
  privacy: { quorum: 1, channels: [email, console], email: p@example.org, timeoutMinutes: 10 }
grants: { once: { validMinutes: 15 } }
activityReview: { groups: [privacy], everyDays: 7, sample: 2, withinDays: 7 }`;
const APPROVALS = readApprovals(FILE).value;

const many = (count: number, more: Partial<SessionSummary> = {}) =>
  Array.from({ length: count }, (_, i) => summary(`s${i}`, principal("engineer"), more));
const names = (sample: readonly { readonly session: string }[]) => sample.map((one) => one.session);

describe("periods", () => {
  it("are whole weeks from Monday on, and over for an hour", () => {
    const monday = Date.UTC(2026, 10, 23);
    expect(reviewId(lastPeriod(7, monday + 3_600_000))).toBe("20261123-7d");
    expect(reviewId(lastPeriod(7, monday + 3_599_999))).toBe("20261116-7d");
    expect(lastPeriod(7, START)).toEqual({ from: monday - 7 * DAY, until: monday });
    expect(reviewId({ from: START - DAY + 5000, until: START + 5000 })).toBe("20261124t000005-1d");
  });
});

describe("the sample", () => {
  it("is those with the smallest hash of root and id", () => {
    const found = many(40);
    const expected = names(found)
      .toSorted((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1))
      .slice(0, 5);
    expect(new Set(names(choose(found, WEEK, HEAD, 5, nodeSha256)))).toEqual(new Set(expected));
    const other = choose(found, WEEK, { ...HEAD, root: "a5".repeat(32) }, 5, nodeSha256);
    expect(new Set(names(other))).not.toEqual(new Set(expected));
  });

  it("has as many of what stands out, of this period, of somebody", () => {
    const refused = many(30).map((so, i) => (i % 7 === 0 ? { ...so, refusals: 1 } : so));
    const found = [
      ...refused,
      summary("log", null),
      summary("before", principal("nurse"), { opened: WEEK.from - 1, refusals: 1 }),
      summary("after", principal("nurse"), { opened: WEEK.until, refusals: 1 }),
      summary("turned away", null, { refusals: 1 }),
    ];
    const sample = choose(found, WEEK, HEAD, 3, nodeSha256);
    expect(sample.filter((one) => one.why.includes("random"))).toHaveLength(3);
    const noted = sample.filter((one) => one.why.includes("noteworthy"));
    expect(noted).toHaveLength(3);
    for (const { session } of noted) expect(Number(session.slice(1)) % 7).toBe(0);
    expect(names(sample).every((one) => /^s\d+$/.test(one))).toBe(true);
    expect(totalsOf(found, WEEK)).toEqual({
      sessions: 30,
      statements: 60,
      rows: 90,
      refusals: 5,
      noteworthy: 5,
      refusedLogins: 1,
    });
  });

  it("is found out when it was chosen otherwise", () => {
    const found = many(30).map((so, i) => (i % 3 === 0 ? { ...so, decisions: ["hold"] } : so));
    const { review } = reviewOf(found);
    expect(misfits(review, START, found, nodeSha256)).toEqual([]);
    const [first, ...rest] = review.sample;
    expect(misfits({ ...review, sample: rest }, START, found, nodeSha256)).toContain(first?.session);
    const wanted = found.find((so) => !names(review.sample).includes(so.session))?.session ?? "";
    const swapped = { ...review, sample: [{ ...first!, session: wanted }, ...rest] };
    expect(misfits(swapped, START, found, nodeSha256)).toEqual([first!.session, wanted].sort());
    expect(misfits({ ...review, head: { ...HEAD, root: "00".repeat(32) } }, START, found, nodeSha256)).not.toEqual([]);
    expect(
      misfits({ ...review, sample: [{ ...first!, session: "none" }, ...rest] }, START, found, nodeSha256),
    ).toContain("none");
  });

  it("holds good when a session that ran on was refused something later", () => {
    const found = many(30, { closed: null, ending: null });
    const { review } = reviewOf(found);
    const later = found.map((so) => ({ ...so, refusals: 1, closed: START + 5, ending: "gone" }));
    expect(misfits(review, START, later, nodeSha256)).toEqual([]);
    const before = found.map((so) => ({ ...so, refusals: 1, closed: START - 5, ending: "gone" }));
    expect(misfits(review, START, before, nodeSha256)).not.toEqual([]);
  });
});

function hashOf(session: string): string {
  return createHash("sha256").update(Buffer.from(HEAD.root, "hex")).update(session).digest("hex");
}

function place(found: readonly SessionSummary[]) {
  const store = new LocalApprovalStore(":memory:");
  const clock = { now: START };
  const mails: string[] = [];
  const announce = async (state: Parameters<typeof announcement>[0], _: unknown, overdue: boolean) => {
    mails.push(announcement(state, overdue).heading);
    return undefined;
  };
  const never = () => Promise.reject(new Error("not asked for"));
  const source = { sessions: async () => found, head: async () => HEAD, sha256: nodeSha256 };
  const now = () => clock.now;
  const tell = notify(async () => ({
    store,
    messengers: { slack: null, email: { ask: never, conclude: never, announce } },
    settle: async () => {},
    now,
  }));
  const run = activityReview(async () => ({
    store,
    source,
    approvals: async () => APPROVALS,
    tell: async (review) => void (await tell({ review })),
    now,
  }));
  const PEOPLE = [human("pia", "privacy"), human("paul", "privacy"), human("nora", "nurse")];
  const handle = approvalAnswer(async () => ({
    store,
    slack: null,
    verify: async (token) => PEOPLE.find((one) => one.name === token) ?? { refused: "unknown" },
    revoked: async () => false,
    policy: policyOf(APPROVALS),
    startGlass: async () => {},
    startRequest: async () => {},
    settle: async () => {},
    reviewSource: source,
    newId: () => "01k0000000000000000000000g",
    now,
  }));
  const say = async (name: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${name}` };
    const event = http(
      body === undefined ? "GET" : "POST",
      path,
      body === undefined ? undefined : JSON.stringify(body),
      headers,
    );
    const { statusCode, body: text } = await handle(event);
    return { status: statusCode, said: JSON.parse(text) };
  };
  return { store, clock, mails, run, say };
}

const ID = "20261123-7d";
const MONDAY_WEEK = { opened: Date.UTC(2026, 10, 18) };

describe("the function of activity reviews", () => {
  it("opens the last week's once, tells once, and says what is overdue once for each time that it is due", async () => {
    const { store, clock, mails, run } = place(many(5, MONDAY_WEEK));
    expect(await run({})).toEqual({ open: 1, overdue: 0 });
    expect(await run({})).toEqual({ open: 1, overdue: 0 });
    expect(mails).toEqual(["Activity review of 2026-11-16 to 2026-11-23"]);
    const state = await store.getReview(ID);
    expect(state?.review).toMatchObject({ openedBy: "postern", head: HEAD, dueAt: START + 7 * DAY });
    expect(state?.history.map((change) => change.type)).toEqual(["opened", "notified", "notified"]);
    const overdue = async () => (await store.getReview(ID))?.history.filter((c) => c.type === "overdue").length;
    for (const [days, times] of [
      [7, 0],
      [7.5, 1],
      [8, 1],
      [13, 1],
      [14.5, 2],
      [40, 3],
    ] as const) {
      clock.now = START + days * DAY;
      await run({});
      await run({});
      expect([days, await overdue()]).toEqual([days, times]);
    }
    expect(
      mails.filter((one) => one === "Not attested in time: Activity review of 2026-11-16 to 2026-11-23"),
    ).toHaveLength(3);
  });

  it("opens none of a week in which there was nobody, and none without rules", async () => {
    const { run, store } = place([summary("log", null)]);
    expect(await run({})).toEqual({ open: 0, overdue: 0 });
    expect(await store.latestReviews(9)).toEqual([]);
    await expect(run({ review: "x" })).rejects.toMatchObject({ name: "InvalidEvent" });
  });
});

describe("attesting", () => {
  it("is for people of the group who are not in the sample, in words, once", async () => {
    const own = summary("own", principal("paul", { kind: "agent", name: "copilot", actsFor: "paul" }), {
      ...MONDAY_WEEK,
      refusals: 1,
    });
    const { run, say, store } = place([...many(5, MONDAY_WEEK), own]);
    await run({});
    const attest = (name: string, findings = "looked at all of them", concern = false) =>
      say(name, `/reviews/${ID}/attest`, { findings, concern });
    expect(await attest("nora")).toMatchObject({ status: 403, said: { refused: "not-a-member" } });
    expect(await attest("paul")).toMatchObject({ status: 403, said: { refused: "in-the-sample" } });
    expect(await attest("pia", "  ")).toMatchObject({ status: 400, said: { refused: "no-findings" } });
    expect(await store.unattested()).toHaveLength(1);
    expect((await say("nora", `/reviews/${ID}`)).status).toBe(404);
    expect((await say("nora", "/reviews")).said).toEqual({ reviews: [] });
    expect((await say("pia", "/reviews")).said.reviews).toHaveLength(1);
    const done = await attest("pia", "copilot asked for too much", true);
    expect(done).toMatchObject({ status: 200, said: { review: { id: ID } } });
    expect(done.said.history.at(-1)).toMatchObject({
      type: "attested",
      concern: true,
      late: false,
      by: { name: "pia" },
    });
    expect(await attest("pia")).toMatchObject({ status: 409, said: { refused: "attested-already" } });
    expect(await say("pia", "/reviews/20200101-7d/attest", { findings: "x", concern: false })).toMatchObject({
      status: 404,
    });
    expect((await store.incidents(9)).map((one) => one.why)).toContain("attest-in-the-sample");
    expect(await store.unattested()).toEqual([]);
  });

  it("need not wait for the week to be over, for whoever is asked", async () => {
    const { say } = place(many(3, { opened: START - 5000 }));
    expect(await say("nora", "/reviews", { days: 2 })).toMatchObject({ status: 403 });
    const begun = await say("pia", "/reviews", { days: 2 });
    expect(begun).toMatchObject({ status: 201, said: { review: { id: "20261124-2d", openedBy: "pia" } } });
    expect((await say("pia", "/reviews", { days: 2 })).said.review.id).toBe("20261124-2d");
    expect(await say("pia", "/reviews", { days: 0 })).toMatchObject({ status: 400 });
  });
});

it("approvals.yaml names groups that there are", () => {
  const wrong = readApprovals(FILE.replace("groups: [privacy]", "groups: [privacy, nobody]"));
  expect(wrong.problems).toMatchObject([{ message: expect.stringContaining('unknown group "nobody"') }]);
});
