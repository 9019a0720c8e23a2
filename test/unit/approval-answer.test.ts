// The only way in: what is signed, in time and new counts; all else changes nothing, and somebody hears of it.
import { beforeEach, describe, expect, test } from "vitest";
import type { HttpEvent, HttpResponse } from "#functions/adapters/http-api.ts";
import { approvalAnswer } from "#functions/approval-answer/answer.ts";
import { scimDirectory, slackAddress } from "#functions/approval-answer/people.ts";
import { signatureProblem } from "#functions/approval-answer/slack-signature.ts";
import type { AnswerParts } from "#functions/approval-answer/take.ts";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { ACTIONS } from "#shared/approval/slack-names.ts";
import type { Approver } from "#shared/approval/types.ts";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { human, MINUTE, opened, policyOf, RULES, request, START } from "#test/support/approvals.ts";
import { APP, blockActions, http, SECRET, slackEvent, TEAM, viewSubmission } from "#test/support/slack.ts";

const ID = request().id;
const SECONDS = START / 1000;
const APPROVALS = readApprovals(`groups:
  privacy: { quorum: 1, channels: [console], timeoutMinutes: 10 }
grants: { once: { validMinutes: 15 } }
breakGlass: { groups: [nurse], maxMinutes: 30, review: { groups: [privacy], withinHours: 24 } }`).value;

const PEOPLE: readonly Approver[] = [
  human("ada", "dba"),
  human("engineer", "dba"),
  human("nora", "nurse"),
  human("pia", "privacy"),
];
/** Slack's users: id, address, and whether Slack has confirmed it. */
const USERS: Readonly<
  Record<string, { email: string; confirmed?: boolean; team?: string; bot?: boolean; name?: string }>
> = {
  UA8RXUSPL: { email: "ada@example.org" },
  UENGINEER: { email: "Engineer@example.org" },
  UNURSE: { email: "nora@example.org", name: "ada" },
  UUNSURE: { email: "ada@example.org", confirmed: false },
  UFOREIGN: { email: "ada@example.org", team: "TELSEWHERE" },
  UBOT: { email: "ada@example.org", bot: true },
  UGUEST: { email: "nobody@example.org", name: "ada" },
};

const get = async (url: string): Promise<unknown> => {
  const { pathname, searchParams } = new URL(url);
  if (pathname === "/api/users.info") {
    const id = searchParams.get("user") ?? "";
    const user = USERS[id];
    if (user === undefined) return { ok: false, error: "user_not_found" };
    const { email, confirmed = true, team = TEAM, bot = false, name = "x" } = user;
    const profile = { email, display_name: name, real_name: name };
    return {
      ok: true,
      user: { id, team_id: team, name, deleted: false, is_bot: bot, is_email_confirmed: confirmed, profile },
    };
  }
  // A server that does not look at the filter: all people come back.
  return {
    Resources: PEOPLE.map(({ name, email, groups }) => ({
      id: name,
      userName: name,
      active: true,
      emails: [{ value: email }],
      groups: groups.map((display) => ({ value: display, display })),
    })),
  };
};

let store: LocalApprovalStore;
let settled: string[];
let whispers: string[];
let forms: string[];
let glasses: string[];
let revoked: Set<string>;
let now: number;
let handle: (event: HttpEvent) => Promise<HttpResponse>;

