// chat-events, part 3: acknowledgements and error codes, a retry that is no second message, every device, and that nothing is missed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ChatClient, newId } from './support/chat-client.mjs';
import { transports } from './support/socket-clients.mjs';
import { freePort, startChatServer, temporaryFolder } from './support/server-process.mjs';
import { nextEvent } from './support/waiting.mjs';

let server;

before(async () => {
  server = await startChatServer();
});
after(() => server?.stop());

/** A connected user in the thread. */
async function member(threadId, userId = newId(), options = {}) {
  const user = await ChatClient.connect(server, userId, options);
  await user.join(threadId);
  return user;
}

const contents = (messages) => messages.map(({ content }) => content);

describe('acknowledgements', () => {
  test('every event of parts 1 and 2 is acknowledged, message_send with the stored message', async () => {
    const threadId = newId();
    const anna = await ChatClient.connect(server, newId());
    const ben = await member(threadId);
    const joined = await anna.done('join_thread', { threadId });
    assert.equal(joined.threadId, threadId);
    const { message, tempId } = await anna.done('message_send', { threadId, tempId: 'temp-1', content: 'stored' });
    assert.equal(tempId, 'temp-1');
    assert.deepEqual(await ben.next('message'), message);
    assert.deepEqual(await anna.next('message_id_mapping'), { tempId: 'temp-1', realId: message.id });
    assert.equal((await ben.done('message_read', { threadId, messageIds: [message.id] })).threadId, threadId);
    await anna.done('typing', { threadId, isTyping: true });
    await anna.done('presence:update', { status: 'away' });
    await anna.done('presence:request', { user_ids: [anna.userId] });
    assert.deepEqual(contents((await anna.done('history', { threadId })).messages), ['stored']);
    await anna.done('leave_thread', { threadId });
  });

  test('a refusal is acknowledged with a code and told as error', async () => {
    const threadId = newId();
    const anna = await member(threadId);
    for (const [event, payload, code] of [
      ['message_send', { threadId, content: '' }, 'invalid'],
      ['message_send', { threadId, content: 'x'.repeat(10_001) }, 'too_large'],
      ['message_send', { threadId: newId(), content: 'not joined' }, 'forbidden'],
      ['message_read', { threadId, messageIds: [2 ** 50] }, 'not_found'],
      ['typing', { threadId: newId(), isTyping: true }, 'forbidden'],
      ['no_such_event', {}, 'not_found'],
    ]) {
      const ack = await anna.ask(event, payload);
      assert.equal(ack.ok, false, event);
      assert.deepEqual(Object.keys(ack.error).sort(), ['code', 'message'], event);
      assert.equal(ack.error.code, code, `${event}: ${ack.error.message}`);
      assert.deepEqual(await anna.next('error'), { event, message: ack.error.message });
    }
  });
});

describe('a retry is not a second message', () => {
  test('on the same connection, at the same time and afterwards', async () => {
    const threadId = newId();
    const [anna, ben] = [await member(threadId), await member(threadId)];
    const send = () => anna.done('message_send', { threadId, tempId: 'temp-1', content: 'once' });
    const acks = [...(await Promise.all([send(), send(), send()])), await send()];
    assert.equal(new Set(acks.map(({ message }) => message.id)).size, 1);
    assert.equal((await ben.next('message')).id, acks[0].message.id);
    for (let i = 0; i < 4; i++) assert.deepEqual(await anna.next('message_id_mapping'), { tempId: 'temp-1', realId: acks[0].message.id });
    assert.deepEqual(await ben.untaken('message'), []);
  });

  test('on another connection, and before it has joined again', async () => {
    const threadId = newId();
    const ben = await member(threadId);
    const first = await member(threadId);
    const { id } = await first.send(threadId, 'once', { tempId: 'temp-1' });
    first.disconnect();
    await ben.until('presence', ({ userId, status }) => userId === first.userId && status === 'offline');
    const second = await ChatClient.connect(server, first.userId);
    assert.equal((await second.send(threadId, 'once', { tempId: 'temp-1' })).id, id);
    assert.deepEqual(
      (await ben.untaken('message')).map(([, message]) => message.id),
      [id],
    );
  });

  test('the same tempId of another sender or in another thread is another message', async () => {
    const [threadId, otherThread] = [newId(), newId()];
    const [anna, ben] = [await member(threadId), await member(threadId)];
    await anna.join(otherThread);
    const ids = [
      (await anna.send(threadId, 'x', { tempId: 'temp-1' })).id,
      (await ben.send(threadId, 'x', { tempId: 'temp-1' })).id,
      (await anna.send(otherThread, 'x', { tempId: 'temp-1' })).id,
    ];
    assert.equal(new Set(ids).size, 3);
  });

  test('after the server was killed in the middle of it and started again on the same data', async () => {
    const dataDir = temporaryFolder();
    const port = await freePort();
    let mortal = await startChatServer({ env: { DATA_DIR: dataDir }, port });
    const threadId = newId();
    const anna = await ChatClient.connect(mortal, newId(), { reconnectionDelay: 50, reconnectionDelayMax: 200 });
    await anna.join(threadId);
    const acknowledged = new Map();
    const count = 200;
    const gone = nextEvent(anna.socket, 'disconnect');
    await new Promise((firstAck) => {
      for (let i = 0; i < count; i++) {
        anna.socket.emit('message_send', { threadId, tempId: `temp-${i}`, content: `${i}` }, (ack) => {
          if (ack.ok) acknowledged.set(`temp-${i}`, ack.message.id);
          firstAck();
        });
      }
    });
    await mortal.kill();
    await gone;
    assert.ok(acknowledged.size > 0, 'some were acknowledged before');

    const again = nextEvent(anna.socket, 'connect');
    mortal = await startChatServer({ env: { DATA_DIR: dataDir }, port });
    await again;
    const before = new Map(acknowledged);
    await anna.join(threadId);
    const retried = await Promise.all(Array.from({ length: count }, (_, i) => anna.send(threadId, `${i}`, { tempId: `temp-${i}` })));
    for (const [tempId, id] of before) assert.equal(retried[Number(tempId.slice(5))].id, id, 'what was acknowledged was stored');
    const stored = [];
    for (let oldest; ;) {
      const page = await anna.done('history', { threadId, limit: 100, ...(oldest ? { before: oldest } : {}) });
      stored.unshift(...page.messages);
      if (!page.hasMore) break;
      oldest = page.messages[0].id;
    }
    assert.deepEqual(
      contents(stored)
        .map(Number)
        .sort((a, b) => a - b),
      Array.from({ length: count }, (_, i) => i),
      'each once',
    );
    anna.disconnect();
    await mortal.stop();
  });
});

