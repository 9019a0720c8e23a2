// The one place where functions read the environment: what the infrastructure tells them.

export interface Settings {
  /** Folder of the policy bundle that is deployed with the function. */
  readonly policy: string;
}

/** @throws when the infrastructure has not set what is needed */
export function settings(): Settings {
  const policy = process.env.POSTERN_POLICY;
  if (policy === undefined || policy === "") throw new Error("POSTERN_POLICY is not set");
  return { policy };
}
