// The benchmark's load generator and the servers that need nothing from npm: every load runs, and its figures are there. What they are is not judged here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../bench/hotpath/generator.mjs';
import { OURS, SERVERS, start } from '../../../bench/hotpath/servers.mjs';

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
