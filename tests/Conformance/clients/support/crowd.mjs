// A process of many clients in one thread, started by crowd.test.mjs. Tells its parent `joined`, and `received` with what they saw.
import { Agent } from 'node:http';
import { io } from 'socket.io-client';

const WAVE = 50;
const MARKER_MS = 200;
const { url, transports, threadId, firstUser, clients, messages } = JSON.parse(process.argv[2]);

const seen = Array.from({ length: clients }, () => []);
let complete = 0;

function fail(why) {
  process.send({ what: 'failed', why });
}

/** Connects and joins; completes when the thread was joined and, where it may, the connection has upgraded. */
function enter(index) {
  return new Promise((resolve) => {
    // Every polling client keeps one connection for its poll and one for its posts, as a browser does.
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    const socket = io(url, { transports, agent, forceNew: true, reconnection: false, auth: { userId: firstUser + index } });
    const joined = new Promise((done) => socket.once('thread_joined', done));
    const upgraded =
      transports.length < 2 ? null : new Promise((done) => socket.io.once('open', () => socket.io.engine.once('upgrade', done)));
    socket.once('connect', () => socket.emit('join_thread', { threadId }));
    socket.once('connect_error', (error) => fail(`client ${index} could not connect: ${error.message}`));
    socket.once('disconnect', (reason) => fail(`client ${index} was disconnected: ${reason}`));
    socket.on('error', ({ event, message }) => fail(`client ${index}, ${event}: ${message}`));
    socket.on('message', ({ id }) => {
      if (seen[index].push(id) === messages) complete++;
    });
    Promise.all([joined, upgraded]).then(() => resolve(socket));
  });
}

const sockets = [];
// A polling client that only vanished would be taken for alive until its next ping is overdue.
process.once('SIGTERM', () => {
  for (const socket of sockets) socket.disconnect();
  process.disconnect();
});
for (let i = 0; i < clients; i += WAVE) {
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(WAVE, clients - i) }, (_, k) => enter(i + k)))));
}
process.send({ what: 'joined' });

await new Promise((resolve) => {
  const timer = setInterval(() => {
    if (complete === clients) resolve(clearInterval(timer));
  }, MARKER_MS);
});
// Behind the answer to a question, nothing that was sent before can still be on its way: a message that came twice would be here.
await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.emit('presence:request', { user_ids: [] }, resolve))));
const sequences = new Map();
for (const ids of seen) sequences.set(ids.join(), (sequences.get(ids.join()) ?? 0) + 1);
process.send({ what: 'received', seen: [...sequences].map(([ids, count]) => ({ ids: ids.split(',').map(Number), clients: count })) });
