// Connections, as protocols see them: streams that an adapter opens and secures.
import type { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Source } from "#shared/evidence/event.ts";

/** An accepted connection. */
export interface Accepted {
  readonly stream: Duplex;
  readonly source: Source;
  readonly loopback: boolean;
}

/** The gateway's side of a TLS connection with a client. */
export interface SecuredClient {
  readonly stream: Duplex;
  /** As Node names it: `TLSv1.3`. */
  readonly version: string;
  /** What ALPN agreed on (RFC 7301); null when the client did not offer any. */
  readonly alpn: string | null;
}

export interface TlsAcceptor {
  /**
   * Runs the handshake. Bytes that were put back into the stream (`unshift`) are part of it.
   * @param alpn protocol names that are accepted when the client offers any
   * @throws when the handshake fails, the stream is then destroyed
   */
  accept(stream: Duplex, alpn: readonly string[]): Promise<SecuredClient>;
}

/** How the target has to prove who it is. */
export interface TargetTls {
  /** The name or address that its certificate must be for. */
  readonly serverName: string;
  /** PEM; the system's authorities when absent. */
  readonly ca?: string;
  readonly alpn: readonly string[];
}

export interface SecuredTarget {
  readonly stream: Duplex;
  readonly certificate: X509Certificate;
}

export interface Dialer {
  /** @throws when there is no connection within `milliseconds` */
  dial(host: string, port: number, milliseconds: number): Promise<Duplex>;
  /** TLS 1.2 or later, the chain and the name verified. @throws when any of it fails */
  secure(stream: Duplex, tls: TargetTls): Promise<SecuredTarget>;
}
