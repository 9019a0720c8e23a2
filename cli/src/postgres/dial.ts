// The way to the gateway: TLS from the first byte (ALPN `postgresql`), its certificate checked against the home's authority.
import { connect, type TLSSocket } from "node:tls";
import type { Home } from "../home.ts";
import { Problem } from "../problem.ts";

/** @throws Problem when it cannot be reached, or is somebody else */
export function dialGateway(home: Home): Promise<TLSSocket> {
  const { host, port } = home.gateway;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca: home.authority, ALPNProtocols: ["postgresql"], minVersion: "TLSv1.2" });
    const failed = (error: NodeJS.ErrnoException) =>
      reject(new Problem(`the gateway at ${host}:${port} cannot be reached (${error.code ?? error.message})`, 3));
    socket.once("error", failed);
    socket.once("secureConnect", () => {
      socket.off("error", failed);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
