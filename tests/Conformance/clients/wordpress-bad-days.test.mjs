// A real WordPress that fails in the middle of traffic: whoever waits is told so in time and with the tempId, nothing is half-told, and when the site is back the
// first message goes through. Each retry names the message it means, so in the end every message is there once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ChatClient } from './support/chat-client.mjs';
import { requestJson } from './support/http-request.mjs';
import { freePort, startChatServer } from './support/server-process.mjs';
import { keep } from './support/socket-clients.mjs';
import { token } from './support/tokens.mjs';
import { eventually } from './support/waiting.mjs';
import { startSite } from './support/wordpress-site.mjs';

const PEOPLE = ['alice', 'bob', 'carol', 'dave'];
const TIME_OUT_MS = 4_000;
// What the answer of a call that has timed out may take to reach a client on a busy machine.
const SLACK_MS = 6_000;

describe('when WordPress fails', () => {
  let site, server, threadId, clients, number;

  before(async () => {
    number = 0;
    site = await startSite();
    const port = await freePort();
    await site.command('chat-url', `http://127.0.0.1:${port}`);
    server = await startChatServer({ port, env: { ...site.serverSettings('token'), WP_API_TIMEOUT: String(TIME_OUT_MS) } });
    const ids = (await site.rows(`SELECT ID FROM wp_users WHERE user_login IN ('${PEOPLE.join("','")}') ORDER BY user_login`)).flat().map(Number);
    threadId = (await site.callFor(ids[0], 'POST', '/threads', { type: 'group', title: 'Storm', participants: ids.slice(1) })).thread.id;
    clients = await Promise.all(ids.map((id) => ChatClient.connect(server, id, { auth: { token: token(site.settings.AUTH_SECRET, id) } })));
    for (const one of clients) {
      keep(one.socket);
      await one.join(threadId);
    }
  });
  after(async () => {
    clients?.forEach((one) => one.disconnect());
    await server?.stop();
    await site?.stop();
  });

  // Sends one message and says how it went: its id, or the refusal, which must be the promised one, and how long that took.
  async function send(one, tempId) {
    const begun = performance.now();
    const ack = await one.ask('message_send', { threadId, tempId, content: `message ${tempId}` });
    return { one, tempId, id: ack.message?.id, refusal: ack.error, milliseconds: performance.now() - begun };
  }

  // A stream of messages of everybody while `fail` breaks the site, until each has been refused once.
  async function sendWhile(fail) {
    const outcomes = [];
    const streams = clients.map(async (one) => {
      for (;;) {
        const outcome = await send(one, `storm-${++number}`);
        outcomes.push(outcome);
        if (outcome.refusal) return;
      }
    });
    await eventually(() => outcomes.filter(({ id }) => id).length, (count) => count >= 2 * clients.length, 'traffic');
    await fail();
    await Promise.all(streams);
    return outcomes;
  }

  async function refusalsAreAsPromised(outcomes) {
    for (const { one, tempId, refusal, milliseconds } of outcomes.filter(({ refusal }) => refusal)) {
      assert.equal(refusal.code, 'unavailable', JSON.stringify(refusal));
      assert.ok(milliseconds < TIME_OUT_MS + SLACK_MS, `${tempId} was refused after ${milliseconds} ms`);
      const error = await one.next('error');
      assert.deepEqual([error.event, error.tempId], ['message_send', tempId]);
    }
    await eventually(async () => (await requestJson(`${server.url}/health`)).json, ({ status }) => status === 'degraded', 'degraded health');
  }

  // All that was refused is sent again under its tempId; then everything is there, and was told, once.
  async function everythingIsThereOnce(outcomes) {
    const first = await send(clients[0], `storm-${++number}`);
    assert.ok(first.id, `the first message after the site is back: ${JSON.stringify(first.refusal)}`);
    const again = await Promise.all(outcomes.filter(({ refusal }) => refusal).map(({ one, tempId }) => send(one, tempId)));
    assert.deepEqual(again.filter(({ id }) => !id).map(({ refusal }) => refusal), []);
    const all = [...outcomes.filter(({ id }) => id), first, ...again];

    const rows = await site.rows(`SELECT id, content FROM wp_chatpulse_messages WHERE thread_id = ${threadId}`);
    for (const { tempId, id } of all) assert.deepEqual(rows.filter(([, content]) => content === `message ${tempId}`).map(([stored]) => Number(stored)), [id], tempId);
    for (const one of clients) {
      const wanted = all.filter(({ one: sender }) => sender !== one).map(({ id }) => id).toSorted((a, b) => a - b);
      const got = [];
      while (got.length < wanted.length) got.push((await one.next('message')).id);
      assert.deepEqual(got.toSorted((a, b) => a - b), wanted, `what user ${one.userId} was told`);
      assert.deepEqual(await one.untaken('message', 'message:received', 'error'), []);
      await one.untaken();
    }
    await eventually(async () => (await requestJson(`${server.url}/health`)).json, ({ status }) => status === 'ok', 'good health');
  }

  for (const [what, fail, mend] of [
    ['the site is stopped', () => site.command('service', 'nginx', 'stop'), () => site.command('service', 'nginx', 'start')],
    ['MariaDB is stopped', () => site.command('service', 'mariadb', 'stop'), () => site.command('service', 'mariadb', 'start')],
    ['PHP hangs', () => site.command('service', 'php', 'pause'), () => site.command('service', 'php', 'resume')],
    [
      'the disk is full there',
      () =>
        site.command(
          'sql',
          `CREATE TRIGGER disk_full BEFORE INSERT ON wp_chatpulse_messages FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'`,
        ),
      () => site.command('sql', 'DROP TRIGGER disk_full'),
    ],
  ]) {
    test(`${what} in the middle of traffic: everybody hears so in time, and afterwards everything is there once`, async () => {
      const outcomes = await sendWhile(fail);
      await refusalsAreAsPromised(outcomes);
      await mend();
      await everythingIsThereOnce(outcomes);
    });
  }

  test('the server starts while the site is away, and works when it comes back', async () => {
    await site.command('service', 'nginx', 'stop');
    const other = await startChatServer({ env: { ...site.serverSettings('token'), WP_API_TIMEOUT: String(TIME_OUT_MS) } });
    try {
      assert.equal((await requestJson(`${other.url}/health`)).json.status, 'degraded');
      const [{ userId }] = clients;
      await site.command('service', 'nginx', 'start');
      const one = await ChatClient.connect(other, userId, { auth: { token: token(site.settings.AUTH_SECRET, userId) } });
      await one.join(threadId);
      assert.ok((await one.send(threadId, 'back')).id);
      one.disconnect();
    } finally {
      await other.stop();
    }
  });
});
