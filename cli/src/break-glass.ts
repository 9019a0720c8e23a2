// postern break-glass: go ahead at once, for a limited time; somebody else has to review it afterwards.
import type { Command } from "commander";
import { glassLines, glassTitle } from "#shared/approval/words.ts";
import { minutesIn, taken, withAnswers } from "./answers.ts";
import { print } from "./evidence/home.ts";
import { harmless } from "./evidence/table.ts";
import { Problem } from "./problem.ts";

interface Options {
  readonly as?: string;
  readonly reason?: string;
  readonly minutes?: string;
  readonly json?: true;
}

export function registerBreakGlass(program: Command): void {
  program
    .command("break-glass")
    .argument("<target>", "where your own commands that need an approval run without one")
    .description("go ahead at once, for a limited time: it is announced, and somebody else reviews it")
    .option("--as <identity>", "who; the one who is signed in when left out")
    .option("--reason <text>", "why; everybody who is told reads it")
    .option("--minutes <number>", "for how long", "15")
    .option("--json", "as one JSON object")
    .action((target: string, options: Options) =>
      withAnswers(async (answers, who) => {
        if (who.targets?.includes(target) === false)
          throw new Problem(`there is no target "${target}"`, 2, `There are: ${who.targets.join(", ")}.`);
        const token = await who.token(options.as);
        const minutes = minutesIn(options.minutes ?? "15");
        const broken = taken(await answers.breakGlass({ token, target, reason: options.reason ?? "", minutes }));
        if (options.json) return print(JSON.stringify(broken));
        await print(harmless(glassTitle(broken)));
        for (const [label, text] of glassLines(broken)) await print(`  ${label.padEnd(13)}${harmless(text)}`);
      }),
    );
}

/** Under `postern approvals`, since it is people's answer that is missing. */
export function registerReview(approvals: Command): void {
  approvals
    .command("review")
    .argument("[id]", "a break-glass; those without a review are listed when left out")
    .description("review a break-glass")
    .option("--as <identity>", "who reviews; the one who is signed in when left out")
    .option("--reason <text>", "what was found")
    .option("--not-justified", "it should not have been done")
    .option("--json", "as one JSON object")
    .action((id: string | undefined, options: Options & { notJustified?: true }) =>
      withAnswers(async (answers, who) => {
        if (id === undefined) {
          const open = await answers.glasses();
          if (options.json) for (const state of open) await print(JSON.stringify(state));
          else
            for (const state of open)
              await print(harmless(`${state.glass.id}  ${glassTitle(state)}: ${state.glass.reason}`));
          return;
        }
        const token = await who.token(options.as);
        const justified = options.notJustified !== true;
        const reviewed = taken(await answers.review({ token, id, justified, reason: options.reason ?? "" }));
        await print(options.json ? JSON.stringify(reviewed) : harmless(`reviewed: ${glassTitle(reviewed)}`));
      }),
    );
}
