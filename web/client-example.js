/**
 * A chat client for Chatpulse on socket.io-client, for browsers and Node.
 *
 * In a program:
 *
 *     import { ChatClient } from './client-example.js';
 *     const chat = new ChatClient({ url: 'http://localhost:3001', userId: 123 });
 *     chat.addEventListener('message', ({ detail }) => console.log(detail.message.senderName, detail.message.content));
 *     await chat.join(456);
 *     chat.send(456, 'Hello');
 *
 * From a terminal: node client-example.js --user 123 --thread 456
 *
 * What it does beyond calling `emit`: a message is pending from the moment it is written until the server has stored it, and
 * is sent again under the same `tempId` when a connection or an answer was lost (the server stores it once); after a
 * reconnect the threads are joined again from the last message seen, so that every message arrives once and in order.
 */
import { io } from 'socket.io-client';
import { ChatError } from './chat-error.js';
import { Files } from './files.js';
import { Outbox } from './outbox.js';
import { claimOf, Proof } from './proof.js';
import { ThreadState } from './thread.js';
import { HeardTyping, OwnTyping } from './typing.js';

/** How many ids one `message_read` carries at most. */
const READ_BATCH = 200;

/**
 * @typedef {object} Message A message as the server stored it.
 * @property {number} id Grows; messages are ordered by it.
 * @property {number} threadId
 * @property {number} senderId
 * @property {string} senderName
 * @property {string} content
 * @property {string} contentType `text/plain`, `text/markdown`, `reaction` or `system`.
 * @property {object[]} attachments
 * @property {'sent' | 'delivered' | 'read'} status
 * @property {string} createdAt ISO 8601, UTC.
 * @property {string} updatedAt ISO 8601, UTC.
 * @property {string} [editedAt] ISO 8601, UTC; only on a message that was edited.
 * @property {string} [deletedAt] ISO 8601, UTC; only on a message that was deleted, whose content is empty.
 * @property {{ emoji: string, userIds: number[] }[]} [reactions] Only on a message that has some.
 */

/** @typedef {import('./outbox.js').PendingMessage} PendingMessage */

export { ChatError };

/**
 * One user's connection to the chat server. Dispatches `CustomEvent`s, whose `detail` is:
 *
 * - `state`: `{ state, error? }`; `connecting`, `connected`, `reconnecting`, `refused` (the server does not accept this user;
 *   nothing is tried again) or `closed`.
 * - `message`: `{ message, source }`: each message once; `source` is `history`, `missed` (while the connection was lost) or `live`.
 * - `update`: `{ message }`: a message was edited, deleted or reacted to, or its status changed.
 * - `rejoined`: `{ threadId }`: what was missed in a thread has come; what was done meanwhile to older messages is for `history` to tell.
 * - `pending`: a `PendingMessage` that is new or changed its state to `sending` or `failed`.
 * - `sent`: `{ tempId, message, shown }`: the pending message is stored; `shown` when `message` has told of it already.
 * - `typing`: `{ threadId, userId, isTyping }`.
 * - `presence`: `{ userId, status, threadId?, lastSeen? }`; with a `threadId` it is about being in that thread.
 * - `receipt`: `{ messageId, userId, readAt }`.
 * - `threads`: `{ threadId? }`: the user's list of threads has changed, as far as the server tells; see `threads()`.
 * - `error`: `{ event, message, tempId? }`: the server could not do what `event` asked.
 */
export class ChatClient extends EventTarget {
  #socket;
  #ackTimeout;
  #retryDelay;
  #maxAttempts;
  #threads = new Map();
  #proof;
  #ownTyping = new OwnTyping((threadId, isTyping) => this.#tellTyping(threadId, isTyping));
  #heardTyping = new HeardTyping((typing) => this.#dispatch('typing', typing));
  #timers = new Map();
  #state = 'connecting';
  #refusals = 0;

