// The server's HTTP side: health and statistics, and a production server with tokens: REST routes, attachments, signed webhooks.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ChatClient, newId } from './support/chat-client.mjs';
import { httpRequest, requestJson } from './support/http-request.mjs';
import { client } from './support/socket-clients.mjs';
import { chatServerCommand, freePort, startChatServer, startProcess, temporaryFolder } from './support/server-process.mjs';
import { token } from './support/tokens.mjs';
import { eventually, nextEvent } from './support/waiting.mjs';

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const REST = '/wp-json/chatpulse-chat/v1';
const AUTH_SECRET = 'the secret of these tests, at least 32 bytes long';
const WEBHOOK_SECRET = 'the webhook secret of these tests';
const ADMIN_TOKEN = 'the admin token of these tests';

describe('in development', () => {
  let server;
  before(async () => {
    server = await startChatServer();
  });
  after(() => server?.stop());

  test('/health and /stats tell connections, users and typing, and forget them', async () => {
    const [userId, threadId] = [newId(), newId()];
    const phone = await ChatClient.connect(server, userId);
    const laptop = await ChatClient.connect(server, userId);
    await phone.join(threadId);
    await laptop.join(threadId);
    await phone.done('typing', { threadId, isTyping: true });
    const { status, json: health } = await requestJson(`${server.url}/health`);
    assert.equal(status, 200);
    assert.equal(health.status, 'ok');
    assert.match(health.timestamp, ISO_UTC);
    assert.deepEqual([health.connections, health.activeUsers], [2, 1]);

    const { json: stats } = await requestJson(`${server.url}/stats`);
    assert.equal(stats.connections.total, 2);
    const detail = stats.connections.details.find(({ socketId }) => socketId === phone.socket.id);
    assert.match(detail.connectedAt, ISO_UTC);
    assert.deepEqual({ ...detail, connectedAt: '' }, { socketId: phone.socket.id, userId, threadRooms: [threadId], connectedAt: '' });
    assert.deepEqual([stats.presence.totalUsers, stats.presence.onlineUsers], [1, 1]);
    const [presence] = stats.presence.details;
    assert.match(presence.lastSeen, ISO_UTC);
    assert.deepEqual({ ...presence, lastSeen: '' }, { userId, status: 'online', lastSeen: '', activeConnections: 2 });
    assert.deepEqual(stats.typing, { activeThreads: 1, details: [{ threadId, typingUsers: [userId] }] });

    phone.disconnect();
    laptop.disconnect();
    const ask = async () => (await requestJson(`${server.url}/stats`)).json;
    const nobodyIsLeft = ({ connections, presence: { onlineUsers }, typing }) =>
      connections.total === 0 && onlineUsers === 0 && typing.activeThreads === 0;
    const rest = await eventually(ask, nobodyIsLeft, 'the end of both connections');
    assert.deepEqual([rest.connections.details, rest.typing.details], [[], []]);
  });

  for (const [path, body, missing] of [
    ['/webhook/message', { threadId: 1, senderId: 1 }, 'message'],
    ['/webhook/message', { message: { id: 1, content: 'x' }, senderId: 1 }, 'threadId'],
    ['/webhook/message', { message: { id: 1, content: 'x' }, threadId: 1 }, 'senderId'],
    ['/webhook/read-receipt', { threadId: 1, messageIds: [1] }, 'userId'],
    ['/webhook/read-receipt', { userId: 1, messageIds: [1] }, 'threadId'],
    ['/webhook/read-receipt', { userId: 1, threadId: 1 }, 'messageIds'],
    ['/webhook/thread-created', { participantIds: [1] }, 'thread'],
    ['/webhook/thread-created', { thread: { id: 1 } }, 'participantIds'],
  ]) {
    test(`${path} without ${missing} is answered 400 and names it`, async () => {
      const { status, json } = await requestJson(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      assert.equal(status, 400);
      assert.match(json.error, new RegExp(missing));
    });
  }

  test('the client bundle is served as the official server does', async () => {
    for (const file of ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.msgpack.min.js']) {
      const answer = await httpRequest(`${server.url}/socket.io/${file}`);
      assert.equal(answer.status, 200, file);
      assert.match(answer.headers['content-type'], /javascript/, file);
      assert.ok(answer.headers.etag, file);
      assert.match(answer.text, /Socket\.IO v4\.8/, file);
      assert.equal(
        (await httpRequest(`${server.url}/socket.io/${file}`, { headers: { 'if-none-match': answer.headers.etag } })).status,
        304,
        file,
      );
      assert.equal((await requestJson(`${server.url}/socket.io/${file}.map`)).json.version, 3, `${file}.map`);
    }
  });

  test('the page is served', async () => {
    const answer = await httpRequest(`${server.url}/`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^text\/html/);
  });
});

describe('in production with tokens', () => {
  let server;
  let anna;
  let ben;
  let thread;
  const stranger = newId();
  const bearer = (user, options) => ({ authorization: `Bearer ${token(AUTH_SECRET, user, options)}` });
  const connect = (userId, options) => ChatClient.connect(server, userId, { auth: { token: token(AUTH_SECRET, userId, options) } });

  /** A call of the REST routes as a user. */
  const call = (method, path, user, body) =>
    requestJson(`${server.url}${REST}${path}`, {
      method,
      headers: { ...(user ? bearer(user) : {}), ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body && JSON.stringify(body),
    });

  before(async () => {
    server = await startChatServer({
      env: { NODE_ENV: 'production', HOST: '127.0.0.1', AUTH_MODE: 'token', AUTH_SECRET, WEBHOOK_SECRET, ADMIN_TOKEN },
    });
    anna = await connect(newId(), { name: 'Anna' });
    ben = await connect(newId(), { name: 'Ben' });
    // Users exist once they have signed in; threads are made by name only in development.
    const made = await call('POST', '/threads', anna.userId, { type: 'group', title: 'Work', participants: [ben.userId] });
    assert.equal(made.status, 201, made.text);
    thread = made.json.thread;
  });
  after(async () => {
    anna?.disconnect();
    ben?.disconnect();
    await server?.stop();
  });

  test('a user is who the token says, with its name', async () => {
    const one = await connect(anna.userId);
    await one.join(thread.id);
    const message = await one.send(thread.id, 'proven');
    assert.deepEqual([message.senderId, message.senderName], [anna.userId, 'Anna']);
  });

  for (const [what, auth] of [
    ['no token', {}],
    ['a bare userId', { userId: 1 }],
    ['no JWT', { token: 'abc' }],
    ['a token of another secret', { token: token('another secret, also at least 32 bytes', 1) }],
    ['an expired token', { token: token(AUTH_SECRET, 1, { expiresIn: -60 }) }],
    ['a token without exp', { token: token(AUTH_SECRET, 1, { exp: undefined }) }],
    [
      'a token without a signature',
      {
        token: `${token(AUTH_SECRET, 1, { header: { alg: 'none' } })
          .split('.')
          .slice(0, 2)
          .join('.')}.`,
      },
    ],
    ['a token that says alg none', { token: token(AUTH_SECRET, 1, { header: { alg: 'none' } }) }],
    ['a token whose sub is no user id', { token: token(AUTH_SECRET, '../1') }],
  ]) {
    test(`${what} is no proof: connect_error, code unauthenticated`, async () => {
      const [error] = await nextEvent(client.create(server.url, { auth }), 'connect_error');
      assert.equal(error.data.code, 'unauthenticated');
      if (!auth.token) assert.equal(error.message, 'Authentication required');
    });
  }

  test('auth_refresh takes a new token of the same user only', async () => {
    const one = await connect(anna.userId);
    await one.done('auth_refresh', { token: token(AUTH_SECRET, anna.userId) });
    assert.equal((await one.ask('auth_refresh', { token: token(AUTH_SECRET, ben.userId) })).error.code, 'forbidden');
    assert.equal((await one.ask('auth_refresh', { token: 'abc' })).error.code, 'unauthenticated');
  });

  test('only members join, read and write a thread, by socket as by REST', async () => {
    const outsider = await connect(stranger);
    for (const [event, payload] of [
      ['join_thread', {}],
      ['message_send', { content: 'x', tempId: 'temp-1' }],
      ['history', {}],
      ['typing', { isTyping: true }],
      ['message_read', { messageIds: [1] }],
    ]) {
      const ack = await outsider.ask(event, { threadId: thread.id, ...payload });
      assert.ok(['forbidden', 'not_found'].includes(ack.error?.code), `${event}: ${JSON.stringify(ack)}`);
      assert.equal((await outsider.next('error')).event, event);
    }
    assert.equal((await call('GET', `/threads/${thread.id}/messages`, stranger)).json.code, 'rest_cannot_access_thread');
    assert.equal((await call('POST', `/threads/${thread.id}`, stranger, { content: 'x' })).status, 403);
    assert.equal((await call('GET', `/threads/${thread.id}/messages`)).status, 401);
    assert.equal((await requestJson(`${server.url}${REST}/threads`, { headers: { 'x-chatpulse-user': String(anna.userId) } })).status, 401);
  });

  test('the REST routes list threads, messages, receipts and users', async () => {
    const sent = (await call('POST', `/threads/${thread.id}`, anna.userId, { content: 'by REST', content_type: 'text/plain' })).json
      .message;
    assert.deepEqual(
      [sent.thread_id, sent.sender_id, sent.sender_name, sent.content, sent.content_type, sent.status, sent.attachments],
      [thread.id, anna.userId, 'Anna', 'by REST', 'text/plain', 'sent', []],
    );
    const listed = (await call('GET', '/threads?per_page=1', ben.userId)).json;
    assert.deepEqual(listed.pagination, { page: 1, per_page: 1, total: 1, total_pages: 1 });
    assert.equal(listed.threads[0].last_message.content, 'by REST');
    assert.ok(listed.threads[0].unread_count > 0);
    assert.equal((await call('GET', `/threads/${thread.id}/messages`, ben.userId)).json.messages.at(-1).id, sent.id);
    assert.ok((await call('POST', `/threads/${thread.id}/read`, ben.userId, {})).json.marked_count > 0);
    const receipts = (await call('GET', `/messages/${sent.id}/receipts`, anna.userId)).json;
    assert.deepEqual([receipts.read_count, receipts.read_receipts[0].user_id], [1, ben.userId]);
    assert.deepEqual(
      (await call('GET', `/users?include[]=${ben.userId}`, anna.userId)).json.map(({ name }) => name),
      ['Ben'],
    );
    assert.equal((await requestJson(`${server.url}/wp-json/wp/v2/users/me`, { headers: bearer(anna.userId) })).json.id, anna.userId);
  });

  test('a private thread is made once', async () => {
    const body = { type: 'private', participants: [ben.userId] };
    const first = await call('POST', '/threads', anna.userId, body);
    const second = await call('POST', '/threads', anna.userId, body);
    assert.deepEqual([first.status, second.status], [201, 200]);
    assert.equal(second.json.thread.id, first.json.thread.id);
  });

  test('an attachment is uploaded, sent, and served to members only, so that it cannot run', async () => {
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
    const upload = async (name, type, content) => {
      const form = new FormData();
      form.append('file', new Blob([content], { type }), name);
      const answer = await fetch(`${server.url}${REST}/attachments`, { method: 'POST', headers: bearer(anna.userId), body: form });
      return { status: answer.status, json: await answer.json() };
    };
    const picture = await upload('../dot.png', 'image/png', png);
    assert.equal(picture.status, 201);
    assert.deepEqual([picture.json.filename, picture.json.mime_type, picture.json.size], ['dot.png', 'image/png', png.length]);
    const text = await upload('note.txt', 'text/plain', '<script>alert(1)</script>');
    for (const [name, type, content] of [
      ['page.html', 'text/html', '<p>'],
      ['lie.png', 'image/png', '<script>'],
      ['run.exe', 'application/x-msdownload', 'MZ'],
    ]) {
      assert.equal((await upload(name, type, content)).status, 400, name);
    }

    const download = (id, user, headers) =>
      httpRequest(`${server.url}${REST}/attachments/${id}`, { headers: { ...(user ? bearer(user) : {}), ...headers } });
    assert.equal((await download(picture.json.attachment_id, ben.userId)).status, 404, 'not before it is sent to a thread of theirs');
    const sender = await connect(anna.userId);
    await sender.join(thread.id);
    const message = await sender.send(thread.id, 'look', { attachments: [picture.json.attachment_id, text.json.attachment_id] });
    assert.deepEqual(
      message.attachments.map(({ filename, mimeType, size }) => [filename, mimeType, size]),
      [
        ['dot.png', 'image/png', png.length],
        ['note.txt', 'text/plain', 25],
      ],
    );

    const served = await download(picture.json.attachment_id, ben.userId);
    assert.equal(served.status, 200);
    assert.ok(served.body.equals(png));
    for (const [id, disposition] of [
      [picture.json.attachment_id, /^inline/],
      [text.json.attachment_id, /^attachment/],
    ]) {
      const { headers } = await download(id, ben.userId);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.match(headers['content-security-policy'], /sandbox/);
      assert.match(headers['content-disposition'], disposition);
    }
    const part = await download(picture.json.attachment_id, ben.userId, { range: 'bytes=0-3' });
    assert.deepEqual([part.status, part.body.length], [206, 4]);
    assert.equal((await download(picture.json.attachment_id, stranger)).status, 404);
    assert.equal((await download(picture.json.attachment_id)).status, 401);
  });

  test('webhooks need a fresh signature of their own', async () => {
    const one = await connect(anna.userId);
    await one.join(thread.id);
    const send = (body, headers) =>
      requestJson(`${server.url}/webhook/read-receipt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
    const signed = (body, seconds, secret = WEBHOOK_SECRET) => ({
      'x-chatpulse-timestamp': String(seconds),
      'x-chatpulse-signature': `sha256=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`,
    });
    const now = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({ userId: ben.userId, threadId: thread.id, messageIds: [1], event: 'messages_read' });
    assert.equal((await send(body, {})).status, 401);
    assert.equal((await send(body, signed(body, now, 'another webhook secret'))).status, 401);
    assert.equal((await send(body, signed(`${body} `, now))).status, 401);
    assert.equal((await send(body, signed(body, now - 301))).status, 401);
    const good = signed(body, now);
    assert.equal((await send(body, good)).json.success, true);
    assert.equal((await send(body, good)).status, 401, 'a repeat');
    assert.equal((await one.next('message:read')).userId, ben.userId);
    assert.deepEqual(await one.untaken('message:read'), []);
  });

  test('/stats needs the admin token, /health nothing', async () => {
    assert.equal((await httpRequest(`${server.url}/stats`)).status, 401);
    assert.equal((await httpRequest(`${server.url}/stats`, { headers: { authorization: 'Bearer wrong' } })).status, 401);
    assert.equal((await httpRequest(`${server.url}/stats`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })).status, 200);
    assert.equal((await httpRequest(`${server.url}/health`)).status, 200);
  });
});

describe('a start with wrong settings is refused and says what to set', () => {
  for (const [env, names] of [
    [{ NODE_ENV: 'production' }, ['AUTH_MODE']],
    [{ NODE_ENV: 'production', AUTH_MODE: 'token' }, ['AUTH_SECRET']],
    [{ AUTH_MODE: 'token', AUTH_SECRET: 'short' }, ['AUTH_SECRET']],
    [{ WP_BASE_URL: 'http://127.0.0.1:8080/wp-json' }, ['WP_BASE_URL']],
    [{ SOCKET_PING_INTERVAL: 'abc', WP_API_TIMEOUT: '-1' }, ['SOCKET_PING_INTERVAL', 'WP_API_TIMEOUT']],
    [{ NODE_ENV: 'prod' }, ['NODE_ENV']],
  ]) {
    test(JSON.stringify(env), async () => {
      const folder = temporaryFolder();
      const [command, args] = chatServerCommand();
      const server = startProcess('Chatpulse.Server', command, args, {
        env: { DATA_DIR: folder, PORT: String(await freePort()), ...env },
        cwd: folder,
      });
      const code = await server.exited;
      assert.equal(typeof code, 'number', `an exit code, not ${code}`);
      assert.notEqual(code, 0);
      for (const name of names) assert.match(server.output, new RegExp(name));
      assert.doesNotMatch(server.output, /^ {2,}at /m, 'no stack trace');
    });
  }
});
