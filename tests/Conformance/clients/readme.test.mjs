// The README's usage example, run as it is written.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ChatClient } from './support/chat-client.mjs';
import { repository, startChatServer } from './support/server-process.mjs';
import { within } from './support/waiting.mjs';

const EXAMPLE = /<!-- example:usage -->\s*```js\n([\s\S]*?)```/;
const ADDRESS = 'http://localhost:3001';

let server;
before(async () => {
  server = await startChatServer();
});
after(() => server?.stop());

test('the usage example connects, joins, sends and hears the others', async () => {
  const readme = readFileSync(path.join(repository, 'README.md'), 'utf8');
  const [, code] = EXAMPLE.exec(readme) ?? assert.fail('README.md has no js block behind <!-- example:usage -->');
  assert.ok(code.includes(ADDRESS), `the example connects to ${ADDRESS}`);
  for (const promised of ['userId: 123', '456', 'join_thread', 'message_send', 'tempId', '"message"']) {
    assert.ok(readme.includes(promised), `the example has ${promised}`);
  }

  // Port 3001 may be another server's on this machine: the port, and nothing else, is another one here.
  const folder = mkdtempSync(path.join(path.dirname(fileURLToPath(import.meta.url)), '.example-'));
  const file = path.join(folder, 'example.mjs');
  writeFileSync(file, code.replace(ADDRESS, `http://localhost:${server.port}`));
  const ben = await ChatClient.connect(server, 124);
  await ben.join(456);
  const example = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let changed;
  for (const stream of [example.stdout, example.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed += text;
      changed?.();
    });
  }
  const prints = async (pattern) => {
    const end = within(
      new Promise((resolve) => {
        changed = () => pattern.test(printed) && resolve();
        changed();
      }),
      `${pattern} in the output of the example`,
    );
    await end.catch((error) => assert.fail(`${error.message}; it printed:\n${printed}`));
  };
  try {
    const message = await ben.next('message');
    assert.deepEqual(
      [message.senderId, message.threadId, message.content, message.contentType],
      [123, 456, 'Hello, thread!', 'text/plain'],
    );
    await prints(new RegExp(`^temp-1 is stored as message ${message.id}$`, 'm'));
    const { senderName } = await ben.send(456, 'Hello, example!');
    await prints(new RegExp(`^${senderName}: Hello, example!$`, 'm'));
    assert.equal(printed.split('\n').length, 3, printed);
  } finally {
    example.kill();
    rmSync(folder, { recursive: true });
  }
});
