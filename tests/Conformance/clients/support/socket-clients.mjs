// The official clients under test, and how each transport is asked for.
import { afterEach } from 'node:test';
import { io } from 'socket.io-client';
import { io as io3 } from 'socket.io-client-3';
import { within } from './waiting.mjs';

/** What makes a client use one transport only, or start with polling and upgrade. */
export const transports = {
  polling: { transports: ['polling'] },
  websocket: { transports: ['websocket'] },
  upgrade: { transports: ['polling', 'websocket'] },
};

const sockets = new Set();

/** Ends every client that was made here and not kept. */
function disconnectAll() {
  for (const socket of sockets) socket.disconnect();
  sockets.clear();
}

/** Leaves the end of a client to the caller: for a conversation that goes on over several tests. */
export function keep(socket) {
  sockets.delete(socket);
  return socket;
}
// A test that fails leaves its clients, and a client that reconnects for ever keeps the process running.
afterEach(disconnectAll);

function made(factory) {
  const create = (url, options) => {
    const socket = factory(url, { forceNew: true, ...options });
    sockets.add(socket);
    return socket;
  };

  /** A client that is connected and, where it may, has upgraded. */
  const connect = async (url, options) => {
    const socket = create(url, options);
    await within(
      new Promise((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      }),
      `a connection to ${url}`,
    );
    const { engine } = socket.io;
    if (options?.transports?.length > 1 && engine.transport.name === 'polling') {
      await within(new Promise((resolve) => engine.once('upgrade', resolve)), 'the upgrade');
    }
    return socket;
  };

  /** Another namespace on the connection of a socket. */
  const join = async (socket, namespace) => {
    const other = socket.io.socket(namespace);
    sockets.add(other);
    await within(
      new Promise((resolve, reject) => {
        other.once('connect', resolve);
        other.once('connect_error', reject);
      }),
      `a connection to ${namespace}`,
    );
    return other;
  };

  return { create, connect, join };
}

export const clientVersions = { 4.8: made(io), 3.1: made(io3) };
export const client = clientVersions['4.8'];
