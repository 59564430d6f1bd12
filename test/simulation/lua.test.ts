import { describe, expect, it } from 'vitest';
import { scripts } from '../../src/store/redis/scripts.js';
import { compile } from './lua/compile.js';
import type { LuaValue } from './lua/library.js';

const noCall = (): LuaValue => {
  throw new Error('no command was expected');
};
const run = (source: string, ...args: string[]): LuaValue => compile(source)(['k1', 'k2'], args, noCall);

describe('the Lua of the simulation', () => {
  it('takes every script of the service', () => {
    for (const { source } of Object.values(scripts)) expect(compile(source)).toBeTypeOf('function');
  });

  it.each([
    ['return 0 and "zero is true"', 'zero is true'],
    ['return "" and "empty is true"', 'empty is true'],
    ['return nil or false', false],
    ['return false == nil', false],
    ['return not nil', true],
    ['return 1 == "1"', false],
    ['return "10" + 5', 15],
    ['return 1 .. 2 .. "3"', '123'],
    ['return 2 + 3 * 4 - -1', 15],
    ['return #"abc" + #{ 1, 2 }', 5],
    ['return ({ "a", "b" })[2]', 'b'],
    ['return "b" > "a" and not (1 > 2)', true],
    ['return (string.match("12 on x", "^(%d+) (.+)$"))', '12'],
    ['local n, rest = string.match("12 on x", "^(%d+) (.+)$") return rest .. n', 'on x12'],
    ['return string.match("x", "^(%d+)$")', undefined],
    ['return string.sub("abcdef", 3) .. string.sub("abcdef", 1, 2)', 'cdefab'],
    ['return string.format("%s %016d %.0f", "n", "12", 1700000000000001)', 'n 0000000000000012 1700000000000001'],
    ['return tonumber("x")', undefined],
    ['return cjson.decode(\'{"a":{"b":7}}\').a.b', 7],
    ['local ok, what = pcall(cjson.decode, "{") return ok', false],
    ['local function two() return 1, 2 end local a, b = two() return b', 2],
    ['local function two() return 1, 2 end return #{ two(), two() }', 3],
    ['local s = 0 for i = 2, 6, 2 do s = s + i end return s', 12],
    ['local s = "" for i, v in ipairs({ "a", "b" }) do s = s .. i .. v end return s', '1a2b'],
    ['local t = {} for i = 1, 3 do t[#t + 1] = i end return #t', 3],
    ['local i = 0 while true do i = i + 1 if i == 4 then return i end end', 4],
    ['local x = 1 if x == 2 then return "a" elseif x == 1 then return "b" else return "c" end', 'b'],
    ['return KEYS[2] .. ARGV[1]', 'k2first'],
    ['return unpack(ARGV, 2)', 'second'],
  ])('%s', (source, expected) => {
    expect(run(source, 'first', 'second')).toEqual(expected);
  });

  it.each([
    ['return nil + 1', /arithmetic/],
    ['return "a" .. nil', /concatenate/],
    // Redis's Lua prints fourteen digits.
    ['return "" .. 1700000000000001', /concatenate/],
    ['return nil[1]', /index/],
    ['return string.match("a", "[a-z]")', /subset/],
  ])('%s is an error', (source, message) => {
    expect(() => run(source)).toThrow(message);
  });

  it.each(['goto a', 'return { a = 1 }', 'return 1 2', 'repeat until x', 'local s = [[x]]'])(
    '%s is not taken',
    (source) => {
      expect(() => compile(source)).toThrow(SyntaxError);
    },
  );
});
