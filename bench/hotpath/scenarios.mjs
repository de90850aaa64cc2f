// What is measured: the load, the figures that are told of it, and the one that ratios are made of.
import { readFileSync } from 'node:fs';

// The server needs some for itself, and so does the generator.
const SPARE_FILES = 500;

/** Processor seconds of a server: its own, and those of the system's thread for packets on its core, which works for it. */
export const spent = (run) => run.serverSeconds + run.packetThreadSeconds;

/** Figures of a run: how each is computed from what the load generator tells, and whether less is better. */
export const FIGURES = {
  whole: { title: 'µs', lessIsBetter: true, digits: 2, of: (run) => (spent(run) * 1e6) / run.operations },
  cpu: { title: 'of them the process', lessIsBetter: true, digits: 2, of: (run) => (run.serverSeconds * 1e6) / run.operations },
  rate: { title: 'a second', lessIsBetter: false, digits: 0, of: (run) => run.operations / run.seconds },
  allocated: { title: 'B allocated', lessIsBetter: true, digits: 1, of: (run) => run.allocated / run.operations },
  // Latencies count from the moment that the message was due.
  p50: { title: 'p50 ms', lessIsBetter: true, digits: 2, of: (run) => run.latencyMilliseconds[0] },
  p90: { title: 'p90 ms', lessIsBetter: true, digits: 2, of: (run) => run.latencyMilliseconds[1] },
  p99: { title: 'p99 ms', lessIsBetter: true, digits: 2, of: (run) => run.latencyMilliseconds[2] },
  stalled50: { title: 'p50 ms, some stalled', lessIsBetter: true, digits: 2, of: (run) => run.stalledLatencyMilliseconds[0] },
  stalled99: { title: 'p99 ms, some stalled', lessIsBetter: true, digits: 2, of: (run) => run.stalledLatencyMilliseconds[2] },
  times99: { title: 'p99, times that without', lessIsBetter: true, digits: 2, of: (run) => run.stalledLatencyMilliseconds[2] / run.latencyMilliseconds[2] },
  closed: { title: 'stalled and closed', lessIsBetter: false, digits: 0, of: (run) => run.stalled[1] },
  grown: { title: 'MB grown', lessIsBetter: true, digits: 0, of: (run) => (run.residentKilobytes[1] - run.residentKilobytes[0]) / 1024 },
  resident: { title: 'KB per connection', lessIsBetter: true, digits: 1, of: (run) => (run.residentKilobytes[1] - run.residentKilobytes[0]) / run.connections },
  busy: { title: 'CPU %', lessIsBetter: true, digits: 2, of: (run) => (spent(run) * 100) / run.seconds },
};

const LATENCY = ['p99', 'p90', 'p50'];

// Of a hundred, the worst is the machine's doing more often than the server's: what counts are the rounds from which it took nothing, or the least.
export const LATENCY_ROUNDS = 3;
const MOST_LATENCY_ROUNDS = 6;
const SPEED = ['whole', 'cpu', 'rate', 'allocated'];

/** Connections of the largest scenario: 20,000, or as many as the system lets one process have. */
export function mostConnections() {
  const [, limit] = readFileSync('/proc/self/limits', 'utf8').match(/^Max open files +\S+ +(\S+)/m);
  return limit === 'unlimited' ? 20_000 : Math.min(20_000, Number(limit) - SPARE_FILES);
}

const count = (number) => number.toLocaleString('en');

