// The door of the officers on AWS: two people, each with a token of their own, and nothing is opened or destroyed before it is in the evidence.
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { hpkeOpen, hpkePair } from "#functions/adapters/hpke.ts";
import type { HttpResponse } from "#functions/adapters/http-api.ts";
import { recordingIn } from "#functions/officers/deeds.ts";
import { officers } from "#functions/officers/routes.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { compress, decompress } from "#proxy/adapters/node-zstd.ts";
import type { Approver } from "#shared/approval/types.ts";
import { handedOver, type OfficerRequest } from "#shared/evidence/officers.ts";
import { human } from "#test/support/approvals.ts";
import { http } from "#test/support/slack.ts";

const START = Date.UTC(2026, 10, 20);
const MINUTE = 60_000;
const SESSION = "01m8811gb3aqtk36ew11hpdhvf";
const KEY = Buffer.alloc(32, 7);
const PEOPLE: readonly Approver[] = [
  human("pia", "privacy"),
  human("ada", "auditor"),
  human("zoe", "auditor"),
  human("nora", "nurse"),
  { ...human("bot", "auditor"), kind: "workload" },
];

let now: number;
let ids: number;
let requests: Map<string, OfficerRequest>;
let wrapped: Map<string, Uint8Array>;
let objects: Map<string, Uint8Array>;
let revoked: Set<string>;
/** What was done, in order. */
let done: string[];
let broken: boolean;
let unlocked: boolean;
let handle: (event: unknown) => Promise<HttpResponse>;

beforeEach(() => {
  [now, ids, broken, unlocked, done] = [START, 0, false, false, []];
  requests = new Map();
  wrapped = new Map([[SESSION, Buffer.from("wrapped")]]);
  objects = new Map();
  revoked = new Set();
  handle = officers(async () => ({
    store: {
      enter: async (request) => void requests.set(request.id, request),
      get: async (id) => requests.get(id) ?? null,
      async agree(request) {
        if (requests.get(request.id)?.agreed !== null) return false;
        requests.set(request.id, request);
        return true;
      },
      latest: async () => [...requests.values()].toReversed(),
    },
    officers: { groups: ["privacy", "auditor"], validMinutes: 60 },
    keys: {
      put: async () => {},
      get: async (session) => wrapped.get(session) ?? null,
      async destroy(session) {
        done.push("destroyed");
        wrapped.delete(session);
      },
    },
    opener: {
      async open(_, context) {
        expect(context).toEqual({ session: SESSION, target: "clinic" });
        done.push("opened");
        return KEY;
      },
    },
    recording: recordingIn({
      store: {
        get: async (key) => objects.get(key) ?? null,
        async put(key, bytes) {
          if (broken) throw new Error("the bucket does not answer");
          if (!objects.has(key)) done.push("recorded");
          objects.set(key, objects.get(key) ?? bytes);
          if (unlocked) throw new Error("it is not locked");
        },
      },
      sha256: nodeSha256,
      pack: (bytes) => compress(bytes, 3),
      decompress,
    }),
    verify: async (token) => PEOPLE.find((one) => one.name === token) ?? { refused: "its signature is wrong" },
    revoked: async (names) => names.some((name) => revoked.has(name)),
    newId: () => `01k00000000000000000000${String(++ids).padStart(3, "0")}`,
    now: () => now,
  }));
});

let warned: MockInstance<typeof console.warn>;
beforeEach(() => {
  warned = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());
/** The function's log. */
const logged = () => warned.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);

async function say(
  who: string,
  path: string,
  body?: object,
): Promise<{ status: number; said: Record<string, unknown> }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const method = body === undefined ? "GET" : "POST";
  const { statusCode, body: answer } = await handle(
    http(method, `/officers${path}`, text, { authorization: `Bearer ${who}` }),
  );
  return { status: statusCode, said: JSON.parse(answer) };
}
const ask = (who: string, what = "open", reason = "case 12") =>
  say(who, "", { what, session: SESSION, target: "clinic", reason });
const agree = (who: string, id: unknown, reason = "seen") => say(who, `/${id}/agree`, { reason });

async function agreed(what: string): Promise<string> {
  const { said } = await ask("pia", what);
  expect(await agree("ada", said.id)).toMatchObject({ status: 200 });
  return String(said.id);
}