describe('every device', () => {
  test("a user's other connections get what was sent from one of them", async () => {
    const threadId = newId();
    const phone = await member(threadId);
    const laptop = await member(threadId, phone.userId);
    const message = await phone.send(threadId, 'from the phone', { tempId: 'temp-1' });
    assert.deepEqual(await laptop.next('message'), message);
    assert.deepEqual(await phone.untaken('message'), []);
    assert.deepEqual(await laptop.untaken('message_id_mapping'), []);
  });

  test('presence in a thread: online with the first connection, offline with the last', async () => {
    const threadId = newId();
    const ben = await member(threadId);
    const phone = await member(threadId);
    assert.deepEqual(await ben.next('presence'), { threadId, userId: phone.userId, status: 'online' });
    const laptop = await member(threadId, phone.userId);
    await phone.done('leave_thread', { threadId });
    await laptop.send(threadId, 'still here');
    await ben.next('message');
    assert.deepEqual(await ben.untaken('presence'), [], "neither the second connection nor the first one's leaving is told");
    laptop.disconnect();
    assert.deepEqual(await ben.next('presence'), { threadId, userId: phone.userId, status: 'offline' });
  });

  test('a user is online while any connection is', async () => {
    const threadId = newId();
    const ben = await member(threadId);
    const phone = await member(threadId);
    const laptop = await member(threadId, phone.userId);
    const gone = nextEvent(phone.socket, 'disconnect');
    phone.disconnect();
    await gone;
    await laptop.send(threadId, 'still here');
    const bulk = (await ben.done('presence:request', { user_ids: [phone.userId] })).users;
    assert.deepEqual(
      bulk.map(({ status }) => status),
      ['online'],
    );
    assert.deepEqual(await ben.untaken('user:disconnect'), []);
    laptop.disconnect();
    assert.deepEqual(await ben.next('user:disconnect'), { user_id: phone.userId });
  });

  test('typing of one device ends with the message from another', async () => {
    const threadId = newId();
    const ben = await member(threadId);
    const phone = await member(threadId);
    const laptop = await member(threadId, phone.userId);
    await phone.done('typing', { threadId, isTyping: true });
    assert.equal((await ben.next('typing')).isTyping, true);
    await laptop.send(threadId, 'done');
    assert.equal((await ben.next('typing')).isTyping, false);
  });
});

describe('nothing is missed', () => {
  for (const [how, options] of Object.entries(transports)) {
    test(`join_thread with lastMessageId brings what was missed, in order, before anything new, over ${how}`, async () => {
      const threadId = newId();
      const anna = await member(threadId);
      const ben = await member(threadId, newId(), options);
      const seen = [await anna.send(threadId, 'seen')];
      await ben.next('message');
      const gone = nextEvent(ben.socket, 'disconnect');
      ben.disconnect();
      await gone;
      for (let i = 0; i < 250; i++) seen.push(await anna.send(threadId, `missed ${i}`));
      const again = await ChatClient.connect(server, ben.userId, options);
      // Messages go on being sent while the thread is joined: none may be lost or doubled at the seam.
      const live = (async () => {
        for (let i = 0; i < 100; i++) seen.push(await anna.send(threadId, `live ${i}`));
      })();
      again.emit('join_thread', { threadId, lastMessageId: seen[0].id });
      await live;
      const received = [];
      while (received.length < 350) received.push((await again.next('message')).id);
      assert.deepEqual(
        received,
        seen.slice(1).map(({ id }) => id),
      );
      assert.deepEqual(await again.untaken('message', 'error'), []);
    });
  }

  test('history pages back to the first message', async () => {
    const threadId = newId();
    const anna = await member(threadId);
    const sent = [];
    for (let i = 0; i < 25; i++) sent.push(await anna.send(threadId, `${i}`));
    const pages = [];
    let before;
    do {
      const page = await anna.done('history', { threadId, limit: 10, ...(before ? { before } : {}) });
      assert.equal(page.threadId, threadId);
      pages.unshift(...page.messages);
      before = page.hasMore ? page.messages[0].id : undefined;
    } while (before);
    assert.deepEqual(pages, sent);
    assert.equal((await anna.done('history', { threadId })).messages.length, 25);
  });

  test('history is for those who may use the thread, joined or not, and for no other event', async () => {
    const threadId = newId();
    await (await member(threadId)).send(threadId, 'x');
    const outside = await ChatClient.connect(server, newId());
    assert.deepEqual(contents((await outside.done('history', { threadId })).messages), ['x']);
    assert.equal((await outside.ask('history', { threadId, limit: 0 })).error.code, 'invalid');
    assert.equal((await outside.ask('history', { threadId, before: -1 })).error.code, 'invalid');
  });
});
