// Corpus files of SQL: cases stand between blank lines, and comments before a statement say how it is run and what is expected.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Statement {
  readonly sql: string;
  /** A query whose one row are the bind values, with their types. */
  readonly bind: string | null;
  /** What COPY FROM STDIN is sent. */
  readonly data: string | null;
  /** Result columns of which nothing may be shown. */
  readonly masked: ReadonlySet<string>;
  /** Result columns of which a part may stay: a year, what no detector finds in a text. */
  readonly partly: ReadonlySet<string>;
  /** Result columns that differ between any two sessions: a process's number, the time. */
  readonly varies: ReadonlySet<string>;
}

export interface Case {
  /** `reports.sql:12` */
  readonly place: string;
  readonly identity: string;
  /** To be run in a transaction that is rolled back. */
  readonly undo: boolean;
  /** For the simple protocol alone: a text of several statements. */
  readonly simple: boolean;
  readonly statements: readonly Statement[];
}

type Note = "as" | "bind" | "data" | "masked" | "partly" | "varies" | "undo" | "simple";
type Notes = Partial<Record<Note, string>>;

const NOTE = /^-- (?:(undo|simple)|(as|bind|data|masked|partly|varies): (.*))$/;

/** All cases of a folder of the corpus, by file. */
export function readCorpus(folder: string): ReadonlyMap<string, readonly Case[]> {
  const at = fileURLToPath(new URL(`../corpus/${folder}/`, import.meta.url));
  const files = readdirSync(at).filter((name) => name.endsWith(".sql"));
  return new Map(files.sort().map((name) => [name, readCases(name, readFileSync(`${at}${name}`, "utf8"))]));
}

export function readCases(file: string, text: string): readonly Case[] {
  const cases: Case[] = [];
  let usual = "";
  let line = 1;
  for (const block of text.split(/\n\n/)) {
    const { notes, statements } = readBlock(block);
    const identity = notes.as ?? usual;
    // Said in a block of its own, it holds for all that follow.
    if (statements.length === 0) usual = identity;
    else {
      const [undo, simple] = [notes.undo !== undefined, notes.simple !== undefined];
      cases.push({ place: `${file}:${line}`, identity, undo, simple, statements });
    }
    line += block.split("\n").length + 1;
  }
  return cases;
}

function readBlock(block: string): { notes: Notes; statements: readonly Statement[] } {
  const statements: Statement[] = [];
  const ofBlock: Notes = {};
  let notes: Notes = {};
  let sql: string[] = [];
  for (const line of block.split("\n")) {
    const note = sql.length === 0 ? NOTE.exec(line) : null;
    if (note !== null) {
      const [, flag, key = flag ?? "", value = ""] = note;
      (key === "as" || key === flag ? ofBlock : notes)[key as Note] = value;
    } else if (sql.length > 0 || !(line.startsWith("--") || line === "")) sql.push(line);
    if (!line.endsWith(";") || sql.length === 0) continue;
    statements.push(statement(sql.join("\n").slice(0, -1), notes));
    [sql, notes] = [[], {}];
  }
  if (sql.length > 0) throw new Error(`a statement of the corpus does not end with a semicolon: ${sql[0]}`);
  return { notes: ofBlock, statements };
}

function statement(sql: string, notes: Notes): Statement {
  const names = (key: Note) => new Set((notes[key] ?? "").split(/,\s*/).filter((name) => name !== ""));
  const data = notes.data;
  return {
    sql,
    bind: notes.bind ?? null,
    data: data === undefined ? null : JSON.parse(data),
    masked: names("masked"),
    partly: names("partly"),
    varies: names("varies"),
  };
}
