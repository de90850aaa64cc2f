// Messages through a real WordPress: this server with the stock plugin's routes and with all of ours, beside a server that asks for access and
// then posts. One site, one machine, one run; the load generator shares the machine with everything else.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chatServerCommand, freePort, startProcess, temporaryFolder } from '../../tests/Conformance/clients/support/server-process.mjs';
import { token } from '../../tests/Conformance/clients/support/tokens.mjs';
import '../ending.mjs';
import { processorSeconds } from './processes.mjs';
import { chat } from './senders.mjs';
import { BenchSite } from './site.mjs';

const quick = process.argv.includes('--quick');
const SENDERS = [1, 16, 200];
const WARM_UP = quick ? 1 : 3;
const SECONDS = quick ? 6 : 15;
// A message that waits its turn behind 199 others takes the baseline some ten seconds: it is measured for longer than that.
const SLOW = { warmUp: 10, seconds: quick ? 10 : 20 };

const results = fileURLToPath(new URL('../results/', import.meta.url));
const started = new Date();
const label = `run${started.getTime()}`;

const folder = temporaryFolder();
console.log('Starting a WordPress…');
const site = await BenchSite.start();
try {
  const people = await site.people(Math.max(...SENDERS));
  const rows = [];
  for (const server of [baseline(), ours('this server, stock plugin', true), ours('this server, our plugin', false)]) {
    for (const senders of SENDERS) rows.push(await measure(server, people.slice(0, senders)));
  }
  report(rows);
} finally {
  await site.stop();
}

function baseline() {
  return {
    name: 'access check, then POST',
    stock: true,
    period: (senders) => (senders < 100 ? { warmUp: WARM_UP, seconds: SECONDS } : SLOW),
    start: (port) =>
      startProcess('baseline', 'node', [fileURLToPath(new URL('baseline-server.mjs', import.meta.url))], {
        port,
        env: { PORT: String(port), ...pick('WP_BASE_URL', 'WP_API_KEY') },
      }).answers('/'),
    sign: ({ id }) => ({ auth: { userId: id } }),
  };
}

// With the stock plugin's routes alone rights can be proven only by a user's own cookie; our plugin gives tokens.
function ours(name, stock) {
  return {
    name,
    stock,
    period: () => ({ warmUp: WARM_UP, seconds: SECONDS }),
    start: (port) =>
      startProcess('Chatpulse.Server', ...chatServerCommand(), {
        port,
        cwd: folder,
        env: {
          PORT: String(port),
          LOG_LEVEL: 'warning',
          ...(stock ? { AUTH_MODE: 'wordpress', ...pick('WP_BASE_URL', 'WP_API_KEY') } : { AUTH_MODE: 'token', ...pick('WP_BASE_URL', 'WP_API_KEY', 'AUTH_SECRET') }),
        },
      }).answers('/health'),
    sign: stock
      ? ({ cookie, nonce }) => ({ auth: { nonce }, headers: { cookie } })
      : ({ id }) => ({ auth: { token: token(site.settings.AUTH_SECRET, id) } }),
  };
}

function pick(...names) {
  return Object.fromEntries(names.map((name) => [name, site.settings[name]]));
}

async function measure(server, people) {
  site.offerOnlyStockRoutes(server.stock);
  const running = await server.start(await freePort());
  const id = `${label}x${people.length}x${server.name.replace(/\W/g, '')}`;
  const used = () => ({ site: site.usage(), server: processorSeconds([running.pid]), generator: process.cpuUsage() });
  try {
    const signed = people.map((person) => ({ ...person, headers: undefined, ...server.sign(person) }));
    const chatted = await chat(running.url, signed, { label: id, ...server.period(people.length), counting: used });
    const row = {
      server: server.name,
      senders: people.length,
      messagesPerSecond: chatted.perSecond,
      ...percentiles(chatted.latencies),
      callsPerMessage: (chatted.after.site.calls - chatted.before.site.calls) / chatted.counted,
      siteMsPerMessage: ((chatted.after.site.processor - chatted.before.site.processor) * 1000) / chatted.counted,
      serverMsPerMessage: ((chatted.after.server - chatted.before.server) * 1000) / chatted.counted,
      answered: chatted.stored,
      inDatabase: await site.stored(id),
      lost: chatted.lost,
      doubled: chatted.doubled,
      refusals: chatted.refusals,
    };
    console.log(line(row));
    return row;
  } finally {
    await running.stop();
  }
}

function percentiles(latencies) {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

function line(row) {
  const figure = (value, digits) => (value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits)).padStart(9);
  const wrong = row.lost + row.doubled + (row.answered === row.inDatabase ? 0 : 1);
  const notes = [
    ...(wrong ? [`answered ${row.answered}, in the database ${row.inDatabase}, lost ${row.lost}, doubled ${row.doubled}`] : []),
    ...Object.entries(row.refusals).map(([message, count]) => `${count} × ${message}`),
  ];
  return [
    row.server.padEnd(28),
    String(row.senders).padStart(7),
    figure(row.messagesPerSecond, 1),
    figure(row.p50, 0),
    figure(row.p90, 0),
    figure(row.p99, 0),
    figure(row.callsPerMessage, 3),
    figure(row.siteMsPerMessage, 1),
    figure(row.serverMsPerMessage, 2),
    ...notes,
  ].join(' ');
}

function report(rows) {
  const head = ['server'.padEnd(28), 'senders', ...['msg/s', 'p50 ms', 'p90 ms', 'p99 ms', 'calls/msg', 'site ms', 'server ms'].map((name) => name.padStart(9))].join(' ');
  console.log(`\n${head}\n${rows.map(line).join('\n')}\n`);
  const find = (server, senders) => rows.find((row) => row.server === server && row.senders === senders);
  const ratios = SENDERS.flatMap((senders) => {
    const base = find('access check, then POST', senders);
    return ['this server, stock plugin', 'this server, our plugin'].map((server) => {
      const row = find(server, senders);
      const ratio = { server, senders, messages: row.messagesPerSecond / base.messagesPerSecond, p50: row.p50 / base.p50 };
      console.log(`${server}, ${senders} senders: ${ratio.messages.toFixed(1)} × the messages, ${ratio.p50.toFixed(3)} × the time of the access check and POST`);
      return ratio;
    });
  });
  mkdirSync(results, { recursive: true });
  const file = path.join(results, 'wordpress.json');
  const machine = { processors: cpus().length, model: cpus()[0].model, node: process.version };
  writeFileSync(file, `${JSON.stringify({ date: started.toISOString(), seconds: SECONDS, machine, rows, ratios }, null, 2)}\n`);
  console.log(`\nWritten to bench/results/wordpress.json.`);
}
