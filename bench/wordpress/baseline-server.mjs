// What this server is measured beside: the official Socket.IO server, which for each message asks WordPress for access and then posts
// it, one call after the other. Takes PORT, WP_BASE_URL, WP_API_KEY from the environment.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const { PORT, WP_BASE_URL, WP_API_KEY } = process.env;
const http = createServer((_, response) => response.end('ok'));
const io = new Server(http);

async function call(userId, method, path, body) {
  const response = await fetch(`${WP_BASE_URL}/chatpulse-chat/v1${path}`, {
    method,
    headers: { 'X-Chatpulse-API-Key': WP_API_KEY, 'X-Chatpulse-User': String(userId), 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

io.on('connection', (socket) => {
  const { userId } = socket.handshake.auth;
  const access = (threadId) => call(userId, 'GET', `/threads/${threadId}/messages?limit=1`);
  const on = (event, handle) =>
    socket.on(event, async (payload) => {
      try {
        await handle(payload);
      } catch (error) {
        socket.emit('error', { event, message: error.message, tempId: payload.tempId });
      }
    });

  on('join_thread', async ({ threadId }) => {
    await access(threadId);
    await socket.join(`thread_${threadId}`);
    socket.emit('thread_joined', { threadId });
  });
  on('message_send', async ({ threadId, tempId, content }) => {
    await access(threadId);
    const { message } = await call(userId, 'POST', `/threads/${threadId}`, { sender_id: userId, content, content_type: 'text/plain', attachment_ids: [] });
    socket.emit('message_id_mapping', { tempId, realId: message.id });
    socket.to(`thread_${threadId}`).emit('message', message);
  });
});

http.listen(Number(PORT), '127.0.0.1');
