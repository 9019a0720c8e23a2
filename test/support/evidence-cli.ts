// The commands that read evidence, without the rest of the program.
import { Command } from "commander";
import { registerAccounting } from "#cli/accounting.ts";
import { registerBundle } from "#cli/bundle.ts";
import { registerDisclosures } from "#cli/disclosures.ts";
import { registerIndex } from "#cli/index-rebuild.ts";
import { registerAgree } from "#cli/officers.ts";
import { registerProof } from "#cli/proof.ts";
import { registerQuery } from "#cli/query.ts";
import { registerReplay } from "#cli/replay.ts";
import { registerSessions } from "#cli/sessions.ts";
import { registerShow } from "#cli/show.ts";
import { registerShred } from "#cli/shred.ts";
import { registerTail } from "#cli/tail.ts";
import { registerVerify } from "#cli/verify.ts";

const program = new Command("postern");
for (const register of [
  registerSessions,
  registerShow,
  registerReplay,
  registerTail,
  registerVerify,
  registerBundle,
  registerQuery,
  registerIndex,
  registerProof,
  registerAgree,
  registerShred,
  registerDisclosures,
  registerAccounting,
])
  register(program);
await program.parseAsync();
