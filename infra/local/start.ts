// `npm start`: the local home, until Ctrl-C.
import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CannotStart, type LocalHome, startHome } from "./home.ts";
import { DEFAULT_PORTS, portsFrom } from "./ports.ts";
import { stateDirectory } from "./settings.ts";

const USAGE = `npm start [-- --fresh] [-- --port <number>] [-- --witnesses <file>]

  --fresh          start over: new data, new keys, no evidence
  --port <number>  the gateway's port (${DEFAULT_PORTS.gateway}); the others follow: +1 issuer, +2 health and metrics, +112 database
  --witnesses <file>  who is to cosign the ledger: a C2SP tlog-policy with addresses
`;

const say = (line: string) => void process.stdout.write(`${line}\n`);

interface Arguments {
  readonly fresh: boolean;
  readonly port: number;
  readonly witnesses?: string;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        fresh: { type: "boolean" },
        port: { type: "string" },
        witnesses: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const port = values.port === undefined ? DEFAULT_PORTS.gateway : Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_000) throw new Error("--port takes a number from 1 to 65000");
    const witnesses = values.witnesses === undefined ? {} : { witnesses: resolve(values.witnesses) };
    return { fresh: values.fresh ?? false, port, ...witnesses };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function tellWhatToTry({ run, state }: LocalHome): void {
  const { gateway, issuer, admin } = run;
  const near = relative(process.cwd(), run.ca);
  const ca = near.startsWith("..") ? run.ca : near;
  say(
    `ready: gateway ${gateway.host}:${gateway.port}, issuer ${issuer}, health http://${admin.host}:${admin.port}/readyz`,
  );
  say(`
A demonstration: nobody in the data exists, and whoever is on this machine can be anybody. State is in ${state.root}

Try, in another terminal:

  npx postern sql --as engineer "SELECT mrn, full_name, birth_date, ssn, phone FROM patients ORDER BY id LIMIT 5"
  npx postern sql --as copilot "DELETE FROM patients"
  npx postern sql --as engineer "DELETE FROM prescriptions WHERE id = 7"      # waits; meanwhile, in a third terminal:
  npx postern approvals
  npx postern approve ID --as dba --reason "ticket 4711"
  npx postern sessions
  npx postern replay last
  npx postern verify

With a client of your own (any: here psql), and the same again as nurse:

  export PGPASSWORD=$(npx postern token --as engineer)
  psql "host=localhost port=${gateway.port} dbname=clinic user=engineer sslmode=verify-full sslrootcert=${ca}"

Ctrl-C stops it.`);
}

async function main(): Promise<void> {
  const { port, ...rest } = readArguments();
  let home: LocalHome | null = null;
  let stopping = false;
  const stop = async (why: string, code: number) => {
    if (stopping) return;
    // What a half-started home has started ends with this process.
    if (home === null) process.exit(130);
    stopping = true;
    say(`\n${why}: ending sessions, writing evidence`);
    await home.stop();
    say("stopped");
    process.exit(code);
  };
  process.on("SIGINT", () => void stop("Ctrl-C", 0));
  process.on("SIGTERM", () => void stop("SIGTERM", 0));
  process.on("SIGHUP", () => void stop("the terminal is gone", 0));

  say("Postern's local home");
  const options = { state: stateDirectory(), ports: portsFrom(port), ...rest };
  home = await startHome({ ...options, progress: (line) => say(`  ${line}`) });
  void home.broken.then(() => stop("the gateway ended by itself, see log/proxy.log in the state directory", 1));
  tellWhatToTry(home);
}

try {
  await main();
} catch (error) {
  // What somebody can do something about needs no stack.
  process.stderr.write(`${error instanceof CannotStart ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exit(1);
}
