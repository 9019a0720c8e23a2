// What a session set is part of what is approved: two sessions say the same only where the same is in force.
import { describe, expect, it } from "vitest";
import { SettingsSaid } from "#proxy/gate/settings-said.ts";
import { toyAnalysis } from "#test/support/toy-analysis.ts";

/** A session in which this was permitted and done; `!` in front: it failed, `?`: it came with a bind value. `failure`: something else failed; `idle`: no transaction is open. */
function having(session: string, ...texts: readonly string[]): SettingsSaid {
  const settings = new SettingsSaid(session);
  for (const said of texts) {
    if (said === "idle") settings.settle();
    if (said === "failure") settings.undone();
    if (said === "idle" || said === "failure") continue;
    const text = said.replace(/^[!?]/, "");
    settings.saw(text, toyAnalysis(text), said.startsWith("?") ? 1 : 0);
    if (said.startsWith("!")) settings.undone();
  }
  return settings;
}

const said = (...texts: readonly string[]) => having("a", ...texts).all();
const elsewhere = (...texts: readonly string[]) => having("b", ...texts).all();

const ONE = "set app.x = 1";
const TWO = "set app.x = 2";

describe("what a session said of its settings", () => {
  it.each([
    ["the same", [ONE], [ONE]],
    ["the last of one setting", [TWO, ONE], [ONE]],
    ["of no consequence", ["set lock_timeout = 1", ONE], [ONE]],
    ["for a transaction, in it", ["begin", "set local app.x = 1"], ["begin", "set local app.x = 1"]],
    ["the same again, once it was undone", ["begin", ONE, "rollback", ONE], [ONE]],
    ["before a transaction", [ONE, "idle", "begin", "rollback", "idle"], [ONE]],
    ["before something failed", [ONE, "idle", "failure", "idle"], [ONE]],
    ["the rest, once RESET ALL has done its work", [TWO, "begin", ONE, "rollback", "idle", "reset all", "idle"], []],
    ["what comes after RESET ALL", [ONE, "idle", "reset all", TWO, "idle"], [TWO]],
    ["by set_config", ["select set_config('app.x', '1', false)"], ["select set_config('app.x', '1', false)"]],
  ])("counts: %s", (_, one, other) => expect(said(...one)).toEqual(elsewhere(...other)));

  it.each([
    ["another value", [ONE], [TWO]],
    ["what was undone", ["begin", ONE, "rollback"], [ONE]],
    ["what was undone of what was there", [TWO, "begin", ONE, "rollback"], [ONE]],
    ["what was undone, twice over", ["begin", ONE, "rollback"], ["begin", ONE, "rollback"]],
    ["RESET that was undone", [ONE, "begin", "reset app.x", "rollback"], []],
    ["RESET ALL that was undone", [ONE, "begin", "reset all", "rollback"], []],
    ["DISCARD ALL that failed", [ONE, "!discard all"], []],
    ["RESET ALL that failed, once nothing is open", [ONE, "idle", "!reset all", "idle"], []],
    ["what was undone, once nothing is open", [TWO, "idle", "begin", ONE, "rollback", "idle"], [ONE]],
    ["SET that failed", [ONE, "!set app.x = 2"], [TWO]],
    ["for a transaction, outside of one", [ONE, "set local app.x = 2"], ["begin", "set local app.x = 2"]],
    ["for a transaction that is over", ["begin", "set local app.x = 2", "commit"], ["begin", "set local app.x = 2"]],
    ["by bind values", ["?select set_config('app.x', $1, false)"], ["?select set_config('app.x', $1, false)"]],
    ["in another order", ["set app.x = 1; select 1", TWO], [TWO, "set app.x = 1; select 1"]],
  ])("tells apart: %s", (_, one, other) => expect(said(...one)).not.toEqual(elsewhere(...other)));
});
