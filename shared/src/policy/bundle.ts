// A policy bundle: a folder of five files, loaded as a whole or not at all.
import { canonical, type Json } from "../evidence/canonical.ts";
import { askedBeyond, type Target } from "../target.ts";
import { type Approvals, readApprovals } from "./approvals-file.ts";
import type { Catalog } from "./catalog.ts";
import { type CatalogRead, readCatalog } from "./catalog-file.ts";
import { type AccessPolicy, readAccess } from "./cedar.ts";
import type { PolicyFiles } from "./push/types.ts";
import { CEDAR_SCHEMA } from "./schema.ts";
import { readTargets, type TargetsRead } from "./targets-file.ts";
import { type PolicyTests, readTests } from "./tests-file.ts";
import type { Bundle, Problem } from "./types.ts";
import type { Read } from "./yaml.ts";

export interface LoadedBundle extends Bundle {
  readonly targets: ReadonlyMap<string, Target>;
  readonly catalog: Catalog;
  readonly policies: readonly AccessPolicy[];
  /** Null when there is no approvals.yaml: then no policy asks for an approval. */
  readonly approvals: Approvals | null;
  readonly tests: PolicyTests;
  /** Text by the name of the file. */
  readonly files: PolicyFiles;
  /** What the files say, parsed: to compare bundles by. */
  readonly content: { readonly catalog: Json; readonly targets: Json; readonly approvals: Json };
}

/** A bundle that cannot be used, with all that is wrong with it. */
export interface BrokenBundle {
  readonly problems: readonly Problem[];
}

/** Files that decide something; tests.yaml only tries them. */
const REQUIRED = ["access.cedar", "catalog.yaml", "targets.yaml"] as const;
const KNOWN = new Set<string>([...REQUIRED, "approvals.yaml", "tests.yaml"]);
const NO_TESTS: PolicyTests = { identities: new Map(), expectations: [] };

/**
 * Loads a bundle.
 *
 * `version` is the hash of what the files say, not of how they are written: comments, layout, and the order of policies and keys do not
 * count, nor does tests.yaml; the policies and the schema that hold in every bundle do, because decisions depend on them.
 *
 * @param files name to text. Other files than the five are ignored, unless they are `.cedar`, `.yaml` or `.yml`: those would be typos.
 * @param sha256 hex SHA-256 of the UTF-8 of a text
 */
export function loadBundle(
  files: ReadonlyMap<string, string>,
  sha256: (text: string) => string,
): LoadedBundle | BrokenBundle {
  const problems = fileProblems(files);
  const read = <T>(name: string, reader: (text: string) => Read<T>): T | null => {
    const text = files.get(name);
    if (text === undefined) return null;
    const { value, problems: found } = reader(text);
    problems.push(...found);
    return value;
  };
  const policies = read("access.cedar", readAccess) ?? [];
  const catalog = read("catalog.yaml", readCatalog);
  const targets = read("targets.yaml", readTargets);
  const approvals = read("approvals.yaml", readApprovals);
  const tests = read("tests.yaml", readTests) ?? NO_TESTS;

  if (approvals !== null || !files.has("approvals.yaml")) problems.push(...approvalProblems(policies, approvals));
  if (targets !== null && (approvals !== null || !files.has("approvals.yaml")))
    problems.push(...askProblems(targets, approvals));
  if (catalog !== null && targets !== null) problems.push(...targetProblems(catalog, targets));
  if (targets !== null) problems.push(...testProblems(tests, targets.targets, policies));
  if (problems.length > 0 || catalog === null || targets === null) return { problems: sorted(problems) };

  const content = {
    schema: CEDAR_SCHEMA,
    access: Object.fromEntries(policies.map((policy) => [policy.id, policy.json])),
    catalog: catalog.content,
    targets: targets.content,
    approvals,
  };
  return {
    version: sha256(canonical(content as unknown as Json)),
    targets: targets.targets,
    catalog: catalog.catalog,
    policies,
    approvals,
    tests,
    files: Object.fromEntries(files),
    content: { catalog: catalog.content, targets: targets.content, approvals } as LoadedBundle["content"],
  };
}

function fileProblems(files: ReadonlyMap<string, string>): Problem[] {
  const missing = REQUIRED.filter((name) => !files.has(name)).map((name) => whole(name, "the file is missing"));
  const strays = [...files.keys()].filter((name) => /\.(cedar|ya?ml)$/.test(name) && !KNOWN.has(name));
  return [...missing, ...strays.map((name) => whole(name, `unknown file: a bundle has ${[...KNOWN].join(", ")}`))];
}

function whole(file: string, message: string): Problem {
  return { file, line: 0, message };
}

function approvalProblems(policies: readonly AccessPolicy[], approvals: Approvals | null): Problem[] {
  return policies.flatMap((policy) =>
    policy.approval
      .filter((group) => group !== "" && approvals?.groups[group] === undefined)
      .map((group) => ({
        file: "access.cedar",
        line: policy.line,
        message: `@approval names the group "${group}", which approvals.yaml does not have`,
      })),
  );
}

/** Whoever is asked about more rows than are kept has to be somebody. */
function askProblems({ targets, atTarget }: TargetsRead, approvals: Approvals | null): Problem[] {
  return [...targets.values()].flatMap(({ name, images }) =>
    askedBeyond(images)
      .filter((group) => approvals === null || !Object.hasOwn(approvals.groups, group))
      .map((group) =>
        atTarget(name, `images ask the group "${group}", which approvals.yaml does not have`, "images", "beyond"),
      ),
  );
}

/** Somebody has to say what a target holds, be it `none`: silence would mean that nothing is masked. */
function targetProblems(catalog: CatalogRead, targets: TargetsRead): Problem[] {
  const silent = [...targets.targets.keys()].filter((name) => catalog.content.targets[name] === undefined);
  const strays = Object.keys(catalog.content.targets).filter((name) => !targets.targets.has(name));
  return [
    ...silent.map((name) => targets.atTarget(name, `catalog.yaml does not say what the target "${name}" holds`)),
    ...strays.map((name) => catalog.atTarget(name, `targets.yaml has no target "${name}"`)),
  ];
}

function testProblems(
  tests: PolicyTests,
  targets: ReadonlyMap<string, Target>,
  policies: readonly AccessPolicy[],
): Problem[] {
  const ids = new Set(policies.map((policy) => policy.id));
  return tests.expectations.flatMap(({ target, line, policies: expected = [] }) => [
    ...(targets.has(target) ? [] : [{ file: "tests.yaml", line, message: `unknown target "${target}"` }]),
    ...expected
      .filter((id) => !ids.has(id))
      .map((id) => ({ file: "tests.yaml", line, message: `unknown policy "${id}"` })),
  ]);
}

function sorted(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}
