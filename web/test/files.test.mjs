import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';
import { Files } from '../files.js';

let server;
let url;
let asked;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.headers);
    if (request.url === '/files/1') response.writeHead(200, { 'Content-Type': 'image/png' }).end('picture');
    else response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"code":"attachment_not_found","message":"Attachment not found."}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});

afterEach(() => new Promise((resolve) => {
  server.close(resolve);
  server.closeAllConnections();
}));

test('a file of the chat server is fetched with proof of who asks', async () => {
  const blob = await new Files(url, async () => ({ token: 'a.b.c' })).download('/files/1');
  await new Files(url, async () => ({ userId: 7 })).download(`${url}/files/1`);

  assert.equal(blob.type, 'image/png');
  assert.equal(await blob.text(), 'picture');
  assert.deepEqual(asked.map((headers) => [headers.authorization, headers['x-chatpulse-user']]), [['Bearer a.b.c', undefined], [undefined, '7']]);
});

test('a refusal says why', async () => {
  await assert.rejects(new Files(url, async () => ({ userId: 7 })).download('/files/2'), { name: 'ChatError', code: 'not_found', message: 'Attachment not found.' });
});

test('nobody but the chat server is told who asks', async () => {
  const files = new Files('https://chat.example', () => assert.fail('The proof was asked for.'));

  assert.equal(files.isGuarded('/files/1'), true);
  for (const elsewhere of [`${url}/files/1`, '//other.example/files/1', 'http://chat.example/files/1', 'https://chat.example:8443/files/1', 'https://chat.example@other.example/1']) {
    assert.equal(files.isGuarded(elsewhere), false, elsewhere);
    await assert.rejects(files.download(elsewhere), { code: 'invalid' });
  }
  assert.deepEqual(asked, []);
});

test('what is no web address is no link', () => {
  const files = new Files('https://chat.example', async () => ({}));

  for (const address of ['javascript:alert(1)', 'data:text/html,x', 'blob:https://chat.example/1', 'http://[', 'file:///etc/passwd']) {
    assert.equal(files.addressOf(address), undefined, address);
    assert.equal(files.isGuarded(address), false, address);
  }
  assert.equal(files.addressOf('/files/1'), 'https://chat.example/files/1');
});
