export interface Credential {
  readonly password: string;
  /** Names it in evidence; it is never the secret. */
  readonly version: string;
}

/** Where the only credential to a target comes from. */
export interface CredentialPort {
  /**
   * @param refused version that the target has just refused: the newest is asked for, past what is remembered
   * @throws when it cannot be had, or there is none but the one that was refused
   */
  fetch(target: string, refused?: string): Promise<Credential>;
}
