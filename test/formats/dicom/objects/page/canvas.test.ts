import { describe, expect, it } from 'vitest';
import { Canvas, wrapped } from '../../../../../src/formats/dicom/objects/page/canvas.js';

describe('a canvas', () => {
  it('draws letters that can be read', () => {
    const canvas = new Canvas(12, 9, [0, 0, 0]);
    canvas.text(0, 0, 'Hi', [255, 255, 255], 1);
    const rows = Array.from({ length: 8 }, (_, y) =>
      Array.from({ length: 12 }, (_, x) => (canvas.pixels[3 * (12 * y + x)] > 127 ? '#' : '.')).join(''),
    );
    expect(rows).toEqual([
      '#...#...#...',
      '#...#.......',
      '#...#..##...',
      '#####...#...',
      '#...#...#...',
      '#...#...#...',
      '#...#..###..',
      '............',
    ]);
  });

  it('ends a paragraph that is too long with dots, and goes over no edge', () => {
    const canvas = new Canvas(40, 30, [0, 0, 0]);
    const bottom = canvas.paragraph(30, 2, 'one two three four five', {
      width: 40,
      colour: [9, 9, 9],
      zoom: 1,
      lines: 2,
    });
    expect(bottom).toBe(2 + 2 * 11);
  });
});

it('breaks lines between words, and within words that are too long', () => {
  expect(wrapped('one two  three', 7)).toEqual(['one two', 'three']);
  expect(wrapped('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
  expect(wrapped('', 3)).toEqual([]);
});
