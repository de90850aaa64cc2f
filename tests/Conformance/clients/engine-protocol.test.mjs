// Engine.IO protocol, revision 4: handshake, wrong requests, messages, heartbeat and close. Upgrades: engine-upgrade.test.mjs.
// CONFORMANCE_URL=http://… runs it on a server that is already there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { PollingClient, RawWebSocket } from './support/engine-client.mjs';
import { httpRequest } from './support/http-request.mjs';
import { RawConnection, requestHead } from './support/raw-http.mjs';
import { conformanceHost } from './support/server-process.mjs';
import { eventually, within } from './support/waiting.mjs';

const MAX_PAYLOAD = 1_000_000;
let host;
let endpoint;

before(async () => {
  host = await conformanceHost();
  endpoint = `${host.url}/engine.io/`;
});
after(() => host?.stop());

function isHandshake(handshake, upgrades) {
  assert.deepEqual(Object.keys(handshake).sort(), ['maxPayload', 'pingInterval', 'pingTimeout', 'sid', 'upgrades']);
  assert.equal(typeof handshake.sid, 'string');
  assert.ok(handshake.sid.length >= 15, `a session id that cannot be guessed, not ${handshake.sid}`);
  assert.deepEqual({ ...handshake, sid: '' }, { sid: '', upgrades, pingInterval: 300, pingTimeout: 200, maxPayload: MAX_PAYLOAD });
}

function isError(answer, status, code, message) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(JSON.parse(answer.text), { code, message });
}

const sessionIsUnknown = async (session) => isError(await session.poll(), 400, 1, 'Session ID unknown');

/** A post that ends the session is answered 400, or its connection is cut. */
async function postIsRefused(session, body, headers) {
  const status = await session.post(body, headers).then(
    (answer) => answer.status,
    (error) => error.code,
  );
  assert.ok([400, 'ECONNRESET'].includes(status), `a refused post, not ${status}`);
}

/** Runs it on a fresh session; again when the machine was so busy that a ping or the other request came in between. */
async function withoutPing(run) {
  for (let attempt = 1; ; attempt++) {
    const outcome = await run(await PollingClient.open(endpoint));
    const disturbed = /\b2\b|Session ID unknown/.test(JSON.stringify(outcome));
    if (!disturbed || attempt === 10) return outcome;
  }
}

/** The WebSocket is refused at the handshake or closed before any packet came. */
async function webSocketIsRefused(url, options) {
  const socket = new RawWebSocket(url, options);
  const outcome = await within(
    socket.opened.then(
      () =>
        socket.next().then(
          () => 'a packet',
          () => 'closed',
        ),
      (error) => error.status ?? error.code,
    ),
    'a refusal',
  );
  assert.ok([400, 'closed', 'ECONNRESET'].includes(outcome), `a refusal, not ${outcome}`);
}

describe('handshake over polling', () => {
  test('opens a session and tells its parameters', async () => {
    const answer = await httpRequest(`${endpoint}?EIO=4&transport=polling`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^text\/plain; charset=utf-8$/i);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.text[0], '0');
    isHandshake(JSON.parse(answer.text.slice(1)), ['websocket']);
  });

  test('gives every session an id of its own', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => PollingClient.open(endpoint)));
    assert.equal(new Set(sessions.map((session) => session.sid)).size, 20);
  });

  test('takes query parameters it does not know', async () => {
    const answer = await httpRequest(`${endpoint}?EIO=4&transport=polling&t=abc&b64=1&__proto__=x&constructor=y`);
    assert.equal(answer.status, 200);
  });

  for (const [what, query, code, message] of [
    ['no transport', 'EIO=4', 0, 'Transport unknown'],
    ['an empty transport', 'EIO=4&transport=', 0, 'Transport unknown'],
    ['an unknown transport', 'EIO=4&transport=abc', 0, 'Transport unknown'],
    ['a transport named like a property of every object', 'EIO=4&transport=constructor', 0, 'Transport unknown'],
    ['WebSocket without an upgrade', 'EIO=4&transport=websocket', 3, 'Bad request'],
    ['an unknown session', 'EIO=4&transport=polling&sid=abc', 1, 'Session ID unknown'],
    ['a session named like a property of every object', 'EIO=4&transport=polling&sid=__proto__', 1, 'Session ID unknown'],
    ['a session id of 6,000 characters', `EIO=4&transport=polling&sid=${'x'.repeat(6000)}`, 1, 'Session ID unknown'],
    ['no protocol version', 'transport=polling', 5, 'Unsupported protocol version'],
    ['protocol version 3', 'EIO=3&transport=polling', 5, 'Unsupported protocol version'],
    ['protocol version abc', 'EIO=abc&transport=polling', 5, 'Unsupported protocol version'],
  ]) {
    test(`refuses ${what} with code ${code}`, async () => isError(await httpRequest(`${endpoint}?${query}`), 400, code, message));
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    test(`refuses ${method} without a session with code 2`, async () => {
      isError(await httpRequest(`${endpoint}?EIO=4&transport=polling`, { method }), 400, 2, 'Bad handshake method');
    });
  }

  test('refuses an Origin header that cannot be one with code 3', async () => {
    const url = `${endpoint}?EIO=4&transport=polling`;
    const connection = await RawConnection.write(url, requestHead(url, 'GET', ['Origin: http://a\x7f.example']));
    assert.match(await connection.until((text) => text.includes('\r\n\r\n')), /^HTTP\/1\.1 400 /);
    await connection.destroy();
  });
});

