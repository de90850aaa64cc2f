// A server whose process may open no further file: clients that come then wait until others have gone, and who is there notices nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { RawWebSocket } from './support/engine-client.mjs';
import { freePort, startConformanceHost } from './support/server-process.mjs';
import { eventually } from './support/waiting.mjs';

// Some of these the server keeps for the runtime.
const SPARE_FILES = 60;
const CLIENTS = 100;

let host;
let endpoint;

before(async () => {
  host = await startConformanceHost(await freePort(), { pingTimeout: 60_000, env: { TEST_TRANSPORT: 'epoll' } });
  endpoint = `${host.url}/engine.io/`;
});
after(() => host?.stop());

async function echoes(client, text) {
  client.send(`4${text}`);
  assert.equal(await client.next(), `4${text}`);
}

test('clients that come while there is no file for them are served once others have gone', async () => {
  const resident = await RawWebSocket.open(endpoint);
  await echoes(resident, 'before');
  const files = readdirSync(`/proc/${host.pid}/fd`).length + SPARE_FILES;
  execFileSync('prlimit', ['--pid', String(host.pid), `--nofile=${files}:`]);

  let waiting = Array.from({ length: CLIENTS }, () => new RawWebSocket(`${endpoint}?EIO=4&transport=websocket`));
  await eventually(
    () => host.output,
    (output) => output.includes('No further connection can be accepted'),
    'word of the lack of files',
  );
  await echoes(resident, 'meanwhile');
  assert.ok(waiting.filter(isOpen).length <= SPARE_FILES);

  const serveThoseWhoAreIn = async () => {
    const served = waiting.filter(isOpen);
    for (const client of served) {
      assert.equal((await client.next())[0], '0');
      await echoes(client, 'hello');
    }
    await Promise.all(served.map((client) => client.end()));
    waiting = waiting.filter((client) => !served.includes(client));
    return waiting.length;
  };
  await eventually(serveThoseWhoAreIn, (left) => left === 0, 'the turn of everybody', 60_000);
  await echoes(resident, 'after');
  await resident.end();
});

function isOpen(client) {
  return client.ws.readyState === client.ws.OPEN;
}
