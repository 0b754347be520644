import { expect, it } from 'vitest';
import { functions } from '../../pipelines/word-count/functions.js';

it('counts words whatever their case, the most frequent first', async () => {
  expect(await functions.countWords({ text: 'The box, the train; THE end. A box', top: 2 })).toEqual({
    words: [
      { word: 'the', count: 3 },
      { word: 'box', count: 2 },
    ],
  });
});
