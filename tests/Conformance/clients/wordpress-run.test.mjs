// ./run.sh --wordpress as somebody tries it: sign in on the site, take a token, chat on the site's own address, Ctrl-C.
import assert from 'node:assert/strict';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ChatClient } from './support/chat-client.mjs';
import { httpRequest, requestJson } from './support/http-request.mjs';
import { freePort, repository, startProcess, temporaryFolder } from './support/server-process.mjs';
import { transports } from './support/socket-clients.mjs';
import { eventually, within } from './support/waiting.mjs';

const START_LIMIT_MS = 240_000;
const STOP_LIMIT_MS = 60_000;
let run, settings, chat;

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
  const lines = readFileSync(path.join(data, 'wordpress/site.env'), 'utf8').matchAll(/^(\w+)='(.*)'$/gm);
  settings = Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
});
after(() => run.stop());

/** Signs in on the site's form; what the browser then sends with a REST call. */
async function signIn(user) {
  const form = new URLSearchParams({ log: user, pwd: settings[`${user.toUpperCase()}_PASSWORD`], testcookie: '1' });
  const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie: 'wordpress_test_cookie=WP%20Cookie%20check' };
  const { status, headers: answer } = await httpRequest(`${settings.SITE_URL}/wp-login.php`, { method: 'POST', headers, body: String(form) });
  assert.equal(status, 302, `${user} signs in`);
  const cookie = answer['set-cookie'].map((one) => one.split(';')[0]).join('; ');
  const nonce = await httpRequest(`${settings.SITE_URL}/wp-admin/admin-ajax.php?action=rest-nonce`, { headers: { cookie } });
  return { cookie, 'x-wp-nonce': nonce.text };
}

/** A call of the plugin's REST API. */
async function call(method, route, headers) {
  const { status, json } = await requestJson(`${settings.WP_BASE_URL}/chatpulse-chat/v1${route}`, { method, headers });
  assert.equal(status, 200, `${route}: ${JSON.stringify(json)}`);
  return json;
}

/** A user who came in through the site's login, on the site's own address. */
async function member(user, options) {
  const headers = await signIn(user);
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
  const body = JSON.stringify({ content: 'Said without a socket', content_type: 'text/plain' });
  const headers = { ...bob.headers, 'content-type': 'application/json' };
  const { status, json } = await requestJson(`${settings.WP_BASE_URL}/chatpulse-chat/v1/threads/${alice.thread.id}`, { method: 'POST', headers, body });
  assert.equal(status, 201, JSON.stringify(json));
  const message = await alice.client.until('message', ({ id }) => id === json.message.id);
  assert.equal(message.content, 'Said without a socket');
});

test('Ctrl-C ends the server and the site', async () => {
  process.kill(run.pid, 'SIGINT');
  assert.equal(await within(run.exited, 'the end of run.sh', STOP_LIMIT_MS), 0, run.output);
  assert.equal(await chat(), undefined);
  await assert.rejects(httpRequest(`${settings.SITE_URL}/wp-json/`));
});
