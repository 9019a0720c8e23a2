// The attempts themselves are tested: gateways that have one weakness each, and a few attempts of the channel that it opens have to notice.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAttempts } from "#test/support/attempts.ts";
import { bypassGround, type Ground } from "#test/support/bypass.ts";
import { type Weakness, weakness } from "#test/support/weaken.ts";

const ATTEMPTS = readAttempts();
/** So many attempts are made, at most, before a weakness counts as not noticed. */
const SAMPLE = 4;

interface Case extends Weakness {
  /** Of the threats, which is open then. */
  readonly channel: number;
  /** Attempts that should notice. */
  readonly sample: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: "a derived value is shown",
    channel: 1,
    sample: /substr\(ssn, 1, 1\)/i,
    file: "shared/src/masking/plan.ts",
    from: 'if (hidden.length === 0) return { mask: "clear", classes,',
    to: 'if (hidden.length === 0 || !output.direct) return { mask: "clear", classes,',
  },
  {
    name: "whether a derived value is NULL shows",
    channel: 1,
    sample: /nullif\(ssn, '\{ssn\}'\),/i,
    file: "shared/src/masking/plan.ts",
    from: 'if (!direct) return { ...plan, nulls: "hidden" };',
    to: "if (!direct) return plan;",
  },
  {
    name: "what no mask knows the type of is shown",
    channel: 2,
    sample: /^SELECT (p|patients) FROM/i,
    file: "shared/src/masking/transforms.ts",
    from: 'if (mask === "clear") return null;\n  const',
    to: 'if (mask === "clear" || tools.index.type(cell.type).family === "other") return null;\n  const',
  },
  {
    name: "every function is harmless",
    channel: 5,
    sample: /^SELECT query_to_xml\(/i,
    file: "shared/src/analysis/sql/functions.ts",
    from: "immutable || HARMLESS.has(name)",
    to: "true || HARMLESS.has(name)",
  },
  {
    name: "temporary tables forget what flowed in",
    channel: 6,
    sample: /FROM pg_temp\.copy/i,
    file: "fargate-proxy/src/protocols/postgres/context.ts",
    from: ".set(name, columns));",
    to: ".set(name, columns.map((column) => ({ ...column, sources: [] }))));",
  },
  {
    name: "nobody asks whether a class may be searched",
    channel: 7,
    sample: /ssn (LIKE '9%'|< '5')$/i,
    file: "shared/src/policy/questions.ts",
    from: "...relationQuestions(about), ...searchQuestions(about)]",
    to: "...relationQuestions(about)]",
  },
  {
    name: "errors pass as they are",
    channel: 8,
    sample: /CONSTRAINT|INSERT|UPDATE/i,
    file: "protocols/postgres/asides.ts",
    from: "return judgement !== null && this.#core.session.guarded(judgement);",
    to: "return false;",
  },
  {
    name: "rows of Execute are not masked",
    channel: 9,
    sample: /RETURNING reminder_phone/i,
    file: "protocols/postgres/rows.ts",
    from: "if (shape !== NO_COLUMNS) this.conceal(op, judgement, shape);",
    to: "if (shape !== NO_COLUMNS) this.#openRows(op, null);",
  },
  {
    name: "COPY is not masked",
    channel: 10,
    sample: /^COPY patients TO STDOUT$/i,
    file: "shared/src/masking/copy.ts",
    from: 'if (plan.type === "clear") return untouched;',
    to: 'if (plan.type !== "refuse") return untouched;',
  },
  {
    name: "binary cells are not masked",
    channel: 11,
    sample: /^SELECT/i,
    file: "shared/src/masking/rows.ts",
    from: "return cellOf(column, cell, tools, env);",
    to: "return cell.binary ? { cell: null } : cellOf(column, cell, tools, env);",
  },
  {
    name: "statistics are tables like others",
    channel: 12,
    sample: /FROM pg_stats/i,
    file: "shared/src/analysis/sql/relations.ts",
    from: '["pg_stats", "all"],',
    to: "",
  },
  {
    name: "copies in other columns are nobody's business",
    channel: 14,
    sample: /^UPDATE appointments SET room = reminder_phone/i,
    file: "shared/src/policy/questions.ts",
    from: "const spills = union(flows, (flow) => spilledClasses(flow, target, catalog, facts.kind));",
    to: "const spills = [];",
  },
  {
    name: "a hidden text shows its end",
    channel: 1,
    sample: /^SELECT ssn FROM/i,
    file: "shared/src/masking/text.ts",
    from: "if (rewrite === null) return constant(hidden);",
    to: "if (rewrite === null) return rewriting(last4(hidden), 24);",
  },
  {
    name: "free text is not searched",
    channel: 16,
    sample: /^SELECT (note|body) FROM/i,
    file: "shared/src/masking/scan.ts",
    from: "const wanted = (detector: Detector) =>",
    to: 'const wanted = (detector: Detector) => detector.name === "none" &&',
  },
];

let ground: Ground;
beforeAll(async () => {
  ground = await bypassGround();
});
afterAll(() => ground?.stop());

/** The first thing that an attempt found, other than that something failed. */
async function noticed({ channel, sample }: Case): Promise<string | null> {
  const attempts = ATTEMPTS.filter((attempt) => attempt.channel === channel && sample.test(attempt.last.sql));
  for (const attempt of attempts.slice(0, SAMPLE)) {
    const found = (await ground.run(attempt)).find(({ what }) => /^(shows|differs|is answered)/.test(what));
    if (found !== undefined) return `${found.place} (${found.form}) ${found.what}`;
  }
  return null;
}

describe("a gateway in which", { timeout: 60_000 }, () => {
  test.each(CASES)("$name is found out", async (weak) => {
    await ground.restart(weakness(weak));
    expect(await noticed(weak)).not.toBeNull();
  });
});
