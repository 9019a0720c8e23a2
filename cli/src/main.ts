// The `postern` command. Loads the command that is asked for, and all of them only to describe them: a token should come at once.
import { Command } from "commander";

type Register = (program: Command) => void;

const GROUPS: Readonly<Record<string, Readonly<Record<string, () => Promise<Register>>>>> = {
  "Using a target:": {
    token: async () => (await import("./token.ts")).registerToken,
    login: async () => (await import("./login.ts")).registerLogin,
    sql: async () => (await import("./sql.ts")).registerSql,
    connect: async () => (await import("./connect.ts")).registerConnect,
    targets: async () => (await import("./targets.ts")).registerTargets,
    status: async () => (await import("./targets.ts")).registerStatus,
  },
  "Approvals:": {
    approvals: async () => (await import("./approvals.ts")).registerApprovals,
    approve: async () => (await import("./approvals.ts")).registerApprove,
    deny: async () => (await import("./approvals.ts")).registerDeny,
    "break-glass": async () => (await import("./break-glass.ts")).registerBreakGlass,
  },
  "Identities and policy:": {
    revoke: async () => (await import("./revoke.ts")).registerRevoke,
    policy: async () => (await import("./policy.ts")).registerPolicy,
    pseudonyms: async () => (await import("./pseudonyms.ts")).registerPseudonyms,
    catalog: async () => (await import("./catalog.ts")).registerCatalog,
    explain: async () => (await import("./explain.ts")).registerExplain,
  },
  "Evidence:": {
    sessions: async () => (await import("./sessions.ts")).registerSessions,
    show: async () => (await import("./show.ts")).registerShow,
    replay: async () => (await import("./replay.ts")).registerReplay,
    tail: async () => (await import("./tail.ts")).registerTail,
    disclosures: async () => (await import("./disclosures.ts")).registerDisclosures,
    accounting: async () => (await import("./accounting.ts")).registerAccounting,
    index: async () => (await import("./index-rebuild.ts")).registerIndex,
    reviews: async () => (await import("./reviews.ts")).registerReviews,
    attest: async () => (await import("./reviews.ts")).registerAttest,
    verify: async () => (await import("./verify.ts")).registerVerify,
    "ledger-key": async () => (await import("./ledger-key.ts")).registerLedgerKey,
    bundle: async () => (await import("./bundle.ts")).registerBundle,
    proof: async () => (await import("./proof.ts")).registerProof,
    agree: async () => (await import("./officers.ts")).registerAgree,
    shred: async () => (await import("./shred.ts")).registerShred,
    query: async () => (await import("./query.ts")).registerQuery,
    reconcile: async () => (await import("./reconcile.ts")).registerReconcile,
  },
};

const program = new Command("postern")
  .description("The gateway between identities and systems that hold protected health information.")
  .showHelpAfterError("(`postern --help` lists the commands, `postern <command> --help` the options)")
  .helpCommand(false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

const [, , asked = ""] = process.argv;
const known = Object.values(GROUPS).some((commands) => Object.hasOwn(commands, asked));
for (const [title, commands] of Object.entries(GROUPS)) {
  program.commandsGroup(title);
  for (const [name, load] of Object.entries(commands)) if (!known || name === asked) (await load())(program);
}

await program.parseAsync();
