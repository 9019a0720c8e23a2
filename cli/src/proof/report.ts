// What `postern proof` says, for people and for programs.
import { columns, harmless } from "../evidence/table.ts";
import { BackendReader, type ReplayColumn } from "../replay/backend.ts";
import { cellText } from "../replay/values.ts";
import type { Claim } from "./claims.ts";
import type { Cell, Found, OfResult, Verdict } from "./compare.ts";
import type { CopiedRow } from "./copied.ts";

type Print = (text: string) => Promise<void>;

export interface Report {
  statement(run: number, text: string): Promise<void>;
  values(run: number, values: readonly (string | null)[]): Promise<void>;
  /** @param why the mask cannot be laid over it again; null when it can */
  answer(run: number, delivery: OfResult, why: string | null): Promise<void>;
  row(run: number, row: number, cells: readonly Cell[], verdict: Verdict): Promise<void>;
  /** @param delivered null when the client was told nothing in its place */
  message(run: number, original: Buffer, delivered: Buffer | null): Promise<void>;
  image(run: number, what: "before" | "after", frame: Buffer): Promise<void>;
  /** A row that the client copied in. */
  copied(run: number, row: CopiedRow): Promise<void>;
  end(found: Found, claims: readonly Claim[], whole: boolean): Promise<void>;
}

/** What a message says, as far as it is one that says something. */
function fieldsOf(frame: Buffer | null): object | null {
  if (frame === null) return null;
  const [message] = new BackendReader().push(frame);
  if (message?.type === "error" || message?.type === "notice") return message.fields;
  return {
    type: String.fromCharCode(frame[0] ?? 0),
    text: frame.toString("utf8", 5).split("\0").filter(Boolean).join(" "),
  };
}

/** Rows before and after: a description, then rows of that shape. */
class Images {
  #columns: readonly ReplayColumn[] = [];

