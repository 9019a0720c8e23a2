// A login at a target with the gateway's credential, which may have been changed since it was read.
import type { Credential } from "../../ports/credentials.ts";
import { TargetFailure } from "./reach.ts";

/** `invalid_password`, and `invalid_authorization_specification`, which is what RDS says of a token. */
const REFUSED: readonly string[] = ["28P01", "28000"];

/**
 * Logs in; when the target refuses the credential, once more with the newest.
 * @param fetch gives the credential, or another than the version that was `refused`; rejects when there is none
 * @throws what the last `login` threw
 */
export async function withCredential<T>(
  fetch: (refused?: string) => Promise<Credential>,
  login: (password: string) => Promise<T>,
): Promise<T> {
  const { password, version } = await fetch();
  try {
    return await login(password);
  } catch (error) {
    if (!(error instanceof TargetFailure) || !REFUSED.includes(error.sqlstate)) throw error;
    const newer = await fetch(version).catch(() => null);
    if (newer === null || newer.version === version) throw error;
    return login(newer.password);
  }
}
