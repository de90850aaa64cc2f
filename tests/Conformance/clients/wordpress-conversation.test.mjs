// Three people who are signed in to a real WordPress talk through the server: their browsers are real socket.io-clients, their messages and receipts lie in
// MariaDB, and the site's webhooks are on. Told twice, missed or filed under somebody else is what these tests look for.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ChatClient } from './support/chat-client.mjs';
import { freePort, startChatServer } from './support/server-process.mjs';
import { client, keep } from './support/socket-clients.mjs';
import { eventually, nextEvent } from './support/waiting.mjs';
import { Person } from './support/wordpress-person.mjs';
import { startSite } from './support/wordpress-site.mjs';

const TOLD = ['message', 'message:received', 'message_update', 'message_id_mapping', 'read_receipt', 'message:read', 'error'];

let site;
before(async () => {
  site = await startSite();
});
after(() => site?.stop());

for (const authMode of ['token', 'wordpress']) {
  describe(`three people signed in with AUTH_MODE=${authMode}`, () => {
    let server;
    let alice, bob, carol;
    let laptop, phone, bobs, carols;
    let threadId;

    before(async () => {
      const port = await freePort();
      await site.command('chat-url', `http://127.0.0.1:${port}`);
      server = await startChatServer({ port, env: site.serverSettings(authMode) });
      [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((login) => Person.signIn(site, login)));
      [laptop, phone, bobs, carols] = await Promise.all([alice, alice, bob, carol].map(connect));
    });
    after(async () => {
      for (const one of [laptop, phone, bobs, carols]) one?.disconnect();
      await server?.stop();
    });

    async function connect(user) {
      // Each goes through the whole of a connection: polling, then the upgrade.
      const socket = await client.connect(server.url, { transports: ['polling', 'websocket'], ...(await user.connectOptions(authMode)) });
      return new ChatClient(keep(socket), user.id);
    }

    const everybody = () => [laptop, phone, bobs, carols];

    // What nobody has asked for is told twice, or to the wrong one.
    async function nothingElse() {
      for (const one of everybody()) assert.deepEqual(await one.untaken(...TOLD), [], `told to user ${one.userId} beyond what was meant`);
    }

    const receiptsOf = async (messageId) => (await alice.call('GET', `/messages/${messageId}/receipts`)).read_receipts.filter((one) => one.read_at).map((one) => one.user_id);

    test('a thread made on the site is told to everybody who is in it', async () => {
      const { thread } = await alice.call('POST', '/threads', { type: 'group', title: 'Picnic', participants: [bob.id, carol.id] });
      threadId = thread.id;
      for (const one of everybody()) assert.equal((await one.next('thread:created')).thread.id, threadId);
      for (const one of everybody()) await one.join(threadId);
      await nothingElse();
    });

    test('a message sent by a socket reaches every other device once, and lies in the database under its sender', async () => {
      const sent = await laptop.done('message_send', { threadId, tempId: 'temp-1', content: 'Shall we meet at noon? 🧺 1 < 2' });
      assert.deepEqual(await laptop.next('message_id_mapping'), { tempId: 'temp-1', realId: sent.message.id });
      for (const one of [phone, bobs, carols]) {
        const message = await one.next('message');
        assert.deepEqual([message.id, message.senderId, message.senderName, message.content], [sent.message.id, alice.id, alice.name, sent.message.content]);
      }
      const [row] = await site.rows(`SELECT sender_id, thread_id FROM wp_chatpulse_messages WHERE id = ${sent.message.id}`);
      assert.deepEqual(row.map(Number), [alice.id, threadId]);
      const { messages } = await bob.call('GET', `/threads/${threadId}/messages`);
      assert.equal(messages.at(-1).content, sent.message.content, 'clients get what is stored');
      await nothingElse();
    });

    test('a repeat of a tempId, from another device, is the same message', async () => {
      const first = await laptop.done('message_send', { threadId, tempId: 'temp-2', content: 'once' });
      const again = await phone.done('message_send', { threadId, tempId: 'temp-2', content: 'once' });
      assert.equal(again.message.id, first.message.id);
      for (const one of [bobs, carols]) assert.equal((await one.next('message')).id, first.message.id);
      assert.equal((await phone.next('message')).id, first.message.id);
      await Promise.all([laptop, phone].map((one) => one.next('message_id_mapping')));
      await nothingElse();
    });

    test('a message written on the site is told once, by the webhook', async () => {
      const { message } = await bob.call('POST', `/threads/${threadId}`, { content: 'written on the site' });
      for (const one of everybody()) {
        assert.equal((await one.next('message')).id, message.id);
        assert.equal((await one.next('message:received')).message.id, message.id);
      }
      await nothingElse();
    });

    test('twenty messages of three people together come to everybody once and in the order of their ids', async () => {
      const senders = [laptop, bobs, carols];
      const sent = await Promise.all(
        Array.from({ length: 20 }, (_, number) => senders[number % 3].done('message_send', { threadId, tempId: `many-${number}`, content: `number ${number}` })),
      );
      for (const one of everybody()) {
        const expected = sent.map(({ message }) => message).filter(({ senderId }) => one === phone || senderId !== one.userId);
        const got = [];
        while (got.length < expected.length) got.push((await one.next('message')).id);
        assert.deepEqual(got, expected.map(({ id }) => id).sort((a, b) => a - b), `what user ${one.userId} was told`);
      }
      for (const sender of senders) {
        const own = sent.filter(({ message }) => message.senderId === sender.userId);
        assert.deepEqual(own.map(({ message }) => message.id), own.map(({ message }) => message.id).toSorted((a, b) => a - b), 'one sender’s messages keep their order');
        for (let number = 0; number < own.length; number++) await sender.next('message_id_mapping');
      }
      await nothingElse();
    });

    test('a receipt is stored for the one who read, and told once', async () => {
      const { message } = await laptop.done('message_send', { threadId, content: 'read me' });
      for (const one of [phone, bobs, carols]) await one.next('message');
      await bobs.done('message_read', { threadId, messageIds: [message.id] });
      for (const one of [laptop, phone, carols]) {
        const receipt = await one.next('read_receipt');
        assert.deepEqual([receipt.messageId, receipt.userId], [message.id, bob.id]);
      }
      assert.deepEqual(await receiptsOf(message.id), [bob.id]);

      await carols.done('message_read', { threadId, messageIds: [message.id] });
      for (const one of [laptop, phone, bobs]) assert.equal((await one.next('read_receipt')).userId, carol.id);
      for (const one of everybody()) assert.deepEqual((({ id, status }) => [id, status])(await one.next('message_update')), [message.id, 'read']);
      assert.deepEqual((await receiptsOf(message.id)).toSorted((a, b) => a - b), [bob.id, carol.id].toSorted((a, b) => a - b));
      await nothingElse();
    });

    test('reading on the site is told by the webhook', async () => {
      const { message } = await bobs.done('message_send', { threadId, content: 'read me there' });
      for (const one of [laptop, phone, carols]) await one.next('message');
      await carol.call('POST', `/threads/${threadId}/read`, { message_id: message.id });
      for (const one of everybody()) {
        assert.deepEqual((({ userId, messageIds }) => [userId, messageIds])(await one.next('message:read')), [carol.id, [message.id]]);
        assert.equal((await one.next('read_receipt')).userId, carol.id);
      }
      assert.deepEqual(await receiptsOf(message.id), [carol.id]);
      await nothingElse();
    });

    test('a device that takes a message makes it delivered for its sender', async () => {
      bobs.socket.once('message', (_, ack) => ack());
      const { message } = await laptop.done('message_send', { threadId, content: 'did you get it?' });
      for (const one of [phone, bobs, carols]) await one.next('message');
      for (const one of [laptop, phone]) assert.deepEqual((({ id, status }) => [id, status])(await one.next('message_update')), [message.id, 'delivered']);
      await eventually(
        () => site.rows(`SELECT status FROM wp_chatpulse_messages WHERE id = ${message.id}`),
        ([[status]]) => status === 'delivered',
        'the stored status',
      );
      await nothingElse();
    });

    test('edits, reactions and deletions are stored and told, whether by socket or on the site', async () => {
      const { message } = await laptop.done('message_send', { threadId, content: 'teh cake' });
      for (const one of [phone, bobs, carols]) await one.next('message');
      const everybodyHears = async (check) => {
        for (const one of everybody()) check(await one.next('message_update'));
        await nothingElse();
      };

      await laptop.done('message_edit', { threadId, messageId: message.id, content: 'the cake' });
      await everybodyHears((update) => (assert.equal(update.content, 'the cake'), assert.ok(update.editedAt)));
      await bobs.done('reaction', { threadId, messageId: message.id, emoji: '🎂' });
      await everybodyHears((update) => assert.deepEqual(update.reactions, [{ emoji: '🎂', userIds: [bob.id] }]));
      await carol.call('POST', `/messages/${message.id}/reactions`, { emoji: '🎂' });
      await everybodyHears((update) => assert.deepEqual(update.reactions, [{ emoji: '🎂', userIds: [bob.id, carol.id] }]));
      assert.equal((await bobs.ask('message_edit', { threadId, messageId: message.id, content: 'mine' })).error.code, 'forbidden');
      await bobs.next('error');
      await alice.call('DELETE', `/messages/${message.id}`);
      await everybodyHears((update) => (assert.equal(update.content, ''), assert.ok(update.deletedAt)));
      assert.deepEqual(await site.rows(`SELECT COUNT(*) FROM wp_chatpulse_messages WHERE content LIKE '%cake%'`), [['0']], 'what was deleted is gone');
    });

    test('the threads of a user come with what is unread', async () => {
      const { message } = await laptop.done('message_send', { threadId, content: 'unread yet' });
      for (const one of [phone, bobs, carols]) await one.next('message');
      const { threads } = await bobs.done('threads', {});
      const thread = threads.find(({ id }) => id === threadId);
      assert.equal(thread.lastMessage.id, message.id);
      assert.ok(thread.unreadCount > 0);
      await bob.call('POST', `/threads/${threadId}/read`, {});
      assert.equal((await bobs.done('threads', {})).threads.find(({ id }) => id === threadId).unreadCount, 0);
      for (const one of everybody()) await one.untaken();
    });

    test('what was sent while a connection was gone is there after it', async () => {
      const { message: last } = await laptop.done('message_send', { threadId, content: 'before' });
      for (const one of [phone, bobs, carols]) await one.next('message');
      carols.disconnect();
      const missed = [];
      for (const content of ['missed 1', 'missed 2', 'missed 3']) missed.push((await laptop.done('message_send', { threadId, content })).message.id);
      for (const one of [phone, bobs]) for (const id of missed) assert.equal((await one.next('message')).id, id);
      carols = await connect(carol);
      await carols.done('join_thread', { threadId, lastMessageId: last.id });
      const got = [];
      while (got.length < missed.length) got.push((await carols.next('message')).id);
      assert.deepEqual(got, missed);
      await nothingElse();
    });

    test('who is taken out of the thread hears and does nothing there any more', async () => {
      const gone = nextEvent(carols.socket, 'thread_left');
      await alice.call('DELETE', `/threads/${threadId}/participants/${carol.id}`);
      assert.deepEqual((await gone)[0], { threadId });
      await laptop.done('message_send', { threadId, content: 'not for Carol' });
      for (const one of [phone, bobs]) await one.next('message');
      for (const [event, payload] of [
        ['join_thread', { threadId }],
        ['message_send', { threadId, content: 'still here?' }],
        ['typing', { threadId, isTyping: true }],
        ['message_read', { threadId, messageIds: [1] }],
        ['history', { threadId }],
        ['message_edit', { threadId, messageId: 1, content: 'x' }],
        ['message_delete', { threadId, messageId: 1 }],
        ['reaction', { threadId, messageId: 1, emoji: '👍' }],
      ]) {
        const ack = await carols.ask(event, payload);
        assert.ok(['forbidden', 'not_found'].includes(ack.error?.code), `${event}: ${JSON.stringify(ack)}`);
        await carols.next('error');
      }
      assert.deepEqual(await carols.untaken('message', 'typing', 'read_receipt', 'message_update'), []);
    });

    test('who signs out on the site is disconnected, and stays out with the old proof', async () => {
      const options = await bob.connectOptions(authMode);
      const ended = nextEvent(bobs.socket, 'disconnect');
      await bob.signOut();
      await ended;
      await assert.rejects(client.connect(server.url, { transports: ['websocket'], ...options, reconnection: false }), (error) => {
        assert.equal(error.data.code, 'unauthenticated');
        return true;
      });
      assert.equal((await laptop.done('message_send', { threadId, content: 'Alice goes on' })).message.senderId, alice.id);
    });
  });
}
