// The device authorization grant (RFC 8628): a code to type into a browser, which may be on another machine.
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../problem.ts";
import type { SignIn } from "./code-flow.ts";
import { discover, type Granted, OauthError, post, requestToken } from "./http.ts";

interface DeviceAnswer {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete?: string;
  readonly expires_in: number;
  /** Seconds between questions. */
  readonly interval?: number;
}

/** `show` is given where to go and what to type there. */
export async function signInWithCode(
  { issuer, clientId, scope }: SignIn,
  show: (uri: string, code: string) => void,
): Promise<Granted> {
  const metadata = await discover(issuer);
  const form = { client_id: clientId, scope: `openid ${scope}` };
  const device = await post<DeviceAnswer>(metadata.device_authorization_endpoint, form);
  show(device.verification_uri_complete ?? device.verification_uri, device.user_code);
  let seconds = device.interval ?? 5;
  for (const until = Date.now() + device.expires_in * 1000; Date.now() < until; ) {
    await sleep(seconds * 1000);
    try {
      const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
      return await requestToken(metadata, { grant_type, device_code: device.device_code, client_id: clientId });
    } catch (error) {
      if (!(error instanceof OauthError)) throw error;
      if (error.code === "slow_down") seconds += 5;
      else if (error.code !== "authorization_pending") throw error;
    }
  }
  throw new Problem("nobody signed in in time", 1);
}
