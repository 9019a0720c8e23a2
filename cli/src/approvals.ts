// postern approvals, approve, deny: who waits for whom, and the answer. An answer counts by the token of whoever gives it, not by a claim.
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import type { Answers } from "#proxy/adapters/answers.ts";
import { asked } from "#shared/approval/machine.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import { lines, outcome, title } from "#shared/approval/words.ts";
import { minutesIn, taken, withAnswers } from "./answers.ts";
import { registerReview } from "./break-glass.ts";
import { formatTime, print } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { Problem } from "./problem.ts";

interface Answering {
  readonly as?: string;
  readonly reason?: string;
  readonly window?: string;
  readonly json?: true;
}

const POLL_MS = 500;

export function registerApprovals(program: Command): void {
  const command = program.command("approvals").description("requests for an approval: what waits, and for whom");
  command
    .command("list", { isDefault: true })
    .description("those that are open, or approved and not run yet")
    .option("--all", "the last ones, whatever became of them")
    .option("--json", "one JSON object a request")
    .action((options: { all?: true; json?: true }) =>
      withAnswers(async (answers) => list(await answers.list(options.all === true), options.json === true)),
    );
  command
    .command("show")
    .argument("<id>", "a request, or the start of its id")
    .description("all that an approver needs to know of one")
    .option("--json", "as one JSON object")
    .action((id: string, options: { json?: true }) =>
      withAnswers(async (answers) => show(await find(answers, id), options.json === true)),
    );
  command
    .command("watch")
    .description("tell of each request as it comes, and of what becomes of it")
    .option("--json", "one JSON object a change")
    .action((options: { json?: true }) => withAnswers((answers) => watch(answers, options.json === true)));
  registerReview(command);
}

export function registerApprove(program: Command): void {
  answering(program, "approve", "agree to a request: exactly its command runs, once")
    .option(
      "--window <minutes>",
      "let commands that do the same to the same tables run for so long, not this one alone",
    )
    .action((id: string, options: Answering) => answer("approve", id, options));
}

export function registerDeny(program: Command): void {
  answering(program, "deny", "say no to a request: whoever asked reads the reason").action(
    (id: string, options: Answering) => answer("deny", id, options),
  );
}

function answering(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .argument("<id>", "a request, or the start of its id")
    .description(description)
    .option("--as <identity>", "who answers; the one who is signed in when left out")
    .option("--reason <text>", "why; it goes into the evidence")
    .option("--json", "the request afterwards, as one JSON object");
}

function answer(decision: "approve" | "deny", name: string, options: Answering): Promise<void> {
  return withAnswers(async (answers, who) => {
    const { reason = "" } = options;
    if (reason.trim() === "") throw new Problem(`an answer needs a --reason`, 2);
    const windowMinutes = options.window === undefined ? undefined : minutesIn(options.window);
    const { request } = await find(answers, name);
    const token = await who.token(options.as);
    const wish = { token, id: request.id, decision, reason, ...(windowMinutes === undefined ? {} : { windowMinutes }) };
    const after = taken(await answers.answer(wish));
    if (options.json) return print(JSON.stringify(after));
    await print(
      after.status === "open"
        ? `taken; it still needs people of ${asked(after).join(" or ")}`
        : harmless(`${outcome(after)}: ${title(after)}`),
    );
  });
}

async function find(answers: Answers, name: string): Promise<ApprovalState> {
  const exact = await answers.show(name);
  if (exact !== null) return exact;
  const all = [...(await answers.list(false)), ...(await answers.list(true))];
  const ids = new Set(all.map((s) => s.request.id).filter((id) => name.length >= 4 && id.startsWith(name)));
  if (ids.size > 1) throw new Problem(`more than one request begins with ${name}`, 2);
  const found = all.find((s) => ids.has(s.request.id));
  if (found === undefined) throw new Problem(`there is no request ${name}`, 1, "`postern approvals` lists them.");
  return found;
}

async function list(states: readonly ApprovalState[], json: boolean): Promise<void> {
  if (json) {
    for (const state of states) await print(JSON.stringify(state));
    return;
  }
  if (states.length === 0) return print("nothing waits for an approval");
  const rows = states.map((state) => [
    state.request.id,
    state.status,
    formatTime(state.until),
    asked(state).join(", "),
    harmless(title(state)),
  ]);
  for (const line of columns(["REQUEST", "STATUS", "UNTIL", "ASKED", "WHAT"], rows, [])) await print(line);
}

async function show(state: ApprovalState, json: boolean): Promise<void> {
  if (json) return print(JSON.stringify(state));
  await print(harmless(title(state)));
  for (const [label, text] of lines(state)) await print(`  ${label.padEnd(10)}${harmless(text)}`);
  await print(`  ${"Policy".padEnd(10)}${state.request.policies.join(", ")} (${state.request.version.slice(0, 12)})`);
  await print(`  ${"Digest".padEnd(10)}${state.request.digest}`);
  await print(`\n  ${harmless(state.request.statement).replaceAll("\n", "\n  ")}\n`);
  await print(`${state.status}: ${harmless(outcome(state))}`);
}

async function watch(answers: Answers, json: boolean): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const seen = new Map<string, number>();
  while (!stop.signal.aborted) {
    for (const state of (await answers.list(true)).toReversed()) {
      const { id } = state.request;
      const known = seen.get(id) ?? 0;
      seen.set(id, state.history.length);
      if (known === state.history.length) continue;
      if (json) await print(JSON.stringify(state));
      else
        await print(
          `${formatTime(state.history.at(-1)?.at ?? 0)}  ${id}  ${state.status.padEnd(9)}  ${harmless(`${title(state)}: ${outcome(state)}`)}`,
        );
    }
    await pause(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}
