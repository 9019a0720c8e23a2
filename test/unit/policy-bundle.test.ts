import { describe, expect, test } from "vitest";
import { splitPolicies } from "#shared/policy/cedar.ts";
import { problemLine } from "#shared/policy/problems.ts";
import { ALL, APPROVALS, CATALOG, load, parts, TARGETS } from "#test/support/bundles.ts";

/** Problems of a bundle in which one file is another. */
function problems(file: string, text: string): string[] {
  const loaded = load({ ...parts(ALL), [file]: text });
  return "problems" in loaded ? loaded.problems.map(problemLine) : [];
}

function version(files: Record<string, string>): string {
  const loaded = load(files);
  if ("problems" in loaded) throw new Error(loaded.problems.map(problemLine).join("\n"));
  return loaded.version;
}

describe("a bundle is refused as a whole", () => {
  test("with the problems of all files at once", () => {
    const loaded = load({ "access.cedar": "permit (foo);", "catalog.yaml": "clases: {}", "targets.yaml": "clinic: 3" });
    const files = "problems" in loaded ? new Set(loaded.problems.map((p) => p.file)) : new Set();
    expect(files).toEqual(new Set(["access.cedar", "catalog.yaml", "targets.yaml"]));
  });

  test("when a file is missing, or has a name that looks like a typing error", () => {
    expect(problems("catalogue.yaml", "")).toEqual([
      "catalogue.yaml: unknown file: a bundle has access.cedar, catalog.yaml, targets.yaml, approvals.yaml, tests.yaml",
    ]);
    const { "catalog.yaml": _, ...rest } = parts(ALL);
    const loaded = load(rest);
    expect("problems" in loaded && loaded.problems.map(problemLine)).toEqual(["catalog.yaml: the file is missing"]);
  });

  test("and other files, such as a README, are nobody's business", () => {
    expect(problems("README.md", "# Ours")).toEqual([]);
  });
});

describe("access.cedar", () => {
  test("finds every mistake at its line, in one go", () => {
    const text = [
      "// a comment; with a semicolon",
      '@id("one") permit (principal, action == Action::"read", resource);',
      "permit (principal, action, resource);",
      "",
      '@id("two")',
      "forbid (principal, action, resource)",
      'when { context.nope == "x" };',
      '@id("three") permit (principal, action == Action::"fly", resource);',
      '@id("one") @colour("red") permit (principal, action, resource);',
      '@id("Bad Id") permit (principal, action, resource);',
      '@id("postern-mine") permit (principal, action, resource);',
      '@id("five") permit (principal, nonsense, resource);',
    ].join("\n");
    const found = problems("access.cedar", text);
    for (const expected of [
      /^access\.cedar:3: the policy has no @id/,
      /^access\.cedar:7: .*`two`.*nope/,
      /^access\.cedar:8: .*fly/,
      /^access\.cedar:9: policy id "one" is used twice/,
      /^access\.cedar:9: unknown annotation @colour/,
      /^access\.cedar:10: policy id "Bad Id"/,
      /^access\.cedar:11: .*are taken/,
      /^access\.cedar:12: .*nonsense/,
    ])
      expect(found).toContainEqual(expect.stringMatching(expected));
    expect(found).not.toContainEqual(expect.stringMatching(/^access\.cedar:2:/));
  });

  test("counts lines by characters, though Cedar counts bytes", () => {
    const text = `// ${"ü€😀".repeat(50)}\n@id("a")\n// ${"ü€😀".repeat(50)}\npermit (principal, action, resource) when { context.x == "é" };`;
    expect(problems("access.cedar", text)).toContainEqual(expect.stringMatching(/^access\.cedar:4: .*`x`/));
  });

  test("refuses a policy that can never apply", () => {
    const never = `${ALL}\n@id("never") permit (principal, action == Action::"reveal", resource is Relation);`;
    expect(problems("access.cedar", never)).toContainEqual(expect.stringMatching(/^access\.cedar:2: .*impossible/));
  });

  test("knows the obligations, and who may approve", () => {
    const wrong = [
      '@id("a") @approval("dba, nobody") permit (principal, action, resource);',
      '@id("b") @approval("dba") forbid (principal, action, resource);',
      '@id("c") @reason("please") permit (principal, action, resource);',
      '@id("d") @approval("") permit (principal, action, resource);',
    ].join("\n");
    expect(problems("access.cedar", wrong)).toEqual([
      expect.stringMatching(/^access\.cedar:1: .*"nobody"/),
      expect.stringMatching(/^access\.cedar:2: .*forbid has no way around/),
      expect.stringMatching(/^access\.cedar:3: @reason can only be/),
      expect.stringMatching(/^access\.cedar:4: @approval needs names/),
    ]);
  });

  test("is refused when there is no policy in it", () => {
    expect(problems("access.cedar", "// later\n")).toEqual([
      "access.cedar: there is no policy: nobody could do anything",
    ]);
  });

  test("is split at the semicolons that end policies", () => {
    const text = 'permit (a) when { "x;\\";" }; // c;\n\npermit (b)\n;';
    expect(splitPolicies(text)).toEqual([
      { text: 'permit (a) when { "x;\\";" };', line: 1 },
      { text: "permit (b)\n;", line: 3 },
    ]);
  });
});

