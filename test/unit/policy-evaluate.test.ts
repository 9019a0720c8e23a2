import { describe, expect, test } from "vitest";
import type { Decision, DecisionRequest } from "#shared/decision.ts";
import type { Facts } from "#shared/facts.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import { ALL, ask, bundleOf, factsOf, load, NOON, parts, person, reads } from "#test/support/bundles.ts";

const READ =
  '@id("readers") permit (principal in Group::"staff", action == Action::"read", resource in Target::"clinic");';
const ada = person("staff");

function decide(access: string, request: DecisionRequest): Decision {
  return createEvaluator(bundleOf(access))(request);
}

const decideFacts = (access: string, ...facts: Facts[]) => decide(access, ask(ada, facts));

describe("by default", () => {
  test("everything is refused, and the refusal says so", () => {
    const decision = decide(READ, ask(person("guests"), [reads("public.patients", "id")]));
    expect(decision).toMatchObject({
      outcome: "refuse",
      policies: [],
      why: "ada may not read public.patients at clinic",
      hint: expect.stringContaining("permit `read`"),
      reveal: [],
    });
  });

  test("a session needs a permit to connect", () => {
    const connect = { ...ask(ada, []), question: { type: "connect" } } as const;
    expect(decide(READ, connect)).toMatchObject({ outcome: "refuse", why: "ada may not connect to clinic" });
    const permit = '@id("in") permit (principal, action == Action::"connect", resource == Target::"clinic");';
    expect(decide(permit, connect)).toMatchObject({ outcome: "permit", policies: ["in"] });
  });

  test("a target that is not in the bundle is refused", () => {
    expect(decide(ALL, { ...ask(ada, []), target: "elsewhere" }).outcome).toBe("refuse");
  });

  test("a statement that asks for nothing runs", () => {
    expect(decideFacts(READ, factsOf({ kind: "transaction" }))).toMatchObject({ outcome: "permit", policies: [] });
  });
});

describe("permit and forbid", () => {
  test("a decision names the policies that made it", () => {
    expect(decideFacts(READ, reads("public.drugs", "id"))).toMatchObject({
      outcome: "permit",
      policies: ["readers"],
      why: "",
    });
  });

  test("forbid wins, and its hint is passed on", () => {
    const forbid =
      '@id("no-ssn") @hint("Leave ssn out.") forbid (principal, action == Action::"read", resource) when { context.classes.contains("ssn") };';
    expect(decideFacts(`${ALL}${forbid}`, reads("public.patients", "ssn"))).toMatchObject({
      outcome: "refuse",
      policies: ["no-ssn"],
      hint: "Leave ssn out.",
    });
    expect(decideFacts(`${ALL}${forbid}`, reads("public.patients", "id")).outcome).toBe("permit");
  });

  test("every relation and every action needs its own yes", () => {
    const both = factsOf({
      kind: "update",
      hasWhere: true,
      relations: [{ relation: "public.drugs", actions: ["read", "write"], columns: ["id"], system: false }],
    });
    expect(decideFacts(READ, both)).toMatchObject({
      outcome: "refuse",
      why: "ada may not write to public.drugs at clinic",
    });
  });

  test("one statement that may not run stops the whole string", () => {
    const other = factsOf({
      kind: "delete",
      relations: [{ relation: "public.drugs", actions: ["delete"], columns: [], system: false }],
    });
    expect(decideFacts(READ, reads("public.drugs", "id"), other).outcome).toBe("refuse");
  });

  test("relations of another target are other relations", () => {
    const elsewhere = READ.replace('Target::"clinic"', 'Target::"laboratory"');
    expect(decideFacts(elsewhere, reads("public.drugs", "id")).outcome).toBe("refuse");
  });

  test.each([
    ["truncate", "delete from things (TRUNCATE)"],
    ["grant", "change privileges on things (GRANT)"],
    ["define", "define or maintain things (DEFINE)"],
    ["copy-in", "write to things (COPY-IN)"],
    ["copy-out", "export things (COPY-OUT)"],
    ["do", "run DO"],
    ["notify", "run NOTIFY"],
    ["other", "run OTHER"],
  ] as const)("%s is asked for even if no relation is named", (kind, words) => {
    expect(decideFacts(READ, factsOf({ kind }))).toMatchObject({
      outcome: "refuse",
      why: `ada may not ${words} at clinic`,
    });
  });

  test("policy sees who, from where, and what for", () => {
    const access = `
@id("office") permit (principal, action == Action::"read", resource)
when { context.source.isInRange(ip("10.0.0.0/8")) && principal.amr.contains("mfa") && context has purpose && context.purpose == "treatment" };`;
    const evaluate = createEvaluator(bundleOf(access));
    const good = { principal: { ...ada, amr: ["mfa"] }, source: "::ffff:10.1.2.3", purpose: "treatment" };
    const facts = [reads("public.drugs", "id")];
    expect(evaluate(ask(ada, facts, good)).outcome).toBe("permit");
    expect(evaluate(ask(ada, facts, { ...good, source: "192.0.2.1" })).outcome).toBe("refuse");
    expect(evaluate(ask(ada, facts, { ...good, principal: ada })).outcome).toBe("refuse");
    const { purpose: _, ...noPurpose } = good;
    expect(evaluate(ask(ada, facts, noPurpose)).outcome).toBe("refuse");
  });

  test("workloads and agents are what they are, and an agent acts for somebody", () => {
    const access =
      '@id("for-ada") permit (principal is Agent, action == Action::"read", resource) when { principal has actsFor && principal.actsFor == User::"ada" };';
    const agent = { ...ada, kind: "agent", name: "helper", actsFor: "ada" } as const;
    const facts = [reads("public.drugs", "id")];
    expect(decide(access, ask(agent, facts)).outcome).toBe("permit");
    expect(decide(access, ask({ ...agent, actsFor: "bob" }, facts)).outcome).toBe("refuse");
    expect(decide(access, ask({ ...agent, kind: "workload" }, facts)).outcome).toBe("refuse");
  });
});

