// The server as one native binary: published without a warning, small, and serving the same chat.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ChatClient, newId } from './support/chat-client.mjs';
import { httpRequest, requestJson } from './support/http-request.mjs';
import { transports } from './support/socket-clients.mjs';
import { repository, startChatServer, temporaryFolder } from './support/server-process.mjs';

const PUBLISH_LIMIT_MS = 20 * 60_000;
const SIZE_LIMIT = 30_000_000;
const output = path.join(repository, 'artifacts/aot');
// Not where the other tests' build is, which goes on being used meanwhile.
const intermediate = path.join(repository, 'artifacts/aot-build');
const binary = path.join(output, 'Chatpulse.Server');

let server;
const dataDir = temporaryFolder();
const start = () => startChatServer({ env: { DATA_DIR: dataDir }, command: [binary, []] });
after(() => server?.stop());

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text));
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code, printed }));
  });
}

before(
  async () => {
    const { code, printed } = await run('dotnet', [
      'publish',
      'src/Chatpulse.Server',
      '-c',
      'Release',
      '-r',
      'linux-x64',
      '-p:PublishAot=true',
      '--artifacts-path',
      intermediate,
      '-o',
      output,
    ]);
    assert.equal(code, 0, printed);
    assert.doesNotMatch(printed, /\bwarning\b/i);
    server = await start();
  },
  { timeout: PUBLISH_LIMIT_MS },
);

test('the binary is smaller than 30 MB', () => {
  const { size } = statSync(binary);
  assert.ok(size < SIZE_LIMIT, `${size} bytes`);
});

test('it serves the page and the client bundle', async () => {
  assert.match((await httpRequest(`${server.url}/`)).text, /<html/i);
  const bundle = await httpRequest(`${server.url}/socket.io/socket.io.min.js`);
  assert.equal(bundle.status, 200);
  assert.match(bundle.text, /Socket\.IO v4\.8/);
});

for (const [how, options] of Object.entries(transports)) {
  test(`it serves the chat over ${how}`, async () => {
    const threadId = newId();
    const [anna, ben] = [await ChatClient.connect(server, newId(), options), await ChatClient.connect(server, newId(), options)];
    await anna.join(threadId);
    await ben.join(threadId);
    assert.equal((await anna.next('presence')).status, 'online');
    await anna.done('typing', { threadId, isTyping: true });
    assert.equal((await ben.next('typing')).isTyping, true);
    const message = await anna.send(threadId, 'native', { tempId: 'temp-1' });
    assert.deepEqual(await ben.next('message'), message);
    await ben.done('message_read', { threadId, messageIds: [message.id] });
    assert.equal((await anna.next('read_receipt')).messageId, message.id);
    assert.equal((await anna.ask('message_send', { threadId, content: '' })).error.code, 'invalid');
  });
}

test('it serves the REST routes, and what was stored is there after a restart', async () => {
  const [userId, threadId] = [newId(), newId()];
  const anna = await ChatClient.connect(server, userId);
  await anna.join(threadId);
  const headers = { 'x-chatpulse-user': String(userId), 'content-type': 'application/json' };
  const route = `/wp-json/chatpulse-chat/v1/threads/${threadId}`;
  const posted = await requestJson(`${server.url}${route}`, { method: 'POST', headers, body: JSON.stringify({ content: 'kept' }) });
  assert.equal(posted.status, 201, posted.text);
  assert.equal((await anna.next('message:received')).message.id, posted.json.message.id);
  anna.disconnect();
  assert.equal(await server.stop(), 0);
  server = await start();
  const { json } = await requestJson(`${server.url}${route}/messages`, { headers });
  assert.deepEqual(
    json.messages.map(({ content }) => content),
    ['kept'],
  );
});
