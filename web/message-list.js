import { createMessageItem } from './chat-view.js';
import { html } from './elements.js';
import { attempt, MessageActions, showProblem } from './message-actions.js';
import { hueOf, initialsOf } from './people.js';
import { text } from './text.js';

/** Messages of one person that follow each other within this time look like one. In milliseconds. */
const GROUP_WITHIN = 5 * 60_000;
/** This near to the end, the reader is at the end and stays there. In pixels. */
const AT_END = 80;
/** So many messages stay on the page while the reader is at the end; it would grow for as long as the conversation lasts. */
const KEPT = 500;
/** So many more are let in before the oldest go, all at once. */
const SLACK = 50;

const STATES = {
  sending: { sign: '◷', label: () => text('Sending') },
  sent: { sign: '✓', label: () => text('Sent') },
  delivered: { sign: '✓✓', label: () => text('Delivered') },
  read: { sign: '✓✓', label: () => text('Read') },
  failed: { sign: '!', label: () => text('Not sent') },
};
/** So many of those who have reacted are named. */
const NAMED = 10;
/** Pictures that run nothing; every other file is only ever saved, as a `blob:` address has the rights of the page. */
const PICTURES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];
const RANK = { sending: 0, failed: 0, sent: 1, delivered: 2, read: 3 };

/**
 * The messages on the page, in the order of their ids with the pending ones at the end. Everything that people wrote goes in
 * as text; nothing here parses HTML.
 */
export class MessageList {
  #scroller;
  #log;
  #list;
  #ownId;
  #byId = new Map();
  #byTempId = new Map();
  #unreadDivider;
  #handlers;
  #actions;
  /** What is stored of each item that has an id. */
  #stored = new WeakMap();
  #visible;
  #resized;

  /**
   * @param {{ scroller: HTMLElement, log: HTMLElement, messages: HTMLElement }} view What scrolls, what is read out in it, the list in that.
   * @param {object} handlers `seen(ids)`: messages of others came into view; `retry(tempId)`, `discard(tempId)`; `read(content)`: a stored
   *   message's content as plain text; `edit(id, content)`, `remove(id)`, `react(id, emoji, remove)`: promises, the change itself comes by
   *   `update`; `nameOf(userId)`; `files`: the client's;
   *   `trimmed()`: the oldest messages were taken from the page.
   */
  constructor({ scroller, log, messages }, handlers) {
    this.#scroller = scroller;
    this.#log = log;
    this.#list = messages;
    this.#handlers = handlers;
    this.#actions = new MessageActions(handlers);
    this.#visible = new IntersectionObserver((entries) => this.#seen(entries), { root: this.#scroller, threshold: [0, 0.25, 0.5] });
    // What grows below the reader's eyes (a longer draft, a banner, a keyboard on a phone) does not take the end away.
    this.#resized = new ResizeObserver(() => this.#wasAtEnd && this.scrollToEnd());
    this.#resized.observe(this.#scroller);
    this.#scroller.addEventListener('scroll', () => (this.#wasAtEnd = this.isAtEnd), { passive: true });
  }

  #wasAtEnd = true;

  set ownId(id) {
    this.#ownId = id;
  }

  get isEmpty() {
    return this.#byId.size === 0 && this.#byTempId.size === 0;
  }

  /** The id of the oldest message that is shown. */
  get oldestId() {
    return Math.min(...this.#byId.keys());
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < AT_END;
  }

  scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#wasAtEnd = true;
  }