describe("catalog.yaml", () => {
  const broken = (from: string, to: string) => problems("catalog.yaml", CATALOG.replace(from, to));

  test.each([
    ["an unknown key", "subject: id", "subjct: id", 9, /unknown key "subjct"/],
    ["an unknown class", "ssn: ssn", "ssn: snn", 12, /unknown class "snn" of column ssn/],
    ["a mask that does not exist", "mask: initial", "mask: first", 3, /mask/],
    ["an identifier that does not exist", "identifier: G", "identifier: S", 2, /A to R/],
    ["detectors of a mask that has none", "mask: initial", "mask: initial, detectors: [phone]", 3, /detectors/],
    ["a detector that does not exist", "mask: initial", "mask: scan, detectors: [aura]", 3, /unknown detector .*phone/],
    ["a subject that is no column", "subject: id", "subject: mrn", 9, /subject "mrn" is not among/],
    ["a class of a reserved name", "  ssn: {", "  unclassified: {", 2, /meaning of its own/],
    ["a table without any class", "{ id: none, owner: name }", "{ id: none }", 15, /no column has a class/],
    ["a word that is no declaration", "drugs: none", "drugs: nothing", 19, /expected none, derived, or columns/],
    ["a duplicate key", "drugs: none", "directory: none", 19, /unique/i],
    ["a target that targets.yaml has not", "  clinic:", "  clinics:", 5, /no target "clinics"/],
    ["a vouching without a reason", "reason: counts", 'reason: ""', 22, /reason/],
  ])("refuses %s", (_, from, to, line, message) => {
    const found = broken(from, to);
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^catalog\\.yaml:${line}: .*${message.source}`, message.flags)),
    );
  });

  test("takes an unquoted null for the mask of that name", () => {
    expect(broken("mask: initial", "mask: null")).toEqual([]);
  });
});

test("what is wrong in shape hides nothing of what is wrong in meaning", () => {
  const text = CATALOG.replace("mask: initial", "mask: first")
    .replace("identifier: G", "identifier: Z")
    .replace("subject: id", "subjct: id")
    .replace("ssn: ssn", "ssn: snn");
  expect(problems("catalog.yaml", text)).toEqual([
    expect.stringMatching(/^catalog\.yaml:2: unknown identifier "Z" of class ssn/),
    expect.stringMatching(/^catalog\.yaml:3: unknown mask "first" of class name/),
    expect.stringMatching(/^catalog\.yaml:9: .*unknown key "subjct"/),
    expect.stringMatching(/^catalog\.yaml:12: unknown class "snn" of column ssn/),
  ]);
});

describe("targets.yaml", () => {
  test("every target needs somebody to say what it holds", () => {
    const two = `${TARGETS}bench:\n  protocol: postgres\n  host: localhost\n  database: b\n  user: u\n  credential: { type: file, path: p }\n`;
    expect(problems("targets.yaml", two)).toEqual([
      'targets.yaml:7: catalog.yaml does not say what the target "bench" holds',
    ]);
  });

  test("TLS can be disabled for loopback addresses only", () => {
    const off = "tls: { mode: disable }\n";
    expect(problems("targets.yaml", `${TARGETS}  ${off}`)).toEqual([
      expect.stringMatching(/^targets\.yaml:7: TLS can be disabled for loopback/),
    ]);
    expect(problems("targets.yaml", `${TARGETS.replace("db.example.org", "127.0.0.1")}  ${off}`)).toEqual([]);
  });

  test("ports are ports", () => {
    expect(problems("targets.yaml", `${TARGETS}  port: 70000\n`)).toEqual([
      expect.stringMatching(/^targets\.yaml:7: /),
    ]);
  });
});

describe("images", () => {
  const asking = (group: string) => `${TARGETS}  images:\n    rows: 5\n    beyond: { ask: [${group}] }\n`;

  test("more rows than are kept can be asked about, of groups that exist", () => {
    const bundle = load({ ...parts(ALL), "targets.yaml": asking("dba, privacy") });
    if ("problems" in bundle) throw new Error(JSON.stringify(bundle.problems));
    expect(bundle.targets.get("clinic")?.images).toEqual({
      rows: 5,
      beyond: { ask: ["dba", "privacy"] },
      otherwise: "count",
    });
    const unknown = 'targets.yaml:9: images ask the group "x", which approvals.yaml does not have';
    expect(problems("targets.yaml", asking("dba, x"))).toEqual([unknown]);
    const { "approvals.yaml": _, ...rest } = parts(ALL);
    const loaded = load({ ...rest, "targets.yaml": asking("x") });
    expect("problems" in loaded && loaded.problems.map(problemLine)).toEqual([unknown]);
    expect(problems("targets.yaml", asking(""))).toEqual([expect.stringMatching(/^targets\.yaml:9: .*beyond\.ask/)]);
    const word = `${TARGETS}  images: { beyond: maybe }\n`;
    expect(problems("targets.yaml", word)).toEqual([expect.stringMatching(/ask with the names of groups/)]);
  });
});

describe("approvals.yaml", () => {
  test("escalation goes to a group that exists, before the time is over", () => {
    const escalated = APPROVALS.replace(
      "timeoutMinutes: 10 }",
      "timeoutMinutes: 10, escalation: { afterMinutes: 10, to: x } }",
    );
    expect(problems("approvals.yaml", escalated)).toEqual([
      expect.stringMatching(/^approvals\.yaml:2: unknown group "x"/),
      expect.stringMatching(/^approvals\.yaml:2: escalation comes after/),
    ]);
  });

  test("a bundle without the file cannot ask for approvals", () => {
    const { "approvals.yaml": _, ...rest } = parts('@id("a") @approval("dba") permit (principal, action, resource);');
    const loaded = load(rest);
    expect("problems" in loaded && loaded.problems.map(problemLine)).toEqual([
      expect.stringMatching(/^access\.cedar:1: @approval names the group "dba"/),
    ]);
  });
});

describe("tests.yaml", () => {
  test("names identities, targets and policies that exist", () => {
    const text = [
      "identities:",
      "  ada: { kind: person, groups: [] }",
      "expectations:",
      "  - { as: ada, target: clinic, expect: permit }",
      "  - { as: bob, target: clinic, expect: permit }",
      "  - as: ada",
      "    target: clinics",
      "    policies: [nope]",
      "    expect: permit",
    ].join("\n");
    expect(problems("tests.yaml", text)).toEqual([
      'tests.yaml:5: unknown identity "bob"',
      'tests.yaml:6: unknown target "clinics"',
      'tests.yaml:6: unknown policy "nope"',
    ]);
  });
});

describe("the version", () => {
  const two = '@id("a") permit (principal, action, resource);\n@id("b") forbid (principal, action, resource);';
  const base = version(parts(two));

  test("is a SHA-256 in hex", () => {
    expect(base).toMatch(/^[0-9a-f]{64}$/);
  });

  test("does not depend on comments, layout, the order of policies and keys, nor on tests", () => {
    const swapped =
      '// why\n@id("b")\nforbid (principal,\n action, resource);\n@id("a") permit (principal, action, resource);';
    const catalog = CATALOG.replace("{ identifier: G, mask: redact }", "{ mask: redact, identifier: G } # ssn");
    expect(version({ ...parts(swapped), "catalog.yaml": catalog })).toBe(base);
    expect(version({ ...parts(two), "tests.yaml": "identities: {}\nexpectations: []\n" })).toBe(base);
  });

  test.each([
    ["a policy", { "access.cedar": two.replace('"b") forbid', '"b") permit') }],
    ["the name of a policy", { "access.cedar": two.replace('"b"', '"c"') }],
    ["a hint", { "access.cedar": two.replace('@id("b")', '@id("b") @hint("Ask.")') }],
    ["a class", { "catalog.yaml": CATALOG.replace("mask: initial", "mask: redact") }],
    ["a column", { "catalog.yaml": CATALOG.replace("full_name: name", "full_name: none") }],
    ["a target", { "targets.yaml": TARGETS.replace("db.", "db2.") }],
    ["who may approve", { "approvals.yaml": APPROVALS.replace("quorum: 1", "quorum: 2") }],
  ])("depends on %s", (_, files) => {
    expect(version({ ...parts(two), ...files })).not.toBe(base);
  });
});