describe("an error while evaluating is a refusal, never a skipped policy", () => {
  // Overflow is an error that no validator can foresee.
  const broken =
    '@id("broken") forbid (principal, action == Action::"read", resource) when { 9223372036854775807 + (if context.complete then 1 else 0) > 0 };';

  test("of a forbid", () => {
    expect(decideFacts(`${ALL}${broken}`, reads("public.drugs", "id"))).toMatchObject({
      outcome: "refuse",
      policies: ["broken"],
      why: expect.stringContaining("a policy failed"),
      cacheSeconds: 0,
    });
  });

  test("of a permit, though another permits", () => {
    const permit = broken.replace("forbid", "permit");
    expect(decideFacts(`${ALL}${permit}`, reads("public.drugs", "id")).outcome).toBe("refuse");
  });

  test("of what is asked for masks", () => {
    const reveal = broken.replace('"read"', '"reveal"');
    expect(decideFacts(`${ALL}${reveal}`, reads("public.patients", "ssn")).outcome).toBe("refuse");
  });

  test("of a source that is no address", () => {
    expect(decide(ALL, ask(ada, [reads("public.drugs", "id")], { source: "somewhere" })).outcome).toBe("refuse");
  });
});

describe("masking is the default", () => {
  const reveal = `${READ}@id("see-names") permit (principal, action == Action::"reveal", resource == Class::"name");`;

  test("classes that policy reveals are named, others are not", () => {
    const decision = decideFacts(reveal, reads("public.patients", "id", "ssn", "full_name"));
    expect(decision).toMatchObject({ outcome: "permit", reveal: ["name"], policies: ["readers", "see-names"] });
  });

  test("what nobody has classified is revealed to nobody", () => {
    expect(decideFacts(ALL, reads("public.patients", "nickname")).reveal).toEqual([]);
  });

  test("an obligation that is not met does not reveal, and does not stop", () => {
    const reason = reveal.replace('@id("see-names")', '@id("see-names") @reason("required")');
    const facts = [reads("public.patients", "full_name")];
    expect(decide(reason, ask(ada, facts))).toMatchObject({ outcome: "permit", reveal: [] });
    expect(decide(reason, ask(ada, facts, { purpose: "audit" }))).toMatchObject({
      outcome: "permit",
      reveal: ["name"],
    });
  });

  test("what is known to tell nothing asks for nothing", () => {
    const count = factsOf({
      relations: [{ relation: "public.patients", actions: ["read"], columns: ["full_name"], system: false }],
      outputs: [
        {
          name: "n",
          sources: [{ relation: "public.patients", column: "full_name" }],
          direct: false,
          reveals: "nothing",
        },
      ],
    });
    expect(decideFacts(reveal, count).policies).toEqual(["readers"]);
  });
});

