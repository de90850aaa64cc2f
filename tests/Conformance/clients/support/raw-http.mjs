// HTTP written by hand on a TCP connection: for requests that no HTTP client would send.
import { once } from 'node:events';
import net from 'node:net';
import { within } from './waiting.mjs';

/** A TCP connection to the server that collects what it is sent. */
export class RawConnection {
  constructor(url) {
    const { hostname, port } = new URL(url);
    this.received = Buffer.alloc(0);
    this.socket = net.connect({ host: hostname, port: Number(port) });
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
  }

  /** Connects and writes. */
  static async write(url, data) {
    const connection = new RawConnection(url);
    await once(connection.socket, 'connect');
    await new Promise((resolve) => connection.socket.write(data, resolve));
    return connection;
  }

  /** Completes when what was received satisfies, with it as latin1 text. */
  async until(satisfied) {
    while (!satisfied(this.received.toString('latin1'))) {
      await within(
        Promise.race([once(this.socket, 'data'), this.closed.then(() => Promise.reject(new Error('the connection closed')))]),
        'an answer',
      );
    }
    return this.received.toString('latin1');
  }

  /** Completes when the server has ended the connection. */
  ends() {
    return within(this.closed, 'the end of the connection');
  }

  destroy() {
    this.socket.destroy();
    return this.closed;
  }
}

/** The head of a request to the path of the URL. */
export function requestHead(url, method, headers = []) {
  const { host, pathname, search } = new URL(url);
  return [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n');
}
