// The door of the officers: the local home's, or that of AWS.
import { DoorShut } from "#proxy/adapters/remote-answers.ts";
import { Problem } from "../problem.ts";
import { answersDoor } from "../settings.ts";
import type { OfficersDoor } from "./door.ts";
import { localOfficers } from "./local.ts";
import { remoteOfficers } from "./remote.ts";

/** @param as an identity of the local home. @param action what is done with its door */
export async function withOfficers<T>(as: string | undefined, action: (door: OfficersDoor) => Promise<T>): Promise<T> {
  const there = answersDoor();
  const door = there === null ? await localOfficers(as) : remoteOfficers(there, as);
  try {
    return await action(door);
  } catch (error) {
    throw error instanceof DoorShut ? new Problem(error.message, 3) : error;
  } finally {
    door.close();
  }
}
