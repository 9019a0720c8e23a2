/** Fields never hold PHI, tokens, literals of statements or cells: names, codes, counts and addresses only. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  info(what: string, fields?: LogFields): void;
  warn(what: string, fields?: LogFields): void;
  error(what: string, fields?: LogFields): void;
}
