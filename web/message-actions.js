import { html } from './elements.js';
import { text } from './text.js';

const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🎉'];

/** What can be done to a message, below it and opened by its button; for one message at a time. */
export class MessageActions {
  #handlers;
  #item;
  #message;
  #panel;
  #isAsking = false;

  /** @param {object} handlers `edit(id, content)`, `remove(id)`, `react(id, emoji)`: promises; `read(content)`: a stored message's content as plain text. */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** Opens them for the message of an item, or closes them when they are open. */
  toggle(item, message) {
    if (this.#item === item) {
      this.close();
      return;
    }
    this.close();
    this.#item = item;
    this.#message = message;
    item.querySelector('.more').setAttribute('aria-expanded', 'true');
    // The keyboard is led here; the log need not read it out as well.
    this.#panel = html('div', { class: 'actions', role: 'group', 'aria-label': text('What to do with this message'), 'aria-live': 'off' });
    this.#panel.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return;
      event.stopPropagation();
      this.#leave();
    });
    item.append(this.#panel);
    this.#showMenu();
  }

  /** The message of an item has changed, or is gone. */
  changed(item, message) {
    if (item !== this.#item) return;
    if (!message || message.deletedAt) this.close();
    else this.#message = message;
  }

  close() {
    this.#panel?.remove();
    this.#item?.querySelector('.more').setAttribute('aria-expanded', 'false');
    this.#panel = this.#item = this.#message = undefined;
  }

  #showMenu() {
    const buttons = EMOJI.map((emoji) => button(emoji, () => this.#ask(() => this.#handlers.react(this.#message.id, emoji)), { class: 'emoji', 'aria-label': text('React with {emoji}', { emoji }) }));
    if (this.#item.classList.contains('own')) buttons.push(button(text('Edit'), () => this.#showEditor(), { class: 'edit' }), button(text('Delete'), () => this.#showQuestion(), { class: 'delete' }));
    this.#show(buttons, buttons[0]);
  }

  #showEditor() {
    const content = this.#handlers.read(this.#message.content);
    const field = html('textarea', { class: 'editor', rows: '2', maxlength: '10000', 'aria-label': text('New text of the message') });
    field.value = content;
    const save = () => {
      const changed = field.value.trim();
      if (changed === content.trim()) this.#leave();
      else if (changed) this.#ask(() => this.#handlers.edit(this.#message.id, changed));
    };
    field.addEventListener('keydown', (event) => {
      // As in the draft: on a phone Enter is the way to a new line, and while a word is being composed it chooses the word.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || matchMedia('(pointer: coarse)').matches) return;
      event.preventDefault();
      save();
    });
    this.#show([field, button(text('Save'), save, { class: 'save' }), this.#cancel()], field);
  }

  #showQuestion() {
    const cancel = this.#cancel();
    this.#show([html('p', {}, text('Delete this message for everybody?')), button(text('Delete'), () => this.#ask(() => this.#handlers.remove(this.#message.id)), { class: 'delete' }), cancel], cancel);
  }

  #cancel() {
    return button(text('Cancel'), () => this.#leave());
  }

  #show(children, focused) {
    this.#panel.replaceChildren(...children);
    focused.focus({ preventScroll: true });
    this.#panel.scrollIntoView({ block: 'nearest' });
  }

  /** Asks the server, for one thing at a time. What has changed is shown by the message's update; after a refusal all stays as it was written. */
  async #ask(request) {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const panel = this.#panel;
    panel.setAttribute('aria-busy', 'true');
    const isDone = await attempt(this.#item, request);
    panel.removeAttribute('aria-busy');
    this.#isAsking = false;
    if (isDone && panel === this.#panel) this.#leave();
  }

  /** Closes them, and leaves the keyboard where it came from. */
  #leave() {
    const more = this.#item.querySelector('.more');
    this.close();
    more.focus({ preventScroll: true });
  }
}

/** Does something for a message, and tells there why it could not be done. Returns whether it was. */
export async function attempt(item, action) {
  showProblem(item, '');
  try {
    await action();
    return true;
  } catch (error) {
    showProblem(item, text('This could not be done: {reason}', { reason: error.message }));
    return false;
  }
}

/** Tells, at a message, what could not be done with it; an empty text takes that away. */
export function showProblem(item, words) {
  const problem = item.querySelector('.problem');
  problem.textContent = words;
  problem.hidden = !words;
}

function button(label, action, attributes = {}) {
  const element = html('button', { type: 'button', ...attributes }, label);
  element.addEventListener('click', action);
  return element;
}