  /** @returns values by column; null for a description */
  row(frame: Buffer): Record<string, string | null> | null {
    const [message] = new BackendReader().push(frame);
    if (message?.type === "columns") this.#columns = message.columns;
    if (message?.type !== "row") return null;
    return Object.fromEntries(
      message.cells.map((cell, i) => [this.#columns[i]?.name ?? String(i), cellText(cell, this.#columns[i])]),
    );
  }
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  proven: "the bytes that were sent are those that the mask makes of the original",
  shown: "what is not hidden is as the target said it; the mask was not laid over it again",
  inspected: "what is not hidden is as the target said it; free text was looked at by a service, too",
  differs: "WHAT WAS SENT IS NOT WHAT THE MASK MAKES OF THE ORIGINAL",
  "not delivered": "the client was not sent this row",
};

export class TextReport implements Report {
  readonly #print: Print;
  readonly #images = new Images();

  constructor(print: Print) {
    this.#print = print;
  }

  async statement(run: number, text: string): Promise<void> {
    await this.#print(`\nevent ${run}  ${indented(harmless(text))}`);
  }

  async values(run: number, values: readonly (string | null)[]): Promise<void> {
    const words = values.map((value, i) => `$${i + 1} = ${value ?? "NULL"}`);
    await this.#print(`event ${run}  bound: ${harmless(words.join(", ")) || "nothing"}`);
  }

  async answer(run: number, { plan }: OfResult, why: string | null): Promise<void> {
    const masks = plan
      .filter(({ mask }) => mask !== "clear")
      .map(({ mask, classes }) => `${mask} (${classes.join(", ")})`);
    await this.#print(`event ${run}  answered, masked by ${masks.join("; ")}`);
    if (why !== null) await this.#print(`          the mask cannot be laid over it again: ${why}`);
  }

  async row(run: number, row: number, cells: readonly Cell[], verdict: Verdict): Promise<void> {
    await this.#print(`event ${run}  row ${row}: ${VERDICTS[verdict]}`);
    const shown = (value: string | null) => harmless(value ?? "NULL").trimEnd();
    const rows = cells.map(({ column, mask, original, delivered }) => [
      `        ${mask === null ? " " : "*"}`,
      harmless(column),
      shown(original),
      verdict === "not delivered" ? "" : shown(delivered),
    ]);
    for (const line of columns(["", "COLUMN", "ORIGINAL", "DELIVERED"], rows, [])) await this.#print(line);
  }

  async message(run: number, original: Buffer, delivered: Buffer | null): Promise<void> {
    await this.#print(`event ${run}  the target said   ${harmless(JSON.stringify(fieldsOf(original)))}`);
    const sent = delivered === null ? "nothing" : JSON.stringify(fieldsOf(delivered));
    await this.#print(`          the client heard  ${harmless(sent)}`);
  }

  async image(run: number, what: "before" | "after", frame: Buffer): Promise<void> {
    const cells = this.#images.row(frame);
    if (cells === null) return;
    const words = Object.entries(cells).map(([column, value]) => `${column} = ${value ?? "NULL"}`);
    await this.#print(`event ${run}  ${what}: ${indented(harmless(words.join(", ")))}`);
  }

  async copied(run: number, row: CopiedRow): Promise<void> {
    const text = typeof row === "string" ? row : row.map((value) => value ?? "NULL").join(", ");
    await this.#print(`event ${run}  copied in: ${indented(harmless(text))}`);
  }

  async end({ rows, differing, unproven }: Found, claims: readonly Claim[], whole: boolean): Promise<void> {
    await this.#print("");
    for (const claim of claims) await this.#print(`claim     ${harmless(claim.text)}: ${outcome(claim)}`);
    if (!whole) await this.#print("note      what is sealed has no end: the session goes on, or its process died");
    await this.#print(
      "note      answers that are not here hid nothing: the recording has them as the target gave them",
    );
    if (differing > 0) await this.#print(`DIFFERS   ${differing} of ${rows} masked rows`);
    else
      await this.#print(
        `ok        ${rows} masked rows, ${rows - unproven} of them proven: the recording is what was sent, and the original masked`,
      );
  }
}

export class JsonReport implements Report {
  readonly #print: Print;
  readonly #images = new Images();

  constructor(print: Print) {
    this.#print = print;
  }

  #say(what: object): Promise<void> {
    return this.#print(JSON.stringify(what));
  }

  statement(event: number, statement: string): Promise<void> {
    return this.#say({ event, statement });
  }

  values(event: number, values: readonly (string | null)[]): Promise<void> {
    return this.#say({ event, values });
  }

  answer(event: number, { kind, plan, at, index }: OfResult, notMaskedAgain: string | null): Promise<void> {
    const masks = plan.map(({ mask, classes }) => ({ mask, classes }));
    return this.#say({ event, answer: { kind, index, at, masks, notMaskedAgain } });
  }

  row(event: number, row: number, cells: readonly Cell[], verdict: Verdict): Promise<void> {
    return this.#say({ event, row, verdict, cells });
  }

  message(event: number, original: Buffer, delivered: Buffer | null): Promise<void> {
    return this.#say({ event, said: fieldsOf(original), heard: fieldsOf(delivered) });
  }

  async image(event: number, what: "before" | "after", frame: Buffer): Promise<void> {
    const cells = this.#images.row(frame);
    if (cells !== null) await this.#say({ event, [what]: cells });
  }

  copied(event: number, copied: CopiedRow): Promise<void> {
    return this.#say({ event, copied });
  }

  end(found: Found, claims: readonly Claim[], whole: boolean): Promise<void> {
    const said = claims.map((claim) => ({ claim: claim.text, holds: claim.holds }));
    return this.#say({ ...found, whole, claims: said });
  }
}

function outcome({ holds }: Claim): string {
  if (holds === null) return "there is no such cell that was hidden";
  return holds ? "this was the value" : "THIS WAS NOT THE VALUE";
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n          ");
}
