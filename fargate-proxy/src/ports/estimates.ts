/** How many rows a command would touch, as the target's planner expects it: for people who have to agree to it. Nothing is run. */
export interface EstimatePort {
  /**
   * @param text one SELECT, INSERT, UPDATE, DELETE or MERGE that calls nothing but what the server came with; bind values are not known
   * @returns null when it cannot be had soon; never rejects
   */
  rows(target: string, text: string, searchPath: readonly string[]): Promise<number | null>;
}
