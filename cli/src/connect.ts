// postern connect: a local port that supplies the token by itself.
import { once } from "node:events";
import type { Command } from "commander";
import { openHome } from "./home.ts";
import { dialGateway } from "./postgres/dial.ts";
import { forward } from "./postgres/forward.ts";
import { attempt, Problem } from "./problem.ts";
import { tokenFor, whoAsks } from "./tokens.ts";

interface Options {
  readonly as?: string;
  readonly port: string;
}

export function registerConnect(program: Command): void {
  program
    .command("connect")
    .argument("<target>", "what to connect to")
    .description("open a local port to a target, for clients that can carry no token")
    .option("--as <identity>", "who asks; the one who is signed in when left out")
    .option("--port <number>", "the port on 127.0.0.1; a free one when left out", "0")
    .action((target: string, options: Options) => attempt(() => run(target, options)));
}

async function run(target: string, options: Options): Promise<void> {
  const home = openHome();
  const user = whoAsks(home, options.as);
  if (!home.targets.includes(target))
    throw new Problem(`there is no target ${target}`, 2, `There are: ${home.targets.join(", ")}.`);
  const wanted = Number(options.port);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) throw new Problem("--port takes a port number", 2);
  await tokenFor(home, user);
  const port = await forward(wanted, {
    user,
    target,
    dial: () => dialGateway(home),
    token: () => tokenFor(home, user),
    onTrouble: (why) => process.stderr.write(`postern: ${why}\n`),
  }).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(`port ${wanted} cannot be listened on (${error.code})`, 1, "Choose another with --port.");
  });
  process.stdout.write(
    `127.0.0.1:${port} is ${target}, as ${user}: whoever can reach this port on this machine is ${user}.\n` +
      `  psql -h 127.0.0.1 -p ${port} -U ${user} ${target}\nCtrl-C ends it.\n`,
  );
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  process.exit(0);
}
