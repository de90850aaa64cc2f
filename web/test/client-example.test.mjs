import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ChatClient, ChatError } from '../client-example.js';
import { FakeServer } from './fake-server.mjs';

const THREAD = 1;
let server;
let clients;

beforeEach(async () => {
  clients = [];
  server = await new FakeServer().start();
});

afterEach(async () => {
  for (const client of clients) client.close();
  await server.stop();
});

/** A client, and everything that it dispatched. */
function connect(userId, options = {}) {
  const client = new ChatClient({ url: server.url, userId, retryDelay: 10, socket: { reconnectionDelay: 10, reconnectionDelayMax: 50 }, ...options });
  client.log = [];
  for (const type of ['state', 'message', 'update', 'pending', 'sent', 'rejoined', 'typing', 'presence', 'receipt', 'error'])
    client.addEventListener(type, ({ detail }) => client.log.push({ type, ...detail }));
  clients.push(client);
  return client;
}

const shown = (client) => client.log.filter(({ type }) => type === 'message').map(({ message }) => message.content);

/** Waits until the condition holds, looking whenever the client dispatches something. */
async function until(client, condition) {
  const types = ['state', 'message', 'update', 'pending', 'sent', 'rejoined', 'typing', 'receipt', 'error'];
  await new Promise((resolve) => {
    const check = () => {
      if (!condition()) return;
      for (const type of types) client.removeEventListener(type, check);
      resolve();
    };
    for (const type of types) client.addEventListener(type, check);
    check();
  });
}

test('a message is pending at once, then sent under the id that the server gave it', async () => {
  const ann = connect(2);
  const bob = connect(3);
  await Promise.all([ann.join(THREAD), bob.join(THREAD)]);

  const pending = ann.send(THREAD, 'Hello');

  assert.equal(pending.state, 'sending');
  assert.deepEqual(ann.pending(THREAD), [pending]);
  await until(ann, () => ann.pending(THREAD).length === 0);
  const sent = ann.log.find(({ type }) => type === 'sent');
  assert.equal(sent.tempId, pending.tempId);
  assert.equal(sent.message.id, 1);
  await until(bob, () => shown(bob).length === 1);
  assert.deepEqual(shown(bob), ['Hello']);
  assert.deepEqual(shown(ann), []);
});

test('what is written without a connection is sent after the reconnect, in order', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  await server.stop();
  await until(ann, () => ann.state === 'reconnecting');

  ann.send(THREAD, 'one');
  ann.send(THREAD, 'two');
  ann.send(THREAD, 'three');
  await server.start();
  await until(ann, () => ann.pending(THREAD).length === 0);

  assert.deepEqual(server.messages.map(({ content }) => content), ['one', 'two', 'three']);
});

test('a message whose answer was lost is sent again under the same tempId and shown once', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  server.say(3, 'before');
  await until(ann, () => shown(ann).length === 1);
  server.misbehave.push(({ socket, store }) => {
    store();
    socket.conn.close();
  });

  const { tempId } = ann.send(THREAD, 'mine');
  await until(ann, () => ann.pending(THREAD).length === 0);
  server.say(3, 'after');
  await until(ann, () => shown(ann).includes('after'));

  assert.deepEqual(server.sends.map((payload) => payload.tempId), [tempId, tempId]);
  assert.equal(server.messages.length, 3);
  assert.deepEqual(shown(ann), ['before', 'after']);
  assert.deepEqual(ann.log.filter(({ type }) => type === 'sent').map(({ message, shown: wasShown }) => [message.id, wasShown]), [[2, false]]);
});

test('an answer that does not come in time is asked for again', async () => {
  const ann = connect(2, { ackTimeout: 100 });
  await ann.join(THREAD);
  server.misbehave.push(() => {}, () => {});

  ann.send(THREAD, 'patience');
  await until(ann, () => ann.pending(THREAD).length === 0);

  assert.equal(server.sends.length, 3);
  assert.equal(server.messages.length, 1);
});

