// What people, reports, ORMs and tools send every day: through a whole local home it says what the database itself says, byte for byte,
// but for the columns that the one who asks may not see.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCorpus } from "#test/support/corpus.ts";
import { type Innocence, startInnocence } from "#test/support/innocence.ts";
import { MANNERS } from "#test/support/settings.ts";
import type { Manner } from "#test/support/speaker.ts";

const ORIGINS = [
  ...["reports", "joins", "paging", "session", "writes"],
  ...["prisma", "django", "hibernate", "sqlalchemy", "sequelize", "typeorm", "knex", "drizzle"],
  ...["activerecord", "eloquent", "efcore", "gorm", "jooq", "ecto", "mikroorm"],
  ...["psql", "pgjdbc", "asyncpg-psycopg"],
  ...["metabase", "tableau", "powerbi", "dbeaver", "pgadmin", "grafana", "superset", "datagrip", "monitoring", "dbt"],
];

const CORPUS = readCorpus("innocent");
const ALL: readonly Manner[] = ["simple", "text", "binary"];
/** Which of them, when not all: another one for each case. */
const manners = (i: number) => [...ALL.slice(i % ALL.length), ...ALL].slice(0, MANNERS);

let innocence: Innocence;
beforeAll(async () => {
  innocence = await startInnocence();
});
afterAll(() => innocence?.stop());

for (const [file, cases] of CORPUS)
  describe(file, () => {
    for (const [i, one] of cases.entries())
      test(`${one.place} as ${one.identity}`, async () => {
        const wrong: string[] = [];
        for (const manner of manners(i)) wrong.push(...(await innocence.run(one, manner)));
        expect(wrong).toEqual([]);
      });
  });

describe("the corpus", () => {
  test("leaves most cells readable", () => {
    const { clear, hidden } = innocence.cells;
    expect(clear).toBeGreaterThan(hidden * 2);
  });

  test("has at least 200 statements, from everybody", () => {
    const texts = [...CORPUS.values()].flat().flatMap(({ statements }) => statements.map(({ sql }) => sql));
    expect(new Set(texts).size).toBeGreaterThanOrEqual(200);
    expect([...CORPUS.keys()]).toEqual(ORIGINS.map((name) => `${name}.sql`).sort());
  });
});
