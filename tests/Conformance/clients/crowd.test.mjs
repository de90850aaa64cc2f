// 1,000 clients in one thread, 200 messages: every client gets every message once, in order, whatever its transport.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { after, before, test } from 'node:test';
import { ChatClient, newId } from './support/chat-client.mjs';
import { requestJson } from './support/http-request.mjs';
import { transports } from './support/socket-clients.mjs';
import { startChatServer } from './support/server-process.mjs';
import { eventually, within } from './support/waiting.mjs';

const CLIENTS = 1000;
const MESSAGES = 200;
const SENDERS = 5;
// Messages that a sender does not wait between: some then reach a polling client in one answer, others in the next.
const BURST = 5;
const PROCESSES = 2;
const LIMIT_MS = 240_000;
const crowdProgram = new URL('./support/crowd.mjs', import.meta.url);

let server;

before(async () => {
  server = await startChatServer();
});
after(() => server?.stop());

/** A process full of clients; it tells when all have joined and when all have got everything. */
function startCrowd(options) {
  const crowd = fork(crowdProgram, [JSON.stringify(options)], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  process.on('exit', () => crowd.kill('SIGKILL'));
  const told = (what) =>
    within(
      new Promise((resolve, reject) => {
        crowd.on('message', (message) => {
          if (message.what === what) resolve(message);
          if (message.what === 'failed') reject(new Error(message.why));
        });
        crowd.once('exit', (code) => reject(new Error(`the clients ended with ${code} before all were ${what}`)));
      }),
      `${what} of every client`,
      LIMIT_MS,
    );
  const joined = told('joined');
  const received = told('received');
  received.catch(() => {});
  return { joined, received, end: () => crowd.kill('SIGTERM') };
}

for (const [how, { transports: names }] of Object.entries(transports)) {
  test(`${CLIENTS} clients over ${how}: ${MESSAGES} messages each, once, in order`, { timeout: 2 * LIMIT_MS }, async () => {
    const threadId = newId();
    const senders = [];
    for (let i = 0; i < SENDERS; i++) senders.push(await ChatClient.connect(server, newId()));
    for (const sender of senders) await sender.join(threadId);
    const perProcess = CLIENTS / PROCESSES;
    const crowds = Array.from({ length: PROCESSES }, (_, i) =>
      startCrowd({
        url: server.url,
        transports: names,
        threadId,
        firstUser: 1_000_000 + i * perProcess,
        clients: perProcess,
        messages: MESSAGES,
      }),
    );
    try {
      await Promise.all(crowds.map(({ joined }) => joined));
      const { json } = await requestJson(`${server.url}/health`);
      assert.equal(json.connections, CLIENTS + SENDERS);

      const sent = (
        await Promise.all(
          senders.map(async (sender, s) => {
            const ids = [];
            for (let first = 0; first < MESSAGES / SENDERS; first += BURST) {
              const burst = Array.from({ length: BURST }, (_, i) => sender.send(threadId, `${s}-${first + i}`, { tempId: `temp-${first + i}` }));
              ids.push(...(await Promise.all(burst)).map(({ id }) => id));
            }
            return ids;
          }),
        )
      )
        .flat()
        .sort((a, b) => a - b);

      for (const { received } of crowds) {
        const { seen } = await received;
        // Clients that saw the same are told together: one sequence, seen by all.
        assert.equal(seen.length, 1, `${seen.length} different sequences were seen`);
        assert.deepEqual(seen[0], { ids: sent, clients: perProcess });
      }
    } finally {
      for (const crowd of crowds) crowd.end();
      for (const sender of senders) sender.disconnect();
    }
    await eventually(
      async () => (await requestJson(`${server.url}/health`)).json,
      ({ connections }) => connections === 0,
      'the end of every connection',
      LIMIT_MS,
    );
  });
}