test('the mapping alone confirms a message whose ack was lost', async () => {
  const ann = connect(2, { ackTimeout: 100 });
  await ann.join(THREAD);
  server.misbehave.push(({ socket, payload, store }) => socket.emit('message_id_mapping', { tempId: payload.tempId, realId: store().id }));

  ann.send(THREAD, 'mapped');
  await until(ann, () => ann.pending(THREAD).length === 0);

  assert.equal(server.sends.length, 1);
  assert.equal(ann.log.find(({ type }) => type === 'sent').message.id, 1);
});

test('a refused message fails with the reason, lets the next one pass, and can be tried again or given up', async () => {
  const refuse = ({ ack }) => ack({ ok: false, error: { code: 'forbidden', message: 'Not here.' } });
  const ann = connect(2);
  await ann.join(THREAD);
  server.misbehave.push(refuse);

  const { tempId } = ann.send(THREAD, 'refused');
  ann.send(THREAD, 'accepted');
  await until(ann, () => ann.log.some(({ type }) => type === 'sent'));

  assert.deepEqual(ann.pending(THREAD).map(({ state, error }) => [state, error]), [['failed', 'Not here.']]);
  ann.retry(tempId);
  await until(ann, () => ann.pending(THREAD).length === 0);
  assert.deepEqual(server.messages.map(({ content }) => content), ['accepted', 'refused']);

  server.misbehave.push(refuse);
  const second = ann.send(THREAD, 'given up');
  await until(ann, () => ann.pending(THREAD).some(({ state }) => state === 'failed'));
  ann.discard(second.tempId);
  assert.deepEqual(ann.pending(THREAD), []);
});

test('a passing refusal is waited out, a lasting one fails after the last attempt', async () => {
  const busy = ({ ack }) => ack({ ok: false, error: { code: 'rate_limited', message: 'Slower, please.', retryAfterMs: 20 } });
  const ann = connect(2, { maxAttempts: 3 });
  await ann.join(THREAD);
  server.misbehave.push(busy, busy);

  ann.send(THREAD, 'one');
  await until(ann, () => ann.pending(THREAD).length === 0);
  assert.equal(server.sends.length, 3);

  server.misbehave.push(busy, busy, busy);
  ann.send(THREAD, 'two');
  await until(ann, () => ann.pending(THREAD).some(({ state }) => state === 'failed'));
  assert.equal(ann.pending(THREAD)[0].error, 'Slower, please.');
});

test('the first join brings the newest messages, and history the older ones', async () => {
  for (let number = 1; number <= 7; number++) server.say(3, `message ${number}`);
  const ann = connect(2);

  const { hasMore } = await ann.join(THREAD, { history: 3 });

  assert.equal(hasMore, true);
  assert.deepEqual(shown(ann), ['message 5', 'message 6', 'message 7']);
  assert.ok(ann.log.filter(({ type }) => type === 'message').every(({ source }) => source === 'history'));
  const older = await ann.history(THREAD, { before: 5, limit: 3 });
  assert.deepEqual(older.messages.map(({ id }) => id), [2, 3, 4]);
  assert.equal(older.hasMore, true);
});

test('after a lost connection every missed message comes once and in order', async () => {
  const ann = connect(2);
  server.say(3, 'first');
  await ann.join(THREAD);
  await server.stop();
  const missed = Array.from({ length: 25 }, (_, number) => server.say(3, `missed ${number}`).content);
  await server.start();
  await until(ann, () => shown(ann).length === 26);
  server.cut();
  await until(ann, () => ann.state === 'reconnecting');
  await until(ann, () => ann.state === 'connected');
  server.say(3, 'last');
  await until(ann, () => shown(ann).includes('last'));

  assert.deepEqual(shown(ann), ['first', ...missed, 'last']);
  assert.ok(ann.log.filter(({ source, message }) => source === 'missed' && message.content.startsWith('missed')).length === 25);
});