  /** Shows a message in its place, or what has changed about it. */
  add(message, { isUnread = false, isArriving = false } = {}) {
    if (this.#byId.has(message.id)) {
      this.update(message);
      return;
    }
    const stay = this.isAtEnd;
    const item = this.#insert(message);
    if (isArriving) item.classList.add('arriving');
    if (isUnread && !this.#unreadDivider) this.#divideUnread(item);
    if (stay) this.#trim();
    if (stay) this.scrollToEnd();
  }

  /** Shows older messages above, without moving what is being read and without reading them out. */
  addOlder(messages) {
    const { scrollHeight, scrollTop } = this.#scroller;
    this.#log.setAttribute('aria-live', 'off');
    for (const message of messages) if (!this.#byId.has(message.id)) this.#insert(message);
    this.#scroller.scrollTop = scrollTop + this.#scroller.scrollHeight - scrollHeight;
    requestAnimationFrame(() => this.#log.setAttribute('aria-live', 'polite'));
  }

  /** A message was edited, deleted or reacted to, or its status changed. */
  update(message) {
    const item = this.#byId.get(message.id);
    if (!item) return;
    const stay = this.isAtEnd;
    this.#fill(item, message);
    this.setState(message.id, message.status);
    if (stay) this.scrollToEnd();
  }

  /** `sent`, `delivered` or `read`, for an own message; it never goes back. */
  setState(id, state, title) {
    const item = this.#byId.get(id);
    if (!item?.classList.contains('own') || !(RANK[state] >= RANK[item.dataset.state])) return;
    // Who has read it stays, when the server says afterwards that everybody has.
    if (state === item.dataset.state && title === undefined) return;
    showState(item, state, title);
  }

  /** Shows a message that is not stored yet, or what became of it. */
  setPending({ tempId, state, error, ...message }) {
    let item = this.#byTempId.get(tempId);
    if (!item) {
      // Who the user is may not be known before the first connection; that it is their message is.
      item = this.#create({ ...message, senderId: this.#ownId, senderName: text('You') }, true);
      item.classList.add('arriving');
      item.querySelector('.retry').addEventListener('click', () => this.#handlers.retry(tempId));
      item.querySelector('.discard').addEventListener('click', () => {
        this.#handlers.discard(tempId);
        this.#remove(tempId);
      });
      this.#byTempId.set(tempId, item);
    }
    // A message that is tried again goes to the end, where it will be when it is stored.
    if (item !== this.#list.lastElementChild && state !== 'failed') {
      const former = item.nextElementSibling;
      this.#list.append(item);
      if (former) this.#arrange(former);
    }
    this.#arrange(item);
    showState(item, state);
    item.querySelector('.failure').hidden = state !== 'failed';
    item.querySelector('.reason').textContent = error ?? '';
    this.scrollToEnd();
  }

  /** A pending message is stored: it takes its place among the others. */
  settle(tempId, message) {
    const item = this.#byTempId.get(tempId);
    if (this.#byId.has(message.id)) {
      this.#remove(tempId);
      return;
    }
    this.#byTempId.delete(tempId);
    if (!item) {
      this.add(message);
      return;
    }
    const stay = this.isAtEnd;
    const place = this.#after(message.id, item);
    if (place !== item.nextElementSibling) {
      const former = item.nextElementSibling;
      this.#list.insertBefore(item, place);
      if (former) this.#arrange(former);
    }
    this.#byId.set(message.id, item);
    item.querySelector('.failure').hidden = true;
    this.#fill(item, message);
    showState(item, message.status ?? 'sent');
    this.#arrange(item);
    if (stay) this.#trim();
    if (stay) this.scrollToEnd();
  }

  /** The reader has had time to notice the unread ones. */
  removeUnreadDivider() {
    this.#unreadDivider?.remove();
    this.#unreadDivider = undefined;
  }

  /** Looks again at what is in view: the reader is back. */
  lookAgain() {
    for (const item of this.#list.querySelectorAll('.message:not(.own)')) {
      if (item.dataset.seen) continue;
      this.#visible.unobserve(item);
      this.#visible.observe(item);
    }
  }

  /** Watches nothing any more. */
  close() {
    this.#visible.disconnect();
    this.#resized.disconnect();
  }

  /** Takes the oldest messages from the page when there are too many; whoever scrolls up gets them again. */
  #trim() {
    if (this.#byId.size <= KEPT + SLACK) return;
    for (const item of [...this.#list.querySelectorAll('.message[data-id]')].slice(0, -KEPT)) {
      this.#visible.unobserve(item);
      this.#actions.changed(item);
      this.#byId.delete(Number(item.dataset.id));
      item.remove();
    }
    // Dividers that stood above what is gone.
    while (this.#list.firstElementChild.classList.contains('divider')) {
      if (this.#list.firstElementChild === this.#unreadDivider) this.removeUnreadDivider();
      else this.#list.firstElementChild.remove();
    }
    this.#arrange(this.#list.firstElementChild);
    this.#handlers.trimmed();
  }

  #insert(message) {
    const item = this.#create(message);
    this.#byId.set(message.id, item);
    this.#list.insertBefore(item, this.#after(message.id));
    this.#arrange(item);
    if (message.senderId !== this.#ownId && message.status !== 'read') this.#visible.observe(item);
    return item;
  }

  #create(message, isOwn = message.senderId === this.#ownId) {
    const item = createMessageItem();
    item.querySelector('.more').addEventListener('click', () => this.#actions.toggle(item, this.#stored.get(item)));
    item.classList.toggle('own', isOwn);
    item.classList.toggle('system', message.contentType === 'system');
    this.#fill(item, message);
    if (isOwn) showState(item, message.status ?? 'sending');
    return item;
  }

  #fill(item, message) {
    const created = new Date(message.createdAt);
    if (message.id !== undefined) item.dataset.id = message.id;
    item.dataset.sender = message.senderId;
    item.dataset.time = created.getTime();
    item.style.setProperty('--hue', hueOf(message.senderId));
    const name = message.senderName ?? text('User {user}', { user: message.senderId });
    item.querySelector('.avatar').textContent = initialsOf(name);
    item.querySelector('.sender').textContent = message.senderId === this.#ownId ? text('You') : name;
    const isStored = message.id !== undefined;
    const isDeleted = Boolean(message.deletedAt);
    item.classList.toggle('deleted', isDeleted);
    const content = isDeleted ? [text('This message was deleted.')] : withLinks(isStored ? this.#handlers.read(message.content) : message.content);
    item.querySelector('.content').replaceChildren(...content);
    const time = item.querySelector('time');
    time.dateTime = created.toISOString();
    time.title = created.toLocaleString();
    time.textContent = created.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    const attachments = item.querySelector('.attachments');
    const files = (message.attachments ?? []).filter((attachment) => attachment?.filename);
    attachments.hidden = files.length === 0;
    // A picture that was opened stays open while somebody reacts to it.
    if (JSON.stringify(files) !== attachments.dataset.files) {
      attachments.dataset.files = JSON.stringify(files);
      attachments.replaceChildren(...files.map((file) => this.#attachmentItem(item, file)));
    }
    const edited = item.querySelector('.edited');
    edited.hidden = isDeleted || !message.editedAt;
    if (!edited.hidden) edited.title = new Date(message.editedAt).toLocaleString();
    this.#showReactions(item, message);
    const more = item.querySelector('.more');
    if (isDeleted && more.getRootNode().activeElement?.closest('.message') === item) this.#scroller.focus({ preventScroll: true });
    more.hidden = !isStored || isDeleted || message.contentType === 'system';
    if (isStored) this.#stored.set(item, message);
    if (isDeleted) showProblem(item, '');
    this.#actions.changed(item, message);
  }

  #showReactions(item, { id, reactions = [] }) {
    const list = item.querySelector('.reactions');
    const focused = list.getRootNode().activeElement;
    const former = list.contains(focused) ? focused.dataset.emoji : undefined;
    list.hidden = reactions.length === 0;
    list.replaceChildren(
      ...reactions.map(({ emoji, userIds }) => {
        const isOwn = userIds.includes(this.#ownId);
        const chip = html('button', { type: 'button', class: 'reaction', 'aria-pressed': String(isOwn), 'data-emoji': emoji }, `${emoji} ${userIds.length}`);
        chip.title = userIds.slice(0, NAMED).map((userId) => (userId === this.#ownId ? text('You') : this.#handlers.nameOf(userId))).join(', ');
        chip.addEventListener('click', () => attempt(item, () => this.#handlers.react(id, emoji, isOwn)));
        return html('li', {}, chip);
      }),
    );
    if (former === undefined) return;
    const again = [...list.querySelectorAll('.reaction')].find(({ dataset }) => dataset.emoji === former);
    (again ?? item.querySelector('.more')).focus({ preventScroll: true });
  }

  #attachmentItem(item, { filename, url, size }) {
    const address = this.#handlers.files.addressOf(url);
    const name = html(address ? 'a' : 'span', address ? { href: address, rel: 'noopener noreferrer', target: '_blank' } : {}, filename);
    const entry = html('li', {}, '📎 ', name, ` (${text('{size} KB', { size: Math.ceil(size / 1024) })})`);
    name.addEventListener('click', (event) => {
      if (!address || !this.#handlers.files.isGuarded(url)) return;
      event.preventDefault();
      attempt(item, async () => openFile(entry, filename, await this.#handlers.files.download(url)));
    });
    return entry;
  }

  /** The element before which a message with this id belongs; null for the end. */
  #after(id, except) {
    // From the end: what arrives is nearly always the newest.
    let place = null;
    for (let item = this.#list.lastElementChild; item; item = item.previousElementSibling) {
      if (item === except || !item.classList.contains('message')) continue;
      if (item.dataset.id !== undefined && Number(item.dataset.id) < id) break;
      place = item;
    }
    // A divider belongs to the message below it.
    while (place?.previousElementSibling?.classList.contains('day')) place = place.previousElementSibling;
    return place ?? null;
  }

  /** Groups an item with its neighbours, and puts the day above where a new one begins. */
  #arrange(item) {
    const before = neighbour(item, 'previousElementSibling');
    const after = neighbour(item, 'nextElementSibling');
    this.#join(before, item);
    if (after) this.#join(item, after);
    else item.classList.remove('precedes');
  }

  #join(before, item) {
    const isNewDay = !before || dayOf(before) !== dayOf(item);
    const divider = precedingDay(item);
    if (isNewDay && !divider) this.#list.insertBefore(dayDivider(item), item);
    if (!isNewDay) divider?.remove();
    const isDivided = isNewDay || item.previousElementSibling !== before;
    const follows =
      !isDivided &&
      before.dataset.sender === item.dataset.sender &&
      before.classList.contains('system') === item.classList.contains('system') &&
      Math.abs(Number(item.dataset.time) - Number(before.dataset.time)) < GROUP_WITHIN;
    item.classList.toggle('follows', follows);
    before?.classList.toggle('precedes', follows);
  }

  #divideUnread(item) {
    item.classList.remove('follows');
    neighbour(item, 'previousElementSibling')?.classList.remove('precedes');
    const divider = document.createElement('li');
    divider.className = 'divider unread';
    divider.textContent = text('New');
    this.#unreadDivider = divider;
    this.#list.insertBefore(divider, item);
  }

  #remove(tempId) {
    const item = this.#byTempId.get(tempId);
    if (!item) return;
    const after = neighbour(item, 'nextElementSibling');
    const before = neighbour(item, 'previousElementSibling');
    item.remove();
    this.#byTempId.delete(tempId);
    if (after) this.#arrange(after);
    else before?.classList.remove('precedes');
  }

  #seen(entries) {
    // Half of it is in view; or, of a message that is taller than the screen, half a screen.
    const isInView = ({ intersectionRatio, intersectionRect, rootBounds }) => intersectionRatio >= 0.5 || intersectionRect.height >= rootBounds.height / 2;
    const items = entries.filter(isInView).map(({ target }) => target);
    const seen = items.filter((item) => this.#handlers.seen(Number(item.dataset.id)));
    for (const item of seen) {
      item.dataset.seen = 'true';
      this.#visible.unobserve(item);
    }
  }
}

function showState(item, state, title) {
  const { sign, label } = STATES[state];
  item.dataset.state = state;
  const element = item.querySelector('.state');
  element.textContent = sign;
  element.title = title ?? label();
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', element.title);
}

function neighbour(item, direction) {
  let other = item[direction];
  while (other && !other.classList.contains('message')) other = other[direction];
  return other;
}

function dayOf(item) {
  return new Date(Number(item.dataset.time)).toDateString();
}

function precedingDay(item) {
  let other = item.previousElementSibling;
  while (other && !other.classList.contains('message')) {
    if (other.classList.contains('day')) return other;
    other = other.previousElementSibling;
  }
  return undefined;
}

function dayDivider(item) {
  const divider = document.createElement('li');
  divider.className = 'divider day';
  const day = new Date(Number(item.dataset.time));
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  divider.textContent =
    day.toDateString() === today.toDateString() ? text('Today')
    : day.toDateString() === yesterday.toDateString() ? text('Yesterday')
    : day.toLocaleDateString([], { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
  return divider;
}

/** The text as nodes, with web addresses as links. */
function* withLinks(content) {
  let end = 0;
  for (const match of content.matchAll(/https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}']/gu)) {
    if (!URL.canParse(match[0])) continue;
    yield content.slice(end, match.index);
    const link = document.createElement('a');
    link.href = match[0];
    link.rel = 'noopener noreferrer nofollow';
    link.target = '_blank';
    link.textContent = match[0];
    yield link;
    end = match.index + match[0].length;
  }
  yield content.slice(end);
}

/** Shows a picture below its name, or hides it again; saves any other file. */
function openFile(entry, filename, blob) {
  const shown = entry.querySelector('img');
  if (shown) {
    shown.remove();
    return;
  }
  const address = URL.createObjectURL(blob);
  const forget = () => URL.revokeObjectURL(address);
  if (PICTURES.includes(blob.type)) {
    const picture = html('img', { src: address, alt: filename });
    picture.addEventListener('load', forget);
    picture.addEventListener('error', forget);
    entry.append(picture);
    return;
  }
  html('a', { href: address, download: filename }).click();
  // The browser reads it after the click.
  setTimeout(forget, 60_000);
}
