// How much detectors find, and how much they leave, in notes of which the truth is known.
import { expect, test } from "vitest";
import { DEMO_CLINIC, makeClinic } from "#local/clinic/clinic.ts";
import { writeNote } from "#local/clinic/notes.ts";
import { random } from "#local/clinic/random.ts";
import { maskText, OID } from "#test/support/masking.ts";

const NOTES = 2000;

const clinic = makeClinic({ ...DEMO_CLINIC, patients: NOTES });

function* scanned() {
  for (let id = 1; id <= NOTES; id++) {
    const patient = clinic.patient(id);
    const author = clinic.clinicians[id % clinic.clinicians.length]!;
    const note = writeNote({ patient, author, seen: Date.UTC(2024, 3, id % 28), random: random(id, "recall") });
    yield { note, shown: maskText("scan", OID.text, note.body)! };
  }
}

test("identifiers in notes are found", () => {
  const total = new Map<string, number>();
  const missed = new Map<string, number>();
  for (const { note, shown } of scanned()) {
    for (const { kind, start, end } of note.truth) {
      total.set(kind, (total.get(kind) ?? 0) + 1);
      if (shown.includes(note.body.slice(start, end))) missed.set(kind, (missed.get(kind) ?? 0) + 1);
    }
  }
  // A given name alone at the start of a sentence can be any word; it takes the patient's own row to know it.
  const names = missed.get("name") ?? 0;
  expect(names / total.get("name")!).toBeLessThan(0.02);
  missed.delete("name");
  expect([...missed]).toEqual([]);
  expect(total.size).toBeGreaterThan(10);
});

test("what is no identifier stays", () => {
  let words = 0;
  let lost = 0;
  for (const { note, shown } of scanned()) {
    const plain = [...note.truth]
      .sort((a, b) => b.start - a.start)
      .reduce((text, { start, end }) => `${text.slice(0, start)} ${text.slice(end)}`, note.body);
    for (const word of plain.match(/[A-Za-z0-9./%]{3,}/g) ?? []) {
      words++;
      if (!shown.includes(word.replace(/[./]+$/, ""))) lost++;
    }
  }
  expect(lost / words).toBeLessThan(0.02);
});
