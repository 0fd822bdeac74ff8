import dgram from 'node:dgram';
import net from 'node:net';

/** Why a connection was refused here. */
class NetworkError extends Error {
  readonly code = 'ERR_ACCESS_DENIED';
  constructor() {
    super('a process that reads a model reaches no network');
    this.name = 'NetworkError';
  }
}

/**
 * Takes the network from this process: all that Node and its libraries open goes through these methods, `fetch`, http and
 * tls among them. Being connected to, as by a browser that fetches a page from here, stays possible. For what an engine or
 * a library might do unasked; Node 25 and later forbid it below JavaScript, too.
 */
export function leaveNetwork(): void {
  const refuse = () => {
    throw new NetworkError();
  };
  net.Socket.prototype.connect = refuse as never;
  dgram.Socket.prototype.connect = refuse as never;
  dgram.Socket.prototype.send = refuse as never;
}
