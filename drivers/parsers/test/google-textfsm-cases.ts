import type { Cell } from "../src/textfsm/parse-text.ts";
import type { TextFsmCase } from "./textfsm-corpus.ts";

/** What becomes of a case: its records, or which of the two is refused. */
type Expected = Cell[][] | "template refused" | "output refused";

interface GoogleCase {
	/** What the case shows. */
	what: string;
	template: string;
	output?: string;
	expected: Expected;
}

const rule = (line: string) => `Value Port (\\S+)\nValue Speed (\\d+)\n\nStart\n${line}\n`;
const taken = (what: string, line: string, output = "", expected: Expected = []): GoogleCase => ({
	what,
	template: rule(line),
	output,
	expected,
});
const refused = (what: string, template: string): GoogleCase => ({ what, template, expected: "template refused" });
const refusedRule = (what: string, line: string) => refused(what, rule(line));
const values = (...lines: string[]) => `${lines.join("\n")}\n\nStart\n  ^x\n`;
const everyLine = "Value Text (.*)\n\nStart\n  ^$Text -> Next.Record\n\nEOF\n";
const up =
	"Value Required Port (p\\d)\nValue Filldown Slot (s\\d)\n\nStart\n  ^$Port -> Next.Record\n  ^$Slot -> Next.Record\n\nEOF\n";
const bothKept = up
	.replace("Required Port", "Required,Filldown Port")
	.replace("Filldown Slot", "Filldown,Required Slot");
const longName = "port_of_the_switch_in_the_rack_of_the_second_room_";

/**
 * What each test of Google's `tests/textfsm_test.py` (github.com/google/textfsm, Apache-2.0) asks of an interpreter, by the name of the test, in
 * templates and outputs of our own. What a test asks of Python objects (their text, file pointers) is asked of what they do.
 */
