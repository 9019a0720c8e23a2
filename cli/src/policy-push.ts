// postern policy push, policy show: another policy as a deployment. It is checked and tried here, compared with the one in force, and comes into force when
// others have agreed; going back is a push of what was in force before.
import type { Command } from "commander";
import type { Answers, PolicyStanding } from "#proxy/adapters/answers.ts";
import { loadPolicyFiles, policyFilesIn } from "#proxy/adapters/policy-folder.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { problemLine } from "#shared/policy/problems.ts";
import { changesBetween, changeWords } from "#shared/policy/push/changes.ts";
import type { PolicyFiles } from "#shared/policy/push/types.ts";
import { taken, withAnswers } from "./answers.ts";
import { formatTime, parseTime, print } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { policyFolder } from "./policy/bundle.ts";
import { tryAll } from "./policy/expectations.ts";
import { replay } from "./policy/replay.ts";
import { Problem } from "./problem.ts";

interface Pushing {
  readonly as?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly version?: string;
  readonly replay?: string | true;
  readonly dryRun?: true;
  readonly json?: true;
}

export function registerPush(policy: Command): void {
  policy
    .command("push")
    .argument("[folder]", "the bundle; `policy` when left out")
    .description(
      "propose a bundle: what differs from the policy in force; others have to agree before it comes into force",
    )
    .option("--version <version>", "in place of a folder: a version that was pushed before, to go back to it")
    .option("--reason <text>", "why; those who are asked read it, and it goes into the evidence")
    .option("--from <time>", "in force not before (2026-12-01T00:00Z); as soon as it is agreed when left out")
    .option("--replay [count]", "say which decisions of the last sessions would differ (50 sessions)")
    .option("--dry-run", "compare and try it, and propose nothing")
    .option("--as <identity>", "who proposes it; the one who is signed in when left out")
    .option("--json", "as one JSON object")
    .action((folder: string | undefined, options: Pushing) =>
      withAnswers(async (answers, who) => push(answers, await who.token(options.as), folder, options)),
    );
}

export function registerShowPolicy(policy: Command): void {
  policy
    .command("show")
    .argument("[id]", "a push: what it changes")
    .description("the policy in force, and what was proposed lately")
    .option("--as <identity>", "who looks; the one who is signed in when left out")
    .option("--json", "as one JSON object")
    .action((id: string | undefined, options: { as?: string; json?: true }) =>
      withAnswers(async (answers, who) => {
        const token = await who.token(options.as);
        if (id === undefined) await show(taken(await answers.policy(token)), options.json === true);
        else await showPush(answers, token, id, options.json === true);
      }),
    );
}

async function push(answers: Answers, token: string, folder: string | undefined, options: Pushing): Promise<void> {
  const { reason = "", from, dryRun, json } = options;
  if (!dryRun && reason.trim() === "") throw new Problem("a push needs a --reason", 2);
  const at = from === undefined ? undefined : parseTime(from);
  const standing = taken(await answers.policy(token));
  const files =
    options.version === undefined ? await filesOf(folder) : await formerly(answers, token, standing, options.version);
  const [before, after] = [loaded(standing.files, "the policy in force"), loaded(files, "the bundle")];
  const untried = await expectations(after);
  const changes = changesBetween(before, after);
  const differing = options.replay === undefined ? null : await replay(before, after, options.replay);
  if (!json) {
    await print(`in force  ${before.version}\nproposed  ${after.version}\n`);
    for (const line of changeWords(changes)) await print(harmless(line));
    if (differing !== null) for (const line of differing.words) await print(harmless(line));
    if (untried !== null) await print(`\nnot tried: ${untried}`);
  }
  const told = { previous: before.version, version: after.version, changes, replay: differing?.found ?? null };
  if (dryRun) return json ? print(JSON.stringify(told)) : undefined;
  const wish = { token, files, previous: before.version, reason, ...(at === undefined ? {} : { from: at }) };
  const { state } = taken(await answers.pushPolicy(wish));
  if (json) return print(JSON.stringify({ ...told, request: state.request.id }));
  const { id, rules } = state.request;
  await print(
    `\nproposed: it waits for the approval of ${rules.needed.join(" and ")} until ${formatTime(state.until)}`,
  );
  await print(`          postern policy show ${id}\n          postern approve ${id} --reason "..."`);
}