test('a thread that was empty before the connection was lost has everything after it', async () => {
  const ann = connect(2);
  await ann.join(THREAD, { history: 10 });
  await server.stop();
  for (let number = 1; number <= 25; number++) server.say(3, `message ${number}`);
  await server.start();

  await until(ann, () => shown(ann).length === 25);
  assert.deepEqual(shown(ann), server.messages.map(({ content }) => content));
});

test('a message that the server sends twice is shown once', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  const message = server.say(3, 'twice');

  server.io.emit('message', message);
  server.say(3, 'end');
  await until(ann, () => shown(ann).includes('end'));

  assert.deepEqual(shown(ann), ['twice', 'end']);
});

test('who may not enter learns why, and keeps the connection', async () => {
  const ann = connect(2);

  await assert.rejects(ann.join(403), { name: 'ChatError', code: 'forbidden', message: 'You are not in this thread.' });

  assert.equal(ann.state, 'connected');
  assert.ok(ann.log.some(({ type, event }) => type === 'error' && event === 'join_thread'));
  assert.throws(() => ann.send(403, 'hello'), /Join thread 403/);
});

test('a user whom the server does not accept is refused, and not tried again', async () => {
  const nobody = connect(undefined);

  await until(nobody, () => nobody.state === 'refused');

  assert.equal(nobody.log.at(-1).error, 'Authentication required');
});

/** A token of user 7 that ends so many seconds from now. */
const tokenFor = (seconds, number) => `e30.${btoa(JSON.stringify({ sub: '7', exp: Math.floor(Date.now() / 1000) + seconds, number }))}.x`;

test('a token is renewed before it ends, on the same connection', async () => {
  let asked = 0;
  const refreshed = once(server, 'refresh');
  const ann = connect(undefined, { token: () => tokenFor(asked === 0 ? 2 : 3600, ++asked) });

  const [token] = await refreshed;

  assert.equal(JSON.parse(atob(token.split('.')[1])).number, 2);
  assert.deepEqual(ann.log.filter(({ type }) => type === 'state').map(({ state }) => state), ['connected']);
});

test('a token is renewed at once when the server says that it has ended', async () => {
  const ann = connect(undefined, { token: () => tokenFor(3600) });
  await until(ann, () => ann.state === 'connected');
  const refreshed = once(server, 'refresh');

  server.io.emit('error', { event: 'auth_refresh', message: 'The token has expired.' });

  await refreshed;
});

test('who has no token any more is refused, and nothing is tried again', async () => {
  let asked = 0;
  const ann = connect(undefined, {
    token: () => {
      asked++;
      throw new ChatError({ code: 'unauthenticated', message: 'You are signed out.' });
    },
  });

  await until(ann, () => ann.state === 'refused');

  assert.equal(ann.log.at(-1).error, 'You are signed out.');
  assert.equal(asked, 1);
});

test('the list of threads is asked for, and changes of it are told', async () => {
  const ann = connect(2);
  await until(ann, () => ann.state === 'connected');
  const asked = once(server, 'threads');

  const { threads, total } = await ann.threads({ perPage: 50 });

  assert.deepEqual(await asked, [{ perPage: 50 }]);
  assert.equal(threads[0].unreadCount, 2);
  assert.equal(total, 1);
  const told = once(ann, 'threads');
  server.io.emit('thread:created', { thread: { id: '8' } });
  assert.deepEqual((await told)[0].detail, { threadId: 8 });
});

test('a token tells who chats, and a function is asked for it on every connect', async () => {
  const token = `e30.${btoa(JSON.stringify({ sub: '7' }))}.x`;
  let asked = 0;
  const ann = connect(undefined, { token: () => `${token}${++asked}` });
  await ann.join(THREAD);
  assert.equal(ann.userId, 7);

  server.cut();
  await until(ann, () => ann.state === 'reconnecting');
  await until(ann, () => ann.state === 'connected');

  assert.equal(asked, 2);
});