export const googleTests: Readonly<Record<string, readonly GoogleCase[]>> = {
	testFSMValue: [
		{
			what: "a name and a pattern",
			template: "Value Port (\\S+)\n\nStart\n  ^$Port\n",
			output: "p1",
			expected: [["p1"]],
		},
		{
			what: "options before the name",
			template: "Value Filldown,Required Port (\\S+)\n\nStart\n  ^$Port -> Record\n\nEOF\n",
			output: "p1",
			expected: [["p1"]],
		},
		{
			what: "parentheses within the pattern",
			template: "Value Required Port (port(one))\n\nStart\n  ^$Port -> Record\n",
			output: "portone\nport",
			expected: [["portone"]],
		},
		{
			what: "options in any order, a pattern with an escape and a group",
			template: "Value Required,Filldown Port (po\\S+(one))\n\nStart\n  ^$Port -> Record\n\nEOF\n",
			output: "portone",
			expected: [["portone"]],
		},
		refused("text after the closing parenthesis", values("Value Port (port(one)))port")),
		refused("text before the opening parenthesis", values("Value Port port(port(one)))")),
		refused("a closing parenthesis too many", values("Value Port (port)one)")),
	],
	testFSMRule: [
		taken("no action", `  ^port \${Port}`, "port p1", [["p1", ""]]),
		taken("a value without braces beside one with", `  ^$Port at \${Speed}`, "p1 at 10", [["p1", "10"]]),
		taken("Next", `  ^port \${Port} -> Next`, "port p1", [["p1", ""]]),
		taken("Continue.Record", `  ^port \${Port} -> Continue.Record`, "port p1", [["p1", ""]]),
		taken("Next.NoRecord and a state", `  ^port \${Port} -> Next.NoRecord End`, "port p1\nport p2", []),
		refusedRule("three words of action", `  ^port \${Port} -> Next Next Next`),
		refusedRule("an action that does not exist", `  ^port \${Port} -> Up.down`),
		refusedRule("a state that is no word", `  ^port \${Port} -> Continue.Record $Up`),
	],
	testRulePrefixes: [
		...[" ", ".^", " \t", ""].map((prefix) =>
			refusedRule(`${JSON.stringify(prefix)} before a rule`, `${prefix}port is up`),
		),
		...[" ^", "  ^", "\t^"].map((prefix) => taken(`${JSON.stringify(prefix)} before a rule`, `${prefix}port is up`)),
	],
	testImplicitDefaultRules: [
		taken("Record and a state", `  ^port \${Port} -> Record End`, "port p1\nport p2", [["p1", ""]]),
		taken("a state alone", `  ^port \${Port} -> End`, "port p1", []),
		taken("Next.NoRecord and a state", `  ^port \${Port} -> Next.NoRecord End`, "port p1", []),
		taken("Clear and a state", `  ^port \${Port} -> Clear End`, "port p1", []),
		taken("Error with a text", `  ^port \${Port} -> Error "It is down"`, "port p1", "output refused"),
		refusedRule("Next with a text", `  ^port \${Port} -> Next "It is down"`),
		refusedRule("the operators in the wrong order", `  ^port \${Port} -> Record.Next`),
		refusedRule("Continue with a state", `  ^port \${Port} -> Continue End`),
		refusedRule("no operator before a state", `  ^port \${Port} -> Up End`),
	],
	testSpacesAroundAction: [
		...["", " ", "  "].map((blanks) => ({
			what: `${blanks.length + 1} blanks after the arrow`,
			template: `Value Port (\\S+)\n\nStart\n  ^$Port ->${blanks} Other\n\nOther\n  ^$Port -> Record Start\n\nEOF\n`,
			output: "p1\np2",
			expected: [["p2"]],
		})),
		taken("an arrow without a blank before it is text", `  ^port-> \${Port} -> Next.Record`, "port-> p1", [["p1", ""]]),
	],
	testParseFSMVariables: [
		{
			what: "one value, a comment above it",
			template: `# Head\n${values("Value Filldown Port (p)")}`,
			output: "",
			expected: [],
		},
		{
			what: "several values, a comment between them, an empty pattern",
			template: `# Head\n${values("Value Filldown Port (p1)", " # A comment", "Value Speed ()", "Value Filldown,Required Slot ((s|S)lot)")}`,
			output: "x",
			expected: [],
		},
		refused("a word after the pattern", values("Value Port (port) port")),
		refused("a blank between options", values("Value Filldown, Required Speed ()")),
		refused("an option in small letters", values("Value filldown,Required Slot ((s|S)lot)")),
		{
			what: "a pattern with blanks and commas, a name with commas",
			template: `# Head\n${values("Value Filldown Port (por(t), (and) (S)lot$)", "# A comment", "Value Speed,and,more ()", "Value Filldown,Required Slot ((s|S)lot)")}`,
			output: "x",
			expected: [],
		},
		refused("a name that is too long", values(`Value Filldown ${longName} (port)`)),
	],
	testParseFSMState: [
		refused("a state declared twice", `${rule("  ^x")}\nStart\n  ^.\n`),
		{
			what: "a comment above the state",
			template: "Value A (.)\n\n# Head\nStart\n  ^$A\n",
			output: "x",
			expected: [["x"]],
		},
		taken(
			"several rules, the end of the line in one",
			"  ^up\n  ^port is down\n  ^$Port las[tT]$$ -> Record",
			"p1 last",
			[["p1", ""]],
		),
		refused("a name with a sign", "Value A (.)\n\nSt%art\n  ^.\n"),
		refusedRule("a rule without a blank", "^.\n  ^port"),
		refused("a blank before the state's name", "Value A (.)\n\n  Start\n  ^.\n"),
		taken(
			"values in a row, and one without braces",
			`  ^.\${Port}\${Speed}. -> Record\n  ^speed $Speed -> Record`,
			"<p10>\nspeed 9",
			[
				["p1", "0"],
				["", "9"],
			],
		),
		refused("a state's name that is too long", `${rule("  ^x")}\n${longName}\n  ^.\n`),
	],
	testInvalidStates: [
		refusedRule("Continue with a state", "  ^.* -> Continue Start"),
		taken("Error with a text", '  ^ -> Error "no port"', "x", "output refused"),
		refusedRule("Next with a text", '  ^.* -> Next "no port"'),
	],
	testRuleStartsWithCarrot: [refusedRule("a rule without a caret", "  port is up")],
	testValidateFSM: [
		refused("no value, no Start", "\nOther\n"),
		refused("no state", "Value A (.)\n\n"),
		refused("no Start", "Value A (.)\n\nOther\n"),
		taken("a rule that stays", "  ^.* -> Start"),
		refusedRule("a state that does not exist", "  ^.* -> Start\n  ^.* -> Other"),
		taken("a state that does", "  ^.* -> Other\n\nOther\n  ^.* -> Start"),
		taken("with operators before it", "  ^.* -> Other\n\nOther\n  ^.* -> Next.Record Start"),
		taken("Error without a text and with one", '  ^.* -> Other\n\nOther\n  ^.* -> Error\n  ^.* -> Error "no port"'),
	],
	testTextFSM: [
		taken("a rule without values", "  ^\\w", "x", []),
		taken("two states", "  ^\\w\n\nOther\n  ^.", "x", []),
		{
			what: "comments everywhere, and an End that stands empty",
			template: `# Head\n# Second head\nValue Port (.*)\nValue Speed (\\w+)\n\n# What it does\nStart\n  ^speed is \${Speed}. -> Next.Record Other\n\nOther\n  ^\\d\n  ^$Port .. -> Start\n  # In between\n  ^$$ -> Next\n  ^$$ -> End\n\nEnd\n# At the end\n`,
			output: "speed is ten.\np1 up\n",
			expected: [
				["", "ten"],
				["p1", ""],
			],
		},
	],
	testParseText: [
		{
			what: "nothing matches",
			template: "Value A (.)\n\nStart\n  ^A port\n",
			output: "No port\nline 1\n",
			expected: [],
		},
		{
			what: "a match without a value",
			template: "Value A (.)\n\nStart\n  ^A port\n",
			output: "Ports\nA port\nx\n",
			expected: [],
		},
		{ what: "a record for one line", template: everyLine, output: "p1 up", expected: [["p1 up"]] },
		{ what: "a record for each line", template: everyLine, output: "p1 up\np2 up", expected: [["p1 up"], ["p2 up"]] },
		{ what: "Required leaves out, Filldown stays", template: up, output: "s1\np1", expected: [["p1", "s1"]] },
		{
			what: "Filldown in a second record",
			template: up,
			output: "s1\np1\np1",
			expected: [
				["p1", "s1"],
				["p1", "s1"],
			],
		},
		{
			what: "both options on both",
			template: bothKept,
			output: "s1\np1\np1",
			expected: [
				["p1", "s1"],
				["p1", "s1"],
			],
		},
	],
	testParseTextToDicts: [
		{ what: "no record", template: "Value A (.)\n\nStart\n  ^A port\n", output: "Ports\nA port\n", expected: [] },
		{ what: "records of one value", template: everyLine, output: "p1 up\np2 up", expected: [["p1 up"], ["p2 up"]] },
		{ what: "records of two values", template: up, output: "s1\np1", expected: [["p1", "s1"]] },
	],
	testParseNullText: [
		{ what: "no output", template: "Value A (.*)\n\nStart\n  ^$A -> Next.Record\n\n", output: "", expected: [] },
	],
	testReset: [
		{ what: "read again from the beginning", template: everyLine, output: "p1 up", expected: [["p1 up"]] },
		{
			what: "what was left of another output, and its state, is gone",
			template:
				"Value Port (p1)\nValue Slot (s1)\n\nStart\n  ^$Port -> Other\n\nOther\n  ^$Slot -> Record Start\n\nEOF",
			output: "p1",
			expected: [],
		},
	],
	testClear: [
		{
			what: "Clear keeps what is filled down",
			template:
				"Value Required Port (p.)\nValue Filldown,Required Slot (s.)\n\nStart\n  ^$Port -> Next.Record\n  ^$Slot -> Next.Clear",
			output: "p1\ns1\np2\ns2",
			expected: [["p2", "s1"]],
		},
		{
			what: "Clearall does not",
			template: "Value Filldown Port (p.)\nValue Filldown Slot (s.)\n\nStart\n  ^$Port -> Next.Clearall\n  ^$Slot",
			output: "p1\ns1",
			expected: [["", "s1"]],
		},
	],
	testContinue: [
		{
			what: "the same line for the next rule",
			template:
				"Value Required Port (p.)\nValue Filldown,Required Same (p.)\n\nStart\n  ^$Port -> Continue\n  ^$Same -> Continue.Record",
			output: "p1\np2",
			expected: [
				["p1", "p1"],
				["p2", "p2"],
			],
		},
	],
	testError: ["", ' "It is down"'].map((text) => ({
		what: text === "" ? "without a text" : "with a text",
		template: `Value Required Port (p.)\nValue Filldown,Required Same (p.)\n\nStart\n  ^$Port -> Continue\n  ^$Same -> Error${text}`,
		output: "p1",
		expected: "output refused" as const,
	})),
	testKey: [
		{
			what: "Key beside another option",
			template:
				"Value Required Port (p.)\nValue Required,Key Same (p.)\n\nStart\n  ^$Port -> Continue\n  ^$Same -> Record",
			output: "p1",
			expected: [["p1", "p1"]],
		},
	],
	testList: [
		{
			what: "List begins anew with each record",
			template: "Value List Port (p.)\nValue Slot (s.)\n\nStart\n  ^$Port\n  ^$Slot -> Next.Record\n\nEOF",
			output: "p1\ns1\np2\ns2",
			expected: [
				[["p1"], "s1"],
				[["p2"], "s2"],
			],
		},
		{
			what: "List with Filldown grows",
			template:
				"Value List,Filldown Port (p.)\nValue Same (p.)\n\nStart\n  ^$Port -> Continue\n  ^$Same -> Next.Record\n\nEOF",
			output: "p1\np2\np3",
			expected: [
				[["p1"], "p1"],
				[["p1", "p2"], "p2"],
				[["p1", "p2", "p3"], "p3"],
			],
		},
		{
			what: "List with Required leaves out an empty one",
			template:
				"Value List,Required Port (p.)\nValue Slot (s.)\n\nStart\n  ^$Port -> Continue\n  ^$Slot -> Next.Record\n\nEOF",
			output: "p1\ns1\ns2",
			expected: [[["p1"], "s1"]],
		},
	],
	testNestedMatching: [
		{
			what: "nested names make mappings, and may be those of other values",
			template: `Value List Route ((?P<Port>\\w+):\\s+(?P<metric>\\d+)\\s+(?P<kind>\\w{2})\\s*)\nValue Port (\\w+)\n\nStart\n  ^\\s*\${Route}\n  ^\\s*\${Port}\n  ^\\s*$$ -> Record`,
			output: " p1: 32 ST\n p2: 27 BG\nlast\n\n",
			expected: [
				[
					[
						{ Port: "p1", metric: "32", kind: "ST" },
						{ Port: "p2", metric: "27", kind: "BG" },
					],
					"last",
				],
			],
		},
	],
	testNestedNameConflict: [
		refused(
			"one nested name twice",
			`Value List Route ((?P<port>\\w+)\\s+(?P<port>\\w+):\\s+(?P<metric>\\d+))\n\nStart\n  ^\\s*\${Route}\n`,
		),
	],
	testGetValuesByAttrib: [
		{
			what: "options of several values",
			template:
				"Value Required Port (p.)\nValue Required,List Same (p.)\n\nStart\n  ^$Port -> Continue\n  ^$Same -> Record",
			output: "p1\np2",
			expected: [
				["p1", ["p1"]],
				["p2", ["p2"]],
			],
		},
	],
	testStateChange: [
		{
			what: "without an action",
			template: "Value Port (p1)\nValue Slot (s1)\n\nStart\n  ^$Port -> Other\n\nOther\n  ^$Slot -> Start\n",
			output: "p1\np1\ns1",
			expected: [["p1", "s1"]],
		},
		{
			what: "with one",
			template:
				"Value Port (p1)\nValue Slot (s1)\n\nStart\n  ^$Port -> Next.Record Other\n\nOther\n  ^$Slot -> Start\n\nEOF",
			output: "p1\np1\ns1",
			expected: [["p1", ""]],
		},
	],
	testEOF: [
		{
			what: "not declared, it records",
			template: "Value A (.*)\n\nStart\n  ^$A -> Next\n",
			output: "p1",
			expected: [["p1"]],
		},
		{
			what: "declared empty, it does not",
			template: "Value A (.*)\n\nStart\n  ^$A -> Next\n\nEOF\n",
			output: "p1",
			expected: [],
		},
	],
	testEnd: [
		{
			what: "End ends without a record",
			template: "Value A (.*)\n\nStart\n  ^$A -> End\n  ^$A -> Record\n",
			output: "p1\np2",
			expected: [],
		},
		{
			what: "Record before End",
			template: "Value A (.*)\n\nStart\n  ^$A -> Record End\n",
			output: "p1\np2",
			expected: [["p1"]],
		},
		{
			what: "EOF records and ends",
			template: "Value A (.*)\n\nStart\n  ^$A -> EOF\n  ^$A -> Record\n",
			output: "p1\np2",
			expected: [["p1"]],
		},
	],
	testInvalidRegexp: [refused("a class that is not closed", "Value A ([(\\S+]))\n\nStart\n  ^$A -> Next\n")],
	testValidRegexp: [
		{
			what: "a record for each",
			template: "Value A (po*)\n\nStart\n  ^$A -> Record\n",
			output: "p\npo\npoo\n",
			expected: [["p"], ["po"], ["poo"]],
		},
	],
	testReEnteringState: [
		{
			what: "a state that nothing leaves, read twice",
			template: "Value A (.*)\n\nStart\n  ^$A -> Next Other\n\nOther\n  ^abc\n",
			output: "p1\np2",
			expected: [["p1"]],
		},
	],
	testFillup: [
		{
			what: "into the records above that have none",
			template:
				"Value Required Line ([^-]+)\nValue Fillup Port ([^-]+)\nValue Fillup Slot ([^-]+)\n\nStart\n  ^$Line -- -- -> Record\n  ^$Line $Port -- -> Record\n  ^$Line -- $Slot -> Record\n  ^$Line $Port $Slot -> Record\n",
			output: "\n1 -- s1\n2 p2 --\n3 -- s3\n",
			expected: [
				["1", "p2", "s1"],
				["2", "p2", "s3"],
				["3", "", "s3"],
			],
		},
	],
	// An option of the newest TextFSM that needs Python's `regex` instead of `re`; without it TextFSM refuses too.
	testRepeated: [
		refused(
			"a group that matches several times",
			`Value Repeated Key (\\S+)\nValue Port (\\S+)\n\nStart\n  ^\${Port} (\${Key} )* -> Record\n`,
		),
	],
	testRepeatedList: [
		refused("the same in a List", `Value List,Repeated Key (\\S+)\n\nStart\n  ^(\${Key} )+\n  ^record -> Record\n`),
	],
};

/** All of it as cases for both interpreters. */
export function googleCases(): (TextFsmCase & { expected: Expected })[] {
	return Object.entries(googleTests).flatMap(([test, cases]) =>
		cases.map(({ what, template, output = "", expected }) => ({
			name: `${test}: ${what}`,
			template,
			output,
			expected,
		})),
	);
}
