// From runs to figures: medians, ratios, tables, the report and its plots.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bars } from './plot.mjs';
import { FIGURES, LATENCY_ROUNDS, spent } from './scenarios.mjs';
import { OURS, REFERENCE } from './servers.mjs';

const results = fileURLToPath(new URL('../results/', import.meta.url));
const lastReport = path.join(results, 'hotpath.json');
const BUSY = 0.9;
const LATE = 0.05;
const PLURALS = { delivery: 'deliveries', echo: 'echoes', handshake: 'handshakes' };

/** Whether the machine below took no time from the processors of the server and of the load generator, as far as it tells. */
export function isUndisturbed(run) {
  return run.stolenSeconds === 0;
}

/** One server in one scenario: the median of each figure over the rounds, and what a reader has to know of them. */
export function row(scenario, server, runs) {
  const good = counted(scenario, runs.filter((run) => !run.error));
  const figures = Object.fromEntries(scenario.figures.map((name) => [name, median(good.map(FIGURES[name].of).filter(Number.isFinite))]));
  return { server: server.name, figures, notes: notes(scenario, runs, good), runs };
}

// Of more rounds than are needed, those from which the machine took the least.
function counted(scenario, runs) {
  return scenario.mostRounds ? runs.toSorted((a, b) => a.stolenSeconds - b.stolenSeconds).slice(0, scenario.rounds) : runs;
}

function notes(scenario, runs, good) {
  const errors = new Set(runs.filter((run) => run.error).map((run) => run.error));
  return [...(good.some((run) => isGeneratorBound(scenario, run)) ? ['generator-bound'] : []), ...errors];
}

// A generator at a fixed rate spends its core waiting for the next moment: there it is too slow when it is late, in a time of which the row tells a latency.
function isGeneratorBound(scenario, run) {
  const told = (latency) => scenario.figures.includes(latency);
  if (run.lateShare !== undefined) return (told('p99') && run.lateShare > LATE) || (told('stalled99') && run.stalledLateShare > LATE);
  return run.generatorSeconds / run.seconds > BUSY && spent(run) / run.seconds < BUSY;
}

