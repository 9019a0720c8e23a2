// Another policy as a deployment: what differs, in words; who may propose it; and when it comes into force.
import { hash } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readPolicyFiles } from "#functions/adapters/policy-place.ts";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { loadPolicyFiles } from "#proxy/adapters/policy-folder.ts";
import { PolicyWatch, type PushedPolicy, pushedPolicy } from "#proxy/adapters/policy-watch.ts";
import { apply } from "#shared/approval/apply.ts";
import { open } from "#shared/approval/machine.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { changesBetween } from "#shared/policy/push/changes.ts";
import { asDeployed } from "#shared/policy/push/deployed.ts";
import { type PushWish, propose } from "#shared/policy/push/propose.ts";
import type { PolicyFiles, Push } from "#shared/policy/push/types.ts";
import { answer, human, START } from "#test/support/approvals.ts";
import { ROOT } from "#test/support/project.ts";

let files: PolicyFiles;
beforeAll(async () => {
  files = await readPolicyFiles(join(ROOT, "policy"));
});

function bundle(of: PolicyFiles): LoadedBundle {
  const loaded = loadPolicyFiles(of);
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded;
}

/** The demo's bundle with parts of it replaced. */
function edited(...edits: (readonly [file: string, from: string | RegExp, to: string])[]): PolicyFiles {
  const made: Record<string, string> = { ...files };
  for (const [name, from, to] of edits) {
    const next = (made[name] as string).replace(from, to);
    if (next === made[name]) throw new Error(`nothing was replaced in ${name}`);
    made[name] = next;
  }
  return made;
}

const EXTRA = '\n@id("extra")\npermit (principal in Group::"auditor", action == Action::"read", resource);\n';
const sha256 = (text: string) => hash("sha256", text, "hex");
const said = (to: PolicyFiles) =>
  changesBetween(bundle(files), bundle(to)).map(({ effect, what }) => `${effect} ${what}`);

