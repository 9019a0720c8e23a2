// Claims: "in row 2 of the answer to event 12, ssn was 078-05-1120". They are checked against the original, or against what was committed to it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { COMMITMENT, committed, hiddenColumns } from "#shared/evidence/originals.ts";
import { Problem } from "../problem.ts";
import type { OfResult } from "./compare.ts";

export interface Claim {
  readonly text: string;
  readonly run: number;
  /** Counts from 0. */
  readonly row: number;
  readonly column: string;
  /** Null for NULL. */
  readonly value: string | null;
  holds: boolean | null;
}

/** `12/2,ssn=078-05-1120`; without `=` it claims NULL. */
export function parseClaim(text: string): Claim {
  const [, run, row, column, value] = /^(\d+)\/(\d+),([^=]+)(?:=([\s\S]*))?$/.exec(text) ?? [];
  if (column === undefined || Number(row) < 1)
    throw new Problem(`${text} is not a claim`, 2, "Write EVENT/ROW,COLUMN=VALUE, such as 12/2,ssn=078-05-1120.");
  return { text, run: Number(run), row: Number(row) - 1, column, value: value ?? null, holds: null };
}

/** The name by which a claim speaks of a column: of a COPY, lines are claimed as a whole. */
export function columnsOf(delivery: OfResult): string[] {
  return delivery.kind === "rows" ? delivery.shape.map(({ name }) => name) : ["line"];
}

export function checkOriginal(claim: Claim, value: string | null): void {
  claim.holds = claim.holds === true || value === claim.value;
}

/** @param row commitments to the hidden cells of the row that is claimed */
export function checkCommitted(claim: Claim, salt: Buffer, delivery: OfResult, row: readonly Buffer[]): void {
  const column = columnsOf(delivery).indexOf(claim.column);
  const hidden = delivery.kind === "rows" ? hiddenColumns(delivery.plan) : [0];
  const commitment = row[hidden.indexOf(column)];
  if (commitment === undefined) return;
  const place = { run: claim.run, index: delivery.index, row: claim.row, column };
  const value = claim.value === null ? null : Buffer.from(claim.value);
  const mac = createHmac("sha256", salt).update(committed(place, value)).digest().subarray(0, COMMITMENT);
  claim.holds = claim.holds === true || timingSafeEqual(mac, commitment);
}
