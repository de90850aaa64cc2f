// What no good client sends: every event with every bad payload, and raw frames that break the protocols. Nothing crashes, hangs or grows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { ChatClient, newId } from './support/chat-client.mjs';
import { RawWebSocket, PollingClient } from './support/engine-client.mjs';
import { httpRequest, requestJson } from './support/http-request.mjs';
import { RawConnection, requestHead } from './support/raw-http.mjs';
import { closeFrame, frame, header, webSocketRequest } from './support/raw-frames.mjs';
import { startChatServer } from './support/server-process.mjs';
import { eventually } from './support/waiting.mjs';

const REFUSED = ['invalid', 'too_large', 'not_found', 'forbidden'];
// What a garbage-collected process may keep after all of this; each of the floods alone would be more if it were kept.
const GROWTH_LIMIT_KB = 300 * 1024;

let server;
let pid;
let residentAtStart;

const residentKb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

before(async () => {
  server = await startChatServer();
  pid = server.pid;
  await aNormalChat();
  residentAtStart = residentKb();
});
after(() => server?.stop());

/** Two users talk as if nothing had happened. */
async function aNormalChat() {
  const threadId = newId();
  const [anna, ben] = [await ChatClient.connect(server, newId()), await ChatClient.connect(server, newId())];
  await anna.join(threadId);
  await ben.join(threadId);
  const { id } = await anna.send(threadId, 'hello', { tempId: 'temp-1' });
  assert.equal((await ben.next('message')).id, id);
  anna.disconnect();
  ben.disconnect();
}

// Bad values for an id, which may be of a thread, a message or a user.
const badIds = {
  missing: undefined,
  null: null,
  0: 0,
  '-1': -1,
  1.5: 1.5,
  '2^60': 2 ** 60,
  '1e300': 1e300,
  true: true,
  empty: '',
  'a word': 'abc',
  'a path': '../threads',
  'digits with a path': '1/../2',
  'digits with a space': ' 12',
  'digits with a sign': '+12',
  hexadecimal: '0x12',
  'digits beyond any id': '9'.repeat(400),
  'an array': [1],
  'an object': { id: 1 },
  NUL: '1\u0000',
  'a lone surrogate': '\ud800',
  '10,001 characters': 'x'.repeat(10_001),
};

const badTexts = {
  missing: undefined,
  null: null,
  'a number': 5,
  true: true,
  'an array': ['x'],
  'an object': { text: 'x' },
  empty: '',
  'only spaces': '  \t\n  ',
  NUL: 'a\u0000b',
  'a lone surrogate': 'a\ud800b',
  '10,001 characters': 'x'.repeat(10_001),
};

const badTempIds = Object.fromEntries(Object.entries(optional(badTexts)).filter(([what]) => what !== 'only spaces'));

const badIdLists = {
  missing: undefined,
  null: null,
  'a number': 5,
  'a string': '1,2',
  'an object': { 0: 1 },
  'a path in it': ['../1'],
  'null in it': [1, null],
  'a fraction in it': [1.5],
  '10,000 ids': Array.from({ length: 10_000 }, (_, i) => i + 1),
  'a list in it': [[1]],
};

const badBooleans = { missing: undefined, null: null, 'a number': 1, 'a word': 'true', 'an object': {} };

