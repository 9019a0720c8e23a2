// What takes two officers: one asks, another agrees, it is recorded, and then it may be done by either for a while.
import type { Command } from "commander";
import type { OfficerRequest, OfficerWish } from "#shared/evidence/officers.ts";
import { formatTime, print } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import type { OfficersDoor } from "./officers/door.ts";
import { withOfficers } from "./officers/open.ts";
import { attempt, Problem } from "./problem.ts";

export interface OfficerOptions {
  readonly as?: string;
  readonly reason?: string;
}

/**
 * Does what this officer and another have agreed on, if that is still in time; else asks for it.
 * @throws Problem with what is to be done next
 */
export function agreedOn<T>(
  wish: Omit<OfficerWish, "id">,
  { as, reason = "" }: OfficerOptions,
  action: (door: OfficersDoor, request: OfficerRequest) => Promise<T>,
): Promise<T> {
  return withOfficers(as, async (door) => {
    const request = await door.ask(wish, reason);
    if (request.agreed === null) throw waits(request);
    return action(door, request);
  });
}

function waits({ id, until }: OfficerRequest): Problem {
  const hint = `They run \`postern agree ${id} --reason ...\`; then run this again.`;
  return new Problem(`another officer has to agree until ${formatTime(until)} (request ${id})`, 1, hint);
}

export function registerAgree(program: Command): void {
  program
    .command("agree")
    .argument("[request]", "its id, or the start of it; those that wait are listed when left out")
    .description("agree to what another officer asks for: opening what a session has sealed, or destroying its key")
    .option("--as <identity>", "who agrees; the one who is signed in when left out")
    .option("--reason <text>", "why; it goes into the evidence")
    .action((id: string | undefined, { as, reason = "" }: OfficerOptions) =>
      attempt(() => withOfficers(as, (door) => (id === undefined ? list(door) : agree(door, id, reason)))),
    );
}

async function agree(door: OfficersDoor, id: string, reason: string): Promise<void> {
  const [found, ...more] = (await door.waiting()).filter((request) => request.id.startsWith(id));
  if (found === undefined || more.length > 0)
    throw new Problem(`there is no one request ${id}`, 1, "`postern agree` lists them.");
  const request = await door.agree(found, reason);
  await print(harmless(`agreed: ${title(request)}, until ${formatTime(request.until)}`));
}

function title({ what, session, asked }: OfficerRequest): string {
  const deed = what === "open" ? "opens what is sealed of" : "destroys the key of";
  return `${asked.by.name} ${deed} session ${session}: ${asked.reason}`;
}

async function list(door: OfficersDoor): Promise<void> {
  const rows = (await door.waiting()).map((request) => [
    request.id,
    formatTime(request.until),
    harmless(title(request)),
  ]);
  if (rows.length === 0) return print("nothing waits for an officer");
  for (const line of columns(["REQUEST", "UNTIL", "WHAT"], rows, [])) await print(line);
}