describe("what differs", () => {
  it("is nothing where only the layout does", () => {
    expect(said(edited(["access.cedar", /^/, "// a comment\n\n"]))).toEqual([]);
  });

  it("names rules that came and went, by whom they let do more", () => {
    expect(said(edited(["access.cedar", /$/, EXTRA]))).toEqual(["weaker rule extra is new: a permit"]);
    const gone = edited(
      ["access.cedar", /@id\("no-unbounded-changes"\)[^;]*;/, ""],
      ["tests.yaml", /[\s\S]*/, "identities: {}\nexpectations: []\n"],
    );
    expect(said(gone)).toEqual(["weaker rule no-unbounded-changes is gone: a forbid"]);
    const back = changesBetween(bundle(gone), bundle(files)).map(({ effect, what }) => `${effect} ${what}`);
    expect(back).toEqual(["stronger rule no-unbounded-changes is new: a forbid"]);
  });

  it("names approvals that are not asked for any more", () => {
    const found = said(edited(["access.cedar", /@approval\("[^"]*"\)\n?/, ""]));
    expect(found).toEqual([expect.stringMatching(/^weaker rule [a-z-]+: approval of nobody, was of dba/)]);
  });

  it("names masks that leave more, columns that hold nothing any more, and settings", () => {
    const found = said(
      edited(
        ["catalog.yaml", /(\n {2}ssn:.*mask: )[a-z0-9]+/, "$1last4"],
        ["catalog.yaml", /(\n\s+)phone: phone/, "$1phone: none"],
        ["approvals.yaml", "quorum: 1", "quorum: 2"],
        ["approvals.yaml", "maxMinutes: 30", "maxMinutes: 90"],
      ),
    );
    expect(found).toContain("weaker class ssn: masked by last4, was redact");
    expect(found).toContainEqual(expect.stringMatching(/^weaker clinic public\.[a-z_]+\.phone: no PHI, was phone$/));
    expect(found).toContain("weaker approvals.breakGlass.maxMinutes: 90, was 30");
    expect(found).toContain("stronger approvals.groups.dba.quorum: 2, was 1");
    expect(found).toHaveLength(4);
    // What lets more through is read first.
    expect(found.map((line) => line.split(" ")[0])).toEqual(["weaker", "weaker", "weaker", "stronger"]);
  });

  it("never calls it stronger to forget a table or to switch evidence off", () => {
    const found = said(edited(["targets.yaml", "sealed: on", "sealed: off\n  disclosures: off"]));
    expect(found).toEqual([
      "weaker targets.clinic.disclosures: off, was result",
      "weaker targets.clinic.sealed: off, was on",
    ]);
  });
});

const ADA = human("ada", "dba");
const PIA = human("pia", "privacy");
const wish = (more: Partial<PushWish> = {}): PushWish => ({
  id: "01k0000000000000000000000p",
  by: ADA,
  reason: "ticket 9",
  from: START,
  previous: bundle(files).version,
  files: edited(["access.cedar", /$/, EXTRA]),
  ...more,
});
const proposal = (more: Partial<PushWish> = {}) => {
  const asked = wish(more);
  return propose(bundle(files), bundle(asked.files), asked, START, sha256);
};

describe("a proposal", () => {
  it("asks those whom the policy in force names, whatever the proposed one says", () => {
    const bundleOfTheirOwn = edited(["approvals.yaml", "groups: [privacy] }\n\n# Every", "groups: [dba] }\n\n# Every"]);
    const made = proposal({ files: bundleOfTheirOwn });
    expect(typeof made === "object" && made.request.rules.needed).toEqual(["privacy"]);
    expect(typeof made === "object" && made.request.statement).toContain("policyChange.groups");
    expect(typeof made === "object" && made.request.what).toMatch(
      /^put policy [0-9a-f]{12} in force as soon as it is agreed/,
    );
  });

  it.each([
    ["not-a-person", { by: { ...ADA, kind: "agent" as const } }],
    ["not-an-author", { by: human("nora", "nurse") }],
    ["no-reason", { reason: " " }],
    ["bad-time", { from: Number.NaN }],
    ["superseded", { previous: "0".repeat(64) }],
  ])("is refused as %s", (why, more) => {
    expect(proposal(more)).toBe(why);
  });

  it("is refused where nothing differs, and where the policy in force offers none", () => {
    expect(proposal({ files: edited(["access.cedar", /^/, "// words\n"]) })).toBe("no-change");
    const closed = bundle(edited(["approvals.yaml", /policyChange:.*\n/, ""]));
    expect(propose(closed, bundle(files), wish({ previous: closed.version }), START, sha256)).toBe("not-offered");
  });

  it("is another request with another time, version, or author: an approval is for exactly one", () => {
    const digests = [
      {},
      { from: START + 1 },
      { by: human("bea", "dba") },
      { files: edited(["access.cedar", /$/, EXTRA.replace("extra", "other")]) },
    ].map((more) => {
      const made = proposal(more);
      return typeof made === "object" ? made.request.digest : made;
    });
    expect(new Set(digests).size).toBe(4);
  });
});

it("a pushed bundle redirects nobody: where targets are is the deployment's", () => {
  const pushed = bundle(edited(["targets.yaml", /host: \S+/, "host: elsewhere.example"]));
  const deployed = bundle(files).targets;
  expect(asDeployed(pushed, deployed).targets.get("clinic")?.host).toBe(deployed.get("clinic")?.host);
  expect([...asDeployed(pushed, new Map()).targets]).toEqual([]);
});

/** The same store, some of whose methods are others. */
function but(store: LocalApprovalStore, methods: object = {}): LocalApprovalStore {
  return new Proxy(store, {
    get(of, name) {
      const own = Reflect.get(methods, name) ?? Reflect.get(of, name);
      return typeof own === "function" ? own.bind(of) : own;
    },
  });
}

/** Two gateways over the same tables. */
function place() {
  const store = new LocalApprovalStore(":memory:");
  const clock = { now: START };
  const deployed = bundle(files).version;
  const troubles: string[] = [];
  const spent: string[] = [];
  const load = (push: Push) => loadPolicyFiles(push.files);
  const gateway = (name: string, more: { use?: (policy: PushedPolicy) => Promise<void>; source?: object } = {}) => {
    const used: string[] = [];
    const watch = new PolicyWatch(
      {
        source: but(store, more.source),
        approvals: {
          async spend(id, digest, session) {
            const done = await apply(store, id, { type: "spend", at: clock.now, digest, session });
            const won = done?.changes.some((change) => change.type === "spent") === true;
            if (won) spent.push(name);
            return won ? "spent" : "refused";
          },
          async cancel(id, by, why) {
            const done = await apply(store, id, { type: "cancel", at: clock.now, by, why });
            if (done === null) throw new Error("no request");
            return done.state;
          },
        },
        session: name,
        deployed,
        running: null,
        now: () => clock.now,
        load,
        use: more.use ?? (async ({ bundle: { version } }) => void used.push(version)),
        onTrouble: (kind, words) => void troubles.push(`${kind}: ${words}`),
      },
      60_000_000,
    );
    return { used, look: () => watch.look(), close: () => watch.close() };
  };
  const push = async (more: Partial<PushWish> = {}, agreed = true) => {
    const asked = wish(more);
    const current =
      (await store.policyInForce()) === null
        ? bundle(files)
        : bundle((await pushedPolicy(store, load))?.push.files ?? {});
    const made = propose(current, bundle(asked.files), { ...asked, previous: current.version }, clock.now, sha256);
    if (typeof made === "string") throw new Error(made);
    await store.createPush(made.push);
    await store.create(open(made.request, [], clock.now).state);
    if (agreed) await agree(asked.id);
    return made.push;
  };
  const agree = async (id: string) => apply(store, id, { type: "answer", at: clock.now, answer: answer(PIA) });
  return { store, clock, troubles, spent, gateway, push, agree, load };
}

describe("a push", () => {
  it("comes into force at every gateway when it is agreed, put there by one", async () => {
    const { store, spent, gateway, push, agree } = place();
    const [one, two] = [gateway("one"), gateway("two")];
    const { id, version } = await push({}, false);
    for (const each of [one, two]) await each.look();
    expect([one.used, two.used]).toEqual([[], []]);
    expect((await agree(id))?.state.status).toBe("approved");
    await Promise.all([one.look(), two.look()]);
    for (const each of [one, two]) await each.look();
    expect([one.used, two.used]).toEqual([[version], [version]]);
    expect(spent).toHaveLength(1);
    expect(await store.policyInForce()).toMatchObject({ push: id, version, by: "ada", approvedBy: ["pia"] });
    expect(await store.waitingPushes()).toEqual([]);
  });

  it("waits for its time", async () => {
    const { clock, gateway, push, store } = place();
    const one = gateway("one");
    const { id, version } = await push({ from: START + 48 * 3_600_000 });
    await one.look();
    expect(one.used).toEqual([]);
    clock.now = START + 48 * 3_600_000;
    await one.look();
    expect(one.used).toEqual([version]);
    expect((await store.get(id))?.status).toBe("spent");
  });

  it("never comes into force when it is denied, or when nobody agrees in time", async () => {
    const { store, clock, gateway, push } = place();
    const one = gateway("one");
    const { id } = await push({}, false);
    await apply(store, id, { type: "answer", at: START, answer: answer(PIA, { decision: "deny" }) });
    await push({ id: "01k0000000000000000000000q" }, false);
    clock.now += 24 * 3_600_000;
    await apply(store, "01k0000000000000000000000q", { type: "time", at: clock.now });
    await one.look();
    expect([one.used, await store.policyInForce(), await store.waitingPushes()]).toEqual([[], null, []]);
  });

  it("replaces only what it was compared with: another that came first makes it void", async () => {
    const { store, clock, gateway, push, troubles } = place();
    const one = gateway("one");
    const later = await push({ id: "01k000000000000000000000aa", from: START + 1000 });
    const first = await push({
      id: "01k000000000000000000000bb",
      files: edited(["access.cedar", /$/, EXTRA.replace("extra", "other")]),
    });
    await one.look();
    clock.now = START + 1000;
    await one.look();
    expect(one.used).toEqual([first.version]);
    expect((await store.get(later.id))?.history.at(-1)).toMatchObject({ type: "cancelled", by: "postern" });
    expect(troubles).toEqual([expect.stringContaining("another policy came into force meanwhile")]);
  });

  it("is taken back by a push of the version from before", async () => {
    const { clock, gateway, push, store } = place();
    const one = gateway("one");
    const { version } = await push();
    await one.look();
    clock.now += 1000;
    const back = await push({ id: "01k0000000000000000000000q", files, from: clock.now });
    await one.look();
    expect(one.used).toEqual([version, bundle(files).version]);
    expect(await store.policyInForce()).toMatchObject({ push: back.id, previous: version });
  });

  it("is void for good once another has come into force, though its version is back", async () => {
    const { store, clock, gateway, push } = place();
    const one = gateway("one");
    const later = await push({ id: "01k000000000000000000000aa" }, false);
    await push({
      id: "01k000000000000000000000bb",
      files: edited(["access.cedar", /$/, EXTRA.replace("extra", "other")]),
    });
    await one.look();
    await one.look();
    expect((await store.get(later.id))?.status).toBe("cancelled");
    clock.now += 1000;
    await push({ id: "01k000000000000000000000cc", files, from: clock.now });
    await one.look();
    expect((await store.policyInForce())?.version).toBe(later.previous);
    expect(await store.waitingPushes()).toEqual([]);
  });

  it("comes into force once: not again when it is back in what a gateway sees waiting", async () => {
    const { clock, gateway, push, store } = place();
    const one = gateway("one");
    const first = await push();
    await one.look();
    clock.now += 1000;
    const back = await push({ id: "01k0000000000000000000000q", files, from: clock.now });
    await one.look();
    const behind = gateway("behind", { source: { waitingPushes: async () => [first] } });
    for (let i = 0; i < 3; i++) await behind.look();
    expect(await store.policyInForce()).toMatchObject({ push: back.id });
    expect(behind.used).toEqual([back.version]);
  });

  it("never comes into force as something else than people agreed to", async () => {
    const { store, gateway, push, troubles } = place();
    const agreed = await push();
    const laxer = edited(["access.cedar", /$/, EXTRA.replace("extra", "other")]);
    const other = { ...agreed, files: laxer, version: bundle(laxer).version };
    const one = gateway("one", { source: { waitingPushes: async () => [other], getPush: async () => other } });
    await one.look();
    expect([one.used, await store.policyInForce()]).toEqual([[], null]);
    expect(troubles).toEqual([expect.stringContaining("it is not what people agreed to")]);
  });

  it("is finished by another gateway when the one that took the approval has died", async () => {
    const { store, gateway, push } = place();
    const dying = gateway("one", { source: { putInForce: () => Promise.reject(new Error("killed")) } });
    const two = gateway("two");
    const { version } = await push();
    await dying.look();
    expect([dying.used, await store.policyInForce()]).toEqual([[], null]);
    await two.look();
    expect(two.used).toEqual([version]);
  });

  it("leaves the policy from before in force where it cannot be read, used or announced, and says so once", async () => {
    const { gateway, push, troubles, store } = place();
    const unread = gateway("unread", { source: { policyInForce: () => Promise.reject(new Error("throttled")) } });
    const unrecorded = gateway("unrecorded", { use: () => Promise.reject(new Error("no evidence")) });
    const { id, version } = await push();
    await gateway("fine").look();
    expect(await store.policyInForce()).toMatchObject({ version });
    for (const each of [unread, unrecorded]) for (let i = 0; i < 3; i++) await each.look();
    expect([unread.used, unrecorded.used]).toEqual([[], []]);
    const push2 = await store.getPush(id);
    const broken = gateway("broken", {
      source: { getPush: async () => ({ ...push2, files: { "access.cedar": "permit" } }) },
    });
    for (let i = 0; i < 3; i++) await broken.look();
    expect(broken.used).toEqual([]);
    expect(troubles.map((line) => line.split(":")[0])).toEqual(["unread", "unrecorded", "broken"]);
  });

  it("that does not validate is never put in force, though people agreed", async () => {
    const { store, gateway, push, troubles } = place();
    const { id } = await push();
    const good = await store.getPush(id);
    const one = gateway("one", {
      source: { waitingPushes: async () => [{ ...good, files: { "access.cedar": "permit" } }] },
    });
    await one.look();
    expect([one.used, await store.policyInForce()]).toEqual([[], null]);
    expect((await store.get(id))?.status).toBe("cancelled");
    expect(troubles).toEqual([expect.stringContaining("its bundle cannot be used")]);
  });
});

it("a gateway does not start on another policy than the one in force when it cannot read that one", async () => {
  const { store, push, gateway, load } = place();
  expect(await pushedPolicy(store, load)).toBeNull();
  const { version } = await push();
  await gateway("one").look();
  expect((await pushedPolicy(store, load))?.bundle.version).toBe(version);
  await expect(pushedPolicy(store, () => ({ problems: [] }))).rejects.toThrow("cannot be used");
  const gone = but(store, { getPush: async () => null });
  await expect(pushedPolicy(gone, load)).rejects.toThrow("is not there");
});
