// psql with commands that wait for an approval: outside and inside of a transaction, denied, and cancelled with Ctrl-C.
import { spawn } from "node:child_process";
import { environment } from "#test/support/settings.ts";
import { step } from "./support.ts";

let next = Number(environment().CONFORMANCE_PART?.split(" ")[1]);

/** What psql prints; it gets Ctrl-C once it says the words. The purpose tells the people of the test what to answer. */
function psql(input: string, purpose: string, interruptAt?: string): Promise<string> {
  return new Promise((resolve) => {
    const args = ["--no-psqlrc", "--no-password", "--set=VERBOSITY=sqlstate", "--file=-"];
    const env = { ...environment(), PGOPTIONS: `-c postern.purpose=${purpose}` };
    const child = spawn("psql", args, { env, stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    let interrupted = false;
    const hear = (chunk: Buffer) => {
      said += chunk;
      if (interrupted || interruptAt === undefined || !said.includes(interruptAt)) return;
      interrupted = true;
      child.kill("SIGINT");
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("close", () => resolve(said));
    child.stdin.end(input);
  });
}

const erase = () => `DELETE FROM prescriptions WHERE id = ${next++}`;
const tag = (said: string) => /^DELETE \d+$/m.exec(said)?.[0] ?? /ERROR: {2}(\w{5})/.exec(said)?.[1] ?? said;

await step("simple outside", async () => tag(await psql(`${erase()};`, "approved")));
await step("simple inside", async () => tag(await psql(`BEGIN;\n${erase()};\nCOMMIT;`, "approved")));
await step("denied", async () => tag(await psql(`${erase()};`, "denied")));
await step("cancelled", async () => tag(await psql(`${erase()};`, "unanswered", "NOTICE")));
