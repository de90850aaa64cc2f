import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThreadState } from '../thread.js';

test('ids of shown messages are remembered in bounded memory, and what was forgotten counts as shown', () => {
  const thread = new ThreadState(1, 0);
  for (let id = 1; id <= 5000; id++) thread.remember(id);

  assert.ok(thread.has(1));
  assert.ok(thread.has(5000));
  assert.ok(!thread.has(5001));
});

test('held messages come out in order', () => {
  const thread = new ThreadState(1, 0);
  for (const id of [7, 5, 6, 9]) thread.hold({ id });

  assert.deepEqual(thread.heldAfter(5).map(({ id }) => id), [6, 7, 9]);
  assert.deepEqual(thread.release().map(({ id }) => id), [5, 6, 7, 9]);
  assert.deepEqual(thread.release(), []);
});
