// TCP and TLS. The only file of the proxy that opens sockets.
import { constants, X509Certificate } from "node:crypto";
import { createServer, isIP, Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type PeerCertificate,
  TLSSocket,
} from "node:tls";
import type { Accepted, Dialer, SecuredClient, SecuredTarget, TargetTls, TlsAcceptor } from "../ports/network.ts";

/** Whoever is silent is asked so often whether they are there: what lies between forgets connections after some minutes (a balancer of AWS after 350 s). */
const KEEP_ALIVE_MS = 60_000;
const LISTENING = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, pauseOnConnect: true };

export interface Listener {
  readonly port: number;
  /** Accepts no more; connections that are open stay. */
  stop(): void;
}

/** @throws when the address cannot be listened on */
export function listen(host: string, port: number, onConnection: (accepted: Accepted) => void): Promise<Listener> {
  const server = createServer(LISTENING, (socket) => {
    // A peer may be gone at any moment: whoever reads the stream sees it close.
    socket.on("error", () => {});
    const address = socket.remoteAddress;
    if (address === undefined) socket.destroy();
    else
      onConnection({
        stream: socket,
        source: { address, port: socket.remotePort ?? 0 },
        loopback: isLoopback(address),
      });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      server.on("error", () => {});
      const bound = server.address();
      resolve({
        port: bound !== null && typeof bound === "object" ? bound.port : port,
        stop: () => void server.close(),
      });
    });
  });
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address === "localhost" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}

/** @param pem certificate chain and private key. @throws when they do not fit */
export function createTlsAcceptor(pem: { readonly cert: string; readonly key: string }): TlsAcceptor {
  const secureContext = createSecureContext({
    ...pem,
    minVersion: "TLSv1.2",
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
  return {
    accept: (stream, alpn) =>
      new Promise<SecuredClient>((resolve, reject) => {
        const tls = new TLSSocket(stream as Socket, { isServer: true, secureContext, ALPNProtocols: [...alpn] });
        tls.on("error", () => {});
        const failed = () => reject(new Error("the TLS handshake failed"));
        tls.once("close", failed);
        tls.once("secure", () => {
          tls.off("close", failed);
          resolve({ stream: tls, version: tls.getProtocol() ?? "unknown", alpn: tls.alpnProtocol || null });
        });
      }),
  };
}

export const dialer: Dialer = {
  dial: (host, port, milliseconds) =>
    new Promise<Duplex>((resolve, reject) => {
      const socket = new Socket();
      const give = (error: Error) => {
        socket.destroy();
        reject(error);
      };
      const timer = setTimeout(() => give(new Error("no answer")), milliseconds);
      socket.once("error", (error) => {
        clearTimeout(timer);
        give(error);
      });
      socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
      socket.connect({ host, port }, () => {
        clearTimeout(timer);
        socket.removeAllListeners("error").on("error", () => {});
        resolve(socket);
      });
    }),
  secure: (stream, tls) => secureTarget(stream, tls),
};

function secureTarget(stream: Duplex, wanted: TargetTls): Promise<SecuredTarget> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: stream as Socket,
      minVersion: "TLSv1.2",
      ...(wanted.ca === undefined ? {} : { ca: wanted.ca }),
      // RFC 6066 has no place for addresses in SNI; the certificate is checked against the address all the same.
      ...(isIP(wanted.serverName) === 0 ? { servername: wanted.serverName } : {}),
      checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
        checkServerIdentity(wanted.serverName, certificate),
      ALPNProtocols: [...wanted.alpn],
      rejectUnauthorized: true,
    });
    const lost = () => reject(new Error("the TLS handshake was cut off"));
    socket.once("close", lost);
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket
        .off("close", lost)
        .off("error", reject)
        .on("error", () => {});
      resolve({ stream: socket, certificate: new X509Certificate(socket.getPeerCertificate().raw) });
    });
  });
}