beforeEach(async () => {
  store = new LocalApprovalStore(":memory:");
  [settled, whispers, forms, glasses] = [[], [], [], []];
  revoked = new Set();
  now = START;
  await store.create(opened());
  const parts: AnswerParts = {
    store,
    slack: {
      signingSecret: SECRET,
      team: TEAM,
      app: APP,
      address: slackAddress(get, "https://slack.test/api", "xoxb"),
      directory: scimDirectory(get, "https://scim.test", "token", "https://id.example.org"),
      openForm: async (trigger) => void forms.push(trigger),
      whisper: async (_, text) => void whispers.push(text),
    },
    verify: async (token) => PEOPLE.find((one) => one.name === token) ?? { refused: "its signature is wrong" },
    revoked: async (names) => names.some((name) => revoked.has(name)),
    policy: policyOf(APPROVALS),
    startGlass: async (id) => void glasses.push(id),
    startRequest: async () => {},
    settle: async (token, state) => void settled.push(`${token} ${state.status}`),
    reviewSource: null,
    newId: () => "01k0000000000000000000000g",
    now: () => now,
  };
  handle = approvalAnswer(async () => parts);
});

const status = async () => (await store.get(ID))?.status;
const incidents = async () => (await store.incidents(9)).map(({ type, why }) => `${type} ${why}`);
const press = (action: string = ACTIONS.approve, user?: string, timestamp = SECONDS) =>
  slackEvent(blockActions(ID, action, user), { timestamp });

