// What gateways that stand behind one balancer need of each other. A gateway that is alone has none of it.

/** A session counts for its target, and for its identity at that target. */
export interface Place {
  readonly target: string;
  readonly principal: string;
}

/** Sessions at a time, in all gateways together. */
export interface PlaceLimits {
  readonly target: number;
  readonly principal: number;
}

/** Sessions of all gateways, counted together. */
export interface PlacesPort {
  /** False when it cannot be told how many there are: then nobody is let in. */
  readonly available: boolean;
  /**
   * Takes a place for a session. Two gateways that ask at once cannot both have the last one.
   * @returns what is full; null when the place is taken
   * @throws when it cannot be told
   */
  take(place: Place, limits: PlaceLimits): Promise<keyof PlaceLimits | null>;
  /** Gives it back. Never throws: what cannot be written now is written later. */
  free(place: Place): void;
}

/** How a request to cancel gets to the gateway that has the session: its key says which one that is, to gateways alone. */
export interface CancelRoutes {
  /** Of this gateway: 0 to 255. */
  readonly number: number;
  /** A byte that nobody can tell who does not have the gateways' common key. */
  veil(bytes: Uint8Array): number;
  /** Hands a request on. Resolves when it was carried out, or was not worth it: nobody learns which. Never rejects. */
  forward(number: number, request: Uint8Array): Promise<void>;
}
