import { html, svg } from './elements.js';
import { text } from './text.js';

/** @param {number} headingLevel Of the thread's title in the page around it. @returns The parts of an empty chat, `frame` being the whole. */
export function createChatView(headingLevel) {
  const view = {
    title: html(`h${headingLevel}`, { id: 'thread-title', class: 'thread-title' }),
    ownName: html('p', { id: 'own-name' }),
    people: html('ul', { id: 'people', class: 'people', 'aria-label': text('People in this thread') }),
    banner: html('div', { id: 'banner', class: 'banner', role: 'status' }),
    older: html('button', { id: 'older', class: 'older', type: 'button', hidden: true }, text('Show older messages')),
    empty: html('p', { id: 'empty', class: 'empty', hidden: true }, text('Nobody has written here yet. Say hello.')),
    messages: html('ol', { id: 'messages', class: 'messages' }),
    newest: html('button', { id: 'newest', class: 'newest', type: 'button', hidden: true }, `↓ ${text('New messages')}`),
    typing: html('p', { id: 'typing', class: 'typing', role: 'status' }),
    draft: html('textarea', { id: 'draft', rows: '1', maxlength: '10000', placeholder: text('Write a message'), enterkeyhint: 'send', 'aria-describedby': 'draft-hint' }),
    send: html('button', { id: 'send', class: 'primary', type: 'submit', 'aria-label': text('Send'), disabled: true }, sendSign()),
    draftLeft: html('span', { id: 'draft-left' }),
    alert: html('p', { id: 'alert', class: 'alert', role: 'alert', hidden: true }),
  };
  view.head = html('header', { class: 'bar' }, html('div', { class: 'title' }, view.title, view.ownName), view.people);
  view.log = html('div', { id: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions' }, view.messages);
  view.scroller = html('div', { id: 'scroller', class: 'scroller', role: 'region', tabindex: '0', 'aria-label': text('Messages') }, view.older, view.empty, view.log);
  view.composer = html(
    'form',
    { id: 'composer', class: 'composer' },
    html('label', { class: 'visually-hidden', for: 'draft' }, text('Message')),
    view.draft,
    view.send,
    html('p', { id: 'draft-hint', class: 'hint' }, html('span', { class: 'draft-keys' }, ...keys()), ' ', view.draftLeft),
  );
  const foot = html('footer', { class: 'foot' }, view.newest, view.typing, view.composer);
  view.frame = html('section', { class: 'chat', 'aria-labelledby': 'thread-title' }, view.head, view.banner, view.scroller, foot, view.alert);
  return view;
}

/** An empty message. */
export function createMessageItem() {
  return html(
    'li',
    { class: 'message' },
    html('span', { class: 'avatar', 'aria-hidden': 'true' }),
    html(
      'article',
      { class: 'bubble' },
      html('p', { class: 'sender' }),
      html('p', { class: 'content', dir: 'auto' }),
      html('ul', { class: 'attachments', hidden: true }),
      html('ul', { class: 'reactions', hidden: true, 'aria-label': text('Reactions') }),
      html('p', { class: 'meta' }, html('span', { class: 'edited', hidden: true }, text('edited')), ' ', html('time'), ' ', html('span', { class: 'state' })),
      html('button', { type: 'button', class: 'more', hidden: true, 'aria-label': text('What to do with this message'), 'aria-expanded': 'false' }, '⋯'),
    ),
    html('p', { class: 'problem', role: 'alert', hidden: true }),
    html(
      'p',
      { class: 'failure', role: 'alert', hidden: true },
      html('span', { class: 'reason' }),
      ' ',
      html('button', { type: 'button', class: 'retry' }, text('Try again')),
      ' ',
      html('button', { type: 'button', class: 'discard' }, text('Delete')),
    ),
  );
}

/** The hint with the names of the keys set apart. */
function keys() {
  const parts = text('[Enter] sends, [Shift]+[Enter] starts a new line').split(/\[([^\]]+)\]/);
  return parts.map((part, index) => (index % 2 ? html('kbd', {}, part) : part));
}

function sendSign() {
  return svg('svg', { viewBox: '0 0 24 24', width: '20', height: '20', 'aria-hidden': 'true' }, svg('path', { d: 'M3 20.5 21 12 3 3.5v6.7L15 12 3 13.8z', fill: 'currentColor' }));
}