function median(values) {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The first figure of a row by that of the reference. */
function ratio(scenario, rows, one) {
  if (scenario.withoutRatio) return null;
  const [first] = scenario.figures;
  const reference = rows.find(({ server }) => server === REFERENCE)?.figures[first];
  return reference && one.figures[first] !== null ? one.figures[first] / reference : null;
}

/** Whether there is a figure in every row. */
export function isComplete(measured) {
  return measured.every(({ rows }) => rows.every(({ figures }) => Object.values(figures).some((figure) => figure !== null)));
}

function show(value, digits) {
  return value === null || !Number.isFinite(value) ? '–' : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function cells(scenario, rows) {
  const head = ['server', ...scenario.figures.map((name) => heading(scenario, name)), ...(scenario.withoutRatio ? [] : ['× uWS']), ''];
  const lines = rows.map((one) => [
    one.server,
    ...scenario.figures.map((name) => show(one.figures[name], FIGURES[name].digits)),
    ...(scenario.withoutRatio ? [] : [show(ratio(scenario, rows, one), 2)]),
    one.notes.join('; '),
  ]);
  return [head, ...lines];
}

function heading(scenario, name) {
  const { title } = FIGURES[name];
  if (name === 'whole' || name === 'allocated') return `${title} per ${scenario.operation}`;
  return name === 'rate' ? `${PLURALS[scenario.operation]} a second` : title;
}

/** The ratios of all scenarios: a row a scenario, a column a server. */
function ratioCells(measured) {
  const compared = measured.filter(({ scenario }) => !scenario.withoutRatio);
  const servers = [...new Set(compared.flatMap(({ rows }) => rows.map(({ server }) => server)))];
  const lines = compared.map(({ scenario, rows }) => [
    `${scenario.id}: ${heading(scenario, scenario.figures[0])}, ${FIGURES[scenario.figures[0]].lessIsBetter ? 'less' : 'more'} is better`,
    ...servers.map((server) => {
      const one = rows.find((row) => row.server === server);
      return show(one ? ratio(scenario, rows, one) : null, 2);
    }),
  ]);
  return [['× uWS', ...servers], ...lines];
}

/** The ratios of all scenarios for the terminal. */
export function ratios(measured) {
  return aligned(ratioCells(measured));
}

/** A scenario for the terminal. */
export function table(scenario, rows) {
  return `${scenario.title}\n${aligned(cells(scenario, rows))}`;
}

function aligned(lines) {
  const shown = withoutEmptyNotes(lines);
  const widths = shown[0].map((_, column) => Math.max(...shown.map((line) => line[column].length)));
  const text = (line) => line.map((cell, column) => (isText(shown, column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  return shown.map((line) => text(line).trimEnd()).join('\n');
}

function markdown(lines) {
  const [head, ...rest] = withoutEmptyNotes(lines);
  const line = (columns) => `| ${columns.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (isText([head], column) ? '---' : '---:'))), ...rest.map(line)].join('\n');
}

// The first column has names, and the one without a heading has notes.
const isText = ([head], column) => column === 0 || head[column] === '';

function withoutEmptyNotes(lines) {
  return lines.every((line) => line.at(-1) === '') ? lines.map((line) => line.slice(0, -1)) : lines;
}

/** The last report of a whole run, if it is of this machine and these versions. */
export function readLast(machine) {
  const last = existsSync(lastReport) ? JSON.parse(readFileSync(lastReport, 'utf8')) : null;
  if (!last || last.quick || JSON.stringify(last.machine) !== JSON.stringify(machine)) return null;
  return { measured: last.scenarios.map(({ rows, ...scenario }) => ({ scenario, rows })), run: { ...last, date: new Date(last.date) } };
}

/** The last report with some scenarios in place of its own. */
export function replaceIn(last, measured, date) {
  const again = (one) => measured.find(({ scenario }) => scenario.id === one.scenario.id);
  return last.map((one) => (again(one) ? { scenario: { ...again(one).scenario, again: date.toISOString() }, rows: again(one).rows } : one));
}

/** Writes the figures, and the report with its plots. */
export function write(measured, { date, quick, rounds, machine, source, ioUring }) {
  mkdirSync(results, { recursive: true });
  const data = measured.map(({ scenario, rows }) => ({ ...scenario, rows: rows.map((one) => ({ ...one, timesReference: ratio(scenario, rows, one) })) }));
  writeFileSync(lastReport, `${JSON.stringify({ date: date.toISOString(), quick, rounds, machine, source, ioUring, scenarios: data }, null, 2)}\n`);
  for (const { scenario, rows } of measured) writeFileSync(path.join(results, `hotpath-${scenario.id}.svg`), plot(scenario, rows));
  writeFileSync(path.join(results, 'hotpath.md'), report(measured, { date, quick, rounds, machine, source, ioUring }));
  console.log('\nWritten to bench/results/hotpath.json and bench/results/hotpath.md.');
}

function plot(scenario, rows) {
  const [first] = scenario.figures;
  const figure = FIGURES[first];
  return bars({
    title: `${heading(scenario, first)} (${figure.lessIsBetter ? 'less' : 'more'} is better)`,
    bars: rows.map((one) => ({ name: one.server, value: one.figures[first], text: show(one.figures[first], figure.digits), emphasized: one.server === OURS })),
  });
}

const when = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

function report(measured, { date, quick, rounds, machine, source, ioUring }) {
  const ring = ioUring === null ? '' : ioUring ? ', io_uring allowed' : ', no io_uring';
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const sections = measured.map(({ scenario, rows }) =>
    [
      `## ${scenario.title}`,
      ...(scenario.rounds === 1 && !quick ? ['One round.'] : []),
      ...(scenario.again ? [`Measured again apart from the rest, ${when(scenario.again)}.`] : []),
      markdown(cells(scenario, rows)),
      `![${scenario.title}](hotpath-${scenario.id}.svg)`,
    ].join('\n\n'),
  );
  return `${[
    '# The hot path',
    [
      `${when(date.toISOString())}, ${machine.processors} × ${machine.model}, Linux ${machine.kernel}${ring}; ${versions.join(', ')}.`,
      ...(source ? [`Source: ${source.commit}${source.changed ? ' + changes' : ''}.`] : []),
      quick ? 'A quick run: one round, short and noisy.' : `Medians of ${rounds} rounds, unless it says otherwise; of latencies of the ${LATENCY_ROUNDS} least disturbed.`,
      'Written by `./bench.sh`; [bench/README.md](../README.md) says how to read it.',
    ].join('\n'),
    '## All ratios',
    markdown(ratioCells(measured)),
    ...sections,
  ].join('\n\n')}\n`;
}
