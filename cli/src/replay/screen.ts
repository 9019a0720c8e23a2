// Results as psql shows them. The widths of a long result are those of its first rows, so that no more than these wait in memory.
import { harmless, pad, width } from "../evidence/table.ts";
import { type BackendMessage, BackendReader, type ReplayColumn } from "./backend.ts";
import { cellText } from "./values.ts";

const LOOKAHEAD = 500;
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 790, 1700]);

export class Screen {
  readonly #write: (line: string) => Promise<void>;
  readonly #reader = new BackendReader();
  /** Shapes by the event of their statement: a prepared statement is described once and run often. */
  readonly #shapes = new Map<number, readonly ReplayColumn[]>();
  #statement = 0;
  #columns: readonly ReplayColumn[] | null = null;
  #waiting: (string | null)[][] = [];
  #widths: number[] | null = null;
  #rows = 0;
  #copied = "";

  constructor(write: (line: string) => Promise<void>) {
    this.#write = write;
  }

  /** @param ref `seq` of the event of the statement that runs now */
  async statement(ref: number, prompt: string, text: string): Promise<void> {
    await this.#endRows();
    this.#statement = ref;
    await this.#write(`${prompt}${harmless(text)}`);
  }

  async line(text: string): Promise<void> {
    await this.#endRows();
    await this.#write(harmless(text));
  }

  async output(bytes: Uint8Array): Promise<void> {
    for (const message of this.#reader.push(bytes)) await this.#show(message);
  }

  async end(): Promise<void> {
    await this.#endRows();
  }

  async #show(message: BackendMessage): Promise<void> {
    switch (message.type) {
      case "columns":
        await this.#endRows();
        this.#columns = message.columns;
        this.#shapes.set(this.#statement, message.columns);
        return;
      case "row":
        return this.#row(message.cells);
      case "copy":
        return this.#copy(message.bytes);
      case "complete":
        return this.#complete(message.tag);
      case "error":
      case "notice":
        await this.#endRows();
        return this.#problem(message.fields);
      case "notification":
        return this.#write(`Asynchronous notification "${harmless(message.channel)}" received.`);
    }
  }

  async #row(cells: readonly (Buffer | null)[]): Promise<void> {
    const known = this.#columns ?? this.#shapes.get(this.#statement);
    if (known?.length !== cells.length)
      this.#columns = cells.map((_, i) => ({ name: `column${i + 1}`, type: 25, binary: false }));
    else this.#columns = known;
    const columns = this.#columns;
    const texts = cells.map((cell, i) => {
      const text = cellText(cell, columns[i]);
      return text === null ? null : harmless(text);
    });
    this.#rows += 1;
    if (this.#widths !== null) return this.#writeRow(texts, this.#widths);
    this.#waiting.push(texts);
    if (this.#waiting.length >= LOOKAHEAD) await this.#beginTable();
  }

  async #beginTable(): Promise<void> {
    const columns = this.#columns;
    if (this.#widths !== null || columns === null) return;
    const widths = columns.map((column, i) =>
      this.#waiting.reduce((w, row) => Math.max(w, ...lines(row[i]).map(width)), width(harmless(column.name))),
    );
    this.#widths = widths;
    await this.#write(
      ` ${columns.map((column, i) => centre(harmless(column.name), widths[i] ?? 0)).join(" | ")} `.trimEnd(),
    );
    await this.#write(widths.map((w) => "-".repeat(w + 2)).join("+"));
    for (const row of this.#waiting.splice(0)) await this.#writeRow(row, widths);
  }

  /** A cell of several lines goes on below itself, with a `+` where it is broken. */
  async #writeRow(row: readonly (string | null)[], widths: readonly number[]): Promise<void> {
    const cells = row.map(lines);
    const height = Math.max(1, ...cells.map((cell) => cell.length));
    for (let i = 0; i < height; i++) {
      const parts = cells.map((cell, c) => {
        const isNumber = NUMBERS.has(this.#columns?.[c]?.type ?? 0);
        return ` ${pad(cell[i] ?? "", widths[c] ?? 0, isNumber)}${i + 1 < cell.length ? "+" : " "}`;
      });
      await this.#write(parts.join("|").trimEnd());
    }
  }

  async #copy(bytes: Buffer): Promise<void> {
    this.#copied += harmless(bytes.toString("utf8"));
    const end = this.#copied.lastIndexOf("\n");
    if (end < 0) return;
    await this.#write(this.#copied.slice(0, end));
    this.#copied = this.#copied.slice(end + 1);
  }

  async #complete(tag: string): Promise<void> {
    const hadRows = this.#columns !== null;
    await this.#endRows();
    if (!hadRows && tag !== "") await this.#write(harmless(tag));
  }

  async #problem(fields: Readonly<Record<string, string>>): Promise<void> {
    await this.#write(harmless(`${fields.S ?? "ERROR"}:  ${fields.C ?? ""}: ${fields.M ?? ""}`));
    if (fields.D !== undefined) await this.#write(harmless(`DETAIL:  ${fields.D}`));
    if (fields.H !== undefined) await this.#write(harmless(`HINT:  ${fields.H}`));
  }

  async #endRows(): Promise<void> {
    if (this.#columns === null) return;
    await this.#beginTable();
    await this.#write(`(${this.#rows} ${this.#rows === 1 ? "row" : "rows"})\n`);
    this.#columns = null;
    this.#widths = null;
    this.#rows = 0;
  }
}

function lines(cell: string | null | undefined): string[] {
  return (cell ?? "").split("\n");
}

function centre(text: string, to: number): string {
  const space = Math.max(0, to - width(text));
  return `${" ".repeat(Math.floor(space / 2))}${text}${" ".repeat(Math.ceil(space / 2))}`;
}