describe("the door of the officers", () => {
  test("tells nobody anything who is no officer, or has been offboarded", async () => {
    revoked.add("zoe");
    for (const [who, status] of [
      ["nobody", 401],
      ["nora", 403],
      ["bot", 403],
      ["zoe", 403],
    ] as const) {
      expect((await ask(who)).status, who).toBe(status);
      expect((await say(who, "")).status, who).toBe(status);
    }
    expect(requests.size).toBe(0);
  });

  test("says in its log whom it told no, and why, and nothing of what they said", async () => {
    const { said: request } = await ask("pia", "open", "because of 078-05-1120");
    await agree("pia", request.id, "her number is 078-05-1120");
    await ask("nora");
    await say("pia", "/nothing/open", { publicKey: "078-05-1120" });
    await ask("nobody");
    expect(logged()).toEqual([
      { level: "warn", function: "officers", refused: "the-same-person", by: "pia" },
      { level: "warn", function: "officers", refused: "not-an-officer", by: "nora" },
      { level: "warn", function: "officers", refused: "not as expected: publicKey", by: "pia" },
    ]);
  });

  test("takes two, with reasons, in time; whoever has asked is not the other one", async () => {
    expect(await ask("pia", "open", " ")).toMatchObject({ status: 400, said: { refused: "no-reason" } });
    const { said } = await ask("pia");
    expect((await ask("pia", "open", "again")).said.id).toBe(said.id);
    expect(await agree("pia", said.id)).toMatchObject({ status: 403, said: { refused: "the-same-person" } });
    expect(await agree("ada", said.id, "")).toMatchObject({ status: 400 });
    const { open: publicKey } = await hpkePair();
    const open = () => say("pia", `/${said.id}/open`, { publicKey: Buffer.from(publicKey).toString("base64url") });
    expect(await open()).toMatchObject({ status: 409, said: { refused: "not-agreed" } });
    now += 61 * MINUTE;
    expect(await agree("ada", said.id)).toMatchObject({ status: 410, said: { refused: "too-late" } });
    expect(done).toEqual([]);
  });

  test("records it, then hands the key to who made the question, for as long as it was agreed", async () => {
    const id = await agreed("open");
    expect(done).toEqual(["recorded"]);
    expect([...objects.keys()]).toEqual([
      `events/v1/date=2026-11-20/target=gateway/${id}/0000000001-0000000002.ndjson.zst`,
    ]);
    const pair = await hpkePair();
    const publicKey = Buffer.from(pair.open).toString("base64url");
    for (const who of ["pia", "ada"]) {
      const { status, said } = await say(who, `/${id}/open`, { publicKey });
      expect(status).toBe(200);
      const sealed = Buffer.from(String(said.sealedKey), "base64url");
      const request = requests.get(id) as OfficerRequest;
      expect(Buffer.from(await hpkeOpen(pair.secret, handedOver(request), sealed))).toEqual(KEY);
      await expect(hpkeOpen(pair.secret, "something else", sealed)).rejects.toThrow();
    }
    expect(await say("zoe", `/${id}/open`, { publicKey })).toMatchObject({ status: 404 });
    expect(await say("pia", `/${id}/shred`, {})).toMatchObject({ status: 404 });
    revoked.add("ada");
    expect(await say("pia", `/${id}/open`, { publicKey })).toMatchObject({ status: 403, said: { refused: "revoked" } });
    revoked.clear();
    now += 61 * MINUTE;
    expect(await say("pia", `/${id}/open`, { publicKey })).toMatchObject({ status: 410 });
    expect(done).toEqual(["recorded", "opened", "opened"]);
  });

  test("does nothing that cannot be recorded; what was agreed is recorded before it is done, however late", async () => {
    const { said } = await ask("pia");
    broken = true;
    await expect(agree("ada", said.id)).rejects.toThrow("the function failed");
    const publicKey = Buffer.from((await hpkePair()).open).toString("base64url");
    await expect(say("pia", `/${said.id}/open`, { publicKey })).rejects.toThrow("the function failed");
    expect(done).toEqual([]);
    broken = false;
    expect((await say("pia", `/${said.id}/open`, { publicKey })).status).toBe(200);
    expect(done).toEqual(["recorded", "opened"]);
    const [key = ""] = objects.keys();
    objects.set(key, await compress(Buffer.from("another\n"), 3));
    await expect(say("pia", `/${said.id}/open`, { publicKey })).rejects.toThrow();
    expect(done).toEqual(["recorded", "opened"]);
  });

  test("does nothing while the record of it is not locked, at the second attempt neither", async () => {
    const { said } = await ask("pia");
    unlocked = true;
    await expect(agree("ada", said.id)).rejects.toThrow("the function failed");
    expect(objects.size).toBe(1);
    const publicKey = Buffer.from((await hpkePair()).open).toString("base64url");
    await expect(say("pia", `/${said.id}/open`, { publicKey })).rejects.toThrow("the function failed");
    expect(done).toEqual(["recorded"]);
  });

  test("destroys a key once it is recorded, and then there is nothing to open", async () => {
    const id = await agreed("shred");
    expect((await say("ada", `/${id}/shred`, {})).status).toBe(200);
    expect(done).toEqual(["recorded", "destroyed"]);
    expect((await say("ada", `/${id}/shred`, {})).status).toBe(200);
    expect(await ask("pia")).toMatchObject({ status: 410, said: { refused: "no-key" } });
  });
});
