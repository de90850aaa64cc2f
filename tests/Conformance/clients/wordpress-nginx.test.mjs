// docs/nginx/chatpulse.conf as a site owner includes it: the chat on the site's own origin, and nothing else of the chat server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ChatClient } from './support/chat-client.mjs';
import { httpRequest } from './support/http-request.mjs';
import { freePort, repository, startChatServer, temporaryFolder } from './support/server-process.mjs';
import { transports } from './support/socket-clients.mjs';
import { within } from './support/waiting.mjs';
import { restCall, signIn, startSite } from './support/wordpress-site.mjs';

let site, server, certificate, logins, threadId;

/** What a new site owner would make to try TLS. */
function selfSigned() {
  const folder = temporaryFolder();
  const [key, file] = [path.join(folder, 'site.key'), path.join(folder, 'site.crt')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', file], { stdio: 'ignore' });
  return { file, key, ca: readFileSync(file) };
}

before(async () => {
  const port = await freePort();
  certificate = selfSigned();
  site = await startSite('--chat-url', `http://127.0.0.1:${port}`, '--tls', certificate.file, certificate.key);
  const { SITE_URL, TLS_URL, WP_BASE_URL, WP_API_KEY, WEBHOOK_SECRET } = site.settings;
  const origins = { CORS_ORIGIN: `${SITE_URL},${TLS_URL}` };
  server = await startChatServer({ port, env: { AUTH_MODE: 'wordpress', WP_BASE_URL, WP_API_KEY, WEBHOOK_SECRET, ...origins } });
  logins = { alice: await signIn(site.settings, 'alice'), bob: await signIn(site.settings, 'bob') };
  const [{ id }] = await restCall(site.settings, 'GET', '/users?search=bob', logins.alice);
  const { thread } = await restCall(site.settings, 'POST', '/threads', logins.alice, { type: 'private', participants: [id] });
  threadId = thread.id;
});
after(async () => {
  await server?.stop();
  await site?.stop();
});

/** A request whose path is sent as it is written here. */
function raw(origin, method, pathAsSent) {
  const { hostname, port, protocol } = new URL(origin);
  const client = protocol === 'https:' ? https : http;
  const options = { hostname, port, method, path: pathAsSent, ca: certificate.ca, agent: false };
  const answered = new Promise((resolve, reject) => {
    const request = client.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('error', reject);
    request.end();
  });
  return within(answered, `an answer to ${method} ${pathAsSent}`);
}

/** Seconds of a directive such as `proxy_read_timeout 120s;`. */
function seconds(directive) {
  const configuration = readFileSync(path.join(repository, 'docs/nginx/chatpulse.conf'), 'utf8');
  return Number(new RegExp(`^\\s*${directive} (\\d+)s;`, 'm').exec(configuration)?.[1]);
}

for (const [scheme, origin] of Object.entries({ http: () => site.url, https: () => site.settings.TLS_URL })) {
  describe(`on the site's own origin over ${scheme}`, () => {
    for (const [how, options] of Object.entries(transports)) {
      test(`two users chat, proven by the site's own login: ${how}`, async () => {
        const user = ({ cookie, 'x-wp-nonce': nonce }) =>
          ChatClient.connect({ url: origin() }, nonce, { ...options, ca: certificate.ca, extraHeaders: { cookie, origin: origin() }, auth: { nonce } });
        const [alice, bob] = [await user(logins.alice), await user(logins.bob)];
        assert.equal(alice.socket.io.engine.transport.name, how === 'polling' ? 'polling' : 'websocket');
        await alice.join(threadId);
        await bob.join(threadId);
        const content = '😀'.repeat(2_500);
        const { id } = await alice.send(threadId, content);
        const message = await bob.next('message');
        assert.equal(message.id, id);
        assert.equal(message.content, content);
      });
    }

    test('the site itself answers beside it', async () => {
      const index = JSON.parse((await raw(origin(), 'GET', '/wp-json/')).text);
      assert.equal(index.home, origin());
    });

    test("the client library comes from the chat server's address", async () => {
      const { status, text } = await raw(origin(), 'GET', '/socket.io/socket.io.js');
      assert.equal(status, 200);
      assert.match(text, /Socket\.IO v4/);
    });

    // The same address in the forms by which it could be smuggled past a prefix.
    const inside = [
      ['POST', '/webhook/message'],
      ['GET', '/health'],
      ['GET', '/stats'],
    ];
    for (const [method, address] of inside) {
      const [, folder, ...rest] = address.split('/');
      const forms = [
        address,
        `/${address}`,
        `/socket.io/..${address}`,
        `/socket.io/%2e%2e${address}`,
        `/socket.io/..%2f${address.slice(1)}`,
        `/socket.io/./..//${address.slice(1)}`,
        `/socket.io/..;${address}`,
        `/socket.io/..\\${address.slice(1)}`,
        `/socket.io/%252e%252e${address}`,
        `/socket.io${address}`,
        `${address}/..%2f..%2fsocket.io/`,
        `/${[folder, ...rest].join('%2f')}%3f/..%2f..%2fsocket.io/`,
      ];
      test(`${method} ${address} cannot be reached`, async () => {
        const direct = await raw(server.url, method, address);
        assert.ok([200, 401].includes(direct.status), `the chat server itself answers: ${direct.status}`);
        for (const form of forms) {
          const { status, text } = await raw(origin(), method, form);
          assert.ok([301, 400, 403, 404].includes(status), `${form}: ${status}`);
          assert.ok(!text.includes('activeUsers') && !text.includes('signature'), `${form}: ${text.slice(0, 300)}`);
        }
      });
    }
  });
}

test('nginx waits for longer than the chat server does', async () => {
  const { text } = await httpRequest(`${site.url}/socket.io/?EIO=4&transport=polling`);
  const { pingInterval, pingTimeout } = JSON.parse(text.slice(1));
  assert.ok(seconds('proxy_read_timeout') * 1000 > pingInterval + pingTimeout);
  assert.ok(seconds('proxy_send_timeout') * 1000 > pingInterval + pingTimeout);
});
