// What a statement that was completed changes in the session: names that it made or closed, and whether a transaction block is open.
import type { AnalysedStatement, SessionEffect } from "#shared/facts.ts";
import type { Judgement } from "../../protocol.ts";
import type { Core } from "./core.ts";

/** @param tag of its CommandComplete */
export function applyEffects(core: Core, statement: AnalysedStatement, tag: string, judgement: Judgement): void {
  for (const effect of statement.effects) apply(core, effect, tag, judgement);
  core.context.completed(statement, tag, judgement.text);
}

function apply(core: Core, effect: SessionEffect, tag: string, judgement: Judgement): void {
  const { statements, portals } = core;
  const context = core.context.current;
  switch (effect.type) {
    case "prepare": {
      const made = { name: effect.name, origin: "sql", text: judgement.text, judgement, context } as const;
      const unknown = { types: [], refers: false, parameters: null, shape: null, described: false };
      statements.set(effect.name, { ...made, ...unknown });
      return;
    }
    case "deallocate":
      statements.forget(effect.name);
      return;
    case "declare": {
      const made = { name: effect.name, statement: null, cursor: judgement, context };
      const unbound = {
        formats: [],
        values: 0,
        bound: null,
        bind: null,
        boundAt: 0,
        original: null,
        released: null,
        accompanied: false,
      };
      portals.set(effect.name, { ...made, ...unbound, shape: null, described: false });
      return;
    }
    case "close":
      portals.forget(effect.name);
      return;
    case "discard":
      if (tag !== "DISCARD ALL") return;
      statements.forget(null);
      portals.forget(null);
      return;
    case "transaction":
      // COMMIT of what has failed ends it as well.
      if (effect.what === "begin" || effect.what === "commit" || effect.what === "rollback")
        core.inBlock = effect.what === "begin";
      return;
    default:
      return;
  }
}
