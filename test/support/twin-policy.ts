// The demo clinic's policy, loosened for engineers in everything but what they may see of masked values: more statements get to run, so that
// masking and analysis are what is tested, not the permissions of a demo.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { ROOT } from "./project.ts";

/** Classes that the demo's engineers see in clear: both twins hold the same values of them. */
export const REVEALED: readonly string[] = ["clinical", "service-date", "staff-phone"];

const ACCESS = `@id("all-but-seeing")
permit (principal, action, resource)
unless { action in [Action::"search", Action::"reveal"] };
`;

const LIMITED = `
@id("limited-data-set")
permit (principal, action in [Action::"search", Action::"reveal"], resource)
when { resource in [${REVEALED.map((name) => `Class::"${name}"`).join(", ")}] };

@id("views-as-defined")
permit (principal, action == Action::"search", resource)
when { context.fixed };
`;

/** Writes a bundle under which nobody sees or searches anything of any class, and every mask hides all of it. */
export function writeBlindPolicy(folder: string): string {
  writeTwinPolicy(folder);
  const catalog = twinCatalog();
  for (const known of Object.values<{ mask: string; detectors?: string[] }>(catalog.classes)) {
    if (known.mask !== "null") known.mask = "redact";
    delete known.detectors;
  }
  writeFileSync(join(folder, "catalog.yaml"), stringify(catalog));
  writeFileSync(join(folder, "access.cedar"), ACCESS);
  return folder;
}

/** Writes a bundle into `folder`. @param more Cedar policies beside those */
export function writeTwinPolicy(folder: string, more = ""): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["targets.yaml", "approvals.yaml"]) cpSync(join(ROOT, "policy", name), join(folder, name));
  writeFileSync(join(folder, "catalog.yaml"), stringify(twinCatalog()));
  writeFileSync(join(folder, "access.cedar"), ACCESS + LIMITED + more);
  return folder;
}

/**
 * The demo's catalog without what depends on masked values on purpose: free text is searched for the names that its row carries, and
 * an age band follows a date of birth.
 */
function twinCatalog() {
  const catalog = parse(readFileSync(join(ROOT, "policy/catalog.yaml"), "utf8"));
  catalog.classes["free-text"].detectors = "ssn phone email url ip date address zip mrn".split(" ");
  delete catalog.targets.clinic.functions["public.age_band"];
  return catalog;
}

/** Columns of views, by the classes of what is behind them: those that an engineer sees masked. */
const DERIVED: Readonly<Record<string, readonly string[]>> = {
  "public.patient_directory": ["mrn", "full_name", "birth_date", "phone", "city", "zip"],
  "public.encounter_summary": ["patient", "mrn"],
  "public.ward_board": ["patient"],
  "public.patient_risk": ["mrn", "full_name"],
  "billing.open_claims": ["member_number", "full_name", "mrn"],
  "research.people": ["born_about", "zip3"],
};

/** Further columns of views that show something of any class. */
const CLASSIFIED: Readonly<Record<string, readonly string[]>> = {
  "public.encounter_summary": ["admitted_at", "discharged_at", "reason"],
  "public.ward_board": ["admitted_at", "reason"],
  "public.patient_risk": ["chronic", "score"],
  "public.diagnosis_counts": ["chapter", "code", "title", "year", "cases"],
  "billing.open_claims": ["submitted_on"],
  "research.people": ["allergies"],
};

/** Whether engineers see a column masked. @param revealed classes that they see */
export function hiddenFromEngineers(revealed = REVEALED): (relation: string, column: string) => boolean {
  const { schemas } = parse(readFileSync(join(ROOT, "policy/catalog.yaml"), "utf8")).targets.clinic;
  return (relation, column) => {
    const [schema = "", table = ""] = relation.split(".");
    const listed = schemas[schema]?.[table.startsWith("lab_results") ? "lab_results*" : table];
    if (listed === "derived") return isDerived(relation, column, revealed.length === 0);
    const classes: string[] = [listed?.columns?.[column] ?? "none"].flat();
    return classes.some((name) => name !== "none" && !revealed.includes(name));
  };
}

const isDerived = (relation: string, column: string, all: boolean): boolean =>
  DERIVED[relation]?.includes(column) === true || (all && CLASSIFIED[relation]?.includes(column) === true);
