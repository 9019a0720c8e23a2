// What runs beside a command: planned once for a judgement, announced for every run.

import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Analysis } from "#shared/facts.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";
import type { Target } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Command, Companion } from "../protocol.ts";
import { type ImagePlan, isReadable, planImages, withoutLiterals } from "./image-plan.ts";
import { Images } from "./images.ts";

export interface Beside {
  /** Writes to what holds PHI. */
  readonly images: readonly ImagePlan[];
  /** Why the rows before cannot be kept, where policy does not let it run so; null when it may. */
  readonly imageless: string | null;
}

export function planBeside(
  analysis: Analysis,
  catalog: PolicyCatalog,
  snapshot: CatalogSnapshot | null,
  target: Target,
): Beside {
  if (target.images === "off") return NOTHING;
  const images = planImages(analysis, catalog, snapshot, target.name);
  const missing = images.find((plan) => plan.before === null);
  const refused = target.images.otherwise === "refuse" && missing !== undefined;
  return images.length === 0
    ? NOTHING
    : { images, imageless: refused ? `of ${missing.relation}: ${missing.why}` : null };
}

const NOTHING: Beside = { images: [], imageless: null };

/** A run whose side statements are in the evidence when `recorded` resolves. */
export interface Announced {
  readonly companion: Companion;
  readonly recorded: Promise<void>;
}

/** @param run `seq` of the event that announces the run @returns null when nothing runs beside it */
export function announceBeside(
  { evidence, target }: { readonly evidence: SessionEvidence; readonly target: Target },
  command: Command,
  { beside, analysis }: { readonly beside: Beside; readonly analysis: Analysis },
  run: number,
): Announced | null {
  if (target.images === "off") return null;
  const place = { evidence, rules: target.images, sealed: target.sealed === "on", run };
  for (const { relation, before, why } of beside.images.filter((plan) => !isReadable(plan)))
    evidence.note({ type: "images", ref: run, relation, before: before === null ? null : 0, after: null, why });
  const readable = beside.images.filter(isReadable);
  if (readable.length === 0) return null;
  const companion = new Images(place, readable, command.text);
  const recorded = evidence.record({ type: "side", ref: run, texts: clear(analysis, companion.texts) });
  return { companion, recorded };
}

/** Runs that differ in literals have the same texts without them. */
const known = new WeakMap<Analysis, readonly string[]>();

function clear(analysis: Analysis, texts: readonly string[]): readonly string[] {
  let found = known.get(analysis);
  if (found === undefined) {
    found = withoutLiterals(texts);
    known.set(analysis, found);
  }
  return found;
}
