// Starts a server of this repository from its Release build as a child process, and ends it again.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpRequest } from './http-request.mjs';

export const repository = fileURLToPath(new URL('../../../../', import.meta.url));

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
const OUTPUT_LIMIT = 64 * 1024;

// Settings of whoever runs the tests must not reach the servers under test.
const CHAT_SETTINGS = /^(WP_|CORS_|SOCKET_|AUTH_|PORT$|HOST$|NODE_ENV$|DATA_DIR$|ADMIN_TOKEN$|WEBHOOK_SECRET$|LOG_LEVEL$)/;

const atExit = [];
process.on('exit', (code) => atExit.forEach((act) => act(code)));

/** A free port, of those that the system gives to nobody's outgoing connection: it is still free when a slow server takes it. */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_100, 32_768);
    const probe = createServer().listen(port, '127.0.0.1');
    const free = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/** A folder that is removed when this test file's process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'chatpulse-test-'));
  atExit.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A running server: its address, process id and what it has printed. */
class ServerProcess {
  #child;
  #exited;

  constructor(name, child, port) {
    this.name = name;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.output = '';
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) => resolve(signal ?? code));
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output = (this.output + text).slice(-OUTPUT_LIMIT);
      });
    }
    // Whatever happens to this process, no server outlives it; what it printed is shown beside a failed test.
    atExit.push((code) => {
      child.kill('SIGKILL');
      if (code !== 0) process.stderr.write(`--- ${name} printed:\n${this.output}\n---\n`);
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Completes when the process has ended, with its exit code or signal. */
  get exited() {
    return this.#exited;
  }

  /** Asks it to stop and waits for that; a server that does not stop fails the test. */
  async stop() {
    if (!this.running) return this.#exited;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    const how = await this.#exited;
    clearTimeout(timer);
    if (how === 'SIGKILL') throw new Error(`${this.name} did not stop within ${STOP_LIMIT_MS} ms. It printed:\n${this.output}`);
    return how;
  }

  /** Ends it as a power cut would. */
  async kill() {
    this.#child.kill('SIGKILL');
    return this.#exited;
  }

  /** Waits until it answers HTTP at the path. */
  async answers(pathname) {
    const end = Date.now() + START_LIMIT_MS;
    while (this.running) {
      try {
        await httpRequest(`${this.url}${pathname}`);
        return this;
      } catch (error) {
        if (Date.now() > end) throw new Error(`${this.name} did not answer: ${error.message}. It printed:\n${this.output}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error(`${this.name} ended at start (${await this.#exited}). It printed:\n${this.output}`);
  }
}

/** Starts a command as a server; it does not wait for it to answer. */
export function startProcess(name, command, args, { env = {}, port, cwd } = {}) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([key]) => !CHAT_SETTINGS.test(key)));
  const child = spawn(command, args, { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  return new ServerProcess(name, child, port);
}

function releaseBuild(project, file) {
  const dll = path.join(repository, project, 'bin/Release/net10.0', file);
  if (!existsSync(dll)) throw new Error(`${dll} is missing: build first (dotnet build Chatpulse.slnx -c Release).`);
  return dll;
}

/** The host of the protocol suites. With CONFORMANCE_URL set, that server is used and nothing is started. */
export async function conformanceHost(options) {
  const external = process.env.CONFORMANCE_URL;
  if (external) return { url: external.replace(/\/$/, ''), stop: async () => {} };
  return startConformanceHost(await freePort(), options);
}

/** Starts Conformance.Host on a port; `pingTimeout` in milliseconds, for clients that may be too busy for the 200 of the protocol suites. */
export async function startConformanceHost(port, { pingTimeout, env } = {}) {
  const dll = releaseBuild('tests/Conformance.Host', 'Conformance.Host.dll');
  const host = startProcess('Conformance.Host', 'dotnet', [dll, '--port', String(port), ...(pingTimeout ? ['--ping-timeout', String(pingTimeout)] : [])], { env, port });
  return host.answers('/engine.io/');
}

/** The command line of the chat server: its Release build. */
export function chatServerCommand() {
  return ['dotnet', [releaseBuild('src/Chatpulse.Server', 'Chatpulse.Server.dll')]];
}

/** Starts the chat server; without a DATA_DIR it gets a folder of its own. `command` replaces the Release build. */
export async function startChatServer({ env = {}, port, command = chatServerCommand() } = {}) {
  port ??= await freePort();
  const folder = temporaryFolder();
  const settings = { DATA_DIR: path.join(folder, 'data'), ...env, PORT: String(port) };
  // Its working directory is an empty folder, so that a developer's .env has no say.
  const server = startProcess('Chatpulse.Server', command[0], command[1], { env: settings, port, cwd: folder });
  server.dataDir = settings.DATA_DIR;
  return server.answers('/health');
}
