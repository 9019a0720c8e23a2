// What `postern explain` says, on the demo clinic with its own policy: from where each column comes, and who decides.
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPolicyFolder } from "#proxy/adapters/policy-folder.ts";
import { fullName } from "#shared/analysis/sql/lookup.ts";
import { createExaminer } from "#shared/policy/evaluate.ts";
import { explain, type StatementExplanation } from "#shared/policy/explain.ts";
import { tryOut } from "#shared/policy/trial.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { type ClinicDatabase, startClinicDatabase } from "#test/support/clinic-database.ts";
import { ROOT } from "#test/support/project.ts";

let clinic: ClinicDatabase;
let analyse: Analyse;
let views: ReadonlySet<string>;
let bundle: Awaited<ReturnType<typeof loadPolicyFolder>>;

beforeAll(async () => {
  clinic = await startClinicDatabase();
  analyse = await analyser(clinic.snapshot);
  views = new Set(clinic.snapshot.relations.filter((r) => r.definition !== undefined).map(fullName));
  bundle = await loadPolicyFolder(`${ROOT}/policy`);
});
afterAll(() => clinic?.stop());

function explained(who: string, sql: string): StatementExplanation {
  const facts = analyse(sql, { telling: true }).statements.map((statement) => statement.facts);
  const examine = createExaminer(bundle);
  let asked: ReturnType<typeof examine>["asked"] = [];
  const evaluate = (request: Parameters<typeof examine>[0]) => {
    const examined = examine(request);
    asked = examined.asked;
    return examined.decision;
  };
  const about = { principal: bundle.tests.identities.get(who)!, target: "clinic" };
  const { decision, plans } = tryOut({ bundle, evaluate, time: 0 }, about, facts);
  const told = {
    as: who,
    target: "clinic",
    catalog: bundle.catalog,
    outOfStep: [],
    asked,
    isView: (r: string) => views.has(r),
  };
  return explain(
    told,
    decision,
    facts.map((f, i) => ({ facts: f, plan: plans[i]! })),
  ).statements[0]!;
}

test("a column says its base columns, the views it is seen through, what it is made by, and who reveals it", () => {
  const { columns } = explained(
    "nurse",
    "SELECT mrn, city, lower(full_name) AS small, count(*) FILTER (WHERE id > 3) OVER () AS n FROM patient_directory",
  );
  expect(columns).toMatchObject([
    { name: "mrn", from: ["public.patients.mrn"], through: ["public.patient_directory"], made: [] },
    { name: "city", from: ["public.patients.home"], through: ["public.patient_directory"] },
    { name: "small", made: ["lower()"], classes: ["name"] },
    { name: "n", from: [], made: ["count()"], mask: "clear", why: "no column flows into it" },
  ]);
  const [mrn, , small] = columns!;
  expect(mrn).toMatchObject({ mask: "clear", policies: [expect.stringMatching(/^[a-z-]+$/)] });
  expect(mrn!.why).toBe(`policy ${mrn!.policies[0]} lets you see mrn in clear`);
  expect(small!.from).toContain("public.patients.full_name");
});

test("a derived value says that it is hidden whole, and of which classes", () => {
  const { columns } = explained("engineer", "SELECT upper(ssn || mrn) AS made, ssn FROM patients");
  expect(columns).toMatchObject([
    { mask: "redact", made: ["upper()", "||"], why: expect.stringMatching(/derived: hidden whole \(.*ssn: redact/) },
    { mask: "redact", made: [], why: "no policy lets you see ssn in clear" },
  ]);
});

test("a search says how the column is used, and which policies decide", () => {
  const { searches } = explained(
    "nurse",
    "SELECT city FROM patient_directory WHERE mrn = 'MRN-0000018' AND birth_date < now()",
  );
  expect(searches).toContainEqual({
    column: "public.patients.mrn",
    use: "equality",
    classes: ["mrn"],
    permitted: true,
    policies: ["nurses-look-up-by-record-number"],
  });
  expect(searches).toContainEqual(
    expect.objectContaining({ use: "range", classes: ["birth-date"], permitted: false, policies: [] }),
  );
  expect(searches).toContainEqual({
    column: "public.patients.deceased_on",
    use: "condition",
    classes: ["death-date"],
    through: "public.patient_directory",
    reveals: "nothing",
    permitted: true,
    policies: [],
  });
});

test("nothing of how values are made is in facts that are judged", () => {
  const [statement] = analyse("SELECT lower(ssn) FROM patients").statements;
  expect(statement!.facts.outputs![0]).not.toHaveProperty("made");
});
