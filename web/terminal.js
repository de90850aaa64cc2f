import { createInterface, emitKeypressEvents } from 'node:readline';
import { parseArgs } from 'node:util';

const USAGE = `Usage: node client-example.js --user <id> --thread <id> [--url <url>] [--token <jwt>]

  --user    who chats, on a server in development (AUTH_MODE=userid)
  --token   proof of who chats, on a server with AUTH_MODE=token; then --user is not needed
  --thread  the thread to chat in
  --url     the server; default http://localhost:3001

While it runs: a line is a message; /history shows older ones, /retry sends failed ones again, /quit ends.`;

const COMMANDS = 'Commands: /history /retry /help /quit';

/**
 * Chats from the terminal until /quit, Ctrl-C or the end of the input; then sets the exit code: 0, or 1 when the server refused
 * or a message was not sent, or 2 when the arguments are wrong.
 *
 * @param {typeof import('./client-example.js').ChatClient} ChatClient
 * @param {string[]} args
 */
export async function chatFromTerminal(ChatClient, args) {
  let options;
  try {
    options = readArguments(args);
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    console.log(USAGE);
    return;
  }

  const { threadId, url, userId, token } = options;
  const isInteractive = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  const chat = new ChatClient({ url, userId, token });
  const terminal = createInterface({ input: process.stdin, output: isInteractive ? process.stdout : undefined, prompt: '> ' });
  const names = new Map();
  let oldest;
  let hasOlder = false;

  const print = (text) => {
    if (isInteractive) process.stdout.write('\r\x1b[K');
    console.log(text);
    if (isInteractive) terminal.prompt(true);
  };
  const nameOf = (id) => names.get(id) ?? `User ${id}`;
  const show = (message) => {
    names.set(message.senderId, message.senderName);
    oldest = Math.min(oldest ?? message.id, message.id);
    print(`${timeOf(message.createdAt)} ${printable(message.senderName)}: ${printable(message.content)}`);
  };

  const listen = (type, listener) => chat.addEventListener(type, ({ detail }) => listener(detail));
  listen('state', ({ state, error }) => {
    if (state !== 'closed') print(`* ${state}${error ? `: ${printable(error)}` : ''}`);
    if (state === 'refused') finish(1);
  });
  listen('message', ({ message }) => {
    show(message);
    if (message.senderId !== chat.userId) chat.markRead(threadId, [message.id]);
  });
  listen('update', ({ message }) => print(`* message ${message.id} is now ${message.status}: ${printable(message.content)}`));
  listen('sent', ({ message, shown }) => {
    oldest = Math.min(oldest ?? message.id, message.id);
    if (!shown) print(`${timeOf(message.createdAt)} you: ${printable(message.content)}  (✓ ${message.id})`);
  });
  listen('pending', ({ state, error, content }) => {
    if (state === 'failed') print(`* not sent: ${printable(content)} (${printable(error)}); /retry tries again`);
  });
  listen('typing', ({ userId: id, isTyping }) => print(`* ${printable(nameOf(id))} ${isTyping ? 'is typing…' : 'stopped typing'}`));
  listen('presence', ({ userId: id, status }) => print(`* ${printable(nameOf(id))} is ${printable(status)}`));
  listen('receipt', ({ messageId, userId: id }) => print(`* ${printable(nameOf(id))} has read ${messageId}`));
  listen('error', ({ event, message }) => print(`* ${printable(event)}: ${printable(message)}`));

  let finished = false;
  function finish(code) {
    if (finished) return;
    finished = true;
    process.exitCode = code;
    terminal.close();
    chat.close();
    process.stdin.destroy();
  }

  const commands = {
    '/quit': () => finish(0),
    '/help': () => print(COMMANDS),
    '/retry': () => chat.pending(threadId).forEach(({ tempId }) => chat.retry(tempId)),
    '/history': async () => {
      if (!hasOlder) {
        print('* no older messages');
        return;
      }
      const page = await chat.history(threadId, { before: oldest, limit: 20 });
      hasOlder = page.hasMore;
      print('* older messages:');
      page.messages.forEach(show);
    },
  };

  terminal.on('line', (line) => {
    const text = line.trim();
    if (text.startsWith('/')) Promise.resolve((commands[text] ?? commands['/help'])()).catch((error) => print(`* ${error.message}`));
    else if (text !== '') chat.send(threadId, text);
    if (isInteractive && !finished) terminal.prompt();
  });
  terminal.on('SIGINT', () => finish(0));
  terminal.on('close', () => whenSent(chat, threadId).then((failed) => finish(failed ? 1 : 0)));
  if (isInteractive) {
    emitKeypressEvents(process.stdin, terminal);
    process.stdin.on('keypress', () => (terminal.line ? chat.typing(threadId) : chat.stopTyping(threadId)));
  }

  try {
    ({ hasMore: hasOlder } = await chat.join(threadId));
    if (!finished) print(`* in thread ${threadId} as ${chat.userId}. ${COMMANDS}`);
  } catch (error) {
    if (finished) return;
    print(`* ${printable(error.message)}`);
    finish(1);
  }
}

function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      user: { type: 'string' },
      thread: { type: 'string' },
      url: { type: 'string', default: 'http://localhost:3001' },
      token: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { help: true };
  if (!values.user && !values.token) throw new Error('--user or --token is missing.');
  return {
    userId: values.token ? undefined : idOf('--user', values.user),
    token: values.token,
    threadId: idOf('--thread', values.thread),
    url: values.url,
  };
}

function idOf(name, text) {
  const id = Number(text);
  if (!/^\d+$/.test(text ?? '') || !Number.isSafeInteger(id) || id === 0) throw new Error(`${name} must be a whole number from 1, not ${text ?? 'missing'}.`);
  return id;
}

/** Resolves when nothing waits to be sent any more: whether a message failed. */
function whenSent(chat, threadId) {
  return new Promise((resolve) => {
    const check = () => {
      const pending = chat.pending(threadId);
      if (pending.every(({ state }) => state === 'failed')) resolve(pending.length > 0);
    };
    chat.addEventListener('sent', check);
    chat.addEventListener('pending', check);
    check();
  });
}

/** What others wrote must not steer the terminal: control characters are shown, not obeyed. */
function printable(text) {
  return String(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function timeOf(time) {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
