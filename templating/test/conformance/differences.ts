import { type Case, casesOf, type ShortCase } from "./case.ts";

/** Something that we do otherwise than Jinja2, with templates that show it. */
export interface Difference {
	what: string;
	here: string;
	shown_by: Case[];
}

function difference(what: string, here: string, shown_by: ShortCase[]): Difference {
	return { what, here, shown_by: casesOf(shown_by) };
}

/** Every difference from Jinja2 that we know of. A test holds that each is still one. */
export const differences: Difference[] = [
	difference(
		"Undefined values inside of lists, and in `tojson`, `round`, `pprint`",
		"Always the error that names what is not defined. Jinja2's strict undefined prints `Undefined` in a list, and a filter of its own may stumble over it with another error.",
		[
			"{{ [missing] }}",
			["{{ users|map(attribute='nope')|list }}", { users: [{}] }],
			"{{ missing|tojson }}",
			"{{ missing|round }}",
			"{{ missing|pprint }}",
		],
	),
	difference(
		"`map`, `select`, `reject`, `selectattr`, `rejectattr`, `unique`, `batch`, `slice`, `items`, `reverse` and `range`",
		"Answer lists, which print as lists, have a length and can be walked through twice. Jinja2 answers generators and ranges.",
		[
			"{{ [1]|map('string') }}",
			"{{ [1]|select|length }}",
			"{{ ([1]|map('string'))[0] }}",
			"{% set m = [1]|map('string') %}{{ m|join }}{{ m|join }}",
			"{{ [1, 2]|batch(1) }}",
			"{{ range(3) }}",
			"{{ range(2) == [0, 1] }}",
			"{{ [1, 2]|reverse }}",
		],
	),
	difference(
		"Python's attributes of values: `__class__`, `real`, `is_integer`, `encode`, `fromkeys`",
		"Only the methods of strings, lists and mappings that are listed above exist; all else is not defined. So nothing of the engine can be reached from a template.",
		[
			"{{ ''.__class__ }}",
			"{{ [].__len__() }}",
			"{{ true.real }}",
			"{{ (5).numerator }}",
			"{{ 1.5.is_integer() }}",
			"{{ 'a'.encode() }}",
			"{{ {}.fromkeys(['a']) }}",
			"{{ 'ab'.translate({97: 'x'}) }}",
		],
	),
	difference(
		"A name that a `set` block is about to set, or that is set after a loop with a condition, read within it",
		"Is what it was before. Jinja2 takes it for not defined.",
		[
			["{% set l %}{% for b in l %}{{ b }}{% endfor %}{% endset %}{{ l }}", { l: [1, 2] }],
			["{% for l in [1] if true %}{{ x }}{% endfor %}{% set x = 1 %}", { x: 2 }],
		],
	),
	difference(
		"`missing is callable`, slices of constants",
		"What is not defined is not callable. A slice of what has none is an error in every place; Jinja2 takes one of a constant for undefined.",
		["{{ missing is callable }}", "{{ (-3)[1:]|default('z') }}"],
	),
	difference("Objects as text", "Functions, methods and filters print as a name, never as an address in memory.", [
		"{{ range }}",
		"{{ 'a'.upper }}",
		"{{ cycler('a') }}",
	]),
	difference("`lipsum`", "Is not there: its text is random.", ["{{ lipsum(1)|length > 0 }}"]),
	difference("`loop` in an included template", "Is there, as every other variable of the place that includes.", [
		{ template: "{% for i in [1, 2] %}{% include 'part' %}{% endfor %}", templates: { part: "{{ loop.index }}" } },
	]),
	difference("`break` and `continue` outside of a loop", "A syntax error with its line, before anything is rendered.", [
		"{% break %}",
		"{% continue %}",
	]),
	difference("Digits of other scripts in `int` and `float`", "Are no digits.", ["{{ '٣'|int }}", "{{ '٣.٥'|float }}"]),
	difference(
		"Variables: whole numbers written as floats, and keys that look like numbers",
		"What comes in as JSON is read as JavaScript reads it: `1.0` is `1`, and keys that are whole numbers come first, in their order. `from_json` and `from_yaml` keep both.",
		[
			{ template: "{{ x }}", json: '{"x": 1.0}' },
			{ template: "{{ x }}", json: '{"x": {"b": 1, "20": 2, "10": 3}}' },
		],
	),
	difference(
		"Numbers of more than 65,536 bits",
		"An error, as is every list, text or number beyond the limits of a rendering.",
		["{{ 2 ** 70000 > 1 }}", "{{ 'x' * 20000000 == '' }}", "{{ [0] * 2000000 == [] }}"],
	),
	difference("Macros that call themselves, blocks and includes", "At most 100 levels deep.", [
		"{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(150) }}ok",
	]),
	difference(
		"HTML (`autoescape`, `safe`)",
		"Methods of a string that is marked as safe answer plain strings, and formatting does not escape.",
		["{% autoescape true %}{{ ('<b>'|safe).upper() }}{% endautoescape %}", "{{ ('<b>%s</b>'|safe)|format('<') }}"],
	),
	difference("`'{0.key}'.format(mapping)`", "Finds the key, as `mapping.key` does elsewhere in a template.", [
		"{{ '{0.a}'.format({'a': 1}) }}",
	]),
	difference("`pprint` of long strings", "Leaves a string whole, where Python breaks it into several.", [
		"{{ ('word ' * 30)|pprint }}",
	]),
	difference("`str.title` and `casefold` beyond Latin letters", "Follow Unicode's simple mappings.", [
		"{{ 'ŉ'.casefold() }}",
	]),
];
