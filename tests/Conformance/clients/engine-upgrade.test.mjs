// Engine.IO protocol, revision 4: the upgrade of a polling session to WebSocket, and what is refused during and after it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PollingClient, RawWebSocket } from './support/engine-client.mjs';
import { conformanceHost } from './support/server-process.mjs';
import { randomNumbers } from './support/random-numbers.mjs';
import { within } from './support/waiting.mjs';

let host;
let endpoint;

before(async () => {
  host = await conformanceHost();
  endpoint = `${host.url}/engine.io/`;
});
after(() => host?.stop());

/** A WebSocket beside the polling session, not probed yet. */
async function openBeside(session) {
  const socket = new RawWebSocket(session.url.replace('transport=polling', 'transport=websocket'));
  await socket.opened;
  return socket;
}

async function probe(socket) {
  socket.send('2probe');
  assert.equal(await socket.next(), '3probe');
}

async function upgraded() {
  const session = await PollingClient.open(endpoint);
  const socket = await openBeside(session);
  await probe(socket);
  socket.send('5');
  return { session, socket };
}

/** The server closes this one and sends nothing on it. */
async function closedUnheard(url) {
  const socket = new RawWebSocket(url);
  const outcome = await within(
    socket.opened.then(
      () => socket.next().catch(() => 'closed'),
      (error) => error.status,
    ),
    'the close',
  );
  assert.ok([400, 'closed'].includes(outcome), `a refusal, not ${outcome}`);
}

describe('upgrade', () => {
  test('probe, upgrade packet, and the session goes on over WebSocket', async () => {
    const { socket } = await upgraded();
    socket.send('4hello');
    assert.equal(await socket.next(), '4hello');
    socket.send(Buffer.from([1, 2, 3]));
    assert.deepEqual(await socket.next(), Buffer.from([1, 2, 3]));
    await socket.end();
  });

  test('the pending poll is answered with a noop when the probe comes', async () => {
    const session = await PollingClient.open(endpoint);
    const poll = session.poll();
    const socket = await openBeside(session);
    await probe(socket);
    assert.match((await poll).text, /^(6|2)$/);
    await socket.end();
  });

  test('polling works while the probe is under way', async () => {
    const session = await PollingClient.open(endpoint);
    const socket = await openBeside(session);
    await probe(socket);
    await session.post('4over polling');
    assert.deepEqual(await session.packets(1), ['4over polling']);
    socket.send('5');
    socket.send('4over WebSocket');
    assert.equal(await socket.next(), '4over WebSocket');
    await socket.end();
  });

  test('what waited when the upgrade came is sent over the WebSocket', async () => {
    const session = await PollingClient.open(endpoint);
    const socket = await openBeside(session);
    await probe(socket);
    assert.equal((await session.post('4one\x1ebAQID\x1e4three')).text, 'ok');
    socket.send('5');
    assert.equal(await socket.next(), '4one');
    assert.deepEqual(await socket.next(), Buffer.from([1, 2, 3]));
    assert.equal(await socket.next(), '4three');
    await socket.end();
  });

  test('a poll that is pending at the upgrade is answered, without a message', async () => {
    const session = await PollingClient.open(endpoint);
    const socket = await openBeside(session);
    await probe(socket);
    const poll = session.poll();
    socket.send('5');
    socket.send('4hello');
    assert.equal(await socket.next(), '4hello');
    const answer = await poll;
    assert.ok(answer.status === 400 || /^[126]$/.test(answer.text), `no message in ${answer.status} ${answer.text}`);
    await socket.end();
  });

  test('heartbeats go on over the WebSocket', async () => {
    const { socket } = await upgraded();
    const seen = [];
    socket.answerPings = false;
    while (seen.length < 3) {
      seen.push(await socket.next());
      socket.send('3');
    }
    assert.deepEqual(seen, ['2', '2', '2']);
    await socket.end();
  });

  test('order is kept, nothing is lost or doubled, whenever the upgrade comes', async () => {
    const random = randomNumbers(20261123);
    for (let round = 0; round < 20; round++) {
      const before = random(8);
      const during = random(8);
      const after = 1 + random(8);
      const session = await PollingClient.open(endpoint);
      const seen = [];
      let sent = 0;
      const post = async (count) => {
        for (let i = 0; i < count; i++) assert.equal((await session.post(`4${sent++}`)).text, 'ok');
      };
      const read = async () => seen.push(...(await session.packets(sent - seen.length)));
      await post(before);
      if (random(2)) await read();
      const socket = await openBeside(session);
      await post(random(3));
      await probe(socket);
      await post(during);
      if (random(2)) await read();
      await post(random(3));
      socket.send('5');
      for (let i = 0; i < after; i++) socket.send(`4${sent++}`);
      while (seen.length < sent) seen.push(await socket.next());
      socket.send('4end');
      assert.equal(await socket.next(), '4end', 'nothing comes twice');
      assert.deepEqual(
        seen,
        Array.from({ length: sent }, (_, i) => `4${i}`),
        `round ${round}`,
      );
      await socket.end();
    }
  });
});

