/** A template and an output that both interpreters read. */
export interface TextFsmCase {
	name: string;
	template: string;
	output: string;
}

const interfaces =
	"Interface Gi0/1 is up\n  MTU 1500\n  IP 10.0.0.1/24\n  IP 10.0.0.2/24\nInterface Gi0/2 is down\n  MTU 9000\n";

function state(values: string, rules: string, more = ""): string {
	return `${values}\n\nStart\n${rules}\n${more}`;
}

/** Behaviour that TextFSM's documentation describes, one case each, and the corners beside it. */
const described: [name: string, template: string, output: string][] = [
	["a value and a record", state("Value Name (\\S+)", `  ^Interface \${Name} -> Record`), interfaces],
	["the implicit EOF records what is left", state("Value Name (\\S+)", `  ^Interface \${Name}`), interfaces],
	["an empty EOF state suppresses it", state("Value Name (\\S+)", `  ^Interface \${Name}`, "\nEOF\n"), interfaces],
	["the End state stops without a record", state("Value Name (\\S+)", `  ^Interface \${Name} -> End`), interfaces],
	["the EOF state stops with a record", state("Value Name (\\S+)", `  ^Interface \${Name} -> EOF`), interfaces],
	[
		"a declared End state may stand empty",
		state("Value Name (\\S+)", `  ^Interface \${Name} -> Record End`, "\nEnd\n"),
		interfaces,
	],
	[
		"records with several values",
		state(
			"Value Name (\\S+)\nValue Mtu (\\d+)",
			`  ^Interface -> Continue.Record\n  ^Interface \${Name}\n  ^\\s+MTU \${Mtu}`,
		),
		interfaces,
	],
	[
		"Required drops records without it",
		state(
			"Value Name (\\S+)\nValue Required Ip (\\S+)",
			`  ^Interface -> Continue.Record\n  ^Interface \${Name}\n  ^\\s+IP \${Ip}`,
		),
		interfaces,
	],
	[
		"Filldown keeps its value after a record",
		state("Value Filldown Name (\\S+)\nValue Required Ip (\\S+)", `  ^Interface \${Name}\n  ^\\s+IP \${Ip} -> Record`),
		interfaces,
	],
	[
		"Filldown leaves a record at the end",
		state("Value Filldown Name (\\S+)\nValue Ip (\\S+)", `  ^Interface \${Name}\n  ^\\s+IP \${Ip} -> Record`),
		interfaces,
	],
	[
		"Clear leaves Filldown values",
		state("Value Filldown Name (\\S+)\nValue Mtu (\\d+)", `  ^Interface \${Name}\n  ^\\s+MTU \${Mtu} -> Clear`),
		interfaces,
	],
	[
		"Clearall takes them too",
		state("Value Filldown Name (\\S+)\nValue Mtu (\\d+)", `  ^Interface \${Name}\n  ^\\s+MTU \${Mtu} -> Clearall`),
		interfaces,
	],
	[
		"Fillup writes into the records above",
		state("Value Line (\\d+)\nValue Fillup Total (\\d+)", `  ^line \${Line} -> Record\n  ^total \${Total}`),
		"line 1\nline 2\ntotal 9\nline 3\ntotal 7\nline 4\n",
	],
	[
		"Fillup stops at a record that has one",
		state("Value Fillup A (\\d+)\nValue B (\\w+)", `  ^\${A} \${B} -> Record\n  ^- \${B} -> Record`),
		"- x\n1 y\n- z\n- v\n2 w\n",
	],
	[
		"Fillup with an empty match writes nothing",
		state("Value Fillup A (\\d*)\nValue B (\\w+)", `  ^\${A},\${B} -> Record`),
		",x\n,y\n3,z\n,w\n",
	],
	["Key changes nothing in the records", state("Value Key Name (\\S+)", `  ^Interface \${Name} -> Record`), interfaces],
	[
		"List gathers",
		state(
			"Value Name (\\S+)\nValue List Ip (\\S+)",
			`  ^Interface -> Continue.Record\n  ^Interface \${Name}\n  ^\\s+IP \${Ip}`,
		),
		interfaces,
	],
	[
		"List with Filldown keeps gathering",
		state("Value Filldown,List Ip (\\S+)\nValue Name (\\S+)", `  ^Interface \${Name} -> Record\n  ^\\s+IP \${Ip}`),
		interfaces,
	],
	[
		"List,Filldown in the other order",
		state("Value List,Filldown Ip (\\S+)\nValue Name (\\S+)", `  ^Interface \${Name} -> Record\n  ^\\s+IP \${Ip}`),
		interfaces,
	],
	[
		"List,Required looks at the list",
		state("Value List,Required Ip (\\S+)\nValue Name (\\S+)", `  ^Interface \${Name} -> Record\n  ^\\s+IP \${Ip}`),
		interfaces,
	],
	[
		"Required,List looks at the last value",
		state(
			"Value Required,List Ip (\\S*)\nValue Name (\\S+)",
			`  ^Interface \${Name} -> Record\n  ^\\s+IP \${Ip}\n  ^\\s+MTU 9000\${Ip}`,
		),
		interfaces,
	],
	[
		"List with Clear",
		state("Value List Ip (\\S+)\nValue Name (\\S+)", `  ^Interface \${Name} -> Clear\n  ^\\s+IP \${Ip}`),
		interfaces,
	],
	[
		"List and Filldown with Clearall",
		state(
			"Value List,Filldown Ip (\\S+)\nValue Name (\\S+)",
			`  ^Interface \${Name} -> Clearall\n  ^\\s+IP \${Ip} -> Record`,
		),
		interfaces,
	],
	[
		"List with nested named groups",
		state("Value List Person ((?P<name>\\w+):\\s+(?P<age>\\d+)\\s+(?P<state>\\w{2})\\s*)", `  ^\${Person}`),
		"Bob: 32 NC\nAlice: 27 NY\nJeff: 45 CA\nJulia\n",
	],
	["List whose nested groups have no names", state("Value List Pair ((\\w+)-(\\w+))", `  ^\${Pair}`), "a-b\nc-d\n"],
	[
		"List whose nested group takes no part",
		state("Value List Pair ((?P<a>\\w+)(?:-(?P<b>\\w+))?)", `  ^\${Pair}$$`),
		"a-b\nc\n",
	],
	[
		"List with nested groups, twice in one line",
		state("Value List P ((?P<k>\\w+)=(?P<v>\\w+))", `  ^\${P}( |$$) -> Continue\n  ^\\w+=\\w+ \${P}`),
		"a=1 b=2\nc=3\n",
	],
	[
		"nested groups and Filldown",
		state("Value Filldown,List P ((?P<k>\\w+)=(?P<v>\\w+))\nValue N (\\d+)", `  ^\${P}\n  ^\${N} -> Record`),
		"a=1\n1\nb=2\n2\n",
	],
	[
		"a group that takes no part leaves the value empty",
		state("Value A (\\d+)\nValue B (\\w+)", `  ^(?:\${A})? ?\${B} -> Record`),
		"1 a\nb\n",
	],
	[
		"a value that matched nothing is not empty",
		state("Value A (\\d*)\nValue B (x?)", `  ^#\${A}#\${B} -> Record`),
		"##\n#1#\n##x\n",
	],
	[
		"Continue goes on in the same line",
		state("Value A (\\d+)\nValue B (\\d+)", `  ^\${A} -> Continue\n  ^\\d+ \${B} -> Record`),
		"1 2\n3\n4 5\n",
	],
	[
		"Continue.Record, then the same line begins the next",
		state("Value A (\\w+)\nValue B (\\d+)", `  ^item -> Continue.Record\n  ^item \${A}\n  ^ \${B}`),
		"item a\n 1\nitem b\nitem c\n 3\n",
	],
	[
		"Continue.Clear",
		state("Value A (\\w+)\nValue B (\\d+)", `  ^item -> Continue.Clear\n  ^item \${A}\n  ^ \${B} -> Record`),
		"item a\n 1\n 2\nitem b\n",
	],
	[
		"Continue.Clearall",
		state("Value Filldown A (\\w+)\nValue B (\\d+)", `  ^-- -> Continue.Clearall\n  ^item \${A}\n  ^ \${B} -> Record`),
		"item a\n 1\n--\n 2\n",
	],
	[
		"Next and NoRecord by name",
		state("Value A (\\w+)", `  ^a\${A} -> Next.NoRecord\n  ^b\${A} -> NoRecord\n  ^c\${A} -> Next`),
		"ax\nby\ncz\n",
	],
	[
		"a rule moves to another state",
		state("Value A (\\w+)", `  ^table -> Table\n  ^\${A}`, `\nTable\n  ^end -> Record Start\n  ^row \${A} -> Record\n`),
		"table\nrow a\nrow b\nend\nafter\n",
	],
	[
		"a record operator and a state",
		state(
			"Value A (\\w+)",
			`  ^\${A} -> Next.Record Second`,
			`\nSecond\n  ^\${A}:\${A} -> Record\n  ^\${A}: -> Record\n`,
		),
		"a\nb:\n",
	].slice(0, 3) as [string, string, string],
	["a state without rules swallows", state("Value A (\\w+)", `  ^\${A} -> Record Quiet`, "\nQuiet\n"), "a\nb\n"],
	["Error discards everything", state("Value A (\\w+)", `  ^% -> Error\n  ^\${A} -> Record`), "a\n% bad\n"],
	["Error with a text", state("Value A (\\w+)", `  ^% -> Error "no such command"\n  ^\${A} -> Record`), "a\n% bad\n"],
	["Error with a word", state("Value A (\\w+)", `  ^% -> Error refused\n  ^\${A} -> Record`), "a\n% bad\n"],
	["Error.Record", state("Value A (\\w+)", `  ^% -> Error.Record "x"\n  ^\${A}`), "a\n% bad\n"],
	["Error that is not met", state("Value A (\\w+)", `  ^\${A} -> Record\n  ^. -> Error`), "a\nb\n"],
	["an Error's state need not exist", state("Value A (\\w+)", `  ^% -> Error Nowhere\n  ^\${A} -> Record`), "a\n"],
	[
		"comments everywhere",
		`# head\nValue A (\\w+)\n  # indented\n\n# between\nStart\n  # in the state\n  ^\${A} -> Record\n# at the margin\n  ^x\n`,
		"a\n",
	],
	["a tab before the rule", `Value A (\\w+)\n\nStart\n\t^\${A} -> Record\n`, "a\n"],
	["one blank before the rule", `Value A (\\w+)\n\nStart\n ^\${A} -> Record\n`, "a\n"],
	["blank lines between states", `Value A (\\w+)\n\n\n\nStart\n  ^\${A} -> Record\n\n\n\nOther\n  ^x\n`, "a\n"],
	["no blank line at the end", `Value A (\\w+)\n\nStart\n  ^\${A} -> Record`, "a"],
	["a template with CRLF", `Value A (\\w+)\r\n\r\nStart\r\n  ^\${A} -> Record\r\n`, "a\r\nb\r\n"],
	["trailing blanks in the template", `Value A (\\w+)  \n \nStart  \n  ^\${A} -> Record   \n`, "a\nb\n"],
	["values that no rule names", state("Value A (\\w+)\nValue B (\\w+)", `  ^\${A} -> Record`), "a\n"],
	["no values at all", "\nStart\n  ^a -> Record\n", "a\n"],
	["no values: a dollar is the pattern's", "\nStart\n  ^a$$ -> Record\n  ^b$ -> Error\n", "a\nb\n"],
	["an empty output", state("Value A (\\w+)", `  ^\${A} -> Record`), ""],
	["an output of blank lines", state("Value A (\\w*)", `  ^\${A}$$ -> Record`), "\n\n"],
	["$$ is the end of the line", state("Value A (\\w+)", `  ^\${A}$$ -> Record`), "a\nb c\n"],
	["$Name without braces", state("Value A (\\w+)", "  ^$A -> Record"), "a\n"],
	["an arrow in the pattern", state("Value A (\\w+)", `  ^\${A} -> x -> Record`), "a -> x\nb\n"],
	["an arrow without a blank before it is text", state("Value A (\\w+)", `  ^\${A}->`), "a->\n"],
	["an arrow with nothing behind", state("Value A (\\w+)", `  ^\${A} ->`), "a\n"],
	["a pattern that ends in blanks before the arrow", state("Value A (\\w+)", `  ^\${A}    -> Record`), "a   \nb\n"],
	[
		"a named group in the rule itself",
		state("Value A (\\w+)\nValue B (\\w+)", "  ^(?P<A>x+)(?P<B>y+)(?P<C>z*) -> Record"),
		"xxyyz\n",
	],
	[
		"a nested name that is another Value",
		state("Value List A ((?P<B>\\w)\\w+)\nValue B (q)", `  ^\${A} -> Record`),
		"hello\n",
	],
	["alternatives are tried at the start only", state("Value A (\\w+)", "  ^x|(?P<A>b) -> Record"), "x\nb\nab\n"],
	[
		"alternatives in a Value, first wins",
		state("Value A (a|ab|abc)\nValue B (.*)", `  ^\${A}\${B} -> Record`),
		"abcd\nab\n",
	],
	["lazy and greedy", state("Value A (.*?)\nValue B (.*)", `  ^\${A},\${B} -> Record`), "a,b,c\n"],
	[
		"line ends that Python knows",
		state("Value A (\\w+)", `  ^\${A}$$ -> Record`),
		"a\rb\r\nc\vd\fe\x1cf\x1dg\x1eh\x85i\u2028j\u2029k",
	],
	["blank lines and lines of blanks", state("Value A (\\s*)", `  ^\${A}$$ -> Record`), "\n  \n\t\n"],
	[
		"letters beyond ASCII",
		state("Value A (\\w+)\nValue B (.*)", `  ^name \${A} \${B} -> Record`),
		"name Zürich größe\nname 東京 日本\nname \u0660\u0661 x\n",
	],
	[
		"digits beyond ASCII",
		state("Value A (\\d+)\nValue B (\\D*)", `  ^\${A}\${B} -> Record`),
		"\u0661\u0662 x\n12é\n²\n",
	],
	[
		"blanks beyond ASCII",
		state("Value A (\\S+)\nValue B (\\S+)", `  ^\${A}\\s+\${B} -> Record`),
		"a\u00a0b\na\u3000b\na\u200bb c\na\u1680b\n",
	],
	["what is no word character", state("Value A (\\W+)", `  ^\\w*\${A} -> Record`), "é-–\naß…b\nx_\n日。本\n"],
	["characters outside the first plane", state("Value A (.)\nValue B (.*)", `  ^\${A}\${B} -> Record`), "😀x\n"],
	[
		"every blank of Unicode is stripped from the template",
		`Value A (\\w+)\u00a0\n\nStart\n  ^\${A} -> Record\u3000\n`,
		"a\n",
	],
	[
		"a state with a name beyond ASCII",
		state("Value A (\\w+)", `  ^\${A} -> Record Zürich`, "\nZürich\n  ^. -> Error\n"),
		"a\n",
	],
	[
		"numbers as states",
		state("Value A (\\w+)", `  ^\${A} -> Record 2`, `\n2\n  ^\${A} -> Record Start\n`),
		"a\nb\nc\n",
	],
	[
		"Required and Filldown together",
		state("Value Required,Filldown A (\\d+)\nValue B (\\w+)", `  ^#\${A}\n  ^\${B} -> Record`),
		"x\n#1\ny\nz\n#2\n",
	],
	[
		"Filldown with a group that took no part",
		state("Value Filldown A (\\d+)\nValue B (\\w)", `  ^(\${A})?\${B} -> Record`),
		"1a\nb\nc\n",
	],
	[
		"Fillup and List",
		state("Value Fillup,List A (\\d+)\nValue B (\\w)", `  ^-\${B} -> Record\n  ^\${A}`),
		"-a\n-b\n1\n2\n-c\n",
	],
	[
		"Fillup and Required",
		state("Value Fillup,Required A (\\d+)\nValue B ([a-z])", `  ^-\${B} -> Record\n  ^\${A}`),
		"-a\n1\n-b\n-c\n2\n",
	],
	[
		"all options at once",
		state("Value Required,Filldown,Fillup,Key,List A (\\d+)\nValue B ([a-z])", `  ^-\${B} -> Record\n  ^\${A}`),
		"-a\n1\n-b\n-c\n2\n",
	],
];

