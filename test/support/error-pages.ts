// docs/errors.md and shared/src/errors.ts say the same: this reads the page's table.

/** One row of the table: code and SQLSTATE, as written. */
export interface PageEntry {
  readonly code: string;
  readonly sqlstate: string;
}

/** @returns the rows of docs/errors.md whose first two cells are a code and an SQLSTATE in backquotes, in order */
export function pageEntries(markdown: string): PageEntry[] {
  return [...markdown.matchAll(/^\| `([a-z-]+)` \| `([0-9A-Z]{5})` \|/gm)].map(([, code = "", sqlstate = ""]) => ({
    code,
    sqlstate,
  }));
}

/** @returns what the page and the catalogue disagree on, in words; empty when they agree */
export function pageProblems(
  entries: readonly PageEntry[],
  catalogue: Readonly<Record<string, { readonly sqlstate: string }>>,
): string[] {
  const problems: string[] = [];
  const listed = new Map<string, string>();
  for (const { code, sqlstate } of entries) {
    if (listed.has(code)) problems.push(`${code} is listed twice`);
    listed.set(code, sqlstate);
    const entry = catalogue[code];
    if (entry === undefined) problems.push(`${code} is not in the catalogue`);
    else if (entry.sqlstate !== sqlstate) problems.push(`${code} is ${entry.sqlstate}, the page says ${sqlstate}`);
  }
  for (const code of Object.keys(catalogue)) if (!listed.has(code)) problems.push(`${code} is missing from the page`);
  return problems;
}
