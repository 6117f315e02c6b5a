import { expect, it } from 'vitest';
import { parseJson } from '../../src/protocol/parse.js';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

it('reads JSON as JSON.parse does', () => {
  for (const text of ['{"a":[1,{"b":null}]}', '"[[[[\\"[[["', '1', ` ${nested(64)} `, `[${'[],'.repeat(200)}1]`])
    expect(parseJson(text)).toEqual(JSON.parse(text));
  const brackets = '[{'.repeat(100);
  expect(parseJson(JSON.stringify({ text: `${brackets}"\\${brackets}` }))).toEqual({
    text: `${brackets}"\\${brackets}`,
  });
});

it.each(['', '{', '[1,]', 'NaN', '"\\'])('refuses %j', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});

it('refuses what is nested without end', () => {
  expect(() => parseJson(nested(65))).toThrow('it is nested too deeply');
  expect(() => parseJson('{"a":'.repeat(100_000))).toThrow('it is nested too deeply');
});
