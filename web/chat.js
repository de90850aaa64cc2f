import { createChatView } from './chat-view.js';
import { ChatClient } from './client-example.js';
import { MessageList } from './message-list.js';
import { People } from './people.js';
import { adopt } from './shadow.js';
import { text } from './text.js';

const PAGE_SIZE = 50;
const MAX_LENGTH = 10_000;
/** The most messages that one page of history can have. */
const MAX_PAGE_SIZE = 100;
/** Events whose errors are not for the alert. */
const TOLD_ELSEWHERE = ['join_thread', 'auth_refresh', 'message_edit', 'message_delete', 'reaction'];

/**
 * Shows one thread in an element of any page and keeps it up to date until `close` is called.
 *
 * The chat lives in a shadow tree: the page's styles do not reach it, its own do not reach the page, and any number of chats
 * can be on one page. The element decides about the size; it needs a height.
 *
 * @param {HTMLElement} element An empty element.
 * @param {object} options
 * @param {number} options.threadId
 * @param {ChatClient} [options.client] A connection to share; without it the chat makes one from `url`, `userId`, `token`.
 * @param {string} [options.url] Of the chat server; default the page's own.
 * @param {number} [options.userId] Who chats, on a server that believes it (development).
 * @param {string | (() => string | Promise<string>)} [options.token] Proof of who chats; see `ChatClient`.
 * @param {string} [options.title] Of the thread.
 * @param {number} [options.headingLevel] Of the title, in the outline of the page. Default 2.
 * @param {Node[]} [options.actions] What else stands in the head.
 * @param {(content: string) => string} [options.read] A stored message's content as plain text, where a store keeps it otherwise.
 * @param {boolean} [options.focus] Whether the user is here to write: the draft has the focus at once. Default false.
 * @param {(count: number) => void} [options.unread] Told how many messages have come while nobody looked.
 * @param {(error: string) => void} [options.refused] The server does not accept this user; without it the chat says so itself.
 * @param {(error: Error) => Node | undefined} [options.shut] The thread cannot be entered: what to offer beside the reason.
 * @returns {{ client: ChatClient, close: () => void }} `close` takes the chat out of the element, and ends its own connection.
 */
