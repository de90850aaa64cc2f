import { mountChat } from './chat.js';
import { html } from './elements.js';

const TOKEN_KEY = 'chatpulse:token';

const element = (id) => document.getElementById(id);
const idOf = (text) => (/^[1-9]\d{0,15}$/.test(text ?? '') && Number.isSafeInteger(Number(text)) ? Number(text) : undefined);

const query = new URLSearchParams(location.search);
const token = takeToken();
const userId = token ? undefined : idOf(query.get('user'));
const threadId = idOf(query.get('thread'));

if (threadId && (userId || token)) showChat();
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

function showChat() {
  const secondWindow = html('a', { id: 'second-window', class: 'button', href: addressOfSecondWindow(), target: '_blank', rel: 'noopener' }, 'Second window');
  secondWindow.append(html('span', { class: 'visually-hidden' }, ' as another user'));
  element('chat').hidden = false;
  mountChat(element('chat'), {
    threadId,
    userId,
    token: token ?? undefined,
    headingLevel: 1,
    actions: [secondWindow],
    // A page that was opened by itself is for one thing: writing.
    focus: true,
    unread: (count) => (document.title = `${count > 0 ? `(${count}) ` : ''}Thread ${threadId} · Chatpulse`),
    refused: (reason) => {
      forgetToken();
      showEntrance(reason);
    },
    shut: () => html('a', { href: './' }, 'Choose another thread'),
  });
}

function addressOfSecondWindow() {
  if (token) return `./?thread=${threadId}`;
  return `./?user=${userId === 123 ? 124 : 123}&thread=${threadId}`;
}

function forgetToken() {
  try {
    sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // Nothing is kept, so nothing is left.
  }
}
