// How long a replay waits between two things that happened.

/**
 * @param last milliseconds since the epoch; clocks may have been set back in between
 * @param speed so many times as fast; infinite for no waiting at all
 * @returns milliseconds
 */
export function waitBefore(last: number, next: number, speed: number): number {
  return Number.isFinite(speed) ? Math.max(0, next - last) / speed : 0;
}
