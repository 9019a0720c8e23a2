export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Microseconds on a clock that never goes back. */
  micros(): number;
}