/** Templates that must be refused by both. */
const refused: [name: string, template: string][] = [
	["an empty template", ""],
	["only blank lines", "\n\n\n"],
	["no Start state", `Value A (\\w+)\n\nBegin\n  ^\${A}\n`],
	["no values before text", "Start\n  ^a\n"],
	["text after the values", `Value A (\\w+)\nStart\n  ^\${A}\n`],
	["a value of two words", "Value A\n\nStart\n"],
	["an unknown option", "Value Optional A (\\w+)\n\nStart\n"],
	["an option twice", "Value Key,Key A (\\w+)\n\nStart\n"],
	["two blanks in a value", "Value  A (\\w+)\n\nStart\n"],
	["a value without parentheses", "Value Required A \\w+\n\nStart\n"],
	["parentheses that do not pair", "Value A ((\\w+)\n\nStart\n"],
	["a parenthesis in a class counts", "Value A ([(])\n\nStart\n"],
	["something after the parentheses", "Value A (\\w+)x\n\nStart\n"],
	["a value twice", "Value A (a)\nValue A (b)\n\nStart\n"],
	["a name of 49 characters", `Value ${"A".repeat(49)} (a)\n\nStart\n`],
	["a broken pattern in a List", "Value List A ([)]\n\nStart\n"],
	["a state of two words", "Value A (a)\n\nStart now\n  ^a\n"],
	["a state named as an action", "Value A (a)\n\nStart\n\nContinue\n"],
	["a state named as a record action", "Value A (a)\n\nStart\n\nRecord\n"],
	["a state of 49 letters", `Value A (a)\n\nStart\n\n${"s".repeat(49)}\n`],
	["a state twice", "Value A (a)\n\nStart\n\nStart\n"],
	["a rule without a caret", `Value A (a)\n\nStart\n  \${A}\n`],
	["a rule without a blank", `Value A (a)\n\nStart\n^\${A}\n`],
	["three blanks before a rule", `Value A (a)\n\nStart\n   ^\${A}\n`],
	["two tabs before a rule", `Value A (a)\n\nStart\n\t\t^\${A}\n`],
	["a value that is not there", `Value A (a)\n\nStart\n  ^\${B}\n`],
	["a dollar alone", `Value A (a)\n\nStart\n  ^\${A}$\n`],
	["a brace that is not closed", `Value A (a)\n\nStart\n  ^\${A\n`],
	["a value twice in a rule", `Value A (a)\n\nStart\n  ^\${A}\${A}\n`],
	["a name that is no identifier", `Value A-B (a)\n\nStart\n  ^\${A-B}\n`],
	["a name that begins with a digit, used", "Value 1A (a)\n\nStart\n  ^(?P<1A>x)\n"],
	["an unknown action", `Value A (a)\n\nStart\n  ^\${A} -> Stop it\n`],
	["an action in the wrong order", `Value A (a)\n\nStart\n  ^\${A} -> Record.Next\n`],
	["Continue with a state", `Value A (a)\n\nStart\n  ^\${A} -> Continue Start\n`],
	["Continue.Record with a state", `Value A (a)\n\nStart\n  ^\${A} -> Continue.Record Start\n`],
	["a text without Error", `Value A (a)\n\nStart\n  ^\${A} -> Next "text"\n`],
	["a text alone", `Value A (a)\n\nStart\n  ^\${A} -> "text"\n`],
	["a state that is not there", `Value A (a)\n\nStart\n  ^\${A} -> Nowhere\n`],
	["rules in End", `Value A (a)\n\nStart\n  ^\${A} -> End\n\nEnd\n  ^a\n`],
	["rules in EOF", `Value A (a)\n\nStart\n  ^\${A}\n\nEOF\n  ^a -> Record\n`],
	["a pattern that is not closed", `Value A (a)\n\nStart\n  ^(\${A}\n`],
	["an escape that there is not", `Value A (a)\n\nStart\n  ^\\y\${A}\n`],
	["nothing to repeat", `Value A (a)\n\nStart\n  ^*\${A}\n`],
	["a repeat of a repeat", `Value A (a)\n\nStart\n  ^\${A}{2}{3}\n`],
	["a repeat upside down", `Value A (a)\n\nStart\n  ^\${A}{3,2}\n`],
	["a range upside down", `Value A ([z-a])\n\nStart\n  ^\${A}\n`],
	["a range to a class", `Value A ([a-\\d])\n\nStart\n  ^\${A}\n`],
	["RE2's own escapes", `Value A (\\pL)\n\nStart\n  ^\${A}\n`],
	["RE2's quoting", `Value A (\\Q.\\E)\n\nStart\n  ^\${A}\n`],
	["flags in the middle", `Value A (a)\n\nStart\n  ^b(?i)\${A}\n`],
];

