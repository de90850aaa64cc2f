// This server under clients that come, talk and go without a word, for as long as it takes to see whether memory grows.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { requestJson } from '../../tests/Conformance/clients/support/http-request.mjs';
import '../ending.mjs';
import { run } from '../hotpath/generator.mjs';
import { lines } from '../hotpath/plot.mjs';
import { OURS, SERVERS, start } from '../hotpath/servers.mjs';

const SAMPLE_MS = 10_000;
// What lives is known after a full collection only, and that changes the resident memory: it is asked for once a minute.
const SAMPLES_A_COLLECTION = 6;
const MEGABYTE = 1024 * 1024;
const CLIENTS_A_SECOND = 200;
// Memory may settle first; what it does after that is judged. Until silent clients have been given up, for which the server takes 45 s, they only become more.
const SETTLING_SHARE = 0.25;
const SETTLING_SECONDS = 60;
const TOLERATED_GROWTH = 0.1;

const results = fileURLToPath(new URL('../results/', import.meta.url));
const minutes = Number(process.argv[2]?.replace(/^--minutes=/, '') ?? 20);
if (!(minutes > 0)) {
  console.error(`${process.argv[2]}: give a number of minutes, more than 0.`);
  process.exit(2);
}

const settled = Math.max(minutes * 60 * SETTLING_SHARE, Math.min(SETTLING_SECONDS, minutes * 30));

const started = new Date();
const server = SERVERS.find(({ name }) => name === OURS);
const running = await start(server);
const samples = [];
let over = false;
const sampling = sampleUntil(() => over);
const result = await run(server, running, { scenario: 'churn', rooms: 50, rate: CLIENTS_A_SECOND, payload: 64, 'warm-up': 0, seconds: minutes * 60 });
over = true;
await sampling;
await running.stop();
if (result.error) throw new Error(result.error);
report(result);

async function sampleUntil(done) {
  const begun = performance.now();
  for (let number = 0; !done(); number++) {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, begun + number * SAMPLE_MS - performance.now())), running.exited]);
    const sample = { seconds: (performance.now() - begun) / 1000, residentMB: residentMB(running.pid) };
    samples.push(sample);
    const collects = number % SAMPLES_A_COLLECTION === 0;
    const { json } = await requestJson(`${running.url}/memory${collects ? '?collect=true' : ''}`);
    sample.allocatedMB = json.allocated / MEGABYTE;
    if (collects) sample.heapMB = json.heap / MEGABYTE;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${sample.seconds.toFixed(0)} s: resident ${sample.residentMB.toFixed(1)} MB`);
  }
}

function residentMB(pid) {
  return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+)/m)[1]) / 1024;
}

/** By how much a figure grew: the median of the last third of the time that is judged, to that of its first third. */
function growth(name) {
  const judged = samples.filter((sample) => name in sample && sample.seconds >= settled && sample.seconds <= minutes * 60).map((sample) => sample[name]);
  const third = Math.ceil(judged.length / 3);
  return median(judged.slice(-third)) / median(judged.slice(0, third)) - 1;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function report({ churned, serverSeconds, seconds }) {
  const grown = { heap: growth('heapMB'), resident: growth('residentMB') };
  const verdict = (share) => `${share >= 0 ? '+' : '−'}${Math.abs(share * 100).toFixed(1)} % (${share <= TOLERATED_GROWTH ? 'flat' : 'it grows'})`;
  mkdirSync(results, { recursive: true });
  const machine = { processors: cpus().length, model: cpus()[0].model, kernel: release() };
  writeFileSync(path.join(results, 'soak.json'), `${JSON.stringify({ date: started.toISOString(), minutes, machine, clientsASecond: CLIENTS_A_SECOND, grown, result, samples }, null, 2)}\n`);
  writeFileSync(
    path.join(results, 'soak.svg'),
    lines({
      title: 'Memory of the server, MB',
      unit: 'minutes',
      series: [
        { name: 'resident', points: samples.map(({ seconds, residentMB }) => [seconds / 60, residentMB]) },
        { name: 'managed heap, what lives of it', points: samples.filter(({ heapMB }) => heapMB).map(({ seconds, heapMB }) => [seconds / 60, heapMB]) },
      ],
    }),
  );
  const text = [
    '# Clients that come and go',
    `${started.toISOString().slice(0, 10)}, ${minutes} minutes, ${machine.processors} × ${machine.model}, Linux ${machine.kernel}. Written by \`./bench.sh soak\`.`,
    '![Memory of the server over time](soak.svg)',
    [
      '| | |',
      '| --- | ---: |',
      `| clients that came | ${churned.opened.toLocaleString('en')} |`,
      `| deliveries | ${churned.deliveries.toLocaleString('en')} |`,
      `| fell silent, and were closed by the server | ${churned.fellSilent.toLocaleString('en')} |`,
      `| closed by the server though they had done nothing wrong | ${churned.lost.toLocaleString('en')} |`,
      `| processor time of the server | ${((serverSeconds * 100) / seconds).toFixed(0)} % of a core |`,
      `| managed heap after full collections, from the first third to the last | ${verdict(grown.heap)} |`,
      `| resident memory, from the first third to the last | ${verdict(grown.resident)} |`,
    ].join('\n'),
    `The first ${settled.toFixed(0)} seconds are left out of both: until then code is still compiled, pools fill, and silent clients become more.`,
  ].join('\n\n');
  writeFileSync(path.join(results, 'soak.md'), `${text}\n`);
  console.log(`\n${text}\n\nWritten to bench/results/soak.md.`);
  if (churned.lost > 0 || Object.values(grown).some((share) => share > TOLERATED_GROWTH)) process.exitCode = 1;
}
