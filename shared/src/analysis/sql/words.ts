// A statement's own words, to put them together anew: named by their number, because an analysis holds for statements that differ in literals.
import { Lexer, TOKEN } from "./lex.ts";

/** SQL, or words of a statement: the first, and the one behind the last. */
export type Piece = string | readonly [number, number];

/** The text that pieces stand for: SQL, and words of a statement by their numbers. */
export function fill(pieces: readonly Piece[], text: string): string {
  const words = pieces.some((piece) => typeof piece !== "string") ? new Words(text) : null;
  return pieces.map((piece) => (typeof piece === "string" ? piece : (words as Words).slice(piece))).join(" ");
}

/** Equal but for places in the text. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, placeless) === JSON.stringify(b, placeless);
}

function placeless(key: string, value: unknown): unknown {
  return /(^|_)location$|^(rexpr_)?list_(start|end)$/.test(key) ? undefined : value;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

interface Word {
  readonly start: number;
  readonly stop: number;
  /** A bracket, a comma ...; empty for all else. */
  readonly mark: string;
  /** How many brackets are open before it. */
  readonly depth: number;
  /** In lower case, outside of all parentheses; empty for all else. */
  readonly outer: string;
}

/** The tokens of a statement, without space and comments. */
export class Words {
  readonly #text: string;
  readonly #words: Word[] = [];
  /** Behind the last word of the statement. */
  readonly #end: number;

  constructor(text: string) {
    this.#text = text;
    const lexer = new Lexer(text);
    let depth = 0;
    let end = 0;
    for (let kind = lexer.next(); kind !== TOKEN.end; kind = lexer.next()) {
      if (kind === TOKEN.space || kind === TOKEN.comment) continue;
      const { start, stop } = lexer;
      const mark = kind === TOKEN.mark ? text.charAt(start) : "";
      const outer = kind === TOKEN.word && depth === 0 ? text.slice(start, stop).toLowerCase() : "";
      this.#words.push({ start, stop, mark, depth, outer });
      if (mark === "(" || mark === "[") depth++;
      else if (mark === ")" || mark === "]") depth--;
      if (mark !== ";") end = this.#words.length;
    }
    this.#end = end;
  }

  /** The number behind the last word, a semicolon left out. */
  get end(): number {
    return this.#end;
  }

  /** The first such word outside of parentheses from there on that is not behind that other, or the end. */
  find(word: string, from: number, other = ""): number {
    for (let i = from; i < this.#end; i++)
      if (this.#words[i]?.outer === word && (other === "" || this.#words[i - 1]?.outer !== other)) return i;
    return this.#end;
  }

  /** Where FROM (or USING) and WHERE begin behind a word, and where the last of them ends. */
  clauses(behind: number, from: string): readonly [number, number, number] {
    const end = this.find("returning", behind);
    const where = Math.min(this.find("where", behind), end);
    // IS DISTINCT FROM
    const at = this.find(from, behind, "distinct");
    return [at < where ? at : end, where, end];
  }

  /** The first place outside of parentheses from there on where these two words follow each other, or the end. */
  pair(first: string, second: string, from: number): number {
    for (let i = from; i < this.#end; i++) if (this.outer(i) === first && this.outer(i + 1) === second) return i;
    return this.#end;
  }

  /** The first such word outside of parentheses and of CASE from there on, or the end. */
  beyondCase(word: string, from: number): number {
    let open = 0;
    for (let i = from; i < this.#end; i++) {
      const found = this.outer(i);
      if (open === 0 && found === word) return i;
      if (found === "case") open++;
      else if (found === "end") open--;
    }
    return this.#end;
  }

  /** The word outside of all parentheses that stands there, in lower case; empty when there is none. */
  outer(place: number): string {
    return this.#words[place]?.outer ?? "";
  }

  /** Where the first parentheses open from there on, or the end. */
  opening(from: number): number {
    for (let i = from; i < this.#end; i++) if (this.#words[i]?.mark === "(") return i;
    return this.#end;
  }

  /** What stands in parentheses, cut at commas. @param open where they open @returns ranges, and what comes behind */
  list(open: number): { readonly items: readonly (readonly [number, number])[]; readonly behind: number } {
    const items: [number, number][] = [];
    let start = open + 1;
    for (let i = start; i < this.#end; i++) {
      const word = this.#words[i];
      if (word?.depth !== 1 || (word.mark !== "," && word.mark !== ")")) continue;
      items.push([start, i]);
      start = i + 1;
      if (word.mark === ")") return { items, behind: start };
    }
    return { items: [], behind: this.#end };
  }

  slice([first, end]: readonly [number, number]): string {
    const start = this.#words[first]?.start ?? 0;
    return this.#text.slice(start, this.#words[end - 1]?.stop ?? start);
  }
}
