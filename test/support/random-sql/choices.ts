// Random decisions from a list of numbers: fast-check makes the list and shrinks it. When it has run out, every decision is the first, so
// what stands first in a list of ways is the simplest, and a shorter list makes a simpler statement.
import fc from "fast-check";

const MOST = 65_536;

/** The numbers for one thing to be made. */
export const numbers: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(MOST - 1), { maxLength: 300, size: "max" });

export class Choices {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(of: readonly number[]) {
    this.#numbers = of;
  }

  /** Below `count`; 0 when the numbers have run out. */
  below(count: number): number {
    const drawn = this.#numbers[this.#at++] ?? 0;
    return Math.floor((drawn * count) / MOST);
  }

  /** True in so many of a hundred cases. */
  percent(share: number): boolean {
    return this.below(100) >= 100 - share;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  /** One of the ways, each as likely as its weight. */
  way<T>(ways: readonly (readonly [weight: number, make: () => T])[]): T {
    const all = ways.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.below(all);
    for (const [weight, make] of ways) {
      if (left < weight) return make();
      left -= weight;
    }
    throw new Error("no way");
  }

  some<T>(least: number, most: number, make: (index: number) => T): T[] {
    const count = least + this.below(most - least + 1);
    return Array.from({ length: count }, (_, index) => make(index));
  }
}
