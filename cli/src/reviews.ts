// postern reviews, attest: a sample of the sessions of each period is looked at by somebody, who says so.
import type { Command } from "commander";
import type { Answers } from "#proxy/adapters/answers.ts";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { sampleProblem } from "#shared/review/check.ts";
import { isAttested, isReviewOverdue } from "#shared/review/machine.ts";
import type { ReviewState } from "#shared/review/types.ts";
import { reviewLines, reviewTitle } from "#shared/review/words.ts";
import { taken, withAnswers } from "./answers.ts";
import { formatTime, print } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { Problem } from "./problem.ts";
import { answersDoor, stateDirectory } from "./settings.ts";

interface Looking {
  readonly overdue?: true;
  readonly open?: true;
  readonly days: string;
  readonly as?: string;
  readonly json?: true;
}

interface Attesting {
  readonly findings?: string;
  readonly concern?: true;
  readonly as?: string;
  readonly json?: true;
}

export function registerReviews(program: Command): void {
  program
    .command("reviews")
    .argument("[id]", "a review: its sample, and whether it follows from the ledger")
    .description("activity reviews: what is to be looked at, who has, and what is overdue")
    .option("--overdue", "those that nobody has attested in time; exits with 1 when there are any")
    .option("--open", "begin one now, of the last days")
    .option("--days <number>", "with --open: of so many days", "7")
    .option("--as <identity>", "with --open: who begins it; the one who is signed in when left out")
    .option("--json", "one JSON object a review")
    .action((id: string | undefined, options: Looking) =>
      withAnswers(async (answers, who) => {
        const json = options.json === true;
        if (options.open) {
          const days = Number(options.days);
          if (!Number.isSafeInteger(days) || days < 1) throw new Problem("--days takes a number from 1 on", 2);
          const state = taken(await answers.openReview({ token: await who.token(options.as), days }));
          return show(state, json);
        }
        if (id !== undefined) return show(await find(answers, id), json);
        const all = await answers.reviews();
        const late = all.filter((state) => isReviewOverdue(state, Date.now()));
        await list(options.overdue ? late : all, json);
        if (options.overdue && late.length > 0) throw new Problem(`${late.length} overdue`, 1);
      }),
    );
}

export function registerAttest(program: Command): void {
  program
    .command("attest")
    .argument("<id>", "a review")
    .description("attest that you have looked at the sample of an activity review")
    .option("--findings <text>", "what you looked at and found; it goes into the evidence")
    .option("--concern", "something needs to be followed up")
    .option("--as <identity>", "who attests; the one who is signed in when left out")
    .option("--json", "the review afterwards, as one JSON object")
    .action((id: string, { findings = "", concern, as, json }: Attesting) =>
      withAnswers(async (answers, who) => {
        const state = taken(
          await answers.attest({ token: await who.token(as), id, findings, concern: concern === true }),
        );
        await print(json ? JSON.stringify(state) : harmless(`${reviewTitle(state)}: ${standing(state)}`));
      }),
    );
}

async function find(answers: Answers, id: string): Promise<ReviewState> {
  const found = await answers.showReview(id);
  if (found === null) throw new Problem(`there is no review ${id}`, 1, "`postern reviews` lists them.");
  return found;
}

function standing(state: ReviewState): string {
  const attested = state.history.find((change) => change.type === "attested");
  if (attested !== undefined)
    return `attested by ${attested.by.name}${attested.late ? ", late" : ""}${attested.concern ? ", with a concern" : ""}`;
  return isReviewOverdue(state, Date.now()) ? "OVERDUE" : "open";
}

async function list(states: readonly ReviewState[], json: boolean): Promise<void> {
  if (json) {
    for (const state of states) await print(JSON.stringify(state));
    return;
  }
  if (states.length === 0) return print("no reviews");
  const rows = states.map((state) => {
    const { id, totals, sample, dueAt, reviewers } = state.review;
    const asked = isAttested(state) ? "" : Object.keys(reviewers).join(", ");
    return [id, String(totals.sessions), String(sample.length), formatTime(dueAt), asked, harmless(standing(state))];
  });
  const header = ["REVIEW", "SESSIONS", "SAMPLE", "DUE", "ASKED", "STATE"];
  for (const line of columns(header, rows, ["SESSIONS", "SAMPLE"])) await print(line);
}

async function show(state: ReviewState, json: boolean): Promise<void> {
  if (json) return print(JSON.stringify(state));
  await print(harmless(`${reviewTitle(state)}: ${standing(state)}`));
  for (const [label, text] of reviewLines(state)) await print(`  ${label.padEnd(10)}${harmless(text)}`);
  for (const change of state.history)
    if (change.type === "attested") await print(`  ${"Findings".padEnd(10)}${harmless(change.findings)}`);
    else if (change.type === "notification-failed")
      await print(`  ${"Not told".padEnd(10)}${harmless(`${change.group} by ${change.channel}: ${change.why}`)}`);
  await print("");
  const rows = state.review.sample.map(({ session, opened, who, target, why }) => [
    session,
    formatTime(opened),
    harmless(who.actsFor === undefined ? who.name : `${who.name} for ${who.actsFor}`),
    harmless(target),
    why.join(", "),
  ]);
  for (const line of columns(["SESSION", "OPENED", "WHO", "TARGET", "CHOSEN"], rows, [])) await print(line);
  if (answersDoor() === null) await check(state);
}

/** Where the evidence is, too. */
async function check(state: ReviewState): Promise<void> {
  const evidence = new LocalEvidence(stateDirectory());
  try {
    const { from, until } = state.review;
    const found = await evidence.sessions({ since: from, until });
    const problem = await sampleProblem(state, found, evidence.store, nodeSha256);
    if (problem !== null) throw new Problem(`the sample does not follow from the ledger: ${problem}`, 1);
    await print("\nThe sample is what the ledger's head chooses. `postern show` and `postern replay` show a session.");
  } finally {
    evidence.close();
  }
}
