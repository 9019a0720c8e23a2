// The difference between two bundles, in words that matter: who may do more or less, what is hidden more or less.
//
// `weaker` is what lets somebody do or see more than before; `stronger` the opposite. Where it cannot be told (a condition that was rewritten, one mask
// for another of a different kind) it is `other`, and somebody has to look.
import { canonical, type Json } from "../../evidence/canonical.ts";
import type { ColumnRef } from "../../facts.ts";
import type { MaskName } from "../../masking/types.ts";
import type { LoadedBundle } from "../bundle.ts";
import type { AccessPolicy } from "../cedar.ts";

export interface Change {
  readonly effect: "weaker" | "stronger" | "other";
  readonly what: string;
}

type Effect = Change["effect"];

/** Nothing of a value is left. */
const WHOLE: ReadonlySet<MaskName> = new Set(["redact", "null"]);

export function changesBetween(before: LoadedBundle, after: LoadedBundle): Change[] {
  const all = [
    ...policyChanges(before.policies, after.policies),
    ...classChanges(before, after),
    ...columnChanges(before, after),
    ...fileChanges(before, after),
  ];
  const order: readonly Effect[] = ["weaker", "stronger", "other"];
  return all.sort((a, b) => order.indexOf(a.effect) - order.indexOf(b.effect));
}

export function changeWords(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ["nothing that decides anything differs"];
  return changes.map(({ effect, what }) => `${effect.padEnd(9)}${what}`);
}

function policyChanges(before: readonly AccessPolicy[], after: readonly AccessPolicy[]): Change[] {
  const [was, is] = [byId(before), byId(after)];
  const added = [...is.values()].filter(({ id }) => !was.has(id));
  const removed = [...was.values()].filter(({ id }) => !is.has(id));
  return [
    ...added.map(({ id, effect }) => change(lets(effect, true), `rule ${id} is new: a ${effect}`)),
    ...removed.map(({ id, effect }) => change(lets(effect, false), `rule ${id} is gone: a ${effect}`)),
    ...[...is.values()].flatMap((now) => {
      const then = was.get(now.id);
      return then === undefined || same(then.json, now.json) ? [] : changedPolicy(then, now);
    }),
  ];
}

function byId(policies: readonly AccessPolicy[]): Map<string, AccessPolicy> {
  return new Map(policies.map((policy) => [policy.id, policy]));
}

function lets(effect: AccessPolicy["effect"], isAdded: boolean): Effect {
  return (effect === "permit") === isAdded ? "weaker" : "stronger";
}

function changedPolicy(then: AccessPolicy, now: AccessPolicy): Change[] {
  const rule = `rule ${now.id}`;
  const found: Change[] = [];
  if (then.effect !== now.effect)
    found.push(change(lets(now.effect, true), `${rule} is a ${now.effect}, was a ${then.effect}`));
  if (!same(then.approval, now.approval))
    found.push(
      change(
        approvalEffect(then.approval, now.approval),
        `${rule}: approval of ${groups(now.approval)}, was of ${groups(then.approval)}`,
      ),
    );
  if (then.reason !== now.reason)
    found.push(
      now.reason
        ? change("stronger", `${rule}: a purpose has to be stated`)
        : change("weaker", `${rule}: no purpose has to be stated any more`),
    );
  const about = ({ json: { effect: _, annotations: __, ...scope } }: AccessPolicy) => scope;
  if (!same(about(then), about(now))) found.push(change("other", `${rule}: whom, what or when it is about differs`));
  return found.length > 0 ? found : [change("other", `${rule}: its hint differs`)];
}

function approvalEffect(then: readonly string[], now: readonly string[]): Effect {
  // All that are named have to agree: fewer names let more through.
  if (now.every((group) => then.includes(group))) return "weaker";
  return then.every((group) => now.includes(group)) ? "stronger" : "other";
}

const groups = (names: readonly string[]) => (names.length === 0 ? "nobody" : names.join(" and "));

function classChanges({ catalog: { classes: was } }: LoadedBundle, { catalog: { classes: is } }: LoadedBundle) {
  const found: Change[] = [];
  for (const [name, now] of is) {
    const then = was.get(name);
    if (then === undefined) found.push(change("other", `class ${name} is new: ${now.mask}`));
    else if (then.mask !== now.mask)
      found.push(change(maskEffect([then.mask], [now.mask]), `class ${name}: masked by ${now.mask}, was ${then.mask}`));
    else if (!same(then, now)) found.push(change("other", `class ${name}: its identifier or detectors differ`));
  }
  for (const name of was.keys()) if (!is.has(name)) found.push(change("other", `class ${name} is gone`));
  return found;
}

function maskEffect(then: readonly MaskName[], now: readonly MaskName[]): Effect {
  const whole = (masks: readonly MaskName[]) => masks.some((mask) => WHOLE.has(mask));
  if (whole(then) === whole(now)) return "other";
  return whole(now) ? "stronger" : "weaker";
}

