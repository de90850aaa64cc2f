// The hot path of every server in turn: the same load, the server on one core, the load generator on the other, and the ratios of one run.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { endWith } from '../ending.mjs';
import { run } from './generator.mjs';
import { isComplete, isUndisturbed, ratios, readLast, replaceIn, row, table, write } from './report.mjs';
import { scenarios } from './scenarios.mjs';
import { CORES, lacksIoUring, OURS, SERVERS, start, versions } from './servers.mjs';
import { readSource } from './source.mjs';

const ROUNDS = 3;

const { quick, only, again } = readArguments(process.argv.slice(2));
if (CORES.length < 2) refuse('Two processor cores are needed: one for the server, one for the load generator.');
const started = new Date();
const servers = SERVERS.filter(({ thorough }) => !quick || !thorough);
const chosen = scenarios(quick).filter(({ id }) => !only || only.includes(id));
const unknown = only?.filter((id) => !chosen.some((scenario) => scenario.id === id)) ?? [];
if (unknown.length > 0) refuse(`There is no scenario ${unknown.join(', ')}${quick ? ' in a quick run' : ''}; there are ${scenarios(quick).map(({ id }) => id).join(', ')}.`);
const source = readSource();
const last = again && readLast(machine());
if (last === null) refuse('There is no report of a whole run on this machine with these versions that --again could add to.');
if (last) refuseOtherSource(last.run.source);
if (loadavg()[0] > 0.5) console.log(`The machine is busy with something else (load ${loadavg()[0].toFixed(1)}): figures will be worse, ratios noisier.`);

// What is not known before the server has sent to several at a time.
let ioUring = null;
const runs = quick ? await quickly() : await thoroughly();
const measured = chosen.map((scenario) => ({ scenario, rows: servers.filter(takesPart(scenario)).map((server) => row(scenario, server, runs.get(key(scenario, server)))) }));
for (const { scenario, rows } of measured) console.log(`\n${table(scenario, rows)}`);
console.log(`\n${ratios(measured)}`);
if (last) write(replaceIn(last.measured, measured, started), last.run);
else if (!only) write(measured, { date: started, quick, rounds: quick ? 1 : ROUNDS, machine: machine(), source, ioUring });
if (!isComplete(measured)) endWith(1);

function refuse(message) {
  console.error(message);
  process.exit(2);
}

function refuseOtherSource(measured) {
  if (!source || !measured) refuse('--again adds to a report of the same source, and which that is is not known.');
  if (source.changed || measured.changed) refuse('--again adds to a report of the same source, and there are, or were, changes that are not committed.');
  if (source.commit !== measured.commit) refuse(`--again adds to a report of the same source: the report is of ${measured.commit}, and this is ${source.commit}.`);
}

function readArguments(args) {
  const [, what, names] = args.map((arg) => arg.match(/^--(only|again)=(.*)$/)).findLast(Boolean) ?? [];
  const [quick, again] = [args.includes('--quick'), what === 'again'];
  if (quick && again) refuse('--again adds to the report of a whole run, and cannot be --quick.');
  return { quick, only: names?.split(','), again };
}

function takesPart(scenario) {
  return ({ dialect, only }) => (!scenario.dialect || scenario.dialect === dialect) && (!only || only.includes(scenario.id));
}

function key(scenario, server) {
  return `${scenario.id}|${server.name}`;
}

// Each scenario on a server of its own, all servers beside each other, and that several times: what changes on the machine meanwhile changes for all. Where
// it matters that the machine takes no time away, those from which it did have a few more rounds.
async function thoroughly() {
  const all = new Map();
  for (const scenario of chosen) {
    const rounds = scenario.rounds ?? ROUNDS;
    for (let round = 1; round <= (scenario.mostRounds ?? rounds); round++) {
      for (const server of servers.filter(takesPart(scenario))) {
        const before = all.get(key(scenario, server)) ?? [];
        if (round > rounds && before.filter((run) => run.error || isUndisturbed(run)).length >= rounds) continue;
        progress(`${scenario.id}, round ${round}${round > rounds ? '' : ` of ${rounds}`}: ${server.name}`);
        const [result] = await onOneProcess(server, [scenario]);
        all.set(key(scenario, server), [...before, result]);
      }
    }
  }
  progress('');
  return all;
}

// Every scenario once, one after the other on the same server. What idle connections hold comes first, as only a fresh server can tell it.
async function quickly() {
  const all = new Map();
  const order = chosen.toSorted((a, b) => Number(b.load.scenario === 'idle') - Number(a.load.scenario === 'idle'));
  for (const server of servers) {
    progress(server.name);
    const part = order.filter((scenario) => takesPart(scenario)(server));
    const figures = await onOneProcess(server, part);
    part.forEach((scenario, index) => all.set(key(scenario, server), [figures[index]]));
  }
  progress('');
  return all;
}

// A server that cannot be measured, here or at all, costs its rows and not the run. After a failure the next scenario has one that knows nothing of it.
async function onOneProcess(server, scenarios) {
  let running;
  const figures = [];
  for (const scenario of scenarios) {
    try {
      running ??= await start(server);
    } catch (error) {
      figures.push({ error: error.message.match(/^.*Error: .*$/m)?.[0] ?? error.message.split('\n')[0] });
      continue;
    }
    const result = await run(server, running, scenario.load);
    figures.push(result);
    if (server.name === OURS && scenario.load.scenario === 'fan-out') ioUring = !lacksIoUring(running);
    if (!result.error) continue;
    await running.kill();
    running = undefined;
  }
  await running?.kill();
  return figures;
}

function progress(text) {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
  else if (text) console.log(text);
}

function machine() {
  const dotnet = execFileSync('dotnet', ['--list-runtimes'], { encoding: 'utf8' }).match(/Microsoft\.AspNetCore\.App (10\.\S+)/g)?.at(-1).split(' ')[1];
  return { processors: cpus().length, model: cpus()[0].model, kernel: release(), versions: versions(dotnet) };
}
