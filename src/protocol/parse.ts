import { WrongAnswer } from './wrong-answer.js';

/** Levels of lists and objects: an explanation has six. */
const DEEPEST = 64;

const [QUOTE, BACKSLASH] = ['"', '\\'].map((letter) => letter.charCodeAt(0));
const OPENING = new Set(['[', '{'].map((letter) => letter.charCodeAt(0)));
const CLOSING = new Set([']', '}'].map((letter) => letter.charCodeAt(0)));

/**
 * JSON of somebody else's. What is nested without end can be read, and then neither compared nor
 * written again.
 *
 * @throws SyntaxError for what is no JSON; WrongAnswer for what is nested too deeply
 */
export function parseJson(text: string): unknown {
  let depth = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text.charCodeAt(i);
    if (isQuoted) {
      if (letter === BACKSLASH) i++;
      else if (letter === QUOTE) isQuoted = false;
    } else if (letter === QUOTE) isQuoted = true;
    else if (OPENING.has(letter)) {
      if (++depth > DEEPEST) throw new WrongAnswer('it is nested too deeply');
    } else if (CLOSING.has(letter)) depth--;
  }
  return JSON.parse(text);
}