describe("a callback of Slack", () => {
  test("Slack's own example of a signature is right", () => {
    // https://docs.slack.dev/authentication/verifying-requests-from-slack
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      timestamp: "1531420618",
      signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    };
    expect(signatureProblem(SECRET, headers, Buffer.from(body), 1_531_420_618_000)).toBeNull();
  });

  test("approves by a button, and ends the workflow's task", async () => {
    await store.setTask(ID, "task");
    expect((await handle(press())).statusCode).toBe(200);
    expect(await status()).toBe("approved");
    expect((await store.get(ID))?.history).toContainEqual({
      type: "answered",
      at: START,
      answer: expect.objectContaining({ by: human("ada", "dba"), channel: "slack", authentication: "slack-signature" }),
    });
    expect(settled).toEqual(["task approved"]);
    expect(await incidents()).toEqual([]);
  });

  test("denies by a button, and by the form with its reason", async () => {
    await handle(press(ACTIONS.deny));
    expect(await status()).toBe("denied");
    const other = { ...request(), id: "01k0000000000000000000000b" };
    await store.create(opened(other));
    await handle(slackEvent(viewSubmission(other.id, { decision: "deny", reason: "no" }), { timestamp: SECONDS }));
    expect((await store.get(other.id))?.history.at(-1)).toMatchObject({ type: "denied", by: "ada", reason: "no" });
  });

  test("opens a window by the form", async () => {
    await handle(slackEvent(viewSubmission(ID, { window: "30" }), { timestamp: SECONDS }));
    expect((await store.get(ID))?.history.at(-1)).toMatchObject({
      type: "approved",
      windowUntil: START + 30 * MINUTE,
    });
  });

  test("shows the form, and decides nothing by it", async () => {
    await handle(press(ACTIONS.more));
    expect(forms).toHaveLength(1);
    expect(await status()).toBe("open");
  });

  const good = press();
  const changed = (more: Partial<HttpEvent>, headers: Record<string, string> = {}): HttpEvent => ({
    ...good,
    ...more,
    headers: { ...good.headers, ...headers },
  });
  const without = (name: string): HttpEvent => ({
    ...good,
    headers: Object.fromEntries(Object.entries(good.headers).filter(([key]) => key !== name)),
  });
  test.each<[string, HttpEvent, string]>([
    ["no signature", without("x-slack-signature"), "unsigned"],
    ["no time", without("x-slack-request-timestamp"), "unsigned"],
    [
      "another secret",
      slackEvent(blockActions(ID, ACTIONS.approve), { secret: "other", timestamp: SECONDS }),
      "forged",
    ],
    ["another decision", changed({ body: good.body?.replace("postern_approve", "postern_deny") ?? "" }), "forged"],
    ["another user", changed({ body: good.body?.replace("UA8RXUSPL", "UENGINEER") ?? "" }), "forged"],
    ["one byte more", changed({ body: `${good.body}&` }), "forged"],
    ["no body", changed({ body: "" }), "forged"],
    ["another time", changed({}, { "x-slack-request-timestamp": String(SECONDS + 1) }), "forged"],
    ["a time that is none", changed({}, { "x-slack-request-timestamp": "1e9" }), "forged"],
    [
      "another version",
      changed({}, { "x-slack-signature": good.headers["x-slack-signature"]?.replace("v0", "v1") ?? "" }),
      "forged",
    ],
    [
      "half a signature",
      changed({}, { "x-slack-signature": good.headers["x-slack-signature"]?.slice(0, 30) ?? "" }),
      "forged",
    ],
    ["an old one", press(ACTIONS.approve, undefined, SECONDS - 301), "stale"],
    ["one of the future", press(ACTIONS.approve, undefined, SECONDS + 301), "stale"],
    [
      "another app",
      slackEvent({ ...blockActions(ID, ACTIONS.approve), api_app_id: "AOTHER" }, { timestamp: SECONDS }),
      "foreign",
    ],
  ])("with %s is a 401, an event, and nothing else", async (_, event, why) => {
    const before = await store.get(ID);
    expect((await handle(event)).statusCode).toBe(401);
    expect(await store.get(ID)).toEqual(before);
    expect(await incidents()).toEqual([`callback-refused ${why}`]);
  });

  test("every byte of the body is signed", async () => {
    const { body = "" } = good;
    for (let i = 0; i < body.length; i++) {
      const other = body[i] === "A" ? "B" : "A";
      const response = await handle(changed({ body: body.slice(0, i) + other + body.slice(i + 1) }));
      expect(response.statusCode, `at ${i}`).toBe(401);
    }
    expect(await status()).toBe("open");
  });

  test("counts once: a replay is a 401, also of one that was refused", async () => {
    const first = press(ACTIONS.approve, "UNURSE");
    expect((await handle(first)).statusCode).toBe(200);
    expect((await handle(first)).statusCode).toBe(401);
    expect(await incidents()).toContain("callback-refused replayed");
    expect((await handle(press())).statusCode).toBe(200);
    expect((await handle(press())).statusCode).toBe(401);
  });

  test.each([
    ["the requester", "UENGINEER", "requester"],
    ["a non-member who calls herself like a member", "UNURSE", "not-a-member"],
    ["an account whose address Slack has not confirmed", "UUNSURE", "unknown-person"],
    ["an account of another workspace", "UFOREIGN", "unknown-person"],
    ["a bot", "UBOT", "unknown-person"],
    ["a guest who calls himself like a member", "UGUEST", "unknown-person"],
    ["nobody", "UNOBODY", "unknown-person"],
  ])("of %s is refused with the reason", async (_, user, why) => {
    const before = await store.get(ID);
    expect((await handle(press(ACTIONS.approve, user))).statusCode).toBe(200);
    expect(whispers).toHaveLength(1);
    expect(await store.get(ID)).toEqual(before);
    expect(await incidents()).toEqual([`answer-refused ${why}`]);
  });

  test("of one who has answered, or who is late, is refused with the reason", async () => {
    const rules = { ...RULES, groups: { ...RULES.groups, dba: { ...RULES.groups.dba!, quorum: 2 } } };
    const two = { ...request({ rules }), id: "01k0000000000000000000000b" };
    await store.create(opened(two));
    await handle(slackEvent(blockActions(two.id, ACTIONS.approve), { timestamp: SECONDS }));
    await handle(slackEvent(blockActions(two.id, ACTIONS.approve), { timestamp: SECONDS + 1 }));
    expect(whispers).toEqual(["Not counted: you have answered already."]);
    now = START + 60 * MINUTE;
    const late = await handle(slackEvent(viewSubmission(ID, {}), { timestamp: now / 1000 }));
    expect(JSON.parse(late.body)).toEqual({
      response_action: "errors",
      errors: { reason: "Not counted: the request has expired." },
    });
  });

  test("of one who has been offboarded is refused, and so is any for one who has", async () => {
    revoked.add("ada");
    await handle(press());
    expect(whispers).toEqual(["Not counted: you have been offboarded."]);
    expect(await status()).toBe("open");
    revoked = new Set(["engineer"]);
    await store.setTask(ID, "task");
    await handle(press(ACTIONS.approve, undefined, SECONDS + 1));
    expect(await status()).toBe("cancelled");
    expect(settled).toEqual(["task cancelled"]);
    expect(await incidents()).toEqual(
      expect.arrayContaining(["answer-refused revoked", "answer-refused requester-revoked"]),
    );
  });

  test("that is signed but no payload of ours is not taken for an answer", async () => {
    const odd = [{ type: "block_actions" }, { ...blockActions("x' OR 1=1", ACTIONS.approve) }, [], null, "approve"];
    for (const [i, payload] of odd.entries())
      expect((await handle(slackEvent(payload, { timestamp: SECONDS + i }))).statusCode).toBe(400);
    const link = blockActions(ID, "some_link");
    expect((await handle(slackEvent(link, { timestamp: SECONDS }))).statusCode).toBe(200);
    expect(await status()).toBe("open");
  });
});