describe("search", () => {
  const by = (use: "equality" | "range", column: string, more: object = {}) =>
    factsOf({ ...reads("public.patients", "id"), influence: [{ relation: "public.patients", column, use, ...more }] });
  const search = `${READ}@id("by-name") permit (principal, action == Action::"search", resource == Class::"name") when { context.use == "equality" };`;

  test("is by class and kind of use", () => {
    expect(decideFacts(search, by("equality", "full_name")).outcome).toBe("permit");
    expect(decideFacts(search, by("range", "full_name"))).toMatchObject({
      outcome: "refuse",
      why: "ada may not search public.patients.full_name (class name) by range at clinic",
    });
    expect(decideFacts(search, by("equality", "ssn")).outcome).toBe("refuse");
  });

  test("by an order that nobody asked for is refused with the way around", () => {
    const influence = [{ relation: "public.patients", column: "ssn", use: "order" as const }];
    const open = factsOf({ ...reads("public.patients", "id"), influence, openOrder: true });
    expect(decideFacts(READ, open).why).toBe(
      "ada may not search public.patients.ssn (class ssn) by order at clinic, unless ORDER BY sorts by the primary keys",
    );
  });

  test("by what tells nothing of the column needs no permission", () => {
    expect(decideFacts(READ, by("equality", "ssn", { reveals: "nothing" })).outcome).toBe("permit");
  });

  test("by a column without a class needs no permission", () => {
    expect(decideFacts(READ, by("range", "id")).outcome).toBe("permit");
  });

  test("by a column that nobody has classified is refused, whatever a policy says", () => {
    expect(decideFacts(ALL, by("equality", "nickname"))).toMatchObject({
      outcome: "refuse",
      policies: ["postern-unclassified-not-searched"],
    });
  });

  test("that stands in a view's definition is told apart", () => {
    const fixed = `${READ}@id("views") permit (principal, action == Action::"search", resource) when { context.fixed };`;
    expect(decideFacts(fixed, by("range", "ssn", { through: "public.directory" })).outcome).toBe("permit");
    expect(decideFacts(fixed, by("range", "ssn")).outcome).toBe("refuse");
  });
});

describe("what analysis cannot vouch for", () => {
  const gap = factsOf({ complete: false, gaps: [{ reason: "dynamic", what: "a DO block" }], relations: [] });

  test("is refused where a target holds PHI, whatever a policy says", () => {
    expect(decideFacts(ALL, gap)).toMatchObject({
      outcome: "refuse",
      policies: ["postern-analysed-only"],
      why: "ada may not use what cannot be analysed (dynamic: a DO block) at clinic",
    });
  });

  test("is refused even if no gap is named", () => {
    expect(decideFacts(ALL, factsOf({ complete: false })).policies).toEqual(["postern-analysed-only"]);
  });

  test("is a matter of policy where there is no PHI", () => {
    const bare = load({ ...parts(ALL), "catalog.yaml": "classes: {}\ntargets: { clinic: none }\n" });
    if ("problems" in bare) throw new Error("broken");
    expect(createEvaluator(bare)(ask(ada, [gap]))).toMatchObject({ outcome: "permit", policies: ["all"] });
    const readers = load({ ...parts(READ), "catalog.yaml": "classes: {}\ntargets: { clinic: none }\n" });
    if ("problems" in readers) throw new Error("broken");
    expect(createEvaluator(readers)(ask(ada, [gap])).outcome).toBe("refuse");
  });

  test("is an opaque function too, unless the team vouches for it", () => {
    const call = (name: string) => factsOf({ functions: [{ name, standing: "opaque" }] });
    expect(decideFacts(ALL, call("public.dark"))).toMatchObject({
      outcome: "refuse",
      policies: ["postern-analysed-only"],
      why: "ada may not call public.dark, of which it is not known what it does at clinic",
    });
    expect(decideFacts(ALL, call("public.vouched")).outcome).toBe("permit");
  });
});