/** What the columns that either catalog lists hold, as each of them answers. */
function columnChanges(before: LoadedBundle, after: LoadedBundle): Change[] {
  const found: Change[] = [];
  for (const target of new Set([...before.targets.keys(), ...after.targets.keys()])) {
    if (!before.targets.has(target) || !after.targets.has(target)) continue;
    if (before.catalog.protects(target) !== after.catalog.protects(target))
      found.push(
        after.catalog.protects(target)
          ? change("stronger", `${target}: holds PHI`)
          : change("weaker", `${target}: declared to hold no PHI at all`),
      );
    const refs = new Map([...listedIn(before, target), ...listedIn(after, target)].map((r) => [refText(r), r]));
    for (const [name, ref] of [...refs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [then, now] = [before.catalog.classesOf(target, ref), after.catalog.classesOf(target, ref)];
      const paths = (bundle: LoadedBundle) => bundle.catalog.pathsOf(target, ref);
      if (!same([...then].sort(), [...now].sort())) {
        const masks = (classes: readonly string[], bundle: LoadedBundle) =>
          classes.map((one) => bundle.catalog.classes.get(one)?.mask ?? "redact");
        const effect =
          now.length === 0
            ? "weaker"
            : then.length === 0
              ? "stronger"
              : maskEffect(masks(then, before), masks(now, after));
        found.push(change(effect, `${target} ${name}: ${classText(now)}, was ${classText(then)}`));
      } else if (!same(paths(before), paths(after)))
        found.push(change("other", `${target} ${name}: parts of its documents are classified otherwise`));
    }
  }
  return found;
}

/** Every column that is named; a relation or a schema of which something is said as a whole, by `*`. */
function listedIn({ catalog }: LoadedBundle, target: string): ColumnRef[] {
  return [...catalog.listed(target).schemas].flatMap(([schema, relations]) =>
    relations === "none"
      ? [{ relation: `${schema}.*`, column: "*" }]
      : [...relations].flatMap(([name, listing]) => {
          const relation = `${schema}.${name}`;
          if (typeof listing === "string") return [{ relation, column: "*" }];
          return [...listing.columns.keys()].map((column) => ({ relation, column }));
        }),
  );
}

const refText = ({ relation, column }: { readonly relation: string; readonly column: string }) =>
  column === "*" ? relation : `${relation}.${column}`;
const classText = (classes: readonly string[]) => (classes.length === 0 ? "no PHI" : classes.join(", "));

/** Settings whose smaller number, or whose absence, lets more through or keeps less. */
const LESS_IS_WEAKER = [/^approvals\.groups\.[^.]+\.quorum$/];
const MORE_IS_WEAKER = [
  /\.limits\.(idleSeconds|absoluteSeconds|connections|connectionsPerPrincipal|statementBytes)$/,
  /^approvals\.(grants\.(once\.validMinutes|window\.maxMinutes)|breakGlass\.(maxMinutes|review\.withinHours))$/,
  /^approvals\.officers\.validMinutes$/,
  /^approvals\.activityReview\.(everyDays|withinDays)$/,
];
const OFF_IS_WEAKER = /^targets\.[^.]+\.(sealed|images|disclosures)$/;
const ADDED_IS_WEAKER = [/^catalog\.targets\.[^.]+\.functions\./, /^approvals\.breakGlass\.groups\./];
/** What the other parts say better. */
const SAID = /^catalog\.(classes\.|targets\.[^.]+(\.schemas\..+\.columns\..+)?$)/;

function fileChanges(before: LoadedBundle, after: LoadedBundle): Change[] {
  const [was, is] = [flat(before), flat(after)];
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((path) => {
    const [then, now] = [was.get(path), is.get(path)];
    if (then === now || SAID.test(path)) return [];
    return [change(settingEffect(path, then, now), `${path}: ${now ?? "gone"}, was ${then ?? "not there"}`)];
  });
}

function settingEffect(path: string, then: string | undefined, now: string | undefined): Effect {
  const among = (list: readonly RegExp[]) => list.some((pattern) => pattern.test(path));
  if (among(ADDED_IS_WEAKER) && (then === undefined || now === undefined))
    return then === undefined ? "weaker" : "stronger";
  if (OFF_IS_WEAKER.test(path)) return now === "off" ? "weaker" : then === "off" ? "stronger" : "other";
  const grows = Number(now) > Number(then);
  if (then === undefined || now === undefined || Number.isNaN(Number(then))) return "other";
  if (among(LESS_IS_WEAKER)) return grows ? "stronger" : "weaker";
  return among(MORE_IS_WEAKER) ? (grows ? "weaker" : "stronger") : "other";
}

/** Every value by its path; members of lists by what they are. */
function flat({ content: { catalog, targets, approvals } }: LoadedBundle): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value))
      value.forEach((one, i) => {
        walk(one, `${path}.${typeof one === "string" ? one : i}`);
      });
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    else if (value !== undefined) found.set(path, String(value));
  };
  walk(catalog, "catalog");
  walk(targets, "targets");
  walk(approvals, "approvals");
  return found;
}

function change(effect: Effect, what: string): Change {
  return { effect, what };
}

function same(a: unknown, b: unknown): boolean {
  return canonical(a as Json) === canonical(b as Json);
}
