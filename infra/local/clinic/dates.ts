// Days and instants of the demo clinic. Its story ends on a fixed day, so that every load is the same.

const DAY = 86_400_000;

/** The last day on which anything happens in the demo clinic. */
export const LAST_DAY = Date.UTC(2026, 5, 30);

export const days = (count: number) => count * DAY;
export const day = (time: number) => new Date(time).toISOString().slice(0, 10);
export const instant = (time: number) => new Date(time).toISOString();
