// How long things wait in a recorder, all in milliseconds.
export interface Timing {
  /** How long lines may wait for their segment. */
  readonly segmentMs: number;
  /** How long output may wait in memory. */
  readonly recordingMs: number;
  /** How long blocks may wait in the spool for their part to fill. */
  readonly partMs: number;
  readonly tickMs: number;
  readonly retryMs: number;
  /** How long `close` waits for a store that fails; what is not stored then is in the journal still. */
  readonly closeMs: number;
  /** How long a login waits for room. Clients give up after some ten seconds. */
  readonly roomMs: number;
}
