// What the rest of Postern may ask of a loaded policy bundle.
import type { CatalogSnapshot } from "../catalog.ts";
import type { ColumnRef, RelationName } from "../facts.ts";
import type { RecordFormat } from "../masking/detectors/records.ts";
import type { MaskName } from "../masking/types.ts";
import type { Target } from "../target.ts";

/** A class of PHI, as catalog.yaml defines it. */
export interface PhiClass {
  readonly name: string;
  /** The Safe Harbor identifier it belongs to: a letter of 45 CFR 164.514(b)(2)(i), or `health` for what is not an identifier. */
  readonly identifier: string;
  readonly mask: MaskName;
  /** For `scan`: names of the detectors that run on the text. */
  readonly detectors: readonly string[];
}

/** The class of every column of a PHI table that nobody has classified: masked, and revealed to nobody. */
export const UNCLASSIFIED = "unclassified";

/** What the parts of a document hold. */
export interface JsonClasses {
  /** Keys, and null for every element of an array; the classes of what stands there. */
  readonly parts: readonly { readonly path: readonly (string | null)[]; readonly classes: readonly string[] }[];
  /** Classes of what no path names. */
  readonly rest: readonly string[];
}

/** Keys of one domain stand for the same people wherever they are: `patients.id` and `encounters.patient_id`. */
export interface SubjectColumn {
  readonly column: string;
  readonly domain: string;
}

/** catalog.yaml, ready to be asked. */
export interface PolicyCatalog {
  readonly classes: ReadonlyMap<string, PhiClass>;
  /** Classes of a base column; `*` gives all of the relation's; empty when the column is declared, or belongs to a relation, without PHI. */
  classesOf(target: string, ref: ColumnRef): readonly string[];
  /** Of a column whose documents are classified by path; null for all others. Their classes are among `classesOf`. */
  pathsOf(target: string, ref: ColumnRef): JsonClasses | null;
  holdsPhi(target: string, relation: RelationName): boolean;
  /** False for a target that is declared to hold no PHI at all (`none`). */
  protects(target: string): boolean;
  /** True for views that are listed as such. */
  isDerived(target: string, relation: RelationName): boolean;
  /** Which column says whose record a row is; `none` when it is nobody's, null when nothing is said. */
  subjectOf(target: string, relation: RelationName): SubjectColumn | "none" | null;
  /** How the target's record numbers look, for the detectors of free text. */
  recordFormats(target: string): readonly RecordFormat[];
  /** A server function that the team vouches for, with what its result reveals. */
  declaredFunction(
    target: string,
    name: string,
  ): { readonly reveals: "nothing" | "arguments"; readonly reason: string } | null;
  /** Relations that are not, at the target, what the catalog says they are: see `without`. */
  outOfStep(snapshot: CatalogSnapshot): readonly RelationName[];
  /** The same catalog, as if nobody had said anything of these relations: all that they hold is unclassified. */
  without(target: string, relations: readonly RelationName[]): PolicyCatalog;
}

export interface Problem {
  readonly file: string;
  /** 1-based; 0 when the problem is with the file as a whole. */
  readonly line: number;
  readonly message: string;
}

export interface Bundle {
  /** Hex SHA-256 of the canonical content. */
  readonly version: string;
  readonly targets: ReadonlyMap<string, Target>;
  readonly catalog: PolicyCatalog;
}
