// The servers that are measured beside each other: how each is started, and what it speaks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startProcess } from '../../tests/Conformance/clients/support/server-process.mjs';

const bench = fileURLToPath(new URL('../', import.meta.url));

/** The processor cores that this process may use: the first is the server's, the second the load generator's. */
export const CORES = allowedCores();

export const OURS = 'this server';
export const REFERENCE = 'socket.io on uWS';

const host = ['dotnet', build('SocketIOHost', 'SocketIOHost')];

/** `only`: the scenarios that it takes part in; without, all. */
export const SERVERS = [
  { name: OURS, dialect: 'socket.io', dotnet: true, command: host },
  // What it is in most containers. Where it is about single connections there is no difference.
  { name: 'this server, without io_uring', dialect: 'socket.io', dotnet: true, command: [...host, '--io-uring', 'off'], only: ['fan-out', 'saturated', 'rooms', 'payload-1k'], thorough: true },
  { name: REFERENCE, dialect: 'socket.io', command: ['node', 'peers/socket.io-uws.mjs'] },
  { name: 'socket.io on Bun', dialect: 'socket.io', command: [bun(), 'peers/socket.io-bun.mjs'] },
  { name: 'socket.io on ws', dialect: 'socket.io', command: ['node', 'peers/socket.io-ws.mjs'] },
  { name: 'SignalR', dialect: 'signalr', dotnet: true, command: ['dotnet', build('peers/SignalR', 'SignalR')] },
  { name: 'bare Kestrel WebSocket', dialect: 'bare', dotnet: true, command: ['dotnet', build('peers/KestrelWebSocket', 'KestrelWebSocket')] },
];

export const GENERATOR = build('LoadGenerator', 'LoadGenerator');

function build(folder, name) {
  return path.join(bench, folder, 'bin/Release/net10.0', `${name}.dll`);
}

// The package's own start script is not run, as nothing of a package is at installation: the program lies beside it.
function bun() {
  const packages = path.join(bench, 'node_modules/@oven');
  const programs = (existsSync(packages) ? readdirSync(packages) : []).map((name) => path.join(packages, name, 'bin/bun')).filter((file) => existsSync(file));
  // Of those for this system the one for every processor comes last.
  return programs.find((file) => !file.includes('baseline')) ?? programs[0] ?? 'bun';
}

function allowedCores() {
  const [, list] = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\s+(\S+)/m);
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  });
}

/** Starts a server on a core of its own; it has answered when this completes. */
export async function start(server) {
  const port = await freePort();
  const args = ['-c', CORES[0], ...server.command, '--port', String(port)];
  return startProcess(server.name, 'taskset', args, { port, cwd: bench }).answers('/socket.io/');
}

/** Whether this project's server, after it has sent to several at a time, has said that the system gives it no io_uring. */
export function lacksIoUring(running) {
  return running.output.includes('The system gives no io_uring');
}

/** What was measured, by name. */
export function versions(dotnet) {
  const version = (name) => JSON.parse(readFileSync(path.join(bench, 'node_modules', name, 'package.json'), 'utf8')).version;
  return {
    '.NET': dotnet,
    'Node.js': process.versions.node,
    'socket.io': version('socket.io'),
    ws: version('ws'),
    'uWebSockets.js': version('@trufflesuite/uws-js-unofficial'),
    Bun: version('bun'),
    '@socket.io/bun-engine': version('@socket.io/bun-engine'),
  };
}
