import { describe, expect, it } from 'vitest';
import { ASCII, barLine, UNICODE } from '../../src/cli/bar-line.js';
import { ago, asFlag, bytesInWords, fit, inWords, pad, printable, widthOf } from '../../src/cli/in-words.js';
import { table } from '../../src/cli/table.js';

describe('in words', () => {
  it.each([
    [-5, '0 ms'],
    [0.4, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [4230, '4.2 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_600, '60 min'],
    [3_600_000, '1 h'],
    [18_720_000, '5 h 12 min'],
    [180_000_000, '2 d 2 h'],
  ])('%d ms are %s', (ms, words) => {
    expect(inWords(ms)).toBe(words);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [4.1e9, '4.1 GB'],
    [5e15, '5000.0 TB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(bytesInWords(bytes)).toBe(words);
  });

  it('a time that is not known is a question', () => {
    expect(ago(undefined)).toBe('?');
    expect(ago(new Date(1000), 6000)).toBe('5.0 s ago');
  });

  it.each([
    [0, '5s'],
    [5001, '10s'],
    [14_000, '15s'],
    [60_000, '1m'],
    [61_000, '65s'],
  ])('%d ms as a flag are %s: enough, and round', (ms, flag) => {
    expect(asFlag(ms)).toBe(flag);
  });
});

describe('text for a terminal', () => {
  it('has nothing in it that moves the cursor, colours the screen, starts a line or turns it around', () => {
    const hostile = 'a\u001b[2J\u001b]0;title\u0007b\r\n\tc\u009b31md\u202ee\ud800f\u2028g';
    expect(printable(hostile)).toBe('a [2J ]0;title b c 31md e\ufffdf g');
    expect(printable('Grüße, 世界 👍')).toBe('Grüße, 世界 👍');
  });

  it('is measured in columns', () => {
    expect(widthOf('abc')).toBe(3);
    expect(widthOf('世界')).toBe(4);
    expect(widthOf('👍')).toBe(2);
    expect(widthOf('e\u0301')).toBe(1);
    expect(pad('世', 4)).toBe('世  ');
  });

  it('is cut to what fits', () => {
    expect(fit('abcdef', 6)).toBe('abcdef');
    expect(fit('abcdef', 5)).toBe('abcd…');
    expect(fit('世界世界', 6)).toBe('世界…');
    expect(fit('abc', 1)).toBe('…');
    expect(fit('abc', 0)).toBe('');
  });
});

describe('a bar', () => {
  const line = { step: 'restore', nameWidth: 16, fraction: 0.61, note: 'unpack, 31 MB of 51 MB', elapsed: '4.2 s' };

  it('shows what there is room for', () => {
    const bar = '█'.repeat(12) + '░'.repeat(8);
    expect(barLine(line, UNICODE, 80)).toBe(`  restore           ${bar}   61 %  4.2 s  unpack, 31 MB of 51 MB`);
    expect(barLine(line, UNICODE, 76)).toBe(
      `  restore           ${bar.slice(0, -1)}   61 %  4.2 s  unpack, 31 MB of 51 …`,
    );
    expect(barLine(line, ASCII, 46)).toBe('  restore           #######----   61 %  4.2 s');
    expect(barLine(line, ASCII, 33)).toBe('  restore            61 %  4.2 s');
    expect(barLine(line, ASCII, 26)).toBe('  restore            61 %');
    expect(barLine(line, ASCII, 10)).toBe('  restore…');
  });

  it('is none where nobody knows how far it is', () => {
    expect(barLine({ ...line, fraction: undefined }, UNICODE, 60)).toBe(
      '  restore           4.2 s  unpack, 31 MB of 51 MB',
    );
  });

  it.each([0, 0.005, 0.5, 1, undefined])('is never wider than it may be, at %s', (fraction) => {
    for (let width = 1; width <= 200; width += 1) {
      for (const note of ['', 'x', '世界'.repeat(50)]) {
        const drawn = barLine({ ...line, fraction, note }, UNICODE, width);
        expect(widthOf(drawn)).toBeLessThanOrEqual(width);
        expect(drawn).not.toMatch(/\n/);
      }
    }
  });
});

describe('a table', () => {
  it('has its columns below each other, and no empty cell', () => {
    expect(
      table(
        ['NAME', 'STATE'],
        [
          ['a', 'RUNNING'],
          ['世界世界', ''],
          ['c\u001b[m', 'x'],
        ],
      ),
    ).toBe(['NAME      STATE', 'a         RUNNING', '世界世界  -', 'c [m      x'].join('\n'));
    expect(table(['NAME', 'STATE'], [])).toBe('NAME  STATE');
  });
});
