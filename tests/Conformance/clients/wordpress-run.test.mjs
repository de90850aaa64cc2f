// ./run.sh --wordpress as somebody tries it: sign in on the site, take a token, chat on the site's own address, Ctrl-C.
import assert from 'node:assert/strict';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ChatClient } from './support/chat-client.mjs';
import { httpRequest } from './support/http-request.mjs';
import { freePort, repository, startProcess, temporaryFolder } from './support/server-process.mjs';
import { transports } from './support/socket-clients.mjs';
import { eventually, within } from './support/waiting.mjs';
import { readSettings, restCall, signIn } from './support/wordpress-site.mjs';

const START_LIMIT_MS = 240_000;
const STOP_LIMIT_MS = 60_000;
let run, settings, chat, call;

before(async () => {
  const data = temporaryFolder();
  const port = await freePort();
  run = startProcess('run.sh', path.join(repository, 'run.sh'), ['--wordpress'], { port, cwd: data, env: { DATA_DIR: data, PORT: String(port) } });
  chat = () => httpRequest(`${run.url}/health`).then(({ status }) => status, () => undefined);
  await eventually(
    async () => (run.running ? chat() : `it ended; it printed:\n${run.output}`),
    (status) => status !== undefined,
    'the chat',
    START_LIMIT_MS,
  );
  settings = readSettings(readFileSync(path.join(data, 'wordpress/site.env'), 'utf8'));
  call = (...args) => restCall(settings, ...args);
});
after(() => run.stop());

/** A user who came in through the site's login, on the site's own address. */
async function member(user, options) {
  const headers = await signIn(settings, user);
  const { token } = await call('POST', '/socket-token', headers);
  const { threads } = await call('GET', '/threads', headers);
  const client = await ChatClient.connect({ url: settings.SITE_URL }, user, { ...options, auth: { token } });
  return { client, headers, thread: threads[0] };
}

test('it prints where to go and as whom', () => {
  for (const said of [`${settings.SITE_URL}/chat/`, settings.ALICE_PASSWORD, settings.BOB_PASSWORD, settings.ADMIN_PASSWORD]) {
    assert.ok(run.output.includes(said), `${said} in:\n${run.output}`);
  }
});

test('the page for it is there', async () => {
  const { status, text } = await httpRequest(`${settings.SITE_URL}/chat/`);
  assert.equal(status, 200);
  assert.match(text, /<title>Chat /);
  assert.ok(!text.includes('[chatpulse-chat]'), 'the shortcode is the plugin’s');
  assert.match(text, /wp-login\.php/, 'who is not signed in is led to the login');
});

test('two who signed in on the site chat in the sample conversation, and the site has it', async () => {
  const alice = await member('alice', transports.upgrade);
  const bob = await member('bob', transports.polling);
  assert.equal(alice.thread.title, 'The garden');
  await alice.client.join(alice.thread.id);
  await bob.client.join(alice.thread.id);
  const sent = await alice.client.send(alice.thread.id, 'Is it raining?');
  const message = await bob.client.next('message');
  assert.equal(message.id, sent.id);
  assert.equal(message.content, 'Is it raining?');
  assert.equal(message.senderName, 'Alice');
  const { messages } = await call('GET', `/threads/${alice.thread.id}/messages`, bob.headers);
  assert.equal(messages.at(-1).id, sent.id);
  assert.equal(messages.at(-1).sender_name, 'Alice');
});

test('who is not in a conversation is not let in', async () => {
  const { thread } = await member('alice', transports.websocket);
  const dave = await member('dave', transports.websocket);
  assert.equal(dave.thread, undefined);
  const ack = await dave.client.ask('join_thread', { threadId: thread.id });
  assert.equal(ack.ok, false);
  assert.ok(['forbidden', 'not_found'].includes(ack.error.code), JSON.stringify(ack));
});

test('what is said on the site by REST is told to who is connected', async () => {
  const alice = await member('alice', transports.websocket);
  const bob = await member('bob', transports.websocket);
  await alice.client.join(alice.thread.id);
  const said = await call('POST', `/threads/${alice.thread.id}`, bob.headers, { content: 'Said without a socket', content_type: 'text/plain' });
  const message = await alice.client.until('message', ({ id }) => id === said.message.id);
  assert.equal(message.content, 'Said without a socket');
});

test('Ctrl-C ends the server and the site', async () => {
  process.kill(run.pid, 'SIGINT');
  assert.equal(await within(run.exited, 'the end of run.sh', STOP_LIMIT_MS), 0, run.output);
  assert.equal(await chat(), undefined);
  await assert.rejects(httpRequest(`${settings.SITE_URL}/wp-json/`));
});