/** Python patterns that RE2 writes differently or reads differently, each against lines that tell the readings apart. */
const patterns: [pattern: string, lines: string[]][] = [
	["(?P<A>a{,2})(?P<B>.*)", ["aaa", "a{,2}", "b"]],
	["(?P<A>a{,})(?P<B>.*)", ["aaa", "b"]],
	["(?P<A>a{2,})(?P<B>.*)", ["aaa", "a"]],
	["(?P<A>a{2}?)(?P<B>.*)", ["aaa"]],
	["(?P<A>a{1,2}?)(?P<B>.*)", ["aaa"]],
	["(?P<A>a{)(?P<B>.*)", ["a{", "aaa"]],
	["(?P<A>a{}x{1,y})(?P<B>.*)", ["a{}x{1,y}"]],
	["(?P<A>[[:alpha:]]+)(?P<B>.*)", ["a]]", ":]", "x]"]],
	["(?P<A>[]a]+)(?P<B>.*)", ["]a]b"]],
	["(?P<A>[^]a]+)(?P<B>.*)", ["xy]a"]],
	["(?P<A>[a&&b]+)(?P<B>.*)", ["a&b", "b"]],
	["(?P<A>[\\w.-]+)(?P<B>.*)", ["a.b-c d"]],
	["(?P<A>[+--]+)(?P<B>.*)", ["+,-.", "-"]],
	["(?P<A>[\\S]+)(?P<B>[\\s]*)", ["ab ", "x\u00a0"]],
	["(?P<A>[^\\d\\s]+)(?P<B>.*)", ["ab1", "é2", "\u0661"]],
	["(?P<A>[\\D]+)(?P<B>.*)", ["ab1", "x\u0661y"]],
	["(?P<A>[\\W]+)(?P<B>.*)", ["--a", "–é"]],
	["(?P<A>[^\\W]+)(?P<B>.*)", ["ab-", "éa-"]],
	["(?P<A>\\x41\\u0042\\103)(?P<B>.*)", ["ABC", "abc"]],
	["(?P<A>[\\x41-\\x43\\060]+)(?P<B>.*)", ["ABC0D"]],
	["(?P<A>[\\b]?)(?P<B>.*)", ["\bx", "bx"]],
	["(?P<A>\\0?)(?P<B>.*)", ["\0x", "x"]],
	["(?P<A>a\\Z)", ["a", "ab"]],
	["(?P<A>\\Aa)(?P<B>\\bb|.)", ["ab", "a b"]],
	["(?P<A>\\w+\\b)(?P<B>\\B.*)", ["ab cd", "ab,,"]],
	["(?P<A>a(?#comment)b)", ["ab", "a"]],
	["(?P<A>a(?#comment)*)", ["aaa"]],
	["(?P<A>(?i:ab)c)", ["ABc", "abC"]],
	["(?P<A>(?i:a(?-i:b)))", ["Ab", "AB"]],
	["(?P<A>(?x: a b # text\n c ))", ["abc"]],
	["(?P<A>(?x:a\\ b[ ]c))", ["a b c", "abc"]],
	["(?P<A>(?a:\\w+))(?P<B>.*)", ["aé", "ab"]],
	["(?P<A>(?s:.*))", ["ab"]],
	["(?P<A>\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\^\\\\\\/\\-\\_\\%\\<\\>\\ )", [".*+?()[]{}|^\\/-_%<> "]],
	["(?P<A>(a|b)*)(?P<B>.*)", ["abc"]],
	["(?P<A>(?:a*)*)(?P<B>.*)", ["aab", "b"]],
	["(?P<A>(?:a|ab)(?:c|bcd))(?P<B>d*)", ["abcd"]],
	["(?P<A>a|b|)(?P<B>.*)", ["a", "b", "c"]],
	["(?P<A>(?:)*x)", ["x"]],
	["(?P<A>x*?)(?P<B>x+?)$", ["xxx"]],
	["(?P<A>\\d{1,3}(?:\\.\\d{1,3}){3})/(?P<B>\\d+)", ["10.0.0.1/24", "10.0.0/8"]],
	["(?P<A>\\d+:\\d+:\\d+|\\dd\\d\\dh|never)\\s+(?P<B>\\S+)", ["00:01:02 x", "1d02h x", "never y"]],
	["(?P<A>.)(?P<B>.?)", ["\t", "é", "😀"]],
	["(?P<A>[😀-😂é]+)(?P<B>.*)", ["😁éa"]],
	["(?P<A>(?i:É))", ["é", "E"]],
	["(?P<A>(?:(?:x){2}){2})(?P<B>x*)", ["xxxxx", "xxx"]],
	["(?P<A>}]){0}(?P<B>.*)", ["}]a"]],
	["(?P<A>\\a|\\f|\\t|\\v)(?P<B>.*)", ["\x07a", "\tb"]],
];

