import type { TextFsmCase } from "./textfsm-corpus.ts";

const rule = (pattern: string) => `Value A (.*)\nValue B (.*)\n\nStart\n  ^${pattern} -> Record\n`;

/** Where we answer otherwise than Google's TextFSM 1.1 on Python 3.11, each with a case that shows it. Nothing else may differ. */
export const differences: (TextFsmCase & { why: string })[] = [
	{ name: "look-ahead `(?=...)`", why: "Refused: needs backtracking.", template: rule("(?P<A>a)(?=b)"), output: "ab" },
	{
		name: "negative look-ahead `(?!...)`",
		why: "Refused: needs backtracking.",
		template: rule("(?P<A>a)(?!b)"),
		output: "ac",
	},
	{
		name: "look-behind `(?<=...)`",
		why: "Refused: needs backtracking.",
		template: rule("a(?<=a)(?P<A>b)"),
		output: "ab",
	},
	{
		name: "negative look-behind `(?<!...)`",
		why: "Refused: needs backtracking.",
		template: rule(".(?<!a)(?P<A>b)"),
		output: "cb",
	},
	{ name: "back-reference `\\1`", why: "Refused: needs backtracking.", template: rule("(?P<A>.)\\1"), output: "aa" },
	{
		name: "named back-reference `(?P=A)`",
		why: "Refused: needs backtracking.",
		template: rule("(?P<A>.)(?P=A)"),
		output: "aa",
	},
	{
		name: "conditional `(?(1)...|...)`",
		why: "Refused: needs backtracking.",
		template: rule("(a)?(?P<A>(?(1)b|c))"),
		output: "ab",
	},
	{
		name: "atomic group `(?>...)`",
		why: "Refused: RE2 does not have it.",
		template: rule("(?P<A>(?>a|ab))"),
		output: "ab",
	},
	{
		name: "possessive quantifier `a++`",
		why: "Refused: RE2 does not have it.",
		template: rule("(?P<A>a++)"),
		output: "aa",
	},
	{
		name: "character by name `\\N{...}`",
		why: "Refused: write it as itself or as `\\u....`.",
		template: rule("(?P<A>\\N{EM DASH})?"),
		output: "a",
	},
	{
		name: "more than 1000 repetitions",
		why: "Refused: RE2's limit, which holds for the product of nested repetitions too.",
		template: rule("(?P<A>a{1001})?"),
		output: "a",
	},
	{
		name: "a pattern of very many positions",
		why: "Refused above about 10,000, so that a line is read in bounded time.",
		template: rule("(?P<A>(?:[ab]{100}c){200})?"),
		output: "a",
	},
	{
		name: "a repetition of what may match nothing, as in `(a|b?|c)*` or `(x*?y?)+`",
		why: "Refused where the engines end such a loop differently: when nothing is tried before the rest, or a Value stands inside.",
		template: rule("(?P<A>(?: ?|\\S)+)(?P<B>.*)"),
		output: "{A.A b",
	},
	{
		name: "`\\b` beside letters beyond ASCII",
		why: "RE2's `\\b` knows ASCII words alone: `é` is no word character to it. (`\\w`, `\\d`, `\\s` mean what Python means.)",
		template: rule("(?P<A>\\w+\\b)(?P<B>.*)"),
		output: "né x",
	},
	{
		name: "`İ` and `ı` when case is ignored",
		why: "Python takes both for an `i`, RE2 does not.",
		template: rule("(?P<A>(?i:i))"),
		output: "İ",
	},
	{
		name: "`^(?i)` at the head of a rule",
		why: "Accepted, as Python did until 3.10, since older templates have it; Python 3.11 refuses it.",
		template: rule("(?i)(?P<A>abc)"),
		output: "ABC",
	},
	{
		name: "a List with nested groups that took no part in the rule",
		why: "Null is added to the list; Google's stops with a TypeError of its own.",
		template: `Value List A ((?P<k>a)(?P<v>b))\n\nStart\n  ^x|\${A}\n`,
		output: "x\nab",
	},
	{
		name: "`Value OptionBase`",
		why: "Refused as unknown; Google's takes the name of its own base class for an option without effect.",
		template: `Value OptionBase A (a)\n\nStart\n  ^\${A}\n`,
		output: "a",
	},
	{
		name: "lines of more than 32,768 characters",
		why: "The error `parse.too_much`. Also beyond 200,000 lines or records, 64 Mi characters of result, 10 s; templates of more than 256 KiB or 2,000 rules.",
		template: rule("(?P<A>a)"),
		output: "a".repeat(32_769),
	},
];
