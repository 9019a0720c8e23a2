// What the commands about approvals have in common.
import { type LocalAnswers, type NotTaken, openLocalAnswers } from "#proxy/adapters/local-answers.ts";
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
export function taken<T extends object>(answered: T | NotTaken): T {
  if ("refused" in answered) throw new Problem(answered.message, 1);
  return answered;
}