function patternTemplate(pattern: string): string {
	const escaped = pattern.replaceAll("\n", "\\n").replace(/\$(?!\$)/g, "$$$$");
	return `Value A (.*)\nValue B (.*)\nValue C (.*)\n\nStart\n  ^${escaped} -> Record\n`;
}

/** Every case that was written by hand. */
export function writtenCases(): TextFsmCase[] {
	return [
		...described.map(([name, template, output]) => ({ name, template, output })),
		...refused.map(([name, template]) => ({ name: `refused: ${name}`, template, output: "a\n" })),
		...patterns.map(([pattern, lines]) => ({
			name: `pattern: ${pattern}`,
			template: patternTemplate(pattern),
			output: lines.join("\n"),
		})),
	];
}

/** A generator of cases: the same seed, the same cases. */
export function generatedCases(seed: number, count: number): TextFsmCase[] {
	const random = randomFrom(seed);
	return Array.from({ length: count }, (_, i) => ({ name: `generated ${seed}.${i}`, ...generate(random) }));
}

type Random = (below: number) => number;

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): Random {
	let state = seed >>> 0;
	return (below) => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

const words = ["a", "bb", "12", "7", "-", "up", "x1", "é", "\u0663", "#", "ab", "a-b", "0"];
const valuePatterns = [
	"(\\S+)",
	"(\\d+)",
	"(\\d*)",
	"(\\w+)",
	"([a-z]+|\\d+)",
	"(.*?)",
	"((?P<k>\\w)(?P<v>\\S*))",
	"(\\w+(?:-\\w+)?)",
	"([^ ]{1,2})",
	"((\\d)|(\\D))",
];
const optionNames = ["Required", "Filldown", "Fillup", "Key", "List"];
const ruleActions = [
	"",
	" -> Record",
	" -> Continue",
	" -> Continue.Record",
	" -> Next.Clear",
	" -> Clearall",
	" -> Continue.Clear",
];

function generate(random: Random): { template: string; output: string } {
	const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
	const names = ["V0", "V1", "V2", "V3"].slice(0, 1 + random(4));
	const values = names.map((name) => {
		const options = optionNames.filter(() => random(4) === 0).toSorted(() => random(3) - 1);
		return `Value ${options.length > 0 ? `${options.join(",")} ` : ""}${name} ${pick(valuePatterns)}`;
	});
	const states = ["Start", "Second", "Third"].slice(0, 1 + random(3));
	const bodies = states.map((state) => {
		const rules = Array.from({ length: 1 + random(4) }, () => {
			const parts: string[] = [];
			const free = [...names];
			for (let i = 1 + random(3); i > 0; i--) {
				if (random(3) > 0 && free.length > 0) parts.push(`\${${free.splice(random(free.length), 1)[0]}}`);
				else parts.push(pick(["\\S+", "a", "\\d", "[^#]", "(?:up|x)", "-?"]));
			}
			const goes = random(5) === 0 ? ` -> Next ${pick([...states, "End", "EOF"])}` : pick(ruleActions);
			return `  ^${parts.join(pick([" ", "\\s*", "\\s+"]))}${random(3) === 0 ? "$$" : ""}${goes}`;
		});
		return `${state}\n${rules.join("\n")}`;
	});
	if (random(4) === 0) bodies.push("EOF");
	const lines = Array.from({ length: random(9) }, () =>
		Array.from({ length: 1 + random(3) }, () => pick(words)).join(" "),
	);
	return { template: `${values.join("\n")}\n\n${bodies.join("\n\n")}\n`, output: lines.join("\n") };
}

const atoms = ["a", "b", "\\d", "\\w", "\\s", "\\S", ".", "[ab]", "[^a]", "[\\w-]", "x", " ", "\\.", "[0-9]", "é"];
const quantifiers = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{,2}", "{1,}", "{1,2}?", "{", "{a}"];

/** Random patterns of Python's syntax against random lines, to find where the two engines choose different groups. */
export function generatedPatterns(seed: number, count: number): TextFsmCase[] {
	const random = randomFrom(seed);
	const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
	let used = false;
	const sequence = (depth: number): string =>
		Array.from({ length: 1 + random(3) }, () => `${atomOf(depth)}${pick(quantifiers)}`).join("");
	function atomOf(depth: number): string {
		if (depth === 0 || random(3) > 0) return pick(atoms);
		const inner = random(3) === 0 ? `${sequence(depth - 1)}|${sequence(depth - 1)}` : sequence(depth - 1);
		const open = pick(["(", "(?:", "(?i:", "(?P<C>"]);
		if (open !== "(?P<C>" || used) return `${open === "(?P<C>" ? "(" : open}${inner})`;
		used = true;
		return `${open}${inner})`;
	}
	return Array.from({ length: count }, (_, i) => {
		used = false;
		const pattern = `(?P<A>${sequence(2)})(?P<B>${sequence(2)})`;
		const characters = ["a", "b", "1", " ", "x", ".", "A", "é", "-", "{"];
		const lines = Array.from({ length: 12 }, () => Array.from({ length: random(8) }, () => pick(characters)).join(""));
		return { name: `pattern ${seed}.${i}: ${pattern}`, template: patternTemplate(pattern), output: lines.join("\n") };
	});
}
