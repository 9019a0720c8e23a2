// The `postern` command.
import { Command } from "commander";
import { registerConnect } from "./connect.ts";
import { registerExplain } from "./explain.ts";
import { registerLogin } from "./login.ts";
import { registerPolicy } from "./policy.ts";
import { registerReplay } from "./replay.ts";
import { registerRevoke } from "./revoke.ts";
import { registerSessions } from "./sessions.ts";
import { registerShow } from "./show.ts";
import { registerSql } from "./sql.ts";
import { registerTail } from "./tail.ts";
import { registerStatus, registerTargets } from "./targets.ts";
import { registerToken } from "./token.ts";
import { registerVerify } from "./verify.ts";

const program = new Command("postern")
  .description("The gateway between identities and systems that hold protected health information.")
  .showHelpAfterError("(`postern --help` lists the commands, `postern <command> --help` the options)")
  .helpCommand(false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

program.commandsGroup("Using a target:");
for (const register of [registerToken, registerLogin, registerSql, registerConnect, registerTargets, registerStatus])
  register(program);
program.commandsGroup("Identities and policy:");
for (const register of [registerRevoke, registerPolicy, registerExplain]) register(program);
program.commandsGroup("Evidence:");
for (const register of [registerSessions, registerShow, registerReplay, registerTail, registerVerify])
  register(program);

await program.parseAsync();
