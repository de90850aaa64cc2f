import { mountChat } from './chat.js';
import { ChatClient } from './client-example.js';
import { html } from './elements.js';
import { hueOf, initialsOf } from './people.js';
import { adopt } from './shadow.js';
import { text } from './text.js';

/** So many threads are shown; a search finds the others. */
const SHOWN = 50;
/** The list is read again this often while somebody looks: the server does not tell of messages in threads that are not open. In milliseconds. */
const REREAD = 30_000;
/** Wait after a key before searching. In milliseconds. */
const PAUSE = 250;

/**
 * Shows a user's threads beside the one that is open, in an element of any page, until `close` is called. As for `mountChat`, the
 * page's styles do not reach it, and the element decides about the size.
 *
 * @param {HTMLElement} element An empty element.
 * @param {object} options
 * @param {string} [options.url] Of the chat server; default the page's own.
 * @param {number} [options.userId] Who chats, on a server that believes it (development).
 * @param {string | (() => string | Promise<string>)} [options.token] Proof of who chats; see `ChatClient`.
 * @param {(content: string) => string} [options.read] A stored message's content as plain text, where a store keeps it otherwise.
 * @param {(search: string) => Promise<{ id: number, name: string }[]>} [options.findUsers] Finds whom to talk to.
 * @param {(userId: number) => Promise<{ id: number }>} [options.openThread] Makes, or finds, the private thread with somebody. Without
 *   these two there is no "New conversation".
 * @returns {{ client: ChatClient, close: () => void }}
 */
