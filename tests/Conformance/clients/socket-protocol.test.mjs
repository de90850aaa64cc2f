// Socket.IO protocol, revision 5, packet by packet over a WebSocket (and once over polling).
// CONFORMANCE_URL=http://… runs it on a server that is already there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PollingClient, RawWebSocket } from './support/engine-client.mjs';
import { conformanceHost } from './support/server-process.mjs';

let host;
let endpoint;

before(async () => {
  host = await conformanceHost();
  endpoint = `${host.url}/socket.io/`;
});
after(() => host?.stop());

const transport = () => RawWebSocket.open(endpoint);

/** Joins a namespace; answers the socket id that it was given. */
async function join(client, namespace = '/', auth = '') {
  const prefix = namespace === '/' ? '' : `${namespace},`;
  client.send(`40${prefix}${auth}`);
  const packet = await client.next();
  assert.ok(packet.startsWith(`40${prefix}{`), packet);
  const reply = JSON.parse(packet.slice(2 + prefix.length));
  assert.deepEqual(Object.keys(reply), ['sid']);
  assert.equal(typeof reply.sid, 'string');
  assert.equal(await client.next(), `42${prefix}["auth",${auth || '{}'}]`);
  return reply.sid;
}

/** A transport that has joined `/`. */
async function connected() {
  const client = await transport();
  await join(client);
  return client;
}

/** The connection is alive and nothing is waiting on it: the next packet is the answer to this one. */
async function nothingElseCame(client, prefix = '') {
  client.send(`42${prefix}999["message-with-ack","marker"]`);
  assert.equal(await client.next(), `43${prefix}999["marker"]`);
}

async function exchange(client, packets, expected) {
  for (const packet of packets) client.send(packet);
  for (const packet of expected) assert.deepEqual(await client.next(), packet);
  await client.end();
}

