// What the detectors of free text find in made-up notes: the figures of docs/policy.md. `node test/bench/recall.ts [notes]`
import { measure } from "#test/support/recall.ts";

const notes = Number(process.argv[2] ?? 5000);
const records = [{ format: "MRN-#######", luhn: true }];
const [alone, beside] = [false, true].map((named) => measure({ notes, beside: named, records }));
const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`.padStart(10);

console.log(`${notes} notes\n\nkind        identifiers  found  found, with the name beside`);
for (const [kind, { total, missed }] of [...alone!.kinds].sort()) {
  const other = beside!.kinds.get(kind)!;
  console.log(
    `${kind.padEnd(12)}${String(total).padStart(11)}${percent(total - missed, total)}${percent(total - other.missed, total)}`,
  );
}
for (const [what, { hidden, harmless, words }] of Object.entries({ alone: alone!, "with the name beside": beside! }))
  console.log(
    `${what}: of ${hidden} words that were hidden${percent(hidden - harmless, hidden)} belong to an identifier; of ${words} that belong to none${percent(words - harmless, words)} stayed`,
  );
