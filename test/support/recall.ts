// Detectors measured: made-up notes of which the truth is known, and what `scan` leaves of them.
import { DEMO_CLINIC, makeClinic } from "#local/clinic/clinic.ts";
import { writeNote } from "#local/clinic/notes.ts";
import { random } from "#local/clinic/random.ts";
import type { RecordFormat } from "#shared/masking/detectors/records.ts";
import { column, ENVIRONMENT, masked, OID, planned, rewrite } from "./masking.ts";

export interface Figures {
  /** Identifiers in the notes, and of these those of which something stayed; by kind. */
  readonly kinds: ReadonlyMap<string, { total: number; missed: number }>;
  /** Words that were hidden, and of these those that are no part of an identifier. */
  readonly hidden: number;
  readonly harmless: number;
  /** Words that are no part of an identifier. */
  readonly words: number;
}

interface Options {
  readonly notes: number;
  /** The result also holds the patient's name, as a chart's does. */
  readonly beside: boolean;
  readonly records: readonly RecordFormat[];
}

export function measure({ notes, beside, records }: Options): Figures {
  const clinic = makeClinic({ ...DEMO_CLINIC, patients: notes });
  const text = column(OID.text);
  const mask = masked([planned("scan"), planned("redact", { names: beside })], [text, text], {
    ...ENVIRONMENT,
    records,
  });
  const kinds = new Map<string, { total: number; missed: number }>();
  let [hidden, harmless, words] = [0, 0, 0];
  for (let id = 1; id <= notes; id++) {
    const patient = clinic.patient(id);
    const author = clinic.clinicians[id % clinic.clinicians.length]!;
    const seen = Date.UTC(2024, 3, id % 28);
    const note = writeNote({ patient, author, seen, random: random(id, "recall") });
    const name = Buffer.from(`${patient.given} ${patient.family}`);
    const shown = Buffer.from(rewrite(mask, [Buffer.from(note.body), name])[0]!).toString();
    const covered = coverage(note.body, shown);
    const truth = new Uint8Array(note.body.length);
    for (const { kind, start, end } of note.truth) {
      truth.fill(1, start, end);
      const count = kinds.get(kind) ?? { total: 0, missed: 0 };
      kinds.set(kind, count);
      count.total++;
      const stays = Array.from(note.body.slice(start, end), (c, i) => /[\p{L}\d]/u.test(c) && covered[start + i] === 0);
      if (stays.includes(true)) count.missed++;
    }
    for (const { index, 0: word } of note.body.matchAll(/[\p{L}\d]+/gu)) {
      const isHidden = covered[index] === 1;
      const isTrue = truth.subarray(index, index + word.length).includes(1);
      if (isHidden) hidden++;
      if (isHidden && !isTrue) harmless++;
      if (!isTrue) words++;
    }
  }
  return { kinds, hidden, harmless, words };
}

/** Which characters of a text are not in what is left of it: what was kept comes in its order, with labels between. */
function coverage(body: string, shown: string): Uint8Array {
  const covered = new Uint8Array(body.length).fill(1);
  let at = 0;
  const pieces = shown.split(/\[[A-Z]+\]/);
  for (const [i, piece] of pieces.entries()) {
    const found = i === pieces.length - 1 ? body.length - piece.length : body.indexOf(piece, at);
    if (found < at || !body.startsWith(piece, found)) throw new Error("what is shown is not what was kept");
    covered.fill(0, found, found + piece.length);
    at = found + piece.length;
  }
  return covered;
}
