// chat-events, part 1 and 2, row by row: an unmodified client against the chat server, over each transport.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ChatClient, newId } from './support/chat-client.mjs';
import { requestJson } from './support/http-request.mjs';
import { client, transports } from './support/socket-clients.mjs';
import { startChatServer } from './support/server-process.mjs';
import { nextEvent } from './support/waiting.mjs';

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
let server;

before(async () => {
  server = await startChatServer();
});
after(() => server?.stop());

/** Posts JSON to the server, as a user of the REST routes or as WordPress. */
async function post(path, body, userId) {
  const headers = { 'content-type': 'application/json', ...(userId ? { 'x-chatpulse-user': String(userId) } : {}) };
  const answer = await requestJson(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
  return answer.json;
}

const REST = '/wp-json/chatpulse-chat/v1';

// Each row: what is promised, and a check that gets `user()` (a connected new user) and a new thread's id.
const rows = {
  'join_thread → thread_joined to the one who joins, presence online to the others': async ({ user, threadId }) => {
    const anna = await user();
    anna.emit('join_thread', { threadId });
    assert.deepEqual(await anna.next('thread_joined'), { threadId });
    const ben = await user();
    ben.emit('join_thread', { threadId });
    assert.deepEqual(await ben.next('thread_joined'), { threadId });
    assert.deepEqual(await anna.next('presence'), { threadId, userId: ben.userId, status: 'online' });
    assert.deepEqual(await ben.untaken('presence', 'thread_joined', 'error'), []);
  },

  'join_thread with ids as decimal strings': async ({ user, threadId }) => {
    const anna = await user();
    anna.emit('join_thread', { threadId: String(threadId) });
    assert.deepEqual(await anna.next('thread_joined'), { threadId });
  },

  'leave_thread → thread_left, typing cleared, presence offline to the others, and no more messages': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    await ben.done('typing', { threadId, isTyping: true });
    assert.deepEqual(await anna.next('typing'), { threadId, userId: ben.userId, isTyping: true });
    ben.emit('leave_thread', { threadId });
    assert.deepEqual(await ben.next('thread_left'), { threadId });
    assert.deepEqual(await anna.next('typing'), { threadId, userId: ben.userId, isTyping: false });
    assert.deepEqual(await anna.until('presence', ({ status }) => status === 'offline'), {
      threadId,
      userId: ben.userId,
      status: 'offline',
    });
    await anna.send(threadId, 'are you still there?');
    assert.deepEqual(await ben.untaken('message', 'presence', 'typing'), []);
  },

  'message_send → message_id_mapping to the sender, message to the others': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    anna.emit('message_send', { threadId, tempId: 'temp-1', content: '  Hello é😀  ', contentType: 'text/plain' });
    const mapping = await anna.next('message_id_mapping');
    assert.deepEqual(Object.keys(mapping).sort(), ['realId', 'tempId']);
    assert.equal(mapping.tempId, 'temp-1');
    assert.ok(Number.isSafeInteger(mapping.realId) && mapping.realId > 0);
    const message = await ben.next('message');
    assert.match(message.createdAt, ISO_UTC);
    assert.match(message.updatedAt, ISO_UTC);
    assert.equal(typeof message.senderName, 'string');
    assert.ok(message.senderName.length > 0);
    const { createdAt, updatedAt, senderName, ...rest } = message;
    assert.deepEqual(rest, {
      id: mapping.realId,
      threadId,
      senderId: anna.userId,
      content: 'Hello é😀',
      contentType: 'text/plain',
      attachments: [],
      status: 'sent',
    });
    assert.deepEqual(await anna.untaken('message'), [], 'the sending connection has the mapping, not the message');
  },

  'message_send without a tempId is not mapped; the content type is text/plain': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    anna.emit('message_send', { threadId, content: 'x' });
    assert.equal((await ben.next('message')).contentType, 'text/plain');
    assert.deepEqual(await anna.untaken('message_id_mapping', 'message', 'error'), []);
  },

  'message_send of every content type, and of 1 to 10,000 characters': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    for (const contentType of ['text/plain', 'text/markdown', 'reaction', 'system']) {
      await anna.send(threadId, 'x', { contentType });
      assert.equal((await ben.next('message')).contentType, contentType);
    }
    await anna.send(threadId, 'é'.repeat(10_000));
    assert.equal((await ben.next('message')).content, 'é'.repeat(10_000));
  },

  "message_send clears the sender's typing": async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    await anna.done('typing', { threadId, isTyping: true });
    assert.equal((await ben.next('typing')).isTyping, true);
    await anna.send(threadId, 'done');
    assert.deepEqual(await ben.next('typing'), { threadId, userId: anna.userId, isTyping: false });
  },

  'messages of many senders reach everybody in one order, the order of their ids': async ({ user, threadId }) => {
    const users = [await user(), await user(), await user()];
    const reader = await user();
    for (const one of [...users, reader]) await one.join(threadId);
    await Promise.all(users.flatMap((one) => Array.from({ length: 20 }, (_, i) => one.send(threadId, `${one.userId}-${i}`))));
    const seen = [];
    while (seen.length < 60) seen.push(await reader.next('message'));
    assert.deepEqual(
      seen.map(({ id }) => id),
      seen.map(({ id }) => id).sort((a, b) => a - b),
    );
    for (const one of users) {
      const own = seen.filter(({ senderId }) => senderId === one.userId).map(({ content }) => content);
      assert.deepEqual(
        own,
        Array.from({ length: 20 }, (_, i) => `${one.userId}-${i}`),
      );
      const others = (await one.untaken('message')).map(([, message]) => message.id);
      assert.deepEqual(
        others,
        seen.filter(({ senderId }) => senderId !== one.userId).map(({ id }) => id),
      );
    }
  },

  'error names the event, says why and carries the tempId': async ({ user, threadId }) => {
    const anna = await user();
    await anna.join(threadId);
    anna.emit('message_send', { threadId, tempId: 'temp-9', content: '' });
    const error = await anna.next('error');
    assert.equal(error.event, 'message_send');
    assert.equal(error.tempId, 'temp-9');
    assert.match(error.message, /content/);
  },

  'typing → the others, never the sender': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    for (const isTyping of [true, false]) {
      await anna.done('typing', { threadId, isTyping });
      assert.deepEqual(await ben.next('typing'), { threadId, userId: anna.userId, isTyping });
    }
    assert.deepEqual(await anna.untaken('typing'), []);
  },

  'message_read → one read_receipt a message to the others, and it is stored for that user': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    const ids = [(await anna.send(threadId, 'one')).id, (await anna.send(threadId, 'two')).id];
    ben.emit('message_read', { threadId, messageIds: [ids[0], String(ids[1])] });
    for (const messageId of ids) {
      const receipt = await anna.next('read_receipt');
      assert.match(receipt.readAt, ISO_UTC);
      assert.deepEqual({ ...receipt, readAt: '' }, { messageId, userId: ben.userId, readAt: '' });
      const { json } = await requestJson(`${server.url}${REST}/messages/${messageId}/receipts`, {
        headers: { 'x-chatpulse-user': String(anna.userId) },
      });
      assert.deepEqual(
        json.read_receipts.map((one) => one.user_id),
        [ben.userId],
      );
    }
    await ben.done('message_read', { threadId, messageIds: ids });
    assert.deepEqual(await anna.untaken('read_receipt'), [], 'what was read is not told again');
    assert.deepEqual(await ben.untaken('read_receipt'), []);
  },

  'a message that all the others have read → message_update with the whole message': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    const sent = await anna.send(threadId, 'read me');
    await ben.done('message_read', { threadId, messageIds: [sent.id] });
    for (const someone of [anna, ben]) {
      const update = await someone.next('message_update');
      assert.deepEqual({ ...update, updatedAt: '' }, { ...sent, status: 'read', updatedAt: '' });
      assert.match(update.updatedAt, ISO_UTC);
    }
  },

  'a user who disconnects is told offline to the threads and stops typing there': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    await ben.done('typing', { threadId, isTyping: true });
    assert.equal((await anna.next('typing')).isTyping, true);
    ben.disconnect();
    assert.deepEqual(await anna.next('typing'), { threadId, userId: ben.userId, isTyping: false });
    assert.deepEqual(await anna.until('presence', ({ status }) => status === 'offline'), {
      threadId,
      userId: ben.userId,
      status: 'offline',
    });
  },

  'presence:status to people who share a thread: first connection, update, last disconnection with user:disconnect': async ({
    user,
    threadId,
    again,
  }) => {
    const [anna, ben, stranger] = [await user(), await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    ben.emit('presence:update', { user_id: 1, status: 'away', last_seen: 'never' });
    const away = await anna.until('presence:status', ({ status }) => status === 'away');
    assert.match(away.last_seen, ISO_UTC);
    assert.deepEqual({ ...away, last_seen: '' }, { user_id: ben.userId, status: 'away', last_seen: '' });
    ben.disconnect();
    assert.deepEqual(await anna.next('user:disconnect'), { user_id: ben.userId });
    await anna.until('presence:status', ({ user_id, status }) => user_id === ben.userId && status === 'offline');
    await again(ben.userId);
    await anna.until('presence:status', ({ user_id, status }) => user_id === ben.userId && status === 'online');
    assert.deepEqual(await stranger.untaken('presence:status', 'user:disconnect', 'presence'), []);
  },

  'presence:request → presence:bulk, known users only': async ({ user, threadId }) => {
    const [anna, ben, stranger] = [await user(), await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    anna.emit('presence:request', { user_ids: [ben.userId, stranger.userId, newId()] });
    const bulk = await anna.next('presence:bulk');
    assert.match(bulk[0].last_seen, ISO_UTC);
    assert.deepEqual(
      bulk.map((one) => ({ ...one, last_seen: '' })),
      [{ user_id: ben.userId, status: 'online', last_seen: '' }],
    );
  },

  'a message through the REST API → message, message:received and thread:updated': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    const { message } = await post(`${REST}/threads/${threadId}`, { content: 'by REST' }, anna.userId);
    for (const one of [anna, ben]) {
      assert.equal((await one.next('message')).id, message.id);
      assert.deepEqual(await one.next('message:received'), { message, threadId });
      const updated = await one.next('thread:updated');
      assert.equal(updated.threadId, threadId);
      assert.equal(updated.lastMessage.content, 'by REST');
    }
  },

  'messages read through the REST API → message:read and read_receipt': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    const { id } = await anna.send(threadId, 'read me');
    await post(`${REST}/threads/${threadId}/read`, { message_id: id }, ben.userId);
    const read = await anna.next('message:read');
    assert.match(read.readAt, ISO_UTC);
    assert.deepEqual({ ...read, readAt: '' }, { userId: ben.userId, threadId, messageIds: [id], readAt: '' });
    assert.equal((await anna.next('read_receipt')).messageId, id);
  },

  'a thread made through the REST API → thread:created to every participant, wherever they are': async ({ user }) => {
    const [anna, ben, stranger] = [await user(), await user(), await user()];
    const { thread } = await post(`${REST}/threads`, { type: 'group', title: 'Lunch', participants: [ben.userId] }, anna.userId);
    for (const one of [anna, ben]) {
      const created = await one.next('thread:created');
      assert.equal(created.thread.id, thread.id);
      assert.equal(created.thread.title, 'Lunch');
      assert.deepEqual(created.thread.participants.map(({ user_id }) => user_id).sort(), [anna.userId, ben.userId].sort());
    }
    assert.deepEqual(await stranger.untaken('thread:created'), []);
  },

  'webhook/message → the thread, once however often it comes': async ({ user, threadId }) => {
    const anna = await user();
    await anna.join(threadId);
    const message = {
      id: 900_000 + threadId,
      thread_id: String(threadId),
      sender_id: '7',
      sender_name: 'Seven',
      content: 'from the site',
      content_type: 'text/plain',
      status: 'sent',
      created_at: '2026-11-23 08:00:00',
      updated_at: '2026-11-23 08:00:00',
      attachments: [],
    };
    for (let i = 0; i < 2; i++) {
      const answer = await post('/webhook/message', { message, threadId, senderId: 7, event: 'message_sent' });
      assert.equal(answer.success, true);
    }
    const told = await anna.next('message');
    assert.deepEqual(
      [told.id, told.threadId, told.senderId, told.senderName, told.content],
      [message.id, threadId, 7, 'Seven', 'from the site'],
    );
    assert.equal((await anna.next('message:received')).message.content, 'from the site');
    assert.equal((await anna.next('thread:updated')).threadId, threadId);
    assert.deepEqual(await anna.untaken('message', 'message:received', 'thread:updated'), []);
  },

  'webhook/message of a message that was sent through a socket is not told again': async ({ user, threadId }) => {
    const [anna, ben] = [await user(), await user()];
    await anna.join(threadId);
    await ben.join(threadId);
    const { id } = await anna.send(threadId, 'once');
    await post('/webhook/message', { message: { id, content: 'once' }, threadId, senderId: anna.userId, event: 'message_sent' });
    assert.equal((await ben.next('message')).id, id);
    assert.deepEqual(await ben.untaken('message', 'message:received'), []);
    assert.deepEqual(await anna.untaken('message', 'message:received'), []);
  },

  'webhook/read-receipt → message:read, ids as numbers or strings': async ({ user, threadId }) => {
    const anna = await user();
    await anna.join(threadId);
    await post('/webhook/read-receipt', { userId: '7', threadId, messageIds: ['41', 42], event: 'messages_read' });
    const read = await anna.next('message:read');
    assert.deepEqual({ ...read, readAt: '' }, { userId: 7, threadId, messageIds: [41, 42], readAt: '' });
  },

  'webhook/thread-created → thread:created to every participant, also where they come as an object': async ({ user }) => {
    const [anna, ben] = [await user(), await user()];
    const thread = { id: newId(), type: 'group', title: 'From the site', created_by: anna.userId };
    await post('/webhook/thread-created', { thread, participantIds: { 1: String(ben.userId) }, event: 'thread_created' });
    for (const one of [anna, ben]) assert.deepEqual(await one.next('thread:created'), { thread });
  },
};

