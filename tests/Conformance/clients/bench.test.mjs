// The benchmark's load generator and the servers that need nothing from npm: every load runs, and its figures are there. What they are is not judged here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { run } from '../../../bench/hotpath/generator.mjs';
import { isComplete, row, table } from '../../../bench/hotpath/report.mjs';
import { OURS, REFERENCE, SERVERS, start } from '../../../bench/hotpath/servers.mjs';
import { freePort } from './support/server-process.mjs';

const time = { 'warm-up': 0, seconds: 0.2 };
const SOME = [
  { ...time, scenario: 'fan-out', connections: 20, rooms: 2, 'in-flight': 4 },
  { ...time, scenario: 'echo', connections: 4, payload: 16_384 },
];
const ALL = [
  ...SOME,
  { ...time, scenario: 'fan-out', connections: 4, transport: 'polling' },
  // However short, clients come once and go.
  { scenario: 'handshakes', connections: 20, 'warm-up': 0, seconds: 0.001 },
  { ...time, scenario: 'idle', connections: 20 },
  { ...time, scenario: 'paced-fan-out', connections: 10, stalled: 1 },
  { ...time, scenario: 'paced-echo', connections: 4, rate: 100 },
];

for (const server of SERVERS.filter(({ dotnet }) => dotnet)) {
  test(`the load generator measures ${server.name}`, async (t) => {
    const running = await start(server);
    // Not stopped: that waits for polling clients that went without a word.
    t.after(() => running.kill());
    for (const load of server.name === OURS ? ALL : SOME) {
      await t.test(`${load.scenario} over ${load.transport ?? 'websocket'}`, async () => {
        const figures = await run(server, running, load);
        assert.equal(figures.error, undefined);
        assert.ok(figures.seconds >= load.seconds, `measured for ${figures.seconds} s only`);
        assert.ok(figures.allocated > 0, 'the server did not tell what it allocates');
        if (load.scenario === 'idle') assert.equal(figures.connections, load.connections);
        else assert.ok(figures.operations > 0, 'nothing was counted');
      });
    }
  });
}

test('the load generator says what is wrong', async () => {
  const nobody = { port: 1, pid: process.pid };
  const { error } = await run(SERVERS[0], nobody, { ...time, scenario: 'echo' });
  assert.match(error, /lost its connection: could not connect/);
});

test('a row without a figure has no ratio', () => {
  const scenario = { title: 'Title', operation: 'delivery', figures: ['whole'] };
  const failed = row(scenario, { name: OURS }, [{ error: 'broken' }]);
  const reference = row(scenario, { name: REFERENCE }, [{ serverSeconds: 1, packetThreadSeconds: 1, operations: 1e6, seconds: 2 }]);
  const [, , ours, theirs] = table(scenario, [failed, reference]).split('\n');
  assert.match(ours, /this server +– +– +broken/);
  assert.match(theirs, /2\.00 +1\.00/);
  assert.equal(isComplete([{ scenario, rows: [failed, reference] }]), false);
  assert.equal(isComplete([{ scenario, rows: [reference] }]), true);
});

const many = { ...time, connections: 10, dialect: 'bare' };
const BROKEN = [
  { what: 'loses a delivery', breakIt: { deliver: (send, { number }) => number !== 55 && send() }, error: /^1 of the deliveries did not come/ },
  { what: 'delivers twice', breakIt: { deliver: (send, { number }) => (send(), number === 55 && send()) }, error: /^client \d got message 00000005 of room0000 where / },
  { what: 'changes a text', breakIt: { text: (text, number) => (number < 55 ? text : `${text.slice(0, -3)}y"}`) }, error: /^client \d got what nobody sent: m.*xy"}/ },
  { what: 'shortens a text', breakIt: { text: (text, number) => (number < 55 ? text : '{}') }, error: /^client \d got what nobody sent: m{} instead/ },
  { what: 'answers an echo with nothing', load: { scenario: 'echo' }, breakIt: { echo: () => 'e' }, error: /^client \d got what nobody sent: e instead/ },
  { what: 'answers with the echo before', load: { scenario: 'paced-echo', rate: 1000 }, breakIt: { echo: stale() }, error: /^client \d got echo 00000000 where 00000001 was due/ },
  { what: 'swaps two deliveries', load: { scenario: 'paced-fan-out', rate: 1000 }, breakIt: { deliver: swapping() }, error: /^client \d got message 00000002 of room0000 where 00000001 was due/ },
];

for (const { what, load = { scenario: 'fan-out', rooms: 1, 'in-flight': 1 }, breakIt, error } of BROKEN) {
  test(`the load generator finds out a server that ${what}`, async (t) => {
    const broken = await brokenServer(breakIt);
    t.after(() => broken.close());
    const figures = await run({ dialect: 'bare' }, broken, { ...many, ...load });
    assert.match(figures.error ?? 'no error', error);
  });
}

/** The contract over a bare WebSocket, in this process, and what is wrong with it. */
async function brokenServer({ deliver = (send) => send(), text = (same) => same, echo = (same) => same }) {
  const port = await freePort();
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  const members = [];
  let number = 0;
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const message = data.toString();
      if (message === 'c') socket.send('c');
      else if (message[0] === 'j') members.push(socket) && socket.send('j');
      else if (message[0] === 'e') socket.send(echo(message, socket));
      else
        for (const member of members) {
          const object = text(message.slice(message.indexOf('\n') + 1), number);
          deliver(() => member.send(`m${object}`), { number: number++, member });
        }
    });
  });
  await once(server, 'listening');
  return { port, pid: process.pid, close: () => (server.clients.forEach((client) => client.terminate()), server.close()) };
}

/** Answers each question but the first with what a client has asked before. */
function stale() {
  const before = new Map();
  return (message, socket) => {
    const first = before.get(socket) ?? message;
    before.set(socket, message);
    return first;
  };
}

/** Sends each member its third message before its second one. */
function swapping() {
  const sends = new Map();
  return (send, { member }) => {
    const before = sends.get(member) ?? [];
    sends.set(member, [...before, send]);
    if (before.length !== 1) send();
    if (before.length === 2) before[1]();
  };
}