// Every event of a client with a good payload, and the bad values of each of its fields.
const events = (threadId) => ({
  join_thread: { good: { threadId }, fields: { threadId: badIds, lastMessageId: optional(badIds) } },
  leave_thread: { good: { threadId }, fields: { threadId: badIds } },
  message_send: {
    good: { threadId, content: 'x', tempId: 'temp-1', contentType: 'text/plain', attachments: [] },
    fields: {
      threadId: badIds,
      content: badTexts,
      tempId: badTempIds,
      contentType: { ...optional(badTexts), 'an unknown one': 'text/html', 'one in capitals': 'TEXT/PLAIN' },
      attachments: { ...optional(badIdLists), 'one that does not exist': [2 ** 50], '11 of them': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
    },
  },
  typing: { good: { threadId, isTyping: true }, fields: { threadId: badIds, isTyping: badBooleans } },
  message_read: {
    good: { threadId, messageIds: [1] },
    fields: { threadId: badIds, messageIds: { ...badIdLists, empty: [], 'one that does not exist': [2 ** 50] } },
  },
  history: {
    good: { threadId },
    fields: {
      threadId: badIds,
      before: optional(badIds),
      limit: { 0: 0, '-1': -1, 1.5: 1.5, 101: 101, '2^60': 2 ** 60, 'a word': 'ten', 'an array': [1] },
    },
  },
  'presence:update': { good: { status: 'online' }, fields: { status: { ...badTexts, 'an unknown one': 'busy' } } },
  'presence:request': { good: { user_ids: [1] }, fields: { user_ids: badIdLists } },
  auth_refresh: { good: { token: 'x' }, fields: { token: { ...badTexts, 'no token': 'abc' } } },
  nobody_knows_this_event: { good: {}, fields: {} },
});

/** The bad values of a field that may be left out. */
function optional(values) {
  const { missing, null: none, ...rest } = values;
  return rest;
}

const badPayloads = {
  'no argument': [],
  null: [null],
  'a number': [5],
  'a string': ['456'],
  true: [true],
  'an array': [[456]],
  'an empty object': [{}],
  'an array of nothing': [[]],
};

describe('every client event with every bad payload', () => {
  const threadId = newId();

  /** The event is refused: an error that names it, and an ack that says why; the connection goes on. */
  async function isRefused(user, event, args, what) {
    const ack = await user.ask(event, ...args);
    assert.equal(ack?.ok, false, `${event} with ${what}: ${JSON.stringify(ack)}`);
    assert.ok([...REFUSED, 'unauthenticated'].includes(ack.error.code), `${event} with ${what}: ${JSON.stringify(ack)}`);
    assert.ok(ack.error.message.length > 0 && ack.error.message.length < 300, `${event} with ${what}: ${ack.error.message}`);
    const error = await user.next('error');
    assert.equal(error.event, event);
    assert.equal(error.message, ack.error.message);
    assert.equal(user.socket.connected, true);
    return ack.error;
  }

  for (const [event, { good, fields }] of Object.entries(events(threadId))) {
    test(`${event}: arguments that are no payload`, async () => {
      const user = await ChatClient.connect(server, newId());
      for (const [what, args] of Object.entries(badPayloads)) await isRefused(user, event, args, what);
    });

    for (const [field, values] of Object.entries(fields)) {
      test(`${event}: ${field}`, async () => {
        const user = await ChatClient.connect(server, newId());
        await user.join(threadId);
        for (const [what, value] of Object.entries(values)) {
          const { code, message } = await isRefused(user, event, [{ ...good, [field]: value }], `${field} ${what}`);
          // A payload that is not Unicode is refused before its fields are looked at.
          const names = what === 'a lone surrogate' ? /Unicode|surrogate/ : new RegExp(field);
          if (code === 'invalid' || code === 'too_large') assert.match(message, names, `${event} with ${field} ${what}`);
        }
      });
    }
  }

  test('without an ack an error still comes', async () => {
    const user = await ChatClient.connect(server, newId());
    for (const event of Object.keys(events(threadId))) {
      user.emit(event, null);
      assert.equal((await user.next('error')).event, event);
    }
  });

  test('a field that nobody knows is passed over', async () => {
    const user = await ChatClient.connect(server, newId());
    await user.join(threadId, { extra: { deep: [1, 2, 3] } });
    await user.send(threadId, 'x', { extra: null, senderId: 1 });
  });

  for (const [event, payload] of Object.entries({
    leave_thread: {},
    typing: { isTyping: true },
    message_send: { content: 'x' },
    message_read: { messageIds: [1] },
  })) {
    test(`${event} before join_thread is refused`, async () => {
      const user = await ChatClient.connect(server, newId());
      assert.equal((await isRefused(user, event, [{ threadId: newId(), ...payload }], 'a thread that was not joined')).code, 'forbidden');
    });
  }

  test('the id as a string of digits is the same id', async () => {
    const user = await ChatClient.connect(server, newId());
    assert.equal((await user.join(String(threadId))).threadId, threadId);
    assert.equal((await user.send(String(threadId), 'x')).threadId, threadId);
  });

  test('extra arguments beside the payload are passed over', async () => {
    const user = await ChatClient.connect(server, newId());
    assert.equal((await user.ask('join_thread', { threadId }, 'more', 5)).ok, true);
  });
});

describe('frames and packets that break the protocols close the connection', () => {
  const endpoint = () => `${server.url}/socket.io/`;

  /** A raw WebSocket connection that has sent these bytes after its handshake; the server ends it. */
  async function closes(bytes) {
    const connection = await RawConnection.write(server.url, webSocketRequest(`${endpoint()}?EIO=4&transport=websocket`));
    await connection.until((text) => text.includes('"maxPayload"'));
    connection.socket.write(bytes);
    await connection.ends();
  }

  for (const [what, bytes] of [
    ['a frame without a mask', frame('40', { masked: false })],
    ['a frame with a reserved bit', frame('40', { first: 0xc1 })],
    ['a frame of an unknown kind', frame('40', { first: 0x83 })],
    ['a continuation of nothing', frame('40', { first: 0x80 })],
    ['a text frame inside another message', Buffer.concat([frame('4', { first: 0x01 }), frame('40', { first: 0x81 })])],
    ['a ping of 126 bytes', frame('x'.repeat(126), { first: 0x89 })],
    ['a ping in fragments', frame('x', { first: 0x09 })],
    ['a close frame of one byte', frame('x', { first: 0x88 })],
    ['a close frame with a code that must not be sent', closeFrame(1005)],
    ['a length that is not in its shortest form', Buffer.concat([header(0x81, [0x7e | 0x80, 0, 2]), frame('40').subarray(6)])],
    ['a length of 2^63', header(0x81, [0x7f | 0x80, 0x80, 0, 0, 0, 0, 0, 0, 0])],
    ['a frame of 2^40 bytes', Buffer.concat([header(0x81, [0x7f | 0x80, 0, 0, 1, 0, 0, 0, 0, 0]), Buffer.alloc(1_100_000)])],
    [
      'a frame of a byte more than the limit',
      Buffer.concat([header(0x82, [0x7f | 0x80, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x41]), Buffer.alloc(1_000_001)]),
    ],
    ['invalid UTF-8', frame(Buffer.from([0x34, 0x32, 0xc3, 0x28]))],
    ['an overlong UTF-8 sequence', frame(Buffer.from([0x34, 0xc0, 0x80]))],
    [
      'a text that ends inside a character, in fragments',
      Buffer.concat([frame(Buffer.from([0x34, 0x32, 0xe2, 0x82]), { first: 0x01 }), frame('', { first: 0x80 })]),
    ],
    ['a surrogate in UTF-8', frame(Buffer.from([0x34, 0xed, 0xa0, 0x80]))],
    ['HTTP in place of a frame', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ]) {
    test(what, () => closes(bytes));
  }

  test('a truncated frame waits and is forgotten with its connection', async () => {
    const connection = await RawConnection.write(server.url, webSocketRequest(`${endpoint()}?EIO=4&transport=websocket`));
    await connection.until((text) => text.includes('"maxPayload"'));
    await new Promise((resolve) => connection.socket.write(frame('42["message"]').subarray(0, 7), resolve));
    await connection.destroy();
  });

  async function joined() {
    const socket = await RawWebSocket.open(endpoint());
    socket.send(`40{"userId":${newId()}}`);
    assert.match(await socket.next(), /^40\{"sid"/);
    return socket;
  }

  const attachment = Buffer.from([1, 2, 3]);
  for (const [what, ...packets] of [
    ['an Engine.IO packet of type 9', '9'],
    ['a Socket.IO packet of type 9', '49'],
    ['more attachments than are allowed', '4511-["x"]'],
    ['an attachment count of 400 digits', `45${'9'.repeat(400)}-["x"]`],
    ['a placeholder beyond the attachments', '451-["x",{"_placeholder":true,"num":7}]', attachment],
    ['a placeholder below zero', '451-["x",{"_placeholder":true,"num":-1}]', attachment],
    ['a placeholder of 2^53', '451-["x",{"_placeholder":true,"num":9007199254740993}]', attachment],
    ['text while an attachment is due', '451-["x",{"_placeholder":true,"num":0}]', '42["y"]'],
    ['an attachment that nobody announced', attachment],
    ['JSON nested 10,000 deep', `42["x",${'['.repeat(10_000)}${']'.repeat(10_000)}]`],
    ['JSON nested 100,000 deep that never ends', `42["x",${'{"a":'.repeat(100_000)}`],
    ['an ack id of 400 digits', `42${'9'.repeat(400)}["x"]`],
    ['an event name of 100,000 characters', `42["${'x'.repeat(100_000)}"]`],
    ['a namespace of 10 KB', `40/${'x'.repeat(10_240)},`],
    ['an event with 100,000 arguments', `42["x"${',1'.repeat(100_000)}]`],
  ]) {
    test(`${what}: closed or answered, and the server goes on`, async () => {
      const socket = await joined();
      for (const packet of packets) socket.send(packet);
      // Either the connection is closed, or the packet was refused by itself and the next one is answered.
      socket.send('420["presence:request",{"user_ids":[]}]');
      const end = socket.closed.then(() => 'closed');
      const answer = (async () => {
        for (;;) {
          const packet = await socket.next();
          if (packet.startsWith?.('430[{"ok":true')) return 'answered';
        }
      })().catch(() => 'closed');
      assert.ok(['closed', 'answered'].includes(await Promise.race([end, answer])));
      await socket.end();
    });
  }

  test('acks that were never asked for are ignored', async () => {
    const socket = await joined();
    for (let i = 0; i < 1000; i++) socket.send(`43${i}[${i}]`);
    socket.send('420["presence:request",{"user_ids":[]}]');
    let packet;
    do packet = await socket.next();
    while (!packet.startsWith('430'));
    await socket.end();
  });

  test('1,000 namespaces on one connection: each is refused, none is kept', async () => {
    const socket = await joined();
    for (let i = 0; i < 1000; i++) socket.send(`40/room-${i},`);
    for (let i = 0; i < 1000; i++) assert.match(await socket.next(), /^44\/room-\d+,\{"message":"/);
    await socket.end();
  });

  test('a payload of 10,000 packets ends the session or is worked off', async () => {
    const session = await PollingClient.open(endpoint());
    await session.post(`40{"userId":${newId()}}`);
    await session.packets(1);
    const status = await session.post(Array.from({ length: 10_000 }, () => '42["x"]').join('\x1e')).then(
      (answer) => answer.status,
      (error) => error.code,
    );
    assert.ok([200, 400, 413, 'ECONNRESET'].includes(status), `${status}`);
  });

  test('a post of invalid UTF-8 is refused', async () => {
    const session = await PollingClient.open(endpoint());
    const { status } = await session.post(Buffer.from([0x34, 0x32, 0xc3, 0x28]));
    assert.equal(status, 400);
  });

  test('a post of which only half comes does not hold the session for ever', async () => {
    const session = await PollingClient.open(endpoint());
    const half = await RawConnection.write(server.url, `${requestHead(session.url, 'POST', ['Content-Length: 1000'])}40`);
    await half.destroy();
    const { status } = await eventually(
      () => session.post('3'),
      ({ status: got }) => got !== 200,
      'the end of the session',
    );
    assert.equal(status, 400);
  });

  for (const [what, request] of [
    ['query of 7,000 characters', (url) => requestHead(`${url}?EIO=4&transport=polling&x=${'y'.repeat(7000)}`, 'GET')],
    ['duplicate query keys', (url) => requestHead(`${url}?EIO=4&EIO=4&transport=polling&transport=websocket&sid=a&sid=b`, 'GET')],
    ['broken percent signs', (url) => requestHead(url, 'GET').replace(' HTTP', '?EIO=4&transport=%&sid=%zz%00%ff HTTP')],
    [
      'a WebSocket handshake without a key',
      (url) =>
        requestHead(`${url}?EIO=4&transport=websocket`, 'GET', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']),
    ],
    [
      'a WebSocket handshake of version 99',
      (url) => webSocketRequest(`${url}?EIO=4&transport=websocket`).replace('Version: 13', 'Version: 99'),
    ],
  ]) {
    test(`a request with ${what} is answered`, async () => {
      const connection = await RawConnection.write(server.url, request(endpoint()));
      assert.match(await connection.until((text) => text.includes('\r\n\r\n')), /^HTTP\/1\.1 (200|4\d\d) /);
      await connection.destroy();
    });
  }
});

describe('bad requests of the REST routes and webhooks', () => {
  const REST = '/wp-json/chatpulse-chat/v1';
  const headers = { 'x-chatpulse-user': '5', 'content-type': 'application/json' };
  for (const [what, method, path, body, statuses] of [
    ['JSON that ends early', 'POST', `${REST}/threads/1`, '{"content":', [400]],
    ['JSON nested 10,000 deep', 'POST', `${REST}/threads/1`, `{"content":${'['.repeat(10_000)}`, [400]],
    ['invalid UTF-8', 'POST', `${REST}/threads/1`, Buffer.from([0x7b, 0xc3, 0x28]), [400]],
    ['no content', 'POST', `${REST}/threads/1`, '{}', [400]],
    ['10,001 characters', 'POST', `${REST}/threads/1`, JSON.stringify({ content: 'x'.repeat(10_001) }), [400, 413]],
    ['another sender', 'POST', `${REST}/threads/1`, '{"content":"x","sender_id":6}', [403]],
    ['an unknown content type', 'POST', `${REST}/threads/1`, '{"content":"x","content_type":"text/html"}', [400]],
    ['a thread that is no id', 'GET', `${REST}/threads/abc/messages`, undefined, [404]],
    ['thread 0', 'GET', `${REST}/threads/0/messages`, undefined, [400, 404]],
    ['a page that is too large', 'GET', `${REST}/threads?per_page=101`, undefined, [400]],
    ['participants that are no list', 'POST', `${REST}/threads`, '{"type":"group","participants":"x"}', [400]],
    ['an unknown route', 'GET', `${REST}/nothing`, undefined, [404]],
    ['a wrong method', 'DELETE', `${REST}/threads`, undefined, [404, 405]],
    ['an attachment that is no form', 'POST', `${REST}/attachments`, '{}', [400, 415]],
    ['a webhook that is no JSON', 'POST', '/webhook/message', 'x', [400]],
    ['a webhook that is a list', 'POST', '/webhook/message', '[]', [400]],
    ['a webhook with a thread that is a path', 'POST', '/webhook/read-receipt', '{"userId":1,"threadId":"../1","messageIds":[1]}', [400]],
    ['a webhook of 1 MB', 'POST', '/webhook/message', `"${'x'.repeat(1_000_000)}"`, [413]],
  ]) {
    test(`${what} is refused with JSON`, async () => {
      const answer = await httpRequest(`${server.url}${path}`, { method, body, headers });
      assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.text.slice(0, 200)}`);
      assert.match(answer.headers['content-type'], /^application\/json/);
      const { code, error } = JSON.parse(answer.text);
      assert.ok(code ?? error, 'it says what is wrong');
    });
  }
});

describe('after all of it', () => {
  test('nobody is connected any more', async () => {
    const health = await eventually(
      async () => (await requestJson(`${server.url}/health`)).json,
      ({ connections }) => connections === 0,
      'no connection',
    );
    assert.equal(health.status, 'ok');
    const { json } = await requestJson(`${server.url}/stats`);
    assert.deepEqual([json.connections.total, json.presence.onlineUsers, json.typing.activeThreads], [0, 0, 0]);
  });

  test('the process is the same one, keeps no more memory than it may, and has logged no defect', () => {
    assert.equal(server.running, true);
    assert.equal(server.pid, pid);
    const grown = residentKb() - residentAtStart;
    assert.ok(grown < GROWTH_LIMIT_KB, `it grew by ${grown} KB`);
    assert.doesNotMatch(server.output, /fail:|crit:|Unhandled exception/);
  });

  test('a normal chat works', aNormalChat);
});