describe('connect', () => {
  test('to the main namespace', async () => {
    const client = await transport();
    const sid = await join(client);
    assert.notEqual(sid, client.handshake.sid, 'the socket id, which others may see, is not the session id, which is a secret');
    await client.end();
  });

  test('to the main namespace with auth', async () => {
    const client = await transport();
    await join(client, '/', '{"token":"123"}');
    await client.end();
  });

  test('to the main namespace by its name', () =>
    transport().then(async (client) => {
      client.send('40/,');
      assert.match(await client.next(), /^40\{"sid":"[^"]+"\}$/);
      await client.end();
    }));

  test('to a custom namespace', async () => {
    const client = await transport();
    await join(client, '/custom');
    await client.end();
  });

  test('to a custom namespace with auth', async () => {
    const client = await transport();
    await join(client, '/custom', '{"token":"abc","nested":{"a":[1,2,3]}}');
    await client.end();
  });

  test('to both namespaces on one connection, with different socket ids', async () => {
    const client = await transport();
    assert.notEqual(await join(client), await join(client, '/custom'));
    await client.end();
  });

  test('to an unknown namespace is refused with connect_error, the connection stays', async () => {
    const client = await transport();
    client.send('40/random');
    assert.equal(await client.next(), '44/random,{"message":"Invalid namespace"}');
    client.send('40/random,{"token":"abc"}');
    assert.equal(await client.next(), '44/random,{"message":"Invalid namespace"}');
    await join(client);
    await client.end();
  });

  test('over polling', async () => {
    const session = await PollingClient.open(endpoint);
    await session.post('40{"token":"123"}');
    const [connect, auth] = await session.packets(2);
    assert.match(connect, /^40\{"sid":"[^"]+"\}$/);
    assert.equal(auth, '42["auth",{"token":"123"}]');
    await session.post('451-["message",{"_placeholder":true,"num":0}]\x1ebAQIDBA==');
    assert.deepEqual(await session.packets(2), ['451-["message-back",{"_placeholder":true,"num":0}]', 'bAQIDBA==']);
  });

  test('that never comes closes the connection', async () => {
    const client = await transport();
    await client.close();
  });

  test('that never comes ends a polling session', async () => {
    const session = await PollingClient.open(endpoint);
    assert.deepEqual(await session.packets(1), ['1']);
    assert.equal((await session.poll()).status, 400);
  });

  test('that only names an unknown namespace closes the connection after its time', async () => {
    const client = await transport();
    client.send('40/random');
    assert.equal(await client.next(), '44/random,{"message":"Invalid namespace"}');
    await client.close();
  });

  for (const [what, packet] of [
    ['text that is no packet', '4abc'],
    ['auth that is an array', '40[]'],
    ['auth that is a string', '40"token"'],
    ['auth that is null', '40null'],
    ['auth that is no JSON', '40{"token":'],
    ['an event in its place', '42["message"]'],
    ['an ack in its place', '431[]'],
    ['a disconnect in its place', '41'],
    ['binary in its place', Buffer.from([1, 2, 3])],
    ['a connect_error in its place', '44{"message":"no"}'],
  ]) {
    test(`with ${what} closes the connection`, async () => {
      const client = await transport();
      client.send(packet);
      await client.close();
    });
  }

  test('a second time to the same namespace closes the connection', async () => {
    const client = await connected();
    client.send('40');
    await client.close();
  });
});

describe('disconnect', () => {
  test('from the main namespace leaves the connection for another connect', async () => {
    const client = await transport();
    const first = await join(client);
    client.send('41');
    assert.notEqual(await join(client), first);
    await nothingElseCame(client);
    await client.end();
  });

  test('from a custom namespace leaves the main one alone', async () => {
    const client = await connected();
    await join(client, '/custom');
    client.send('41/custom');
    await exchange(client, ['42["message","to the main namespace"]'], ['42["message-back","to the main namespace"]']);
  });

  test('from the main namespace leaves a custom one alone', async () => {
    const client = await connected();
    await join(client, '/custom');
    client.send('41');
    await exchange(client, ['42/custom,["message",1]'], ['42/custom,["message-back",1]']);
  });

  for (const [what, namespace, other] of [
    ['the main namespace', '', '/custom,'],
    ['a custom namespace', '/custom,', ''],
  ]) {
    test(`from ${what}, then an event for it closes the connection`, async () => {
      const client = await connected();
      await join(client, '/custom');
      client.send(`41${namespace}`);
      await nothingElseCame(client, other);
      client.send(`42${namespace}["message",1]`);
      await client.close();
    });
  }
});

describe('events', () => {
  const bytes = Buffer.from([1, 2, 3]);
  const other = Buffer.from([4, 5, 6, 7]);
  for (const [what, packets, expected] of [
    ['an event', ['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']],
    ['an event without arguments', ['42["message"]'], ['42["message-back"]']],
    [
      'an event with every JSON type',
      ['42["message",null,true,false,0,-1,1.5,1e+21,"","é😀",[],{},[[1],{"a":null}]]'],
      ['42["message-back",null,true,false,0,-1,1.5,1e+21,"","é😀",[],{},[[1],{"a":null}]]'],
    ],
    ['an event with commas, brackets and quotes in its text', ['42["message","],[\\"{}"]'], ['42["message-back","],[\\"{}"]']],
    [
      'an event with two attachments',
      ['452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, other],
      ['452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, other],
    ],
    [
      'an event with an attachment deep inside',
      ['451-["message",{"a":[{"b":{"_placeholder":true,"num":0}}]}]', bytes],
      ['451-["message-back",{"a":[{"b":{"_placeholder":true,"num":0}}]}]', bytes],
    ],
    [
      'an event with an empty attachment',
      ['451-["message",{"_placeholder":true,"num":0}]', Buffer.alloc(0)],
      ['451-["message-back",{"_placeholder":true,"num":0}]', Buffer.alloc(0)],
    ],
    ['an event with an ack', ['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']],
    ['an event with ack 0', ['420["message-with-ack"]'], ['430[]']],
    ['an event with a large ack id', ['422147483648["message-with-ack",1]'], ['432147483648[1]']],
    [
      'a binary event with an ack',
      ['452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, other],
      ['462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, other],
    ],
  ]) {
    test(`${what} comes back byte for byte`, async () => exchange(await connected(), packets, expected));

    test(`${what} comes back byte for byte in a custom namespace`, async () => {
      const client = await transport();
      await join(client, '/custom');
      const inCustom = (packet) => (typeof packet === 'string' ? packet.replace(/^(4\d(?:\d+-)?)/, inserted) : packet);
      await exchange(client, packets.map(inCustom), expected.map(inCustom));
    });
  }

  test('an event that nobody listens for is taken and not answered', async () => {
    const client = await connected();
    client.send('42["nobody",1]');
    client.send('42[5,"an event whose name is a number"]');
    await nothingElseCame(client);
    await client.end();
  });

  test('an ack that was never asked for is ignored', async () => {
    const client = await connected();
    client.send('43123["surprise"]');
    client.send('461-124[{"_placeholder":true,"num":0}]');
    client.send(bytes);
    await nothingElseCame(client);
    await client.end();
  });

  test('1,000 events with acks keep their order', async () => {
    const client = await connected();
    for (let i = 0; i < 1000; i++) client.send(`42${i}["message-with-ack",${i}]`);
    for (let i = 0; i < 1000; i++) assert.equal(await client.next(), `43${i}[${i}]`);
    await client.end();
  });

  test('events of two namespaces do not mix', async () => {
    const client = await connected();
    await join(client, '/custom');
    client.send('42/custom,1["message-with-ack","custom"]');
    assert.equal(await client.next(), '43/custom,1["custom"]');
    client.send('421["message-with-ack","main"]');
    assert.equal(await client.next(), '431["main"]');
    await client.end();
  });
});

/** Puts the namespace behind packet type and attachment count; a plain event has its ack id, if any, after the namespace. */
function inserted(head) {
  return /^4[56]/.test(head) ? `${head}/custom,` : `${head.slice(0, 2)}/custom,${head.slice(2)}`;
}

describe('packets that are wrong close the connection', () => {
  const attachment = Buffer.from([1, 2, 3]);
  for (const [what, ...packets] of [
    ['an unknown packet type', '4abc'],
    ['packet type 7', '47["message"]'],
    ['an empty packet', '4'],
    ['an event whose payload is an object', '42{}'],
    ['an event whose payload is a string', '42"message"'],
    ['an event without a name', '42[]'],
    ['an event whose name is null', '42[null]'],
    ['an event whose name is an object', '42[{}]'],
    ['an event that is no JSON', '42["message"'],
    ['an event with text behind its JSON', '42["message"]x'],
    ['an ack id that is no number', '42abc["message-with-ack",1]'],
    ['an ack whose payload is an object', '431{}'],
    ['an ack that is no JSON', '431['],
    ['a disconnect with a payload', '41{}'],
    ['a connect_error, which only a server may send', '44{"message":"no"}'],
    ['an event of a namespace that was not joined', '42/custom,["message",1]'],
    ['an event of a namespace that does not exist', '42/random,["message",1]'],
    ['an ack of a namespace that was not joined', '43/custom,1[]'],
    ['a binary event without its attachment count', '45["message"]'],
    ['a binary event with an empty attachment count', '45-["message"]'],
    ['a binary event with 0 attachments', '450-["message"]'],
    ['a binary event with -1 attachments', '45-1-["message"]'],
    ['a binary event with 1.5 attachments', '451.5-["message"]'],
    ['a binary event whose attachment count is no number', '45a-["message"]'],
    ['a binary event with a billion attachments', '451000000000-["message",{"_placeholder":true,"num":0}]'],
    ['a placeholder beyond the attachments', '451-["message",{"_placeholder":true,"num":1}]', attachment],
    ['a placeholder with a negative number', '451-["message",{"_placeholder":true,"num":-1}]', attachment],
    ['a placeholder whose number is text', '451-["message",{"_placeholder":true,"num":"splice"}]', attachment],
    ['binary that nothing announced', attachment],
    [
      'text while attachments are due',
      '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      attachment,
      '42["message"]',
    ],
    ['an event named connect', '42["connect"]'],
    ['an event named connect_error', '42["connect_error"]'],
    ['an event named disconnect', '42["disconnect"]'],
    ['an event named disconnecting', '42["disconnecting"]'],
    ['an event named newListener', '42["newListener"]'],
    ['an event named removeListener', '42["removeListener"]'],
  ]) {
    test(what, async () => {
      const client = await connected();
      for (const packet of packets) client.send(packet);
      await client.close();
    });
  }

  test('over polling the session ends', async () => {
    const session = await PollingClient.open(endpoint);
    await session.post('40');
    await session.packets(2);
    await session.post('42{}').catch(() => {});
    let answer;
    do answer = await session.poll();
    while (answer.status === 200);
    assert.deepEqual(JSON.parse(answer.text), { code: 1, message: 'Session ID unknown' });
  });
});