  /**
   * Connects at once and stays connected, whatever happens to the network, until `close`.
   *
   * @param {object} options
   * @param {string} [options.url] Of the server; default the page's own.
   * @param {number | string} [options.userId] Who chats, on a server that believes it (development).
   * @param {string | (() => string | Promise<string>)} [options.token] Proof of who chats; a function is asked on every
   *   connect and before a token ends. When it throws a `ChatError` that is not temporary, the user counts as refused.
   * @param {number} [options.ackTimeout] How long an answer may take, in milliseconds. Default 10,000.
   * @param {number} [options.retryDelay] Wait before the second attempt to send, in milliseconds; doubles each time. Default 1,000.
   * @param {number} [options.maxAttempts] Attempts on a working connection after which a message has failed. Default 5.
   * @param {object} [options.socket] Further options for socket.io-client.
   */
  constructor({ url, userId, token, ackTimeout = 10_000, retryDelay = 1000, maxAttempts = 5, socket } = {}) {
    super();
    this.#ackTimeout = ackTimeout;
    this.#retryDelay = retryDelay;
    this.#maxAttempts = maxAttempts;
    /** Who chats; with a token this is what the token says. */
    this.userId = Number(userId ?? (typeof token === 'string' ? claimOf(token, 'sub') : undefined));
    this.#proof = new Proof(token, async (renewed) => void (await this.#request('auth_refresh', { token: renewed })));

    const credentials = async () => {
      const proof = await this.#proof.get();
      return proof ? { token: proof } : { userId };
    };
    /** The files of messages. */
    this.files = new Files(url, credentials);

    const auth = async (done) => {
      try {
        const own = await credentials();
        if (own.token && userId === undefined) this.userId = Number(claimOf(own.token, 'sub'));
        done(own);
      } catch (error) {
        if (error instanceof ChatError && !error.isTemporary) {
          this.#socket.disconnect();
          this.#setState('refused', error.message);
          return;
        }
        this.#setState('reconnecting', error.message);
        this.#later('connect', this.#retryDelay, () => this.#socket.disconnect().connect());
      }
    };
    const options = { forceNew: true, ...socket, auth };
    this.#socket = url ? io(url, options) : io(options);
    this.#listen();
  }

  /** `connecting`, `connected`, `reconnecting`, `refused` or `closed`. */
  get state() {
    return this.#state;
  }

