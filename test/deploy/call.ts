// Requests to services of the stand-in that nothing but this test asks: no client of the SDK is installed for them.
import { REGION } from "../aws/ministack.ts";

/** @param target of the service's JSON protocol, with the action. @throws with what the service said */
export type Call = <T>(service: string, target: string, input: object) => Promise<T>;

export function callerOf(endpoint: string): Call {
  return async <T>(service: string, target: string, input: object) => {
    const answer = await fetch(endpoint, {
      method: "POST",
      headers: {
        // The stand-in finds the service by it, and checks no signature.
        authorization: `AWS4-HMAC-SHA256 Credential=test/20261120/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": target,
      },
      body: JSON.stringify(input),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${target}: ${text}`);
    return JSON.parse(text === "" ? "{}" : text) as T;
  };
}
