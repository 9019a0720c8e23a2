// What runs beside a command: planned once for a judgement, announced for every run.

import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Shown } from "#shared/disclosure/types.ts";
import type { Analysis } from "#shared/facts.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";
import type { Target } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Command, Companion } from "../protocol.ts";
import { type AskedKeys, type KeyPlan, planKeys } from "./asked-keys.ts";
import { type ImagePlan, isReadable, planImages, withoutLiterals } from "./image-plan.ts";
import { type AskBeyond, type ImagePlace, Images } from "./images.ts";
import { MergedRows } from "./merged-rows.ts";
import { NewRows } from "./new-rows.ts";

export interface Beside {
  /** Writes to what holds PHI. */
  readonly images: readonly ImagePlan[];
  /** Why the rows before cannot be kept, where policy does not let it run so; null when it may. */
  readonly imageless: string | null;
  /** Keys of people that its result shows without them; null when none are asked for. */
  readonly keys: KeyPlan | null;
}

/** @param shown whose records its result shows in clear; of several statements nothing is asked */
export function planBeside(
  analysis: Analysis,
  catalog: PolicyCatalog,
  snapshot: CatalogSnapshot | null,
  target: Target,
  shown: readonly Shown[],
): Beside {
  const keys = planKeys(analysis, shown);
  if (target.images === "off") return { images: [], imageless: null, keys };
  const images = planImages(analysis, catalog, snapshot, target.name);
  const missing = images.find((plan) => plan.before === null);
  const refused = target.images.otherwise === "refuse" && missing !== undefined;
  return { images, imageless: refused ? `of ${missing.relation}: ${missing.why}` : null, keys };
}

/** Something runs beside it that needs its bind values. */
export function isAccompanied({ images, keys }: Beside): boolean {
  return keys !== null || images.some(isReadable);
}

/** A run whose side statements are in the evidence when `recorded` resolves. */
export interface Announced {
  readonly companion: Companion;
  readonly recorded: Promise<void>;
}

export interface BesideParts {
  readonly evidence: SessionEvidence;
  readonly target: Target;
  /** Asks people about more rows than are kept, in this run; null where nobody is asked. */
  readonly askBeyond: () => AskBeyond | null;
  /** Asks for keys beside a run of a command. */
  readonly showing: { asking(plan: KeyPlan, text: string, run: number): AskedKeys };
}

/** @param run `seq` of the event that announces the run @returns null when nothing runs beside it */
export function announceBeside(
  { evidence, target, showing, askBeyond }: BesideParts,
  command: Command,
  { beside, analysis }: { readonly beside: Beside; readonly analysis: Analysis },
  run: number,
): Announced | null {
  if (beside.keys !== null) {
    const companion = showing.asking(beside.keys, command.text, run);
    return { companion, recorded: evidence.record({ type: "side", ref: run, texts: companion.clearTexts }) };
  }
  if (target.images === "off") return null;
  for (const { relation, before, why } of beside.images.filter((plan) => !isReadable(plan)))
    evidence.note({ type: "images", ref: run, relation, before: before === null ? null : 0, after: null, why });
  const readable = beside.images.filter(isReadable);
  if (readable.length === 0) return null;
  const place = {
    evidence,
    rules: target.images,
    sealed: target.sealed === "on",
    run,
    askBeyond: askBeyond(),
  };
  const companion = imagesOf(place, readable, command.text);
  const recorded = evidence.record({ type: "side", ref: run, texts: clear(analysis, companion.texts) });
  return { companion, recorded };
}

function imagesOf(place: ImagePlace, plans: readonly ImagePlan[], text: string): Companion {
  // An INSERT with rows to be found, or a MERGE, is alone in its command string, and writes to nothing else that can be read.
  const [plan] = plans;
  if (plan?.made !== undefined) return new NewRows(place, plan, plan.made, text);
  return plan?.kind === "merge" ? new MergedRows(place, plan, text) : new Images(place, plans, text);
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