test('many keys are one typing event; sending ends it for the others, deleting the draft is told', async (context) => {
  const ann = connect(2);
  const bob = connect(3);
  await Promise.all([ann.join(THREAD), bob.join(THREAD)]);
  context.after(() => ann.stopTyping(THREAD));

  for (let key = 0; key < 50; key++) ann.typing(THREAD);
  await until(bob, () => bob.log.some(({ type }) => type === 'typing'));
  ann.send(THREAD, 'typed');
  await until(bob, () => bob.log.some(({ type, isTyping }) => type === 'typing' && !isTyping));
  assert.deepEqual(server.typings, [{ threadId: THREAD, isTyping: true }]);

  ann.typing(THREAD);
  ann.stopTyping(THREAD);
  await until(bob, () => bob.log.filter(({ type, isTyping }) => type === 'typing' && !isTyping).length === 2);
  assert.deepEqual(server.typings.map(({ isTyping }) => isTyping), [true, true, false]);
});

test('who joins learns who is there already', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  const bob = connect(3);
  await bob.join(THREAD);

  const online = bob.log.filter(({ type, status }) => type === 'presence' && status === 'online').map(({ userId }) => userId);

  assert.deepEqual(online.sort(), [2, 3]);
});

test('what was read is told to the others', async () => {
  const ann = connect(2);
  const bob = connect(3);
  await Promise.all([ann.join(THREAD), bob.join(THREAD)]);
  const { id } = server.say(3, 'read me');
  await until(ann, () => shown(ann).length === 1);

  ann.markRead(THREAD, [id]);
  await until(bob, () => bob.log.some(({ type }) => type === 'receipt'));

  const { messageId, userId } = bob.log.find(({ type }) => type === 'receipt');
  assert.deepEqual([messageId, userId], [id, 2]);
});

test('what is read in one go is told in one event', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  const ids = [1, 2, 3].map((number) => server.say(3, `message ${number}`).id);
  await until(ann, () => shown(ann).length === 3);

  const told = once(server, 'read');
  for (const id of ids) ann.markRead(THREAD, [id]);
  await told;

  assert.deepEqual(server.reads, [{ threadId: THREAD, messageIds: ids }]);
});

test('what was read without a connection is told after the reconnect', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  const { id } = server.say(3, 'read me');
  await until(ann, () => shown(ann).length === 1);
  await server.stop();
  await until(ann, () => ann.state === 'reconnecting');

  ann.markRead(THREAD, [id]);
  const told = once(server, 'read');
  await server.start();
  await told;

  assert.deepEqual(server.reads, [{ threadId: THREAD, messageIds: [id] }]);
});

test('the terminal client sends what is piped into it, shows the others harmlessly and ends', async () => {
  const bob = connect(3);
  await bob.join(THREAD);
  server.say(3, 'evil \u001b[2J title');
  const terminal = startTerminal('--user', '123', '--thread', '1', '--url', server.url);

  await terminal.printed('evil');
  terminal.process.stdin.end('Hello from the terminal\n');
  await until(bob, () => shown(bob).includes('Hello from the terminal'));

  assert.equal(await terminal.exited, 0);
  assert.match(terminal.output, /evil \\x1b\[2J title/);
  assert.match(terminal.output, /you: Hello from the terminal {2}\(✓ 2\)/);
});

test('the terminal client says which argument is wrong', async () => {
  for (const [args, message] of [
    [['--thread', '1'], /--user or --token is missing/],
    [['--user', '1'], /--thread must be a whole number/],
    [['--user', '0', '--thread', '1'], /--user must be a whole number/],
    [['--colour', 'red'], /--colour/],
  ]) {
    const terminal = startTerminal(...args);
    assert.equal(await terminal.exited, 2);
    assert.match(terminal.output, message);
    assert.match(terminal.output, /Usage:/);
  }
});

function startTerminal(...args) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../client-example.js', import.meta.url)), ...args]);
  const terminal = { process: child, output: '', exited: once(child, 'close').then(([code]) => code) };
  let look = () => {};
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      terminal.output += text;
      look();
    });
  terminal.printed = (text) =>
    new Promise((resolve) => {
      look = () => terminal.output.includes(text) && resolve();
      look();
    });
  return terminal;
}