/** The scenarios in the order of the report. */
export function scenarios(quick) {
  const time = quick ? { 'warm-up': 1, seconds: 0.7 } : { 'warm-up': 5, seconds: 3 };
  const idle = (connections, seconds) => ({ scenario: 'idle', connections, 'warm-up': quick ? 0.5 : 5, seconds });
  const fanOut = { scenario: 'fan-out', connections: 1000, rooms: 1, 'in-flight': 1, payload: 64, ...time };
  const few = Math.min(quick ? 5000 : 10_000, mostConnections());
  const all = [
    { id: 'fan-out', title: 'Fan-out: 1 room × 1,000 members, one message under way', operation: 'delivery', figures: SPEED, load: fanOut, quick: true },
    { id: 'saturated', title: 'Saturated fan-out: the same with 16 messages under way', operation: 'delivery', figures: ['rate', 'whole', 'cpu', 'allocated'], load: { ...fanOut, 'in-flight': 16 }, quick: true },
    { id: 'rooms', title: 'Many rooms: 200 rooms × 10 members, one message under way in each', operation: 'delivery', figures: SPEED, load: { ...fanOut, connections: 2000, rooms: 200 } },
    { id: 'echo', title: 'Acknowledged echo: 200 connections, one under way on each', operation: 'echo', figures: SPEED, load: { scenario: 'echo', connections: 200, payload: 64, ...time }, quick: true },
    {
      id: 'connect',
      title: 'Connect: from the TCP connection to the joined namespace, 32 at a time',
      operation: 'handshake',
      figures: SPEED,
      // So much code takes part that compilers are busy with it for longer.
      load: { scenario: 'handshakes', connections: 2000, ...time, 'warm-up': quick ? 1 : 8 },
      quick: true,
    },
    { id: 'idle', title: `Idle: ${count(few)} connections`, operation: 'second', figures: ['resident'], load: idle(few, quick ? 0.2 : 1), quick: true },
    {
      id: 'idle-most',
      title: `Idle: ${count(mostConnections())} connections, and their heartbeats for two of Socket.IO's intervals`,
      operation: 'second',
      figures: ['resident', 'busy', 'allocated'],
      // After everybody's second heartbeat, with which the runtimes compile what the first has shown to be hot.
      load: { ...idle(mostConnections(), 50), 'warm-up': 55 },
      rounds: 1,
    },
    {
      id: 'polling',
      title: 'Polling: 1 room × 200 members that poll, one message under way',
      operation: 'delivery',
      figures: SPEED,
      // As with handshakes: much code, and compilers that share the core with it.
      load: { ...fanOut, connections: 200, transport: 'polling', 'warm-up': 12 },
      dialect: 'socket.io',
    },
    {
      id: 'latency-fan-out',
      title: 'Latency of fan-out: 20 messages a second to 1,000 members',
      operation: 'delivery',
      figures: LATENCY,
      load: { ...fanOut, scenario: 'paced-fan-out', rate: 20 },
      rounds: LATENCY_ROUNDS,
      mostRounds: MOST_LATENCY_ROUNDS,
    },
    {
      id: 'latency-echo',
      title: 'Latency of an acknowledged echo: 4,000 a second of 200 connections',
      operation: 'echo',
      figures: LATENCY,
      load: { scenario: 'paced-echo', connections: 200, payload: 64, rate: 4000, ...time },
      rounds: LATENCY_ROUNDS,
      mostRounds: MOST_LATENCY_ROUNDS,
    },
    {
      id: 'stalled',
      title: 'Stalled readers: 20 messages of 16 KB a second to 1,000 members, the same again after 10 of them have stopped reading',
      operation: 'delivery',
      figures: ['times99', 'p50', 'stalled50', 'p99', 'stalled99', 'closed', 'grown'],
      load: { scenario: 'paced-fan-out', connections: 1000, stalled: 10, payload: 16_384, rate: 20, 'warm-up': 3, seconds: 25 },
      rounds: 1,
      withoutRatio: true,
    },
    {
      id: 'stalled-half',
      title: 'Half of them stalled: the same with 500 of 1,000',
      operation: 'delivery',
      figures: ['closed', 'grown', 'stalled50', 'stalled99'],
      load: { scenario: 'paced-fan-out', connections: 1000, stalled: 500, payload: 16_384, rate: 20, 'warm-up': 3, seconds: 25 },
      rounds: 1,
      withoutRatio: true,
    },
    { id: 'payload-1k', title: 'Fan-out of 1 KB', operation: 'delivery', figures: SPEED, load: { ...fanOut, payload: 1024 } },
    { id: 'payload-16k', title: 'Fan-out of 16 KB', operation: 'delivery', figures: SPEED, load: { ...fanOut, payload: 16_384 } },
  ];
  return quick ? all.filter((scenario) => scenario.quick) : all;
}