describe('requests for a session', () => {
  test('of another protocol version are refused with code 3', async () => {
    const session = await PollingClient.open(endpoint);
    isError(await httpRequest(session.url.replace('EIO=4', 'EIO=3')), 400, 3, 'Bad request');
  });

  test('of the wrong transport are refused with code 3', async () => {
    const session = await PollingClient.open(endpoint);
    isError(await httpRequest(session.url.replace('transport=polling', 'transport=websocket')), 400, 3, 'Bad request');
    const socket = await RawWebSocket.open(endpoint);
    isError(await httpRequest(`${endpoint}?EIO=4&transport=polling&sid=${socket.handshake.sid}`), 400, 3, 'Bad request');
    socket.send('4still here');
    assert.equal(await socket.next(), '4still here');
    await socket.end();
  });

  test('of another method are refused and leave the session alone', async () => {
    const session = await PollingClient.open(endpoint);
    const answer = await httpRequest(session.url, { method: 'PUT', body: '4put' });
    assert.ok(answer.status >= 400, `a refusal, not ${answer.status}`);
    await session.post('4post');
    assert.deepEqual(await session.packets(1), ['4post']);
  });
});

describe('handshake over WebSocket', () => {
  test('opens a session and tells its parameters', async () => {
    const socket = await RawWebSocket.open(endpoint);
    isHandshake(socket.handshake, []);
    await socket.end();
  });

  for (const [what, query] of [
    ['no transport', 'EIO=4'],
    ['an unknown transport', 'EIO=4&transport=abc'],
    ['polling as transport', 'EIO=4&transport=polling'],
    ['no protocol version', 'transport=websocket'],
    ['protocol version 3', 'EIO=3&transport=websocket'],
    ['protocol version abc', 'EIO=abc&transport=websocket'],
    ['an unknown session', 'EIO=4&transport=websocket&sid=abc'],
  ]) {
    test(`refuses ${what}`, () => webSocketIsRefused(`${endpoint}?${query}`));
  }

  test('without the compression extension, which is off by default', async () => {
    const socket = await RawWebSocket.open(endpoint, { perMessageDeflate: true });
    assert.equal(socket.ws.extensions, '');
    await socket.end();
  });
});

