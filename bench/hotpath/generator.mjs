// Runs the load generator on a core of its own, once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CORES, GENERATOR } from './servers.mjs';

// A run that takes so much longer than it should has failed.
const GRACE_SECONDS = 240;

/** Puts a load on a running server; the figures, or `{ error }`. */
export async function run(server, running, load) {
  const args = { ...load, dialect: server.dialect, port: running.port, process: running.pid, 'reads-memory': Boolean(server.dotnet) };
  const child = spawn('taskset', ['-c', CORES.at(1) ?? CORES[0], 'dotnet', GENERATOR, ...Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), (load['warm-up'] + load.seconds + GRACE_SECONDS) * 1000);
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const [code, signal] = await once(child, 'close');
  process.off('exit', end);
  clearTimeout(timer);
  if (code !== 0) return { error: signal ? `the load generator was ended: ${signal}` : errors.trim().split('\n')[0] };
  return JSON.parse(output);
}
