// The official clients, as applications use them, against Conformance.Host.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientVersions, transports } from './support/socket-clients.mjs';
import { conformanceHost, freePort, startConformanceHost } from './support/server-process.mjs';
import { nextEvent, within } from './support/waiting.mjs';

// A client that is kept waiting for a processor must not lose its connection: what is tested here is not the heartbeat.
const PATIENT = { pingTimeout: 20_000 };

const MAX_PAYLOAD = 1_000_000;
let host;

before(async () => {
  host = await conformanceHost(PATIENT);
});
after(() => host?.stop());

/** Emits `message` and answers what comes back as `message-back`. */
async function echo(socket, ...args) {
  const back = nextEvent(socket, 'message-back');
  socket.emit('message', ...args);
  return back;
}

const ask = (socket, ...args) =>
  within(new Promise((resolve) => socket.emit('message-with-ack', ...args, (...answer) => resolve(answer))), 'an ack');

const bytes = (size) => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255));

// Made before any client connects: one that computes for longer than the host's short ping time-out is taken for gone.
const samples = [0, 1, 3, 1000, 70_000, 700_000].map(bytes);
const few = bytes(10);

for (const [version, client] of Object.entries(clientVersions)) {
  for (const [how, options] of Object.entries(transports)) {
    describe(`socket.io-client ${version}, ${how}`, () => {
      /** A connected client; with `how` = upgrade it has upgraded. */
      const connect = () => client.connect(`${host.url}/`, options);

      test('connects, on the transport that was asked for', async () => {
        const socket = await connect();
        assert.equal(socket.io.engine.transport.name, how === 'polling' ? 'polling' : 'websocket');
        assert.ok(socket.id);
      });

      test('hands over its auth', async () => {
        const socket = client.create(`${host.url}/`, { ...options, auth: { token: '123', nested: { list: [1, 2] } } });
        assert.deepEqual(await nextEvent(socket, 'auth'), [{ token: '123', nested: { list: [1, 2] } }]);
      });

      test('events and acks carry any JSON', async () => {
        const socket = await connect();
        const args = [1, '2', { 3: [true, null] }, 'é😀', [], {}];
        assert.deepEqual(await echo(socket, ...args), args);
        assert.deepEqual(await ask(socket, ...args), args);
        assert.deepEqual(await echo(socket), []);
        assert.deepEqual(await ask(socket), []);
      });

      for (const sample of samples) {
        test(`events and acks carry ${sample.length} bytes of binary`, async () => {
          const socket = await connect();
          const [first, second] = await echo(socket, { deep: [sample] }, few);
          assert.ok(sample.equals(first.deep[0]));
          assert.ok(few.equals(second));
          const [answer] = await ask(socket, sample);
          assert.ok(sample.equals(answer));
        });
      }

      test('a packet of exactly the largest size passes, a byte more ends the connection', async () => {
        const socket = await connect();
        const largest = 'x'.repeat(MAX_PAYLOAD - '42["message",""]'.length);
        const [back] = await echo(socket, largest);
        assert.ok(back === largest);
        const gone = nextEvent(socket, 'disconnect');
        socket.emit('message', `${largest}y`);
        const [reason] = await gone;
        assert.ok(['transport error', 'transport close'].includes(reason), reason);
      });

      test('1,000 events come back in order', async () => {
        const socket = await connect();
        const seen = [];
        const all = within(
          new Promise((resolve) => {
            socket.on('message-back', (i) => {
              if (seen.push(i) === 1000) resolve();
            });
          }),
          'all of the 1,000 events',
        );
        for (let i = 0; i < 1000; i++) socket.emit('message', i);
        await all;
        assert.deepEqual(
          seen,
          Array.from({ length: 1000 }, (_, i) => i),
        );
      });

      test('events with binary and without keep their order', async () => {
        const socket = await connect();
        const seen = [];
        const all = within(
          new Promise((resolve) => {
            socket.on('message-back', (i, content) => {
              if (seen.push(`${i} ${content?.length ?? '-'}`) === 200) resolve();
            });
          }),
          'all of the 200 events',
        );
        for (let i = 0; i < 200; i++) socket.emit('message', i, ...(i % 3 === 0 ? [bytes(i)] : []));
        await all;
        assert.deepEqual(
          seen,
          Array.from({ length: 200 }, (_, i) => `${i} ${i % 3 === 0 ? i : '-'}`),
        );
      });

      test('two namespaces share one connection and are left one by one', async () => {
        const main = await connect();
        const custom = await client.join(main, '/custom');
        assert.equal(main.io.engine, custom.io.engine);
        assert.notEqual(main.id, custom.id);
        assert.deepEqual(await echo(custom, 'custom'), ['custom']);
        assert.deepEqual(await echo(main, 'main'), ['main']);
        custom.disconnect();
        assert.deepEqual(await echo(main, 'still here'), ['still here']);
      });

      test('an unknown namespace is a connect_error', async () => {
        const socket = client.create(`${host.url}/random`, options);
        const [error] = await nextEvent(socket, 'connect_error');
        assert.equal(error.message, 'Invalid namespace');
      });

      test('connects again after the server was killed and is there again', async () => {
        const port = await freePort();
        let mortal = await startConformanceHost(port, PATIENT);
        const socket = await client.connect(`${mortal.url}/`, {
          ...options,
          reconnectionDelay: 50,
          reconnectionDelayMax: 200,
          randomizationFactor: 0,
        });
        const before = socket.id;
        const gone = nextEvent(socket, 'disconnect');
        await mortal.kill();
        await gone;
        const again = nextEvent(socket, 'connect');
        mortal = await startConformanceHost(port, PATIENT);
        await again;
        assert.notEqual(socket.id, before);
        assert.deepEqual(await echo(socket, 'after'), ['after']);
        await mortal.stop();
      });

      test('a server that stops tells its clients', async () => {
        const mortal = await startConformanceHost(await freePort(), PATIENT);
        const socket = await client.connect(`${mortal.url}/`, { ...options, reconnection: false });
        const gone = nextEvent(socket, 'disconnect');
        assert.equal(await mortal.stop(), 0, 'the exit code');
        await gone;
      });
    });
  }
}