describe('messages over polling', () => {
  const echoed = async (body) => {
    const session = await PollingClient.open(endpoint);
    const answer = await session.post(body);
    assert.equal(answer.status, 200);
    assert.equal(answer.text, 'ok');
    assert.match(answer.headers['content-type'], /^text\/html/);
    assert.equal((await session.packets(body.split('\x1e').length)).join('\x1e'), body);
  };

  test('one text packet', () => echoed('4hello'));
  test('an empty text packet', () => echoed('4'));
  test('several text packets in one payload', () => echoed('4test1\x1e4test2\x1e4test3'));
  test('text beyond ASCII', () => echoed('4utf8 — “€” 😀 \u2028 \u0000'));
  test('a binary packet', () => echoed('bAQIDBA=='));
  test('text and binary packets', () => echoed('4hello\x1ebAQIDBA==\x1e4world'));
  test('binary of every byte value', () => echoed(`b${Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)).toString('base64')}`));
  test('a body without a content type', async () => {
    const session = await PollingClient.open(endpoint);
    assert.equal((await session.post('4hello', {})).text, 'ok');
    assert.deepEqual(await session.packets(1), ['4hello']);
  });

  test('what waits is answered in one payload', async () => {
    const text = await withoutPing(async (session) => {
      await session.post('4hello\x1ebAQIDBA==\x1e4world');
      return (await session.poll()).text;
    });
    assert.equal(text, '4hello\x1ebAQIDBA==\x1e4world');
  });

  test('a poll waits until there is something', async () => {
    const text = await withoutPing(async (session) => {
      const pending = session.poll();
      await session.post('4hello');
      return (await pending).text;
    });
    assert.equal(text, '4hello');
  });

  test('a noop is taken and means nothing', async () => {
    const session = await PollingClient.open(endpoint);
    assert.equal((await session.post('6')).text, 'ok');
    await session.post('4hello');
    assert.deepEqual(await session.packets(1), ['4hello']);
  });

  test('100 packets in one payload keep their order', async () => {
    const session = await PollingClient.open(endpoint);
    const packets = Array.from({ length: 100 }, (_, i) => `4${i}`);
    assert.equal((await session.post(packets.join('\x1e'))).text, 'ok');
    assert.deepEqual(await session.packets(100), packets);
  });

  test('a large answer is compressed when the client can read that', async () => {
    const session = await PollingClient.open(endpoint);
    const large = `4${'a'.repeat(5000)}`;
    await session.post(large);
    const packed = await session.poll({ 'accept-encoding': 'gzip' });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.ok(gunzipSync(packed.body).toString().includes(large));
    await session.post(large);
    const plain = await session.poll();
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.ok(plain.text.includes(large));
  });

  test(`a body of ${MAX_PAYLOAD} bytes is taken, one of a byte more is answered 413`, async () => {
    const session = await PollingClient.open(endpoint);
    const largest = `4${'x'.repeat(MAX_PAYLOAD - 1)}`;
    assert.equal((await session.post(largest)).status, 200);
    assert.ok((await session.packets(1))[0] === largest, 'the echo is what was sent');
    assert.equal((await session.post(`${largest}y`)).status, 413);
  });

  for (const [what, body, headers] of [
    ['an unknown packet type', 'abc'],
    ['an empty body', ''],
    ['an unknown packet type after a good packet', '4hello\x1eabc'],
    ['a ping, which only a server may send', '2'],
    ['a content type that protocol 4 does not have', '4hello', { 'content-type': 'application/octet-stream' }],
  ]) {
    test(`${what} ends the session`, async () => {
      const session = await PollingClient.open(endpoint);
      if (body === '2') await session.post(body).catch(() => {});
      else await postIsRefused(session, body, headers);
      await sessionIsUnknown(session);
    });
  }

  test('a second poll ends the session: the pending one gets a close packet', async () => {
    const answers = await withoutPing(async (session) => {
      const polls = await Promise.all([session.poll(), session.poll()]);
      await sessionIsUnknown(session);
      return polls.map(({ status, text }) => ({ status, text })).sort((a, b) => a.status - b.status);
    });
    assert.deepEqual(answers[0], { status: 200, text: '1' });
    assert.equal(answers[1].status, 400);
  });

  test('a second post while one is being received ends the session', async () => {
    const session = await PollingClient.open(endpoint);
    const slow = await RawConnection.write(session.url, `${requestHead(session.url, 'POST', ['Content-Length: 10'])}4slow`);
    // Which of the two is the second is decided by which arrived first; the slow one is never complete, so it cannot win.
    const status = await eventually(
      () =>
        session.post('4fast').then(
          (answer) => answer.status,
          (error) => error.code,
        ),
      (got) => got !== 200,
      'a refusal',
    );
    assert.equal(status, 400);
    await sessionIsUnknown(session);
    await slow.destroy();
  });

  test('a client that gives up its poll is gone, though it goes on posting', async () => {
    const session = await PollingClient.open(endpoint);
    const poll = await RawConnection.write(session.url, requestHead(session.url, 'GET'));
    await poll.destroy();
    isError(
      await eventually(
        () => session.post('3'),
        (answer) => answer.status !== 200,
        'the end of the session',
      ),
      400,
      1,
      'Session ID unknown',
    );
  });
});

