// A script for psql, cut into what psql would send: statements, and the places where it connects anew. Data of COPY FROM STDIN and
// psql's own commands are left out.
import { Lexer, TOKEN } from "#shared/analysis/sql/lex.ts";

export type Step = { readonly sql: string } | { readonly reconnect: true };

/** psql commands that send what was typed so far, as a semicolon does. */
const SENDS = /^\\(g|gx|gset|gexec|gdesc|crosstabview|bind|bind_named|parse|watch|sendpipeline)\b/;

export function stepsOf(script: string): Step[] {
  const steps: Step[] = [];
  const lexer = new Lexer(script);
  let from = 0;
  let depth = 0;
  let blocks = 0;
  let words: string[] = [];
  const send = (end: number): void => {
    const sql = script.slice(from, end).trim();
    if (words.length > 0 || /\S/.test(withoutComments(sql))) steps.push({ sql });
    if (isCopyIn(words)) lexer.stop = dataEnd(script, lexer.stop);
  };
  const begin = (): void => {
    from = lexer.stop;
    depth = blocks = 0;
    words = [];
  };
  for (let token = lexer.next(); token !== TOKEN.end; token = lexer.next()) {
    const text = script.slice(lexer.start, lexer.stop);
    if (token === TOKEN.other && text === "\\") {
      const start = lexer.start;
      const line = script.slice(start, lineEnd(script, start));
      lexer.stop = script[start + 1] === ";" ? start + 2 : start + line.length;
      if (script[start + 1] === ";" || SENDS.test(line)) send(start);
      else if (/^\\(c|connect)\b/.test(line)) steps.push({ reconnect: true });
      // A command in the middle of a statement leaves the statement as it is.
      else if (words.length > 0) continue;
      begin();
    } else if (token === TOKEN.mark && text === ";" && depth === 0 && blocks === 0) {
      send(lexer.start);
      begin();
    } else if (token === TOKEN.mark) depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    else if (token === TOKEN.word) {
      const word = text.toLowerCase();
      words.push(word);
      blocks = Math.max(0, blocks + nesting(words, blocks));
    } else if (token !== TOKEN.space && token !== TOKEN.comment) words.push("");
  }
  send(script.length);
  return steps;
}

/** BEGIN ATOMIC ... END holds semicolons of its own. */
function nesting(words: readonly string[], blocks: number): number {
  if (words[0] !== "create") return 0;
  const word = words.at(-1);
  if (word === "atomic" && words.at(-2) === "begin") return 1;
  if (blocks === 0) return 0;
  return word === "case" ? 1 : word === "end" ? -1 : 0;
}

const isCopyIn = (words: readonly string[]): boolean =>
  words[0] === "copy" && words.some((word, i) => word === "from" && words[i + 1] === "stdin");

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** After the line `\.` that ends the data. */
function dataEnd(text: string, at: number): number {
  const end = /^\\\.[ \t]*$/m.exec(text.slice(at));
  return end === null ? text.length : at + end.index + end[0].length;
}

function withoutComments(sql: string): string {
  const lexer = new Lexer(sql);
  let out = "";
  for (let token = lexer.next(); token !== TOKEN.end; token = lexer.next())
    if (token !== TOKEN.comment) out += sql.slice(lexer.start, lexer.stop);
  return out;
}
