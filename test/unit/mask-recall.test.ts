// How much detectors find, and how much they leave, in notes of which the truth is known. `node test/bench/recall.ts` prints the figures.
import { expect, test } from "vitest";
import { measure } from "#test/support/recall.ts";

const NOTES = 2000;
const RECORDS = [{ format: "MRN-#######", luhn: true }];
const alone = measure({ notes: NOTES, beside: false, records: RECORDS });
const beside = measure({ notes: NOTES, beside: true, records: RECORDS });
const missedKinds = ({ kinds }: typeof alone) =>
  [...kinds].filter(([, { missed }]) => missed > 0).map(([kind]) => kind);

test("identifiers in notes are found", () => {
  // A given name alone at the start of a sentence can be any word; it takes the patient's own row to know it.
  const names = alone.kinds.get("name")!;
  expect(names.missed / names.total).toBeLessThan(0.02);
  expect(missedKinds(alone)).toEqual(["name"]);
  expect(alone.kinds.size).toBeGreaterThan(10);
});

test("with the patient's name in the same row, that name is found wherever it stands", () => {
  const [without, others] = [alone.kinds.get("name")!.missed, beside.kinds.get("name")?.missed ?? 0];
  expect(others).toBeLessThan(without / 2);
});

test("what is no identifier stays", () => {
  expect(alone.harmless / alone.words).toBeLessThan(0.02);
  expect(beside.harmless / beside.words).toBeLessThan(0.02);
});