describe('messages over WebSocket', () => {
  test('text, binary and empty messages come back as they were', async () => {
    const socket = await RawWebSocket.open(endpoint);
    for (const packet of ['4hello', '4', '4utf8 — “€” 😀 \u2028 \u0000', Buffer.from([1, 2, 3, 4]), Buffer.alloc(0), '4after']) {
      socket.send(packet);
      assert.deepEqual(await socket.next(), packet);
    }
    await socket.end();
  });

  for (const size of [125, 126, 65_535, 65_536, MAX_PAYLOAD]) {
    test(`messages of ${size} bytes, text and binary`, async () => {
      const socket = await RawWebSocket.open(endpoint);
      const text = `4${'x'.repeat(size - 1)}`;
      socket.send(text);
      assert.ok((await socket.next()) === text);
      const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, i) => i * 7));
      socket.send(bytes);
      assert.ok(bytes.equals(await socket.next()));
      await socket.end();
    });
  }

  test('a message in fragments is put together', async () => {
    const socket = await RawWebSocket.open(endpoint);
    socket.ws.send('4one ', { fin: false });
    socket.ws.send('two ', { fin: false });
    socket.ws.send('three', { fin: true });
    assert.equal(await socket.next(), '4one two three');
    await socket.end();
  });

  test('a WebSocket ping is answered with its pong', async () => {
    const socket = await RawWebSocket.open(endpoint);
    const pong = new Promise((resolve) => socket.ws.once('pong', (data) => resolve(data.toString())));
    socket.ws.ping('are you there');
    assert.equal(await within(pong, 'the pong'), 'are you there');
    await socket.end();
  });

  test('1,000 messages keep their order', async () => {
    const socket = await RawWebSocket.open(endpoint);
    for (let i = 0; i < 1000; i++) socket.send(`4${i}`);
    for (let i = 0; i < 1000; i++) assert.equal(await socket.next(), `4${i}`);
    await socket.end();
  });

  test('a message over the limit closes the connection with 1009', async () => {
    const socket = await RawWebSocket.open(endpoint);
    socket.send(`4${'x'.repeat(MAX_PAYLOAD)}`);
    assert.equal(await socket.close(), 1009);
  });

  for (const [what, packet] of [
    ['an unknown packet type', 'abc'],
    ['an empty frame', ''],
    ['a ping, which only a server may send', '2'],
  ]) {
    test(`${what} closes the connection`, async () => {
      const socket = await RawWebSocket.open(endpoint);
      socket.send(packet);
      await socket.close();
    });
  }
});

describe('heartbeat', () => {
  test('over polling: pings come and are answered', async () => {
    const session = await PollingClient.open(endpoint);
    for (let i = 0; i < 3; i++) {
      assert.equal((await session.poll()).text, '2');
      assert.equal((await session.post('3')).text, 'ok');
    }
  });

  test('over polling: a ping that is not answered ends the session and the pending poll', async () => {
    const session = await PollingClient.open(endpoint);
    assert.equal((await session.poll()).text, '2');
    const last = await session.poll();
    assert.deepEqual([last.status, last.text], [200, '1']);
    await sessionIsUnknown(session);
  });

  test('over polling: a session whose poll never comes is gone', async () => {
    const session = await PollingClient.open(endpoint);
    // Four pings of another session are twice the time that this one has.
    const clock = await RawWebSocket.open(endpoint, { answerPings: false });
    for (let i = 0; i < 4; i++) {
      assert.equal(await clock.next(), '2');
      clock.send('3');
    }
    await sessionIsUnknown(session);
    await clock.end();
  });

  test('over WebSocket: pings come and are answered', async () => {
    const socket = await RawWebSocket.open(endpoint, { answerPings: false });
    for (let i = 0; i < 3; i++) {
      assert.equal(await socket.next(), '2');
      socket.send('3');
    }
    await socket.end();
  });

  test('over WebSocket: a ping that is not answered closes the connection', async () => {
    const socket = await RawWebSocket.open(endpoint, { answerPings: false });
    assert.equal(await socket.next(), '2');
    await socket.close();
  });
});

describe('close', () => {
  test('over polling: the pending poll is answered with a noop', async () => {
    const text = await withoutPing(async (session) => {
      const [poll, post] = await Promise.all([session.poll(), session.post('1')]);
      assert.equal(post.status, 200);
      await sessionIsUnknown(session);
      return poll.text;
    });
    assert.equal(text, '6');
  });

  test('over polling: packets before the close packet are taken', async () => {
    const session = await PollingClient.open(endpoint);
    assert.equal((await session.post('4last\x1e1')).text, 'ok');
    await sessionIsUnknown(session);
  });

  test('over WebSocket: a close packet closes the connection', async () => {
    const socket = await RawWebSocket.open(endpoint);
    socket.send('1');
    await socket.close();
  });

  test('over WebSocket: the close frame is answered', async () => {
    const socket = await RawWebSocket.open(endpoint);
    socket.ws.close(1000);
    assert.equal(await socket.close(), 1000);
  });
});

describe('cross-origin requests', () => {
  test('are allowed by the answers', async () => {
    const answer = await httpRequest(`${endpoint}?EIO=4&transport=polling`, { headers: { origin: 'http://site.example' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  });

  test('are allowed by errors too, so that a page can read them', async () => {
    const answer = await httpRequest(`${endpoint}?EIO=4&transport=abc`, { headers: { origin: 'http://site.example' } });
    isError(answer, 400, 0, 'Transport unknown');
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  });

  test('are announced by a preflight, which needs no session', async () => {
    const answer = await httpRequest(`${endpoint}?EIO=4&transport=polling`, {
      method: 'OPTIONS',
      headers: { origin: 'http://site.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.match(answer.headers['access-control-allow-methods'], /POST/);
    assert.match(answer.headers['access-control-allow-headers'], /content-type/i);
    assert.equal(answer.text, '');
  });
});
