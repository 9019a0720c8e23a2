// The Lambda `detect-phi`, invoked. Region, credentials and retries are the SDK's own.
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { InspectorPort } from "../ports/inspector.ts";
import { inspector } from "./inspector.ts";

/** @param name name or ARN of the function */
export function lambdaInspector(name: string, timeoutMillis: number): InspectorPort {
  const client = new LambdaClient();
  return inspector(async (event, abortSignal) => {
    const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) });
    const { FunctionError, Payload } = await client.send(command, { abortSignal });
    // What went wrong there is in its log.
    if (FunctionError !== undefined || Payload === undefined) throw new Error("the function failed");
    return JSON.parse(Buffer.from(Payload).toString("utf8")) as unknown;
  }, timeoutMillis);
}
