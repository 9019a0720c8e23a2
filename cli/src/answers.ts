// What the commands about approvals have in common.
import { type LocalAnswers, type NotTaken, openLocalAnswers } from "#proxy/adapters/local-answers.ts";
import type { GlassRefusal } from "#shared/approval/break-glass.ts";
import type { AnswerRefusal } from "#shared/approval/types.ts";
import { refusalText } from "#shared/approval/words.ts";
import { Refusal } from "#shared/errors.ts";
import { type Home, openHome } from "./home.ts";
import { attempt, Problem } from "./problem.ts";

/** Opens what keeps requests, and closes it afterwards; says in a line what went wrong. */
export function withAnswers(action: (answers: LocalAnswers, home: Home) => Promise<void>): Promise<void> {
  return attempt(async () => {
    const home = openHome();
    const answers = openLocalAnswers(home.state, Date.now);
    try {
      await action(answers, home);
    } finally {
      answers.close();
    }
  });
}

export function minutesIn(text: string): number {
  const minutes = Number(text);
  if (!Number.isFinite(minutes) || minutes <= 0) throw new Problem(`${text} is not a number of minutes`, 2);
  return minutes;
}

/** @throws Problem when it did not count */
export function taken<T extends object>(answered: T | NotTaken<AnswerRefusal | GlassRefusal>): T {
  if (!("refused" in answered)) return answered;
  const { refused } = answered as NotTaken<AnswerRefusal | GlassRefusal>;
  if (refused instanceof Refusal) throw new Problem(refused.message, 1, refused.hint);
  throw new Problem(GLASS[refused] ?? refusalText(refused as AnswerRefusal), 1);
}

const GLASS: Readonly<Record<string, string>> = {
  "not-offered": "the policy offers no break-glass",
  "no-reason": "a reason is needed",
  "bad-time": "that is longer than policy allows, or no time at all",
  "own-glass": "nobody reviews what they did themselves",
  "reviewed-already": "it was reviewed already",
  "unknown-glass": "there is no such break-glass",
};
