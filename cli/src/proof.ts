// postern proof SESSION: what was asked and what the target said, beside what the client was sent; and whether the one is the other, masked.
// Two officers have agreed to it, and the gateway has recorded that, before anything is shown.
import type { Command } from "commander";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { readSealed } from "#proxy/adapters/sealed-read.ts";
import type { Chunk } from "#shared/evidence/recording.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import { print, withEvidence } from "./evidence/home.ts";
import { agreedOn, type OfficerOptions } from "./officers.ts";
import { Problem } from "./problem.ts";
import { type Claim, parseClaim } from "./proof/claims.ts";
import { openMasking } from "./proof/compare.ts";
import { readOriginals } from "./proof/originals.ts";
import { Recorded } from "./proof/recorded.ts";
import { JsonReport, TextReport } from "./proof/report.ts";
import { walk } from "./proof/walk.ts";
import { verify } from "./verify.ts";

interface Options extends OfficerOptions {
  readonly claim: readonly string[];
  readonly json?: true;
}

export function registerProof(program: Command): void {
  program
    .command("proof")
    .argument("<session>", "a session's id, the start of it, or `last`")
    .description("original and delivered side by side, and whether one is the other masked; takes two officers")
    .option("--as <identity>", "who; the one who is signed in when left out")
    .option("--reason <text>", "why; it goes into the evidence")
    .option(
      "--claim <event/row,column=value>",
      "was this the value? (may be given again)",
      (one, all: string[]) => [...all, one],
      [],
    )
    .option("--json", "one JSON object per line")
    .action((name: string, options: Options) =>
      withEvidence(async (evidence) => {
        const claims = options.claim.map(parseClaim);
        const so = await evidence.find(name);
        const report = await verify(evidence, { type: "session", session: so.session });
        if (!report.ok) throw new Problem("the evidence of this session is not whole", 1, "Run `postern verify`.");
        await show(evidence, so, claims, options);
      }),
    );
}

async function show(evidence: LocalEvidence, so: SessionSummary, claims: Claim[], options: Options): Promise<void> {
  const { session, target } = so;
  const chunks = await agreedOn({ what: "open", session, target }, options, async (door, request) => {
    const lane = await evidence.sealed(so);
    if (lane === null)
      throw new Problem("this session has sealed nothing", 1, "A running session gets there within seconds.");
    return opened(session, lane, await door.open(request, lane.target));
  });
  const masking = await openMasking(target);
  const report = options.json ? new JsonReport(print) : new TextReport(print);
  const recorded = new Recorded(evidence.chunks(so));
  const found = await walk({ originals: readOriginals(chunks.iterate()), recorded, masking, claims, report });
  await report.end(found, claims, chunks.whole());
  if (found.differing > 0 || claims.some((claim) => claim.holds !== true)) process.exitCode = 1;
}

interface OpenLane {
  iterate(): AsyncGenerator<Chunk>;
  /** Once all was read: the lane has its end. */
  whole(): boolean;
}

function opened(
  session: string,
  { target, parts }: NonNullable<Awaited<ReturnType<LocalEvidence["sealed"]>>>,
  key: Uint8Array,
): OpenLane {
  let whole = false;
  return {
    whole: () => whole,
    async *iterate() {
      whole = yield* readSealed(parts(), key, { session, target });
    },
  };
}