for (const [how, options] of Object.entries(transports)) {
  describe(`chat over ${how}`, () => {
    for (const [what, check] of Object.entries(rows)) {
      test(what, async () => {
        const again = (userId) => ChatClient.connect(server, userId, options);
        await check({ user: () => again(newId()), again, threadId: newId() });
      });
    }

    test('the user is named in auth or in the query, as a number or in digits', async () => {
      const userId = newId();
      for (const named of [{ auth: { userId } }, { auth: { userId: String(userId) } }, { auth: undefined, query: { userId } }]) {
        const anna = await ChatClient.connect(server, userId, { ...options, ...named });
        const threadId = newId();
        await anna.join(threadId);
        assert.equal((await anna.send(threadId, 'me')).senderId, userId);
      }
    });

    for (const auth of [{}, { userId: null }]) {
      test(`no user, ${JSON.stringify(auth)}: connect_error Authentication required`, async () => {
        const [error] = await nextEvent(client.create(server.url, { ...options, auth }), 'connect_error');
        assert.equal(error.message, 'Authentication required');
      });
    }

    for (const [what, auth] of [
      ['user 0', { userId: 0 }],
      ['user -1', { userId: -1 }],
      ['user 1.5', { userId: 1.5 }],
      ['user abc', { userId: 'abc' }],
      ['user 2^60', { userId: 2 ** 60 }],
      ['a user who is an object', { userId: { $gt: 0 } }],
    ]) {
      test(`${what}: connect_error that says what is wrong`, async () => {
        const [error] = await nextEvent(client.create(server.url, { ...options, auth }), 'connect_error');
        assert.match(error.message, /^Authentication required: auth\.userId must be a positive integer/);
        assert.equal(error.data.code, 'unauthenticated');
      });
    }
  });
}

test('typing ends by itself 10 s after the last true', async () => {
  const [anna, ben] = [await ChatClient.connect(server, newId()), await ChatClient.connect(server, newId())];
  const threadId = newId();
  await anna.join(threadId);
  await ben.join(threadId);
  await anna.done('typing', { threadId, isTyping: true });
  assert.equal((await ben.next('typing')).isTyping, true);
  assert.deepEqual(await ben.until('typing', ({ isTyping }) => !isTyping), { threadId, userId: anna.userId, isTyping: false });
});
