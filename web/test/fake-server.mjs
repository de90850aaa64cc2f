import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

/**
 * A chat server for tests that can misbehave on purpose: lose answers, drop connections, refuse. It keeps messages in
 * memory, over restarts, and speaks the events of the real server that the client library uses.
 */
export class FakeServer extends EventEmitter {
  /** Every `message_send` that arrived, in order. */
  sends = [];
  /** Every `typing` that arrived, in order. */
  typings = [];
  /** Every `message_read` that arrived, in order; each is also the event `read`. */
  reads = [];
  messages = [];
  /** What to do with the next `message_send`s instead of answering: functions of `(payload, store)`, one for each. */
  misbehave = [];
  /** Everything that was asked to be done to messages, in order: `{ event, ...payload }`. */
  changes = [];
  /** Ids of messages that a client has acknowledged; each is also the event `taken`. */
  taken = [];
  port = 0;

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async start() {
    this.http = createServer();
    this.io = new Server(this.http, { serveClient: false });
    this.io.use((socket, next) => {
      const { userId, token } = socket.handshake.auth;
      if (!userId && !token) return next(new Error('Authentication required'));
      socket.data.userId = Number(userId ?? 7);
      return next();
    });
    this.io.on('connection', (socket) => this.#accept(socket));
    await new Promise((resolve) => this.http.listen(this.port, '127.0.0.1', resolve));
    this.port = this.http.address().port;
    return this;
  }

  async stop() {
    await this.io.close();
  }

  /** Cuts every connection as a failing network would. */
  cut() {
    for (const socket of this.io.sockets.sockets.values()) socket.conn.close();
  }

  /** Stores a message as if somebody else had sent it, and tells whoever is connected. */
  say(senderId, content, threadId = 1) {
    const { message } = this.store({ threadId, content }, senderId);
    for (const socket of this.io.sockets.sockets.values())
      if (socket.rooms.has(`thread ${threadId}`))
        socket.emit('message', message, () => {
          this.taken.push(message.id);
          this.emit('taken');
        });
    return message;
  }

  /** Changes a message and tells whoever is connected. */
  change(message, changes) {
    Object.assign(message, changes);
    this.io.to(`thread ${message.threadId}`).emit('message_update', message);
    return message;
  }

  store({ threadId, tempId, content, contentType = 'text/plain' }, senderId) {
    const known = tempId && this.messages.find((message) => message.tempId === tempId && message.senderId === senderId);
    if (known) return { message: known, isNew: false };
    const now = new Date().toISOString();
    const id = this.messages.length + 1;
    const message = { id, threadId, tempId, senderId, senderName: `User ${senderId}`, content, contentType, attachments: [], status: 'sent', createdAt: now, updatedAt: now };
    this.messages.push(message);
    return { message, isNew: true };
  }

  #accept(socket) {
    const { userId } = socket.data;
    const inThread = (threadId) => this.messages.filter((message) => message.threadId === threadId);
    socket.on('join_thread', ({ threadId, lastMessageId }, ack) => {
      if (threadId === 403) {
        socket.emit('error', { event: 'join_thread', message: 'You are not in this thread.' });
        ack({ ok: false, error: { code: 'forbidden', message: 'You are not in this thread.' } });
        return;
      }
      socket.join(`thread ${threadId}`);
      socket.emit('thread_joined', { threadId });
      const missed = lastMessageId === undefined ? [] : inThread(threadId).filter(({ id }) => id > lastMessageId);
      for (const message of missed) socket.emit('message', message);
      const online = [...new Set([...this.io.sockets.sockets.values()].filter(({ rooms }) => rooms.has(`thread ${threadId}`)).map(({ data }) => data.userId))];
      ack({ ok: true, threadId, missed: missed.length, online });
    });
    socket.on('history', ({ threadId, before = Infinity, limit }, ack) => {
      const older = inThread(threadId).filter(({ id }) => id < before);
      ack({ ok: true, threadId, messages: older.slice(-limit), hasMore: older.length > limit });
    });
    socket.on('message_send', (payload, ack) => {
      this.sends.push(payload);
      const finish = () => {
        const { message, isNew } = this.store(payload, userId);
        if (isNew) socket.to(`thread ${payload.threadId}`).emit('message', message);
        return message;
      };
      const trick = this.misbehave.shift();
      if (trick) {
        trick({ socket, payload, store: finish, ack });
        return;
      }
      const message = finish();
      socket.emit('message_id_mapping', { tempId: payload.tempId, realId: message.id });
      ack({ ok: true, message });
    });
    const change = (event, changes) =>
      socket.on(event, (payload, ack) => {
        this.changes.push({ event, ...payload });
        const message = this.messages.find(({ id }) => id === payload.messageId);
        if (message.senderId !== userId && event !== 'reaction') ack({ ok: false, error: { code: 'forbidden', message: 'It is not yours.' } });
        else ack({ ok: true, message: this.change(message, changes(payload)) });
      });
    change('message_edit', ({ content }) => ({ content, editedAt: new Date().toISOString() }));
    change('message_delete', () => ({ content: '', deletedAt: new Date().toISOString() }));
    change('reaction', ({ emoji, remove }) => ({ reactions: remove ? undefined : [{ emoji, userIds: [userId] }] }));
    socket.on('auth_refresh', ({ token }, ack) => {
      this.emit('refresh', token);
      ack({ ok: true });
    });
    socket.on('threads', (query, ack) => {
      this.emit('threads', query);
      ack({ ok: true, threads: [{ id: 1, type: 'group', title: 'All', participants: [], unreadCount: 2 }], total: 1 });
    });
    socket.on('typing', (payload) => {
      this.typings.push(payload);
      socket.to(`thread ${payload.threadId}`).emit('typing', { ...payload, userId });
    });
    socket.on('message_read', (payload, ack) => {
      this.reads.push(payload);
      this.emit('read');
      for (const messageId of payload.messageIds)
        socket.to(`thread ${payload.threadId}`).emit('read_receipt', { messageId, userId, readAt: new Date().toISOString() });
      ack({ ok: true });
    });
  }
}