describe("copies", () => {
  const copy = (into: string, column: string, from: string, kind: "insert" | "update" | "define" = "insert") =>
    factsOf({
      kind,
      hasWhere: true,
      flows: [{ into: { relation: into, column }, from: [{ relation: "public.patients", column: from }] }],
      relations: [
        { relation: into, actions: [kind === "define" ? "define" : "write"], columns: [column], system: false },
      ],
    });

  test.each([
    ["into a column of another class", copy("public.patients", "full_name", "ssn", "update")],
    ["into a column without a class", copy("public.patients", "id", "ssn", "update")],
    ["into a table that holds nothing", copy("public.drugs", "x", "ssn")],
    ["into a schema that holds nothing", copy("scratch.mine", "x", "ssn", "define")],
    ["into who knows which column", copy("public.patients", "*", "ssn", "update")],
    ["into a table that takes a view's name", copy("public.directory", "x", "ssn", "define")],
  ])("of protected values are refused %s", (_, facts) => {
    expect(decideFacts(ALL, facts)).toMatchObject({ outcome: "refuse", policies: ["postern-no-copies"] });
  });

  test.each([
    ["into a column of the same class", copy("public.patients", "maiden_name", "full_name", "update")],
    ["into a column that nobody has classified", copy("public.fresh", "x", "ssn")],
    ["into a temporary table", copy("pg_temp.mine", "x", "ssn")],
    ["through a view", copy("public.directory", "x", "ssn")],
    ["of what is not protected", copy("scratch.mine", "x", "id")],
  ])("are a matter of policy %s", (_, facts) => {
    expect(decideFacts(ALL, facts).outcome).toBe("permit");
  });

  test("are seen even if the relation written to is not among the relations", () => {
    const { relations: _, ...rest } = copy("scratch.mine", "x", "ssn");
    expect(decideFacts(ALL, { ...rest, relations: [] }).outcome).toBe("refuse");
  });

  test("tell policy what is carried", () => {
    const access = `${ALL}@id("no-names") forbid (principal, action == Action::"write", resource) when { context.carries.contains("name") };`;
    expect(decideFacts(access, copy("public.fresh", "x", "full_name")).policies).toEqual(["no-names"]);
    expect(decideFacts(access, copy("public.fresh", "x", "ssn")).outcome).toBe("permit");
  });
});

describe("obligations", () => {
  const two = `
@id("two-must-agree") @approval("dba, privacy") permit (principal, action == Action::"delete", resource);
@id("one-must-agree") @approval("dba") permit (principal, action == Action::"delete", resource);
@id("say-why") @reason("required") permit (principal in Group::"reasoners", action == Action::"delete", resource);
@id("free") permit (principal in Group::"chiefs", action == Action::"delete", resource);`;
  const remove = factsOf({
    kind: "delete",
    relations: [{ relation: "public.drugs", actions: ["delete"], columns: [], system: false }],
  });
  const as = (groups: string[], more: Partial<DecisionRequest> = {}) =>
    decide(two, ask(person(...groups), [remove], more));

  test("the least demanding one holds the command", () => {
    expect(as([])).toMatchObject({
      outcome: "hold",
      policies: ["one-must-agree"],
      obligations: [{ type: "approval", groups: ["dba"] }],
      why: "ada asks to delete from public.drugs at clinic",
    });
    expect(as(["reasoners"])).toMatchObject({
      outcome: "hold",
      policies: ["say-why"],
      obligations: [{ type: "reason", groups: [] }],
    });
  });

  test("a purpose that was stated is a reason given", () => {
    expect(as(["reasoners"], { purpose: "retention" })).toMatchObject({ outcome: "permit", policies: ["say-why"] });
  });

  test("a permit without obligation lets it run", () => {
    expect(as(["chiefs"])).toMatchObject({ outcome: "permit", policies: ["free"], obligations: [] });
  });

  test("of several questions add up", () => {
    const access = `@id("a") @approval("dba") permit (principal, action == Action::"delete", resource);
@id("b") @approval("privacy") permit (principal, action == Action::"write", resource);`;
    const write = factsOf({
      kind: "insert",
      relations: [{ relation: "public.drugs", actions: ["write"], columns: [], system: false }],
    });
    expect(decideFacts(access, remove, write)).toMatchObject({
      outcome: "hold",
      policies: ["a", "b"],
      obligations: [{ type: "approval", groups: ["dba", "privacy"] }],
    });
  });
});

describe("the time", () => {
  const day =
    '@id("day") permit (principal, action == Action::"read", resource) when { context.time.toTime() >= duration("8h") && context.time.toTime() < duration("18h") };';
  const facts = [reads("public.drugs", "id")];

  test("is asked for anew each time when a policy looks at it", () => {
    const evaluate = createEvaluator(bundleOf(day));
    expect(evaluate(ask(ada, facts))).toMatchObject({ outcome: "permit", cacheSeconds: 0 });
    expect(evaluate(ask(ada, facts, { time: NOON + 10 * 3600_000 }))).toMatchObject({
      outcome: "refuse",
      cacheSeconds: 0,
    });
  });

  test("does not matter to actions of which no policy looks at it", () => {
    expect(decide(`${day}${READ.replace("read", "write")}`, ask(ada, [factsOf()])).cacheSeconds).toBe(60);
    expect(decide(READ, ask(ada, facts)).cacheSeconds).toBe(60);
  });

  test("matters to all actions when a policy about all of them looks at it", () => {
    const all = `${READ}@id("curfew") forbid (principal, action, resource) when { context.time > datetime("2030-01-01") };`;
    expect(decide(all, ask(ada, facts))).toMatchObject({ outcome: "permit", cacheSeconds: 0 });
  });
});