describe("a directory", () => {
  const one = { id: "ada", userName: "ada", active: true, emails: [{ value: "ada@example.org" }] };
  const ask = (answer: unknown) =>
    scimDirectory(async () => answer, "https://scim.test", "token", "https://id.example.org")("ada@example.org");

  test("says who it is, or that it does not know", async () => {
    expect(await ask({ Resources: [one] })).toMatchObject({ name: "ada", groups: [] });
    for (const answer of [
      null,
      { Resources: [] },
      { Resources: [{ ...one, active: false }] },
      { Resources: [one, { ...one, id: "eve", userName: "eve" }] },
      { Resources: [{ ...one, emails: [{ value: "eve@example.org" }] }] },
    ])
      expect(await ask(answer)).toBeNull();
  });
});

describe("somebody who is signed in", () => {
  const as = (name: string) => ({ authorization: `Bearer ${name}` });
  const say = (name: string, body: object, path = `/approvals/${ID}/answer`) =>
    handle(http("POST", path, JSON.stringify(body), as(name)));
  const yes = { decision: "approve", reason: "seen" };

  test("answers", async () => {
    expect(JSON.parse((await say("ada", yes)).body)).toMatchObject({ status: "approved", request: { id: ID } });
  });

  test.each([
    ["the requester", "engineer", 403, "requester"],
    ["a non-member", "nora", 403, "not-a-member"],
    ["a forged token", "mallory", 401, "its signature is wrong"],
  ])("but not %s", async (_, name, code, why) => {
    const before = await store.get(ID);
    const response = await say(name, yes);
    expect([response.statusCode, JSON.parse(response.body).refused]).toEqual([code, why]);
    expect(await store.get(ID)).toEqual(before);
    expect(await incidents()).toHaveLength(1);
  });

  test("but not who has been offboarded, whatever they say", async () => {
    revoked.add("ada").add("nora");
    expect(JSON.parse((await say("ada", yes)).body)).toMatchObject({ refused: "revoked" });
    const wish = { target: "clinic", reason: "cardiac arrest", minutes: 30 };
    expect((await say("nora", wish, "/break-glass")).statusCode).toBe(403);
    expect(await status()).toBe("open");
    expect(glasses).toEqual([]);
  });

  test("for somebody who has been offboarded: the request is taken back", async () => {
    const agent = { ...request().requester, kind: "agent" as const, name: "copilot", actsFor: "paul" };
    const own = { ...request({ requester: agent }), id: "01k0000000000000000000000b" };
    await store.create(opened(own));
    revoked.add("paul");
    const refused = await say("ada", yes, `/approvals/${own.id}/answer`);
    expect(JSON.parse(refused.body)).toMatchObject({ refused: "requester-revoked" });
    expect((await store.get(own.id))?.history.at(-1)).toMatchObject({ type: "cancelled", by: "postern" });
  });

  test("not twice, not late, not without a reason", async () => {
    expect((await say("ada", { decision: "approve", reason: " " })).statusCode).toBe(400);
    expect((await say("ada", { decision: "perhaps", reason: "x" })).statusCode).toBe(400);
    expect((await say("ada", yes)).statusCode).toBe(200);
    expect((await say("ada", yes)).statusCode).toBe(409);
    const late = { ...request(), id: "01k0000000000000000000000b" };
    await store.create(opened(late));
    now = START + 60 * MINUTE;
    expect((await say("ada", yes, `/approvals/${late.id}/answer`)).statusCode).toBe(410);
    expect((await say("ada", yes, "/approvals/none/answer")).statusCode).toBe(404);
  });

  test("a GET decides nothing, whoever makes it and wherever it leads", async () => {
    const paths = [
      `/approvals/${ID}`,
      `/approvals/${ID}/answer`,
      `/approvals/${ID}/approve`,
      "/slack",
      "/break-glass",
      "/",
    ];
    for (const path of paths)
      for (const headers of [{}, as("ada"), { "user-agent": "Slackbot-LinkExpanding 1.0" }]) {
        const event = { ...http("GET", path, JSON.stringify(yes), headers), rawQueryString: "decision=approve" };
        expect((await handle(event)).statusCode).toBeLessThan(500);
      }
    expect(await status()).toBe("open");
    const preview = await handle(http("GET", `/approvals/${ID}`));
    expect(preview.statusCode).toBe(200);
    expect(preview.body).not.toMatch(/prescriptions|engineer|<form|<script|<a /);
  });

  test("sees what they may answer or have asked for, and nothing else", async () => {
    const listed = async (name: string) =>
      JSON.parse((await handle(http("GET", "/approvals", undefined, as(name)))).body).requests.length;
    expect(await Promise.all(["ada", "engineer", "pia", "nora"].map(listed))).toEqual([1, 1, 1, 0]);
    expect((await handle(http("GET", `/approvals/${ID}`, undefined, as("nora")))).statusCode).toBe(404);
    expect((await handle(http("GET", `/approvals/${ID}`, undefined, as("ada")))).statusCode).toBe(200);
  });

  test("takes back what they asked for, and nobody else does", async () => {
    expect((await say("ada", {}, `/approvals/${ID}/cancel`)).statusCode).toBe(404);
    expect((await say("engineer", {}, `/approvals/${ID}/cancel`)).statusCode).toBe(200);
    expect(await status()).toBe("cancelled");
  });

  test("breaks the glass, announced, and somebody else reviews it", async () => {
    const wish = { target: "clinic", reason: "cardiac arrest in bed 4", minutes: 30 };
    expect((await say("ada", wish, "/break-glass")).statusCode).toBe(403);
    expect((await say("nora", { ...wish, minutes: 31 }, "/break-glass")).statusCode).toBe(400);
    const broken = await say("nora", wish, "/break-glass");
    expect(broken.statusCode).toBe(201);
    const { id } = JSON.parse(broken.body).glass;
    expect(glasses).toEqual([id]);
    const listed = async (name: string) =>
      JSON.parse((await handle(http("GET", "/break-glass", undefined, as(name)))).body).glasses.length;
    expect(await Promise.all(["ada", "nora", "pia"].map(listed))).toEqual([0, 1, 1]);
    const review = { justified: true, reason: "the chart says so" };
    expect((await say("nora", review, `/break-glass/${id}/review`)).statusCode).toBe(403);
    expect((await say("pia", review, `/break-glass/${id}/review`)).statusCode).toBe(200);
    expect((await say("pia", review, `/break-glass/${id}/review`)).statusCode).toBe(409);
    expect(await store.unreviewed()).toEqual([]);
  });
});
