import { ChatClient } from './client-example.js';
import { MessageList } from './message-list.js';
import { People } from './people.js';

const PAGE_SIZE = 50;
const MAX_LENGTH = 10_000;
const TOKEN_KEY = 'chatpulse:token';

const element = (id) => document.getElementById(id);
const idOf = (text) => (/^[1-9]\d{0,15}$/.test(text ?? '') && Number.isSafeInteger(Number(text)) ? Number(text) : undefined);

const query = new URLSearchParams(location.search);
const token = takeToken();
const userId = token ? undefined : idOf(query.get('user'));
const threadId = idOf(query.get('thread'));

if (threadId && (userId || token)) chat();
else showEntrance(location.search && !token ? 'A user and a thread are whole numbers from 1.' : undefined);

/** A token comes in the part of the address that is never sent; it is taken out of sight and kept for this window only. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  try {
    if (given) sessionStorage.setItem(TOKEN_KEY, given);
    else if (query.has('user')) sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // A browser that keeps nothing: the token lasts until the page is loaded again.
  }
  if (given) history.replaceState(null, '', location.pathname + location.search);
  try {
    return given ?? sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return given;
  }
}

function showEntrance(problem) {
  const form = element('entrance-form');
  const user = element('entrance-user');
  element('chat').hidden = true;
  element('entrance').hidden = false;
  element('entrance-error').hidden = !problem;
  element('entrance-error').textContent = problem ?? '';
  user.value = query.get('user') ?? (token ? '' : '123');
  element('entrance-thread').value = query.get('thread') ?? '456';
  element('entrance-with-token').open = Boolean(token);
  user.focus();

  const field = element('entrance-token');
  const update = () => (user.required = field.value.trim() === '');
  field.addEventListener('input', update);
  form.addEventListener('submit', (event) => {
    const given = field.value.trim();
    if (!given) return;
    event.preventDefault();
    history.pushState(null, '', `./?thread=${encodeURIComponent(element('entrance-thread').value)}#token=${encodeURIComponent(given)}`);
    location.reload();
  });
}

function chat() {
  const client = new ChatClient({ userId, token: token ?? undefined });
  const people = new People(element('people'), element('typing'));
  const messages = new MessageList(document, {
    seen,
    retry: (tempId) => client.retry(tempId),
    discard: (tempId) => client.discard(tempId),
    trimmed: () => (older.hidden = false),
  });
  people.ownId = client.userId;
  messages.ownId = client.userId;

  const draft = element('draft');
  const older = element('older');
  const newest = element('newest');
  let unread = 0;
  let wasConnected = false;

  element('chat').hidden = false;
  element('thread-title').textContent = `Thread ${threadId}`;
  element('own-name').textContent = `You are user ${client.userId}`;
  element('second-window').href = secondWindow();
  // A page that was opened by itself is for one thing: writing.
  if (!matchMedia('(pointer: coarse)').matches) draft.focus();
  say('Connecting…');
  updateTitle();

  const listen = (type, listener) => client.addEventListener(type, ({ detail }) => listener(detail));

  listen('state', ({ state, error }) => {
    if (state === 'connected') {
      wasConnected = true;
      say('');
    } else if (state === 'reconnecting') {
      say(`${wasConnected ? 'The connection is lost. Reconnecting…' : 'The server cannot be reached. Trying again…'} What you write is sent as soon as it is back.`);
      people.forgetPresence();
    } else if (state === 'refused') {
      forgetToken();
      showEntrance(`The server did not let you in: ${error}.`);
    }
  });

  listen('message', ({ message, source }) => {
    const isOwn = message.senderId === client.userId;
    const isNew = source !== 'history' && !isOwn;
    if (people.meet(message.senderId, message.senderName) && client.state === 'connected' && !isOwn) client.requestPresence([message.senderId]);
    if (isOwn) element('own-name').textContent = `You are ${message.senderName}`;
    messages.add(message, { isUnread: isNew && !isAttentive(), isArriving: source !== 'history' });
    if (isNew && !isAttentive()) unread++;
    if (isNew && !messages.isAtEnd) newest.hidden = false;
    element('empty').hidden = true;
    updateTitle();
  });

  listen('update', ({ message }) => messages.update(message));

  listen('pending', (pending) => {
    messages.setPending(pending);
    element('empty').hidden = true;
  });

  listen('sent', ({ tempId, message }) => {
    if (message.senderName) {
      people.meet(message.senderId, message.senderName);
      element('own-name').textContent = `You are ${message.senderName}`;
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
    if (reader !== client.userId) messages.setState(messageId, 'read', `Read by ${people.nameOf(reader)}`);
  });

  listen('error', ({ event, message, tempId }) => {
    // A message that failed says so itself, and a thread that is closed is told below.
    if (!tempId && event !== 'join_thread') alarm(message);
  });

  client.join(threadId, { history: PAGE_SIZE }).then(
    ({ hasMore }) => {
      older.hidden = !hasMore;
      element('empty').hidden = !messages.isEmpty;
      messages.scrollToEnd();
      // Only now: what is at the top of an empty list is not what somebody scrolled to.
      new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && showOlder(), { root: element('scroller'), rootMargin: '200px 0px 0px' }).observe(older);
    },
    (error) => {
      say(`${error.message} `);
      const link = document.createElement('a');
      link.href = './';
      link.textContent = 'Choose another thread';
      element('banner').append(link);
      element('composer').inert = true;
    },
  );
  listen('state', ({ state }) => state === 'connected' && client.requestPresence(people.others()));

  let isLoading = false;
  async function showOlder() {
    if (isLoading || older.hidden) return;
    isLoading = true;
    older.textContent = 'Loading…';
    try {
      const page = await client.history(threadId, { before: messages.oldestId, limit: PAGE_SIZE });
      for (const { senderId, senderName } of page.messages) people.meet(senderId, senderName);
      messages.addOlder(page.messages);
      older.hidden = !page.hasMore;
    } catch {
      alarm('Older messages could not be loaded.');
    } finally {
      older.textContent = 'Show older messages';
      isLoading = false;
    }
  }
  older.addEventListener('click', showOlder);

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
    updateTitle();
    messages.lookAgain();
  }
  addEventListener('focus', attend);
  document.addEventListener('visibilitychange', attend);
  addEventListener('blur', () => messages.removeUnreadDivider());

  element('scroller').addEventListener('scroll', () => (newest.hidden ||= messages.isAtEnd), { passive: true });
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
  element('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    send();
    draft.focus();
  });

  function send() {
    const text = draft.value.trim();
    if (!text) return;
    messages.removeUnreadDivider();
    client.send(threadId, text);
    draft.value = '';
    updateDraft();
  }

  function updateDraft() {
    element('send').disabled = !draft.value.trim();
    const left = MAX_LENGTH - draft.value.length;
    element('draft-left').textContent = left < 1000 ? `${left} characters left` : '';
    draft.style.height = 'auto';
    draft.style.height = `${draft.scrollHeight + 2}px`;
  }

  function say(text) {
    element('banner').textContent = text;
  }

  let alarmTimer;
  function alarm(text) {
    element('alert').textContent = text;
    element('alert').hidden = false;
    clearTimeout(alarmTimer);
    alarmTimer = setTimeout(() => (element('alert').hidden = true), 8000);
  }

  function updateTitle() {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}Thread ${threadId} · Chatpulse`;
  }

  function secondWindow() {
    if (token) return `./?thread=${threadId}`;
    return `./?user=${userId === 123 ? 124 : 123}&thread=${threadId}`;
  }
}

function forgetToken() {
  try {
    sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // Nothing is kept, so nothing is left.
  }
}
