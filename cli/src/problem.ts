// What goes wrong on the command line, and how a command says so.

/** 1: it was refused or failed. 2: it was asked for wrongly. 3: there is nothing to talk to. */
export type ExitCode = 1 | 2 | 3;

export class Problem extends Error {
  override readonly name = "Problem";
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  constructor(message: string, exitCode: ExitCode, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** Runs a command's action; says in a line or two what went wrong. Errors that nobody foresaw keep their stack. */
export async function attempt(action: () => Promise<void>): Promise<void> {
  // Whoever reads the output may have seen enough (`| head`).
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`postern: ${error.message}\n${error.hint === undefined ? "" : `${error.hint}\n`}`);
    process.exitCode = error.exitCode;
  }
}