async function filesOf(folder: string | undefined): Promise<PolicyFiles> {
  const path = policyFolder(folder);
  return policyFilesIn(path).catch(() => {
    throw new Problem(`${path} cannot be read as a policy bundle`, 2, "Name the folder that access.cedar is in.");
  });
}

async function formerly(
  answers: Answers,
  token: string,
  { pushes }: PolicyStanding,
  version: string,
): Promise<PolicyFiles> {
  const found = pushes.find((one) => version.length >= 4 && one.version.startsWith(version));
  if (found === undefined)
    throw new Problem(
      `version ${version} was not pushed lately`,
      1,
      "`postern policy show` lists them; name a folder for others.",
    );
  return taken(await answers.showPush(token, found.id)).files;
}

function loaded(files: PolicyFiles, what: string): LoadedBundle {
  const bundle = loadPolicyFiles(files);
  if ("problems" in bundle) throw new Problem(`${what} is refused:\n${bundle.problems.map(problemLine).join("\n")}`, 1);
  return bundle;
}

/** @returns why its tests could not be tried here; null when they were. @throws Problem when they are not met */
async function expectations(bundle: LoadedBundle): Promise<string | null> {
  const tried = await tryAll(bundle).catch((error: unknown) => {
    if (error instanceof Problem) return error;
    throw error;
  });
  if (tried instanceof Problem) return tried.message;
  const unmet = tried.filter(({ found }) => found.length > 0);
  if (unmet.length === 0) return null;
  const lines = unmet.flatMap(({ expectation, found }) =>
    found.map((words) => `tests.yaml:${expectation.line}: ${words}`),
  );
  throw new Problem(`its own tests are not met:\n${lines.join("\n")}`, 1, "`postern policy test` says more.");
}

async function show(standing: PolicyStanding, json: boolean): Promise<void> {
  const { files, inForce, pushes } = standing;
  const { version } = loaded(files, "the policy in force");
  if (json) return print(JSON.stringify({ version, inForce, pushes }));
  await print(`in force  ${version}`);
  if (inForce === null) await print("          as it was deployed; nothing was pushed yet");
  else
    await print(
      harmless(
        `          since ${formatTime(inForce.since)}, pushed by ${inForce.by}, agreed by ${inForce.approvedBy.join(", ")}: ${inForce.reason}`,
      ),
    );
  if (pushes.length === 0) return;
  const rows = pushes.map(({ id, version: v, status, from, by, reason }) => [
    id,
    v.slice(0, 12),
    status,
    formatTime(from),
    harmless(by.name),
    harmless(reason),
  ]);
  await print("");
  for (const line of columns(["PUSH", "VERSION", "STATE", "NOT BEFORE", "BY", "REASON"], rows, [])) await print(line);
}

/** Made here from the files themselves: whoever agrees relies on nobody's summary. */
async function showPush(answers: Answers, token: string, id: string, json: boolean): Promise<void> {
  const [standing, push] = [taken(await answers.policy(token)), taken(await answers.showPush(token, id))];
  const [before, after] = [loaded(standing.files, "the policy in force"), loaded(push.files, "the bundle")];
  const changes = changesBetween(before, after);
  if (json) return print(JSON.stringify({ ...push, changes }));
  await print(harmless(`${push.by.name} proposes ${push.version}: ${push.reason}`));
  await print(
    `against   ${before.version}${before.version === push.previous ? "" : ", which is not the one that it was proposed against"}\n`,
  );
  for (const line of changeWords(changes)) await print(harmless(line));
}