export function mountMessenger(element, { url, userId, token, read = (content) => content, findUsers, openThread }) {
  const client = new ChatClient({ url, userId, token });
  const closing = new AbortController();
  const { signal } = closing;
  const view = createView(Boolean(findUsers && openThread));
  let threads = [];
  let chat;
  let openId;
  let reading = Promise.resolve();

  adopt(element, view.frame, () => {});
  say(text('Connecting…'));

  const listen = (type, listener) => client.addEventListener(type, ({ detail }) => listener(detail), { signal });
  listen('state', ({ state, error }) => {
    if (state === 'connected') reread();
    else if (state === 'refused') say(text('The server did not let you in: {reason}.', { reason: error }));
    else if (state === 'reconnecting' && threads.length === 0) say(text('The server cannot be reached. Trying again…'));
  });
  listen('threads', reread);
  listen('message', ({ source }) => source !== 'history' && reread());
  listen('sent', reread);
  listen('update', ({ message }) => threads.some(({ lastMessage }) => lastMessage?.id === message.id) && reread());
  listen('receipt', ({ userId: reader }) => reader === client.userId && reread());

  const clock = setInterval(() => !document.hidden && reread(), REREAD);
  signal.addEventListener('abort', () => clearInterval(clock));
  document.addEventListener('visibilitychange', () => !document.hidden && reread(), { signal });

  view.search.addEventListener('input', later(reread));
  view.back.addEventListener('click', () => {
    view.frame.classList.remove('open');
    view.list.querySelector('[aria-current]')?.focus();
  });
  view.compose?.addEventListener('click', () => showFinder(view.finder.hidden));
  view.finderSearch.addEventListener('input', later(find));
  view.finder.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    showFinder(false);
    view.compose.focus();
  });

  /** Reads the list again, one read at a time; what changes while one is under way is in the next. */
  function reread() {
    if (reread.waits || signal.aborted || client.state !== 'connected') return;
    reread.waits = true;
    reading = reading.then(async () => {
      reread.waits = false;
      try {
        const search = view.search.value.trim();
        ({ threads } = await client.threads({ perPage: SHOWN, search: search || undefined }));
        if (signal.aborted) return;
        say(threads.length > 0 ? '' : search ? text('No conversation is called that.') : text('No conversations yet.'));
        showList();
      } catch (error) {
        say(text('The conversations could not be loaded: {reason}', { reason: error.message }));
      }
    });
  }

  function showList() {
    const focused = view.list.getRootNode().activeElement?.dataset?.thread;
    view.list.replaceChildren(...threads.map((thread) => html('li', {}, itemOf(thread))));
    if (focused) view.list.querySelector(`[data-thread="${focused}"]`)?.focus();
  }

  function itemOf(thread) {
    const name = nameOf(thread);
    const unread = thread.id === openId && document.hasFocus() ? 0 : thread.unreadCount;
    const avatar = html('span', { class: 'avatar', 'aria-hidden': 'true' }, initialsOf(name));
    avatar.style.setProperty('--hue', hueOf(thread.id));
    const item = html(
      'button',
      { type: 'button', class: 'thread', 'data-thread': String(thread.id), ...(thread.id === openId ? { 'aria-current': 'true' } : {}) },
      avatar,
      html('span', { class: 'thread-name' }, name),
      html('span', { class: 'thread-last' }, lastOf(thread)),
    );
    if (unread > 0) item.append(html('span', { class: 'unread', 'aria-label': text('{count} unread', { count: unread }) }, unread > 99 ? '99+' : String(unread)));
    item.addEventListener('click', () => open(thread.id, name));
    return item;
  }

  function nameOf(thread) {
    const others = thread.participants.filter(({ id }) => id !== client.userId).map(({ name }) => name);
    return thread.title || others.join(', ') || text('Thread {thread}', { thread: thread.id });
  }

  function lastOf({ lastMessage }) {
    if (!lastMessage) return '';
    const words = lastMessage.deletedAt ? text('This message was deleted.') : read(lastMessage.content) || (lastMessage.attachments?.length > 0 ? text('A file') : '');
    return lastMessage.senderId === client.userId ? text('You: {words}', { words }) : words;
  }

  function open(id, name) {
    showFinder(false);
    view.frame.classList.add('open');
    if (id === openId) return;
    chat?.close();
    openId = id;
    view.nothing.hidden = true;
    chat = mountChat(view.place, { client, threadId: id, title: name, headingLevel: 3, read, focus: true });
    showList();
  }

  function showFinder(isShown) {
    view.finder.hidden = !isShown;
    view.compose?.setAttribute('aria-expanded', String(isShown));
    if (!isShown) return;
    view.finderSearch.value = '';
    view.found.replaceChildren();
    view.finderSearch.focus();
    find();
  }

  let finding = 0;
  async function find() {
    const round = ++finding;
    const note = (words) => view.found.replaceChildren(html('li', { class: 'note' }, words));
    try {
      const users = (await findUsers(view.finderSearch.value.trim())).filter(({ id }) => id !== client.userId);
      if (round !== finding || signal.aborted) return;
      if (users.length === 0) note(text('Nobody is called that.'));
      else view.found.replaceChildren(...users.map((user) => html('li', {}, userButton(user, note))));
    } catch (error) {
      if (round === finding) note(error.message);
    }
  }

  function userButton(user, note) {
    const button = html('button', { type: 'button', class: 'found' }, user.name);
    button.addEventListener('click', async () => {
      try {
        const thread = await openThread(user.id);
        open(thread.id, user.name);
        reread();
      } catch (error) {
        note(error.message);
      }
    });
    return button;
  }

  function say(words) {
    view.note.textContent = words;
    view.note.hidden = !words;
  }

  return {
    client,
    close() {
      closing.abort();
      chat?.close();
      client.close();
      view.frame.remove();
    },
  };
}

function createView(canStart) {
  const view = {
    search: html('input', { type: 'search', placeholder: text('Search conversations'), 'aria-label': text('Search conversations') }),
    note: html('p', { class: 'note', role: 'status' }),
    list: html('ul', { class: 'threads' }),
    finderSearch: html('input', { type: 'search', placeholder: text('Search people'), 'aria-label': text('Search people'), autocomplete: 'off' }),
    found: html('ul', { class: 'found-list' }),
    place: html('div', { class: 'place' }),
    nothing: html('p', { class: 'nothing' }, text('Choose a conversation.')),
    back: html('button', { type: 'button', class: 'back' }, `‹ ${text('Conversations')}`),
    compose: canStart ? html('button', { type: 'button', class: 'compose', 'aria-expanded': 'false' }, text('New conversation')) : undefined,
  };
  view.finder = html('div', { class: 'finder', hidden: true }, view.finderSearch, view.found);
  view.frame = html(
    'section',
    { class: 'chat messenger', 'aria-label': text('Chat') },
    html('nav', { class: 'side', 'aria-label': text('Conversations') }, html('div', { class: 'side-head' }, view.search, view.compose ?? ''), view.finder, view.note, view.list),
    html('div', { class: 'main' }, view.back, view.nothing, view.place),
  );
  return view;
}

/** Calls once the keys have paused. */
function later(action) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, PAUSE);
  };
}
