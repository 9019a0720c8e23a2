// run.json: what runs in a local home, for the command line and for tests.
import { z } from "zod";

const address = z.object({ host: z.string(), port: z.int() });

/** How a demo identity gets its token: a person signs in, a workload uses its own secret, an agent exchanges its person's token. */
const identity = z.object({
  name: z.string(),
  kind: z.enum(["person", "workload", "agent"]),
  actsFor: z.string().optional(),
  description: z.string(),
});
export type HomeIdentity = z.infer<typeof identity>;

export const runFileSchema = z.object({
  /** Process numbers of the home and of the gateway. */
  pid: z.int(),
  proxyPid: z.int(),
  /** ISO 8601. */
  started: z.string(),
  gateway: address,
  admin: address,
  database: address,
  issuer: z.url(),
  /** The public client that people sign in with. */
  clientId: z.string(),
  scope: z.string(),
  /** Path of the authority that signed the certificates of the gateway and the issuer. */
  ca: z.string(),
  targets: z.array(z.string()),
  identities: z.array(identity),
});
export type RunFile = z.infer<typeof runFileSchema>;
