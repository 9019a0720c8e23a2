// The table in which gateways that stand behind one balancer find each other, and count their sessions together.

/** Where other gateways reach one. */
export interface FleetAddress {
  readonly host: string;
  readonly port: number;
}

/** One run of a gateway. */
export interface FleetMember extends FleetAddress {
  /** 0 to 255; somebody else's when the time is up. */
  readonly number: number;
  readonly id: string;
  /** Until when it is taken to live, in milliseconds since the epoch. */
  readonly until: number;
}

/** How many of one member's sessions a count has: `done` when it is what was asked for; else what it is. */
export type Counted = { readonly done: true } | { readonly done: false; readonly own: number };

export interface FleetTable {
  /**
   * Enters a member, under the number that it had before if nobody else has it by now, else under any that is free.
   * @param now milliseconds since the epoch: numbers of those whose time was up `SPARE_MS` ago are free
   * @throws when no number is free
   */
  enter(
    member: Omit<FleetMember, "number">,
    now: number,
    before: Pick<FleetMember, "number" | "id"> | null,
  ): Promise<number>;
  /** @returns false when its time was up before: then it has to enter again, as somebody new */
  renew(member: Pick<FleetMember, "number" | "id" | "until">, now: number): Promise<boolean>;
  /** Gives the number back. */
  leave(member: Pick<FleetMember, "number" | "id">): Promise<void>;
  /** @returns null when nobody has the number */
  find(number: number): Promise<FleetMember | null>;
  /**
   * Changes a member's part of a count, on the condition that it was `from`. Asked again, it finds it done.
   * @param limit of the parts of all together; null for none
   */
  count(
    key: string,
    id: string,
    change: { readonly from: number; readonly to: number; readonly limit: number | null },
  ): Promise<Counted>;
  /**
   * Takes those out of all counts who are no members (any more).
   * @returns the parts of this member, by key, as they were a moment ago
   */
  sweep(now: number, id: string): Promise<ReadonlyMap<string, number>>;
  close(): void;
}

export const NUMBERS = 256;
/** Clocks of two machines may differ by this much. */
export const SPARE_MS = 5000;