export function mountChat(element, { threadId, client: shared, url, userId, token, title, headingLevel = 2, actions = [], focus = false, read = (content) => content, ...told }) {
  const client = shared ?? new ChatClient({ url, userId, token });
  const view = createChatView(headingLevel);
  const people = new People(view.people, view.typing);
  const messages = new MessageList(view, {
    seen,
    read,
    retry: (tempId) => client.retry(tempId),
    discard: (tempId) => client.discard(tempId),
    edit: (id, content) => client.edit(threadId, id, content),
    remove: (id) => client.delete(threadId, id),
    react: (id, emoji, remove) => client.react(threadId, id, emoji, remove),
    nameOf: (userId) => people.nameOf(userId),
    files: client.files,
    trimmed: () => (older.hidden = false),
  });
  const { draft, older, newest } = view;
  const closing = new AbortController();
  const { signal } = closing;
  let unread = 0;
  let wasConnected = client.state === 'connected';

  view.title.textContent = title ?? text('Thread {thread}', { thread: threadId });
  view.head.append(...actions);
  introduce();
  adopt(element, view.frame, () => {
    if (focus && !matchMedia('(pointer: coarse)').matches) draft.focus();
  });
  say(wasConnected ? '' : text('Connecting…'));
  updateUnread();

  const listen = (type, listener) => client.addEventListener(type, ({ detail }) => listener(detail), { signal });

  listen('state', ({ state, error }) => {
    if (state === 'connected') {
      wasConnected = true;
      introduce();
      say('');
      client.requestPresence(people.others());
    } else if (state === 'reconnecting') {
      const what = wasConnected ? text('The connection is lost. Reconnecting…') : text('The server cannot be reached. Trying again…');
      say(`${what} ${text('What you write is sent as soon as it is back.')}`);
      people.forgetPresence();
    } else if (state === 'refused') {
      const reason = text('The server did not let you in: {reason}.', { reason: error });
      view.composer.inert = true;
      say(reason);
      told.refused?.(reason);
    }
  });

  listen('message', ({ message, source }) => {
    if (message.threadId !== threadId) return;
    const isOwn = message.senderId === client.userId;
    const isNew = source !== 'history' && !isOwn;
    if (people.meet(message.senderId, message.senderName) && client.state === 'connected' && !isOwn) client.requestPresence([message.senderId]);
    if (isOwn) introduce(message.senderName);
    messages.add(message, { isUnread: isNew && !isAttentive(), isArriving: source !== 'history' });
    if (isNew && !isAttentive()) unread++;
    if (isNew && !messages.isAtEnd) newest.hidden = false;
    view.empty.hidden = true;
    updateUnread();
  });

  listen('update', ({ message }) => {
    if (message.threadId !== threadId) return;
    renewed?.add(message.id);
    messages.update(message);
  });

  listen('rejoined', ({ threadId: rejoined }) => rejoined === threadId && renew());

  listen('pending', (pending) => {
    if (pending.threadId !== threadId) return;
    messages.setPending(pending);
    view.empty.hidden = true;
  });

  listen('sent', ({ tempId, message }) => {
    if (message.threadId !== threadId) return;
    if (message.senderName) {
      people.meet(message.senderId, message.senderName);
      introduce(message.senderName);
    }
    messages.settle(tempId, message);
  });

  listen('typing', (typing) => {
    if (typing.threadId === threadId && typing.userId !== client.userId) people.setTyping(typing.userId, typing.isTyping);
  });

  listen('presence', (presence) => {
    if (presence.userId === client.userId) return;
    if (presence.threadId === undefined) people.setStatus(presence.userId, presence.status);
    else if (presence.threadId === threadId) people.setHere(presence.userId, presence.status === 'online');
  });

  listen('receipt', ({ messageId, userId: reader }) => {
    if (reader !== client.userId) messages.setState(messageId, 'read', text('Read by {name}', { name: people.nameOf(reader) }));
  });

  listen('error', ({ event, message, tempId }) => {
    // A message says itself what could not be done with it, a thread that is closed is told below, and a token that ends is the client's business.
    if (!tempId && !TOLD_ELSEWHERE.includes(event)) alarm(message);
  });

  client.join(threadId, { history: PAGE_SIZE }).then(
    ({ hasMore }) => {
      if (signal.aborted) return;
      older.hidden = !hasMore;
      view.empty.hidden = !messages.isEmpty;
      messages.scrollToEnd();
      // Only now: what is at the top of an empty list is not what somebody scrolled to.
      const top = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && showOlder(), { root: view.scroller, rootMargin: '200px 0px 0px' });
      top.observe(older);
      signal.addEventListener('abort', () => top.disconnect());
    },
    (error) => {
      if (signal.aborted) return;
      say(`${error.message} `);
      view.banner.append(told.shut?.(error) ?? '');
      view.composer.inert = true;
    },
  );

  let isLoading = false;
  async function showOlder() {
    if (isLoading || older.hidden) return;
    isLoading = true;
    older.textContent = text('Loading…');
    try {
      const page = await client.history(threadId, { before: messages.oldestId, limit: PAGE_SIZE });
      if (signal.aborted) return;
      for (const { senderId, senderName } of page.messages) people.meet(senderId, senderName);
      messages.addOlder(page.messages);
      older.hidden = !page.hasMore;
    } catch {
      alarm(text('Older messages could not be loaded.'));
    } finally {
      older.textContent = text('Show older messages');
      isLoading = false;
    }
  }
  older.addEventListener('click', showOlder);

  /** Ids of the messages that have changed since they are read again. */
  let renewed;
  /** Reads again what is on the page: nobody tells what was done to it while the connection was lost. */
  async function renew() {
    const changed = (renewed = new Set());
    try {
      for (let before, hasMore = true; hasMore; ) {
        const page = await client.history(threadId, { before, limit: MAX_PAGE_SIZE });
        if (signal.aborted || renewed !== changed) return;
        for (const message of page.messages) if (!changed.has(message.id)) messages.update(message);
        before = page.messages[0]?.id;
        hasMore = page.hasMore && before > messages.oldestId;
      }
    } catch {
      // A refusal is told as `error`; after a lost connection this begins anew.
    }
  }

  /** A message of somebody else is in view. Returns whether somebody looks at it. */
  function seen(id) {
    if (!isAttentive()) return false;
    client.markRead(threadId, [id]);
    return true;
  }

  function isAttentive() {
    return !document.hidden && document.hasFocus();
  }

  function attend() {
    if (!isAttentive()) return;
    unread = 0;
    updateUnread();
    messages.lookAgain();
  }
  addEventListener('focus', attend, { signal });
  document.addEventListener('visibilitychange', attend, { signal });
  addEventListener('blur', () => messages.removeUnreadDivider(), { signal });

  view.scroller.addEventListener('scroll', () => (newest.hidden ||= messages.isAtEnd), { passive: true });
  newest.addEventListener('click', () => {
    messages.scrollToEnd();
    newest.hidden = true;
  });

  draft.addEventListener('input', () => {
    if (draft.value.trim()) client.typing(threadId);
    else client.stopTyping(threadId);
    updateDraft();
  });
  draft.addEventListener('keydown', (event) => {
    // On a phone, the Enter key is the only way to a new line; and while a word is being composed it chooses the word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || matchMedia('(pointer: coarse)').matches) return;
    event.preventDefault();
    send();
  });
  view.composer.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
    draft.focus();
  });

  function send() {
    const content = draft.value.trim();
    if (!content) return;
    messages.removeUnreadDivider();
    client.send(threadId, content);
    draft.value = '';
    updateDraft();
  }

  function updateDraft() {
    view.send.disabled = !draft.value.trim();
    const left = MAX_LENGTH - draft.value.length;
    view.draftLeft.textContent = left < 1000 ? text('{count} characters left', { count: left }) : '';
    draft.style.height = 'auto';
    draft.style.height = `${draft.scrollHeight + 2}px`;
  }

  function say(words) {
    view.banner.textContent = words;
  }

  let alarmTimer;
  function alarm(words) {
    view.alert.textContent = words;
    view.alert.hidden = false;
    clearTimeout(alarmTimer);
    alarmTimer = setTimeout(() => (view.alert.hidden = true), 8000);
  }

  function updateUnread() {
    told.unread?.(unread);
  }

  /** Who the user is; known at the latest when the connection stands. */
  function introduce(name) {
    people.ownId = client.userId;
    messages.ownId = client.userId;
    if (name) view.ownName.textContent = text('You are {name}', { name });
    else if (!view.ownName.textContent && client.userId) view.ownName.textContent = text('You are user {user}', { user: client.userId });
  }

  return {
    client,
    close() {
      closing.abort();
      clearTimeout(alarmTimer);
      messages.close();
      if (shared) client.leave(threadId);
      else client.close();
      view.frame.remove();
    },
  };
}
