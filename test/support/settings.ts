// The one file of the tests that reads the environment.

/** The environment that programs started by tests inherit. */
export function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Seconds that one fuzzing test may take; CI gives more. */
export const FUZZ_SECONDS = amount("POSTERN_FUZZ_SECONDS", 2);

/** Random programs that the twins are compared by; CI takes 20 000. */
export const PROGRAMS = amount("POSTERN_PROGRAMS", 600);

/** How often the crash test kills the proxy; CI kills it 200 times. */
export const KILLS = amount("POSTERN_KILLS", 5);

/** How often the crash test kills the recorder, with each fault in turn; CI kills it 72 times; the figure in docs/evidence.md is of 2 000. */
export const RECORDER_KILLS = amount("POSTERN_RECORDER_KILLS", 36);

/** In how many manners (simple; extended with text; with binary results) each innocent statement is said; CI says it in all three. */
export const MANNERS = amount("POSTERN_MANNERS", 1);

/** How many manners of failing each row of the table of failing AWS services is tried with, of four; CI tries two, in turn. */
export const FAULTS = amount("POSTERN_FAULTS", 2);

/** Seconds after which no further file of PostgreSQL's regression SQL is begun. On a quiet machine all of them run in less. */
export const REGRESSION_SECONDS = amount("POSTERN_REGRESSION_SECONDS", 400);

/** What random tests start from: the same for everybody, unless somebody looks for new cases. */
export const SEED = amount("POSTERN_SEED", 20_261_121);

/** Write test/infra/roles.txt anew instead of comparing with it; what changed is then for people to review. */
export const REWRITE_ROLES = process.env.POSTERN_REWRITE_ROLES === "yes";

function amount(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} must be a number above 0`);
  return value;
}
