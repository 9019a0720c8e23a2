// What the commands about approvals have in common.
import type { Answers, NotTaken } from "#proxy/adapters/answers.ts";
import { openLocalAnswers } from "#proxy/adapters/local-answers.ts";
import { DoorShut, openRemoteAnswers } from "#proxy/adapters/remote-answers.ts";
import { openHome } from "./home.ts";
import { attempt, Problem } from "./problem.ts";
import { answersDoor } from "./settings.ts";
import { tokenFor, whoAsks } from "./tokens.ts";

/** Whoever answers. */
export interface Who {
  /** @param as an identity of the local home. @throws Problem when there is no token for it */
  token(as: string | undefined): Promise<string>;
  /** Names of the targets, where they are known. */
  readonly targets: readonly string[] | null;
}

/** Opens what keeps requests, and closes it afterwards; says in a line what went wrong. */
export function withAnswers(action: (answers: Answers, who: Who) => Promise<void>): Promise<void> {
  return attempt(async () => {
    const { answers, who } = remote() ?? local();
    try {
      await action(answers, who);
    } catch (error) {
      throw error instanceof DoorShut ? new Problem(error.message, 3) : error;
    } finally {
      answers.close();
    }
  });
}

function local(): { readonly answers: Answers; readonly who: Who } {
  const home = openHome();
  const token = (as: string | undefined) => tokenFor(home, whoAsks(home, as));
  return { answers: openLocalAnswers(home.state, Date.now), who: { token, targets: home.targets } };
}

function remote(): { readonly answers: Answers; readonly who: Who } | null {
  const door = answersDoor();
  if (door === null) return null;
  const { address, token } = ownDoor(door, undefined);
  const tokenOf = async (as: string | undefined) => ownDoor(door, as).token;
  return { answers: openRemoteAnswers(address, token), who: { token: tokenOf, targets: null } };
}

/** @throws Problem when tokens should not be sent there, there is none, or it should be somebody else's */
export function ownDoor(door: NonNullable<ReturnType<typeof answersDoor>>, as: string | undefined): typeof door {
  const url = URL.parse(door.address);
  const own = url !== null && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url?.protocol !== "https:" && !own) throw new Problem("POSTERN_ANSWERS is no https address", 2);
  if (door.token === "")
    throw new Problem("POSTERN_TOKEN is not set", 2, "It is a token of the identity provider: who you are.");
  if (as !== undefined) throw new Problem("--as is for the local home", 2, "There you are who POSTERN_TOKEN says.");
  return door;
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
