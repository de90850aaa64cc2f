import { text } from './text.js';

/** So many are shown; of the others, how many there are. */
const SHOWN = 5;

/** The people of a thread, as far as they are known: their names, and whether they are there. */
export class People {
  #list;
  #ownId;
  #people = new Map();
  #typing = new Set();
  #typingLine;

  /**
   * @param {HTMLElement} list Where they are shown.
   * @param {HTMLElement} typingLine Where it says who is typing.
   */
  constructor(list, typingLine) {
    this.#list = list;
    this.#typingLine = typingLine;
  }

  /** Who is looking; not shown in the list. */
  set ownId(id) {
    this.#ownId = id;
  }

  /** Learns of somebody. Returns whether they are new. */
  meet(id, name) {
    const known = this.#people.get(id);
    if (known) {
      if (name && known.name !== name) {
        known.name = name;
        this.#show(known);
      }
      return false;
    }
    const person = { id, name: name || text('User {user}', { user: id }), status: undefined, isHere: undefined };
    this.#people.set(id, person);
    if (id !== this.#ownId) {
      person.item = document.createElement('li');
      person.item.className = 'person';
      person.avatar = document.createElement('span');
      person.avatar.className = 'avatar';
      person.avatar.setAttribute('role', 'img');
      person.item.append(person.avatar);
      this.#list.append(person.item);
      const more = this.#list.childElementCount - SHOWN;
      person.item.hidden = more > 0;
      if (more > 0) this.#list.dataset.more = more;
    }
    this.#show(person);
    return true;
  }

  nameOf(id) {
    return this.#people.get(id)?.name ?? text('User {user}', { user: id });
  }

  /** Somebody entered this thread or left it. */
  setHere(id, isHere) {
    this.meet(id);
    const person = this.#people.get(id);
    person.isHere = isHere;
    if (!isHere) this.setTyping(id, false);
    this.#show(person);
  }

  /** Somebody is `online`, `away` or `offline`, wherever they are; people of other threads do not matter. */
  setStatus(id, status) {
    const person = this.#people.get(id);
    if (!person) return;
    person.status = status;
    if (status === 'offline') person.isHere = false;
    this.#show(person);
  }

  /** Nothing is known of anybody any more: the connection was lost. */
  forgetPresence() {
    for (const person of this.#people.values()) {
      person.status = undefined;
      person.isHere = undefined;
      this.#show(person);
    }
  }

  /** Ids of everybody but the one who looks. */
  others() {
    return [...this.#people.keys()].filter((id) => id !== this.#ownId);
  }

  setTyping(id, isTyping) {
    this.meet(id);
    if (isTyping) this.#typing.add(id);
    else this.#typing.delete(id);
    this.#showTyping();
  }

  #show(person) {
    if (!person.item) return;
    const [status, words] = presenceOf(person);
    const label = `${person.name}: ${words}`;
    person.item.dataset.status = status;
    person.item.title = label;
    person.avatar.textContent = initialsOf(person.name);
    person.avatar.setAttribute('aria-label', label);
    person.avatar.style.setProperty('--hue', hueOf(person.id));
    if (this.#typing.has(person.id)) this.#showTyping();
  }

  #showTyping() {
    const names = [...this.#typing].map((id) => this.nameOf(id));
    this.#typingLine.classList.toggle('active', names.length > 0);
    this.#typingLine.textContent =
      names.length === 0 ? ''
      : names.length === 1 ? text('{name} is typing', { name: names[0] })
      : names.length === 2 ? text('{one} and {other} are typing', { one: names[0], other: names[1] })
      : text('Several people are typing');
  }
}

/** The colour of the dot, and what it means. */
function presenceOf({ isHere, status }) {
  if (isHere) return status === 'away' ? ['away', text('away')] : ['online', text('here')];
  if (status === 'online' || status === 'away') return ['away', text('not in this thread now')];
  return isHere === false || status === 'offline' ? ['offline', text('offline')] : ['unknown', text('not known whether they are here')];
}

/** What stands in an avatar: the number of somebody who is called by a number, else one or two letters. */
export function initialsOf(name) {
  const words = name.trim().split(/\s+/u);
  const number = /^\d+$/.exec(words.at(-1));
  if (number) return number[0].slice(-3);
  // By code point, so that an emoji is not cut in half.
  return (words.length > 1 ? [words[0], words.at(-1)] : words).map((word) => [...word][0] ?? '').join('');
}

/** A colour for a person, the same in every window. */
export function hueOf(id) {
  return Math.round((id * 137.508) % 360);
}