describe('during and after an upgrade', () => {
  test('polling requests of an upgraded session are refused with code 3', async () => {
    const { session, socket } = await upgraded();
    socket.send('4upgraded');
    assert.equal(await socket.next(), '4upgraded');
    for (const answer of [await session.poll(), await session.post('4hello')]) {
      assert.equal(answer.status, 400);
      assert.deepEqual(JSON.parse(answer.text), { code: 3, message: 'Bad request' });
    }
    socket.send('4still here');
    assert.equal(await socket.next(), '4still here');
    await socket.end();
  });

  test('a second WebSocket of an upgraded session is closed, the first goes on', async () => {
    const { session, socket } = await upgraded();
    socket.send('4upgraded');
    assert.equal(await socket.next(), '4upgraded');
    await closedUnheard(session.url.replace('transport=polling', 'transport=websocket'));
    socket.send('4still here');
    assert.equal(await socket.next(), '4still here');
    await socket.end();
  });

  test('a second WebSocket while one is probing is closed, the first goes on', async () => {
    const session = await PollingClient.open(endpoint);
    const socket = await openBeside(session);
    await probe(socket);
    await closedUnheard(session.url.replace('transport=polling', 'transport=websocket'));
    socket.send('5');
    socket.send('4upgraded');
    assert.equal(await socket.next(), '4upgraded');
    await socket.end();
  });

  test('a WebSocket of a session that was opened over WebSocket is closed', async () => {
    const socket = await RawWebSocket.open(endpoint);
    const second = new RawWebSocket(`${endpoint}?EIO=4&transport=websocket&sid=${socket.handshake.sid}`);
    const opened = await second.opened.then(
      () => true,
      () => false,
    );
    if (opened) second.send('4intruder');
    socket.send('4mine');
    assert.equal(await socket.next(), '4mine', 'no packet of the second one is taken for the first');
    await second.end();
    await socket.end();
  });

  for (const [what, packet] of [
    ['a message', '4hello'],
    ['a wrong probe', '2wrong'],
    ['an unknown packet type', 'abc'],
  ]) {
    test(`${what} in place of the probe closes the WebSocket, polling goes on`, async () => {
      const session = await PollingClient.open(endpoint);
      const socket = await openBeside(session);
      socket.send(packet);
      await socket.close();
      await session.post('4over polling');
      assert.deepEqual(await session.packets(1), ['4over polling']);
    });
  }

  test('a probing WebSocket that breaks off leaves polling alone, and the next one may upgrade', async () => {
    const session = await PollingClient.open(endpoint);
    const first = await openBeside(session);
    await probe(first);
    await first.end();
    await session.post('4over polling');
    assert.deepEqual(await session.packets(1), ['4over polling']);
    const second = await openBeside(session);
    await probe(second);
    second.send('5');
    second.send('4over WebSocket');
    assert.equal(await second.next(), '4over WebSocket');
    await second.end();
  });

  test('a session that ends during the probe closes the WebSocket', async () => {
    const session = await PollingClient.open(endpoint);
    const socket = await openBeside(session);
    await probe(socket);
    await session.post('1');
    await socket.close();
  });
});
