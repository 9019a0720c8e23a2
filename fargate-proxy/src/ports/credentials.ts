/** Where the only credential to a target comes from. */
export interface CredentialPort {
  /** @throws when it cannot be had. `version` names it in evidence; it is never the secret. */
  fetch(target: string): Promise<{ readonly password: string; readonly version: string }>;
}