test('what is done to a message is asked for, answered with the message as it is then, and told to everybody', async () => {
  const ann = connect(2);
  const bob = connect(3);
  await Promise.all([ann.join(THREAD), bob.join(THREAD)]);
  const { id } = server.say(2, 'Helo');
  const updates = (client) => client.log.filter(({ type }) => type === 'update').map(({ message }) => message);

  assert.equal((await ann.edit(THREAD, id, 'Hello')).content, 'Hello');
  assert.deepEqual((await bob.react(THREAD, id, '👍')).reactions, [{ emoji: '👍', userIds: [3] }]);
  assert.equal((await bob.react(THREAD, id, '👍', true)).reactions, undefined);
  assert.ok((await ann.delete(THREAD, id)).deletedAt);

  assert.deepEqual(server.changes, [
    { event: 'message_edit', threadId: THREAD, messageId: id, content: 'Hello' },
    { event: 'reaction', threadId: THREAD, messageId: id, emoji: '👍', remove: false },
    { event: 'reaction', threadId: THREAD, messageId: id, emoji: '👍', remove: true },
    { event: 'message_delete', threadId: THREAD, messageId: id },
  ]);
  for (const client of [ann, bob]) {
    await until(client, () => updates(client).length === 4);
    assert.deepEqual(updates(client).map(({ content }) => content), ['Hello', 'Hello', 'Hello', '']);
  }
});

test('what may not be done to a message is refused with a reason', async () => {
  const bob = connect(3);
  await bob.join(THREAD);
  const { id } = server.say(2, 'mine');

  await assert.rejects(bob.edit(THREAD, id, 'yours'), (error) => error instanceof ChatError && error.code === 'forbidden' && error.message === 'It is not yours.');
  await assert.rejects(bob.delete(THREAD, id), ChatError);
});

test('a message that arrives is acknowledged, so that its sender can be told', async () => {
  const bob = connect(3);
  await bob.join(THREAD);
  const taken = once(server, 'taken');

  const { id } = server.say(2, 'Are you there?');
  await taken;

  assert.deepEqual(server.taken, [id]);
});

test('a change that overtakes the answer to the message itself is not lost', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  server.misbehave.push(({ socket, payload, store, ack }) => {
    const message = store();
    socket.emit('message_id_mapping', { tempId: payload.tempId, realId: message.id });
    socket.emit('message_update', { ...message, status: 'delivered' });
    ack({ ok: true, message });
  });

  ann.send(THREAD, 'quick');
  await until(ann, () => ann.pending(THREAD).length === 0);

  assert.equal(ann.log.find(({ type }) => type === 'sent').message.status, 'delivered');
});

test('after a reconnect it is told that what is shown may have changed', async () => {
  const ann = connect(2);
  await ann.join(THREAD);
  const { id } = server.say(3, 'before');
  await until(ann, () => shown(ann).length === 1);
  assert.deepEqual(ann.log.filter(({ type }) => type === 'rejoined'), []);
  server.cut();
  await until(ann, () => ann.state === 'reconnecting');
  server.change(server.messages[0], { content: 'after', editedAt: new Date().toISOString() });

  await until(ann, () => ann.log.some(({ type }) => type === 'rejoined'));

  const { messages } = await ann.history(THREAD);
  assert.deepEqual(messages.map((message) => [message.id, message.content]), [[id, 'after']]);
});