  /**
   * Enters a thread, now and again after every reconnect. The newest messages, and all that follow, arrive as `message`.
   *
   * @param {number} threadId
   * @param {{ history?: number }} [options] How many of the newest messages to fetch first. Default 50; 0 for none.
   * @returns {Promise<{ hasMore: boolean }>} Whether there are older messages for `history`. Rejects with a `ChatError` when
   *   the server does not let this user in.
   */
  join(threadId, { history = 50 } = {}) {
    let thread = this.#threads.get(threadId);
    if (thread) return thread.entered;
    thread = new ThreadState(threadId, history);
    thread.outbox = new Outbox(this.#lineTo(thread));
    this.#threads.set(threadId, thread);
    if (this.#socket.connected) this.#enter(thread);
    return thread.entered;
  }

  /** Leaves a thread; what was not sent yet in it is given up. @param {number} threadId */
  leave(threadId) {
    const thread = this.#threads.get(threadId);
    if (!thread) return;
    this.#threads.delete(threadId);
    thread.disconnected();
    thread.outbox.clear();
    thread.reject(new ChatError({ code: 'invalid', message: 'The thread was left.' }));
    this.#ownTyping.forget(threadId);
    this.#heardTyping.overIn(threadId);
    if (this.#socket.connected) this.#socket.emit('leave_thread', { threadId });
  }

  /**
   * Sends a message, now or as soon as there is a connection. Messages of a thread are sent in the order of the calls.
   *
   * @param {number} threadId A thread that was joined.
   * @param {string} content 1 to 10,000 characters.
   * @param {{ contentType?: string, attachments?: number[] }} [options]
   * @returns {PendingMessage} What to show until `sent`.
   */
  send(threadId, content, { contentType = 'text/plain', attachments = [] } = {}) {
    const thread = this.#threads.get(threadId);
    if (!thread) throw new ChatError({ code: 'invalid', message: `Join thread ${threadId} before sending to it.` });
    const pending = {
      tempId: newId(),
      threadId,
      content,
      contentType,
      attachments,
      createdAt: new Date().toISOString(),
      state: 'sending',
    };
    this.#ownTyping.forget(threadId);
    thread.outbox.add(pending);
    return { ...pending };
  }

  /** Tries a failed message again, after those that wait. @param {string} tempId */
  retry(tempId) {
    for (const { outbox } of this.#threads.values()) outbox.retry(tempId);
  }

  /** Gives up a failed message. @param {string} tempId */
  discard(tempId) {
    for (const { outbox } of this.#threads.values()) outbox.discard(tempId);
  }

  /** Messages that are not confirmed yet. @param {number} threadId @returns {PendingMessage[]} */
  pending(threadId) {
    return this.#threads.get(threadId)?.outbox.pending ?? [];
  }

  /**
   * Older messages, oldest first.
   *
   * @param {number} threadId
   * @param {{ before?: number, limit?: number }} [options] The id that all of them are older than; how many at most.
   * @returns {Promise<{ messages: Message[], hasMore: boolean }>}
   */
  async history(threadId, { before, limit = 50 } = {}) {
    const { messages, hasMore } = await this.#request('history', { threadId, before, limit });
    return { messages, hasMore };
  }

  /** Gives an own message new content. @param {number} threadId @param {number} messageId @param {string} content @returns {Promise<Message>} */
  async edit(threadId, messageId, content) {
    return (await this.#request('message_edit', { threadId, messageId, content })).message;
  }

  /** Takes a message's content away for good; its place stays. @param {number} threadId @param {number} messageId @returns {Promise<Message>} */
  async delete(threadId, messageId) {
    return (await this.#request('message_delete', { threadId, messageId })).message;
  }

  /** Puts an emoji on a message, or takes the own one away. @param {number} threadId @param {number} messageId @param {string} emoji @param {boolean} [remove] @returns {Promise<Message>} */
  async react(threadId, messageId, emoji, remove = false) {
    return (await this.#request('reaction', { threadId, messageId, emoji, remove })).message;
  }

  /**
   * The user's threads, most recently used first.
   *
   * @param {{ page?: number, perPage?: number, search?: string }} [options] Page from 1; 20 a page unless said otherwise, 100 at most.
   * @returns {Promise<{ threads: object[], total: number }>} Each `{ id, type, title, participants: [{ id, name }], lastMessage, unreadCount,
   *   createdAt, updatedAt }`; `total` of all pages.
   */
  async threads({ page, perPage, search } = {}) {
    const { threads, total } = await this.#request('threads', { page, perPage, search });
    return { threads, total };
  }

  /** To be called on every key: tells the others at most every 4 s, and that it is over 5 s after the last. @param {number} threadId */
  typing(threadId) {
    if (this.#threads.get(threadId)?.joined) this.#ownTyping.key(threadId);
  }

  /** Tells the others at once that the user is not typing any more, for example when the draft was deleted. @param {number} threadId */
  stopTyping(threadId) {
    this.#ownTyping.stop(threadId);
  }

  /** Tells, and has stored, that the user has read messages; waits for a connection when there is none. @param {number} threadId @param {number[]} messageIds */
  markRead(threadId, messageIds) {
    const thread = this.#threads.get(threadId);
    if (!thread) return;
    for (const id of messageIds) thread.toRead.add(id);
    this.#sendReceipts(thread);
  }

  /** Asks who of these users is there; the answers arrive as `presence`. @param {number[]} userIds */
  requestPresence(userIds) {
    if (this.#socket.connected && userIds.length > 0) this.#socket.emit('presence:request', { user_ids: userIds });
  }

  /** Tells the people who share a thread with this user. @param {'online' | 'away' | 'offline'} status */
  setPresence(status) {
    if (this.#socket.connected) this.#socket.emit('presence:update', { user_id: this.userId, status, last_seen: new Date().toISOString() });
  }

  /** Disconnects for good; what was not sent yet is given up. */
  close() {
    for (const { timer, cancelled } of this.#timers.values()) {
      clearTimeout(timer);
      cancelled?.();
    }
    this.#timers.clear();
    this.#proof.rest();
    this.#socket.disconnect();
    for (const threadId of [...this.#threads.keys()]) this.leave(threadId);
    this.#setState('closed');
  }

  #listen() {
    const socket = this.#socket;
    socket.on('connect', () => {
      this.#refusals = 0;
      this.#setState('connected');
      for (const thread of this.#threads.values()) this.#enter(thread);
    });
    socket.on('disconnect', (reason) => {
      for (const thread of this.#threads.values()) thread.disconnected();
      this.#ownTyping.forgetAll();
      this.#heardTyping.overIn();
      this.#proof.rest();
      if (reason === 'io client disconnect') return;
      this.#setState('reconnecting', reason);
      // socket.io-client leaves this one case to the application: the server may have been stopped, or the token may have expired.
      if (reason === 'io server disconnect') this.#later('connect', this.#retryDelay, () => socket.connect());
    });
    socket.on('connect_error', (error) => {
      if (socket.active) {
        this.#setState(this.#state === 'connected' ? 'reconnecting' : this.#state, error.message);
      } else if (error.data?.code && new ChatError(error.data).isTemporary) {
        this.#setState('reconnecting', error.message);
        const delay = error.data.retryAfterMs ?? Math.min(this.#retryDelay * 2 ** this.#refusals++, 30_000);
        this.#later('connect', delay, () => socket.connect());
      } else {
        this.#setState('refused', error.message);
      }
    });
    socket.on('message', (message, acknowledge) => {
      this.#receive(message);
      // A server that wants to know whether the message has arrived tells its sender then; after a recovery an offset comes here instead.
      if (typeof acknowledge === 'function') acknowledge();
    });
    socket.on('message_update', (message) => {
      const thread = this.#threads.get(message.threadId);
      thread?.update(message);
      thread?.outbox.update(message);
      this.#dispatch('update', { message });
    });
    socket.on('message_id_mapping', ({ tempId, realId }) => {
      for (const { outbox } of this.#threads.values()) outbox.identify(tempId, realId);
    });
    socket.on('typing', (typing) => this.#heardTyping.hear(typing));
    socket.on('presence', ({ threadId, userId, status }) => this.#dispatch('presence', { threadId, userId, status }));
    socket.on('presence:status', (user) => this.#hearPresence(user));
    socket.on('presence:bulk', (users) => users.forEach((user) => this.#hearPresence(user)));
    socket.on('read_receipt', ({ messageId, userId, readAt }) => this.#dispatch('receipt', { messageId, userId, readAt }));
    socket.on('message:read', ({ userId, messageIds, readAt }) => {
      for (const messageId of messageIds) this.#dispatch('receipt', { messageId: Number(messageId), userId, readAt });
    });
    socket.on('thread:created', ({ thread }) => this.#dispatch('threads', { threadId: Number(thread?.id) || undefined }));
    socket.on('thread:updated', ({ threadId }) => this.#dispatch('threads', { threadId }));
    socket.on('error', (error) => {
      if (error.event === 'auth_refresh') this.#proof.renew();
      this.#dispatch('error', { ...error });
    });
  }

  /**
   * Joins a thread on a new connection. Until what was missed is known and the message whose answer was lost is settled,
   * arriving messages are held back, so that they can be shown in order and once.
   */
  async #enter(thread) {
    const round = ++thread.round;
    const isCurrent = () => thread.round === round && this.#socket.connected;
    thread.holding = true;
    try {
      const known = thread.lastMessageId;
      // After a try that took too long, what has come of the missed messages need not come again.
      const lastMessageId = known && (thread.heldAfter(known).at(-1)?.id ?? known);
      const { online } = await this.#request('join_thread', { threadId: thread.id, lastMessageId });
      if (!isCurrent()) return;
      for (const userId of online ?? []) this.#dispatch('presence', { threadId: thread.id, userId, status: 'online' });

      let hasMore = false;
      if (known === undefined && thread.initialHistory > 0) {
        const page = await this.#newest(thread, isCurrent);
        if (!isCurrent()) return;
        hasMore = page.hasMore;
        for (const message of page.messages) this.#deliver(thread, message, thread.wasEntered ? 'missed' : 'history');
      }

      thread.joined = true;
      await thread.outbox.settleLost();
      if (!isCurrent()) return;
      for (const message of thread.release()) this.#deliver(thread, message, thread.wasEntered ? 'missed' : 'live');
      if (thread.wasEntered && !this.#socket.recovered) this.#dispatch('rejoined', { threadId: thread.id });
      thread.wasEntered = true;
      thread.resolve({ hasMore });
      this.#sendReceipts(thread);
      thread.outbox.flush();
    } catch (error) {
      if (!isCurrent()) return;
      if (error instanceof ChatError && !error.isTemporary) {
        this.#threads.delete(thread.id);
        thread.outbox.fail(error.message);
        thread.reject(error);
        return;
      }
      this.#later(`enter ${thread.id}`, error.retryAfterMs ?? this.#retryDelay, () => isCurrent() && this.#enter(thread));
    }
  }

  /** The newest messages; after a reconnect to a thread that was empty so far, everything that was written since. */
  async #newest(thread, isCurrent) {
    let page = await this.history(thread.id, { limit: thread.initialHistory });
    const { messages } = page;
    while (thread.wasEntered && page.hasMore && page.messages.length > 0 && isCurrent()) {
      page = await this.history(thread.id, { before: messages[0].id, limit: thread.initialHistory });
      messages.unshift(...page.messages);
    }
    return { messages, hasMore: page.hasMore };
  }

  #receive(message) {
    const thread = this.#threads.get(message.threadId);
    if (!thread) return;
    if (thread.holding) thread.hold(message);
    else this.#deliver(thread, message, 'live');
  }

  #deliver(thread, message, source) {
    if (thread.has(message.id)) return;
    thread.remember(message.id);
    thread.lastMessageId = Math.max(thread.lastMessageId ?? 0, message.id);
    if (message.senderId !== this.userId) this.#heardTyping.over(thread.id, message.senderId);
    this.#dispatch('message', { message, source });
  }

  /** What a thread's outbox sends through. */
  #lineTo(thread) {
    return {
      send: async ({ threadId, tempId, content, contentType, attachments }) =>
        (await this.#request('message_send', { threadId, tempId, content, contentType, attachments })).message,
      isOpen: () => thread.joined && !thread.holding,
      isConnected: () => this.#socket.connected,
      pause: (delay) => this.#pause(`send ${thread.id}`, delay),
      changed: (pending) => this.#dispatch('pending', pending),
      stored: ({ tempId }, message) => {
        const shown = thread.has(message.id);
        thread.remember(message.id);
        this.#dispatch('sent', { tempId, message: { senderId: this.userId, ...message }, shown });
      },
      retryDelay: this.#retryDelay,
      maxAttempts: this.#maxAttempts,
    };
  }

  async #sendReceipts(thread) {
    if (thread.isTellingRead) return;
    thread.isTellingRead = true;
    try {
      // What was read in one go is told in one event.
      await Promise.resolve();
      while (thread.joined && thread.toRead.size > 0) {
        const messageIds = [...thread.toRead].slice(0, READ_BATCH);
        for (const id of messageIds) thread.toRead.delete(id);
        try {
          await this.#request('message_read', { threadId: thread.id, messageIds });
        } catch (error) {
          // A refusal was told as `error`. Without an answer the server may not know: it is told again after the reconnect.
          if (error instanceof ChatError) continue;
          for (const id of messageIds) thread.toRead.add(id);
          return;
        }
      }
    } finally {
      thread.isTellingRead = false;
    }
  }

  #tellTyping(threadId, isTyping) {
    if (this.#threads.get(threadId)?.joined) this.#socket.emit('typing', { threadId, isTyping });
  }

  #hearPresence({ user_id, status, last_seen }) {
    this.#dispatch('presence', { userId: Number(user_id), status, lastSeen: last_seen });
  }

  async #request(event, payload) {
    const answer = await this.#socket.timeout(this.#ackTimeout).emitWithAck(event, payload);
    if (answer?.ok === false) throw new ChatError(answer.error);
    return answer ?? {};
  }

  #later(key, delay, action, cancelled) {
    this.#cancel(key);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      action();
    }, delay);
    this.#timers.set(key, { timer, cancelled });
  }

  #pause(key, delay) {
    return new Promise((resolve) => this.#later(key, delay, resolve, resolve));
  }

  #cancel(key) {
    clearTimeout(this.#timers.get(key)?.timer);
    this.#timers.delete(key);
  }

  #setState(state, error) {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.#dispatch('state', { state, error });
  }

  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function newId() {
  // crypto.randomUUID exists in secure contexts only; a page may be served over plain HTTP in a local network.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

if (globalThis.process?.argv?.[1]?.endsWith('client-example.js'))
  import('./terminal.js').then(({ chatFromTerminal }) => chatFromTerminal(ChatClient, process.argv.slice(2)));
