// Called by Cognito before it makes a token. If it fails, nobody gets one.
import { type Invoke, lambda } from "../middleware.ts";
import { namePrefixes } from "../settings.ts";
import { eventSchema, type TokenEvent, withClaims } from "./claims.ts";

export const handler: Invoke<TokenEvent> = lambda("token-claims", eventSchema, async (event) =>
  withClaims(event, namePrefixes()),
);
