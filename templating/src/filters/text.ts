import { badValue } from "../fault.ts";
import { bind, filter } from "../library.ts";
import { capitalize, center, pairsOf, replaceText, splitLines, strip } from "../methods.ts";
import { formatPercent } from "../percent-format.ts";
import { escapeHtml, markup, needInt, needText, repr, str } from "../print.ts";
import { readFloat } from "../read-number.ts";
import type { Filter } from "../rendering.ts";
import {
	charactersOf,
	Dict,
	isIterable,
	isNumeric,
	isText,
	iterate,
	lengthOf,
	Markup,
	textLength,
	textOf,
	toNumber,
	truthy,
	tupleFrom,
	Undefined,
	type Value,
} from "../values.ts";
import { prettyPrint } from "./pretty-print.ts";
import { linkUrls } from "./urlize.ts";
import { wrapWords } from "./wrap-words.ts";

/** What a filter of strings works on: any value as it prints. */
const text = (run: (value: string) => Value) =>
	filter([], (value) => {
		const made = run(str(value));
		return value instanceof Markup && typeof made === "string" ? new Markup(made) : made;
	});

const format: Filter = (value, { args, named }, rendering) => {
	if (args.length > 0 && named.size > 0) throw badValue("it takes values by position or by name, not both");
	return formatPercent(str(value), named.size > 0 ? Dict.from(named) : tupleFrom(args), rendering);
};

const indent = filter(
	[
		["width", 4],
		["first", false],
		["blank", false],
	],
	(value, [width, first, blank], rendering) => {
		const source = needText(value, "what is indented");
		const by = isText(width as Value)
			? textOf(width as string)
			: " ".repeat(Math.min(10_000, Math.max(0, needInt(width as Value, "the width"))));
		const lines = splitLines(`${source}\n`);
		rendering.needText(source.length + lines.length * by.length);
		const blanks = truthy(blank as Value);
		const made = lines.map((line, index) => (index > 0 && (blanks || line !== "") ? by + line : line)).join("\n");
		const whole = truthy(first as Value) ? by + made : made;
		return value instanceof Markup ? new Markup(whole) : whole;
	},
);

const truncate = filter(
	[
		["length", 255],
		["killwords", false],
		["end", "..."],
		["leeway", null],
	],
	(value, [length, killwords, end, leeway]) => {
		const most = needInt(length as Value, "the length");
		const ending = needText(end as Value, "the end");
		const more = leeway === null ? 5 : needInt(leeway as Value, "leeway");
		if (most < textLength(ending)) throw badValue(`the length must be at least ${textLength(ending)}`);
		if (more < 0) throw badValue("leeway must not be negative");
		if (lengthOf(value) <= most + more) return value;
		const characters = charactersOf(needText(value, "what is shortened"));
		const cut = characters.slice(0, most - textLength(ending)).join("");
		if (truthy(killwords as Value)) return cut + ending;
		const blank = cut.lastIndexOf(" ");
		return (blank < 0 ? cut : cut.slice(0, blank)) + ending;
	},
);

const unreserved = /^[A-Za-z0-9_.~-]$/;

/** Percent-encodes all but RFC 3986's unreserved characters and those of `safe`. */
function quoteUrl(value: string, safe: string): string {
	return [...Buffer.from(value)]
		.map((byte) => {
			const character = String.fromCharCode(byte);
			return unreserved.test(character) || safe.includes(character)
				? character
				: `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
		})
		.join("");
}

const urlencode = filter([], (value) => {
	if (isText(value) || !isIterable(value)) return quoteUrl(str(value), "/");
	const query = (one: Value) => quoteUrl(str(one), "").replaceAll("%20", "+");
	return pairsOf(value)
		.map(([key, item]) => `${query(key)}=${query(item)}`)
		.join("&");
});

const xmlattr = filter([["autospace", true]], (value, [autospace], rendering) => {
	if (!(value instanceof Dict)) throw badValue("it needs a mapping");
	const parts = value
		.entries()
		.filter(([, item]) => item !== null && !(item instanceof Undefined))
		.map(([key, item]) => {
			const name = needText(key, "the name of an attribute");
			if (/[\s/>=]/.test(name)) throw badValue(`${repr(name)} cannot be the name of an attribute`);
			return `${escapeHtml(name)}="${markup(item).text}"`;
		});
	const made = (truthy(autospace as Value) && parts.length > 0 ? " " : "") + parts.join(" ");
	return rendering.autoescape ? new Markup(made) : made;
});

const entities: Record<string, string> = {
	amp: "&",
	lt: "<",
	gt: ">",
	quot: '"',
	apos: "'",
	nbsp: "\u00a0",
	raquo: "»",
	laquo: "«",
	copy: "©",
};

function stripTags(html: string): string {
	const bare = strip(html.replace(/<!--[\s\S]*?-->/g, "").replace(/<[^>]*>/g, ""), undefined).replace(/\s+/g, " ");
	return bare.replace(
		/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w+));/g,
		(whole, decimal?: string, hex?: string, name?: string) => {
			if (name !== undefined) return entities[name] ?? whole;
			const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? "", 16);
			return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
		},
	);
}

const sizes = ["B", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

const filesizeformat = filter([["binary", false]], (value, [binary]) => {
	const bytes = isNumeric(value) ? toNumber(value) : (readFloat(str(value)) ?? Number.NaN);
	if (Number.isNaN(bytes)) throw badValue(`${repr(value)} is not a number`);
	const base = truthy(binary as Value) ? 1024 : 1000;
	if (bytes === 1) return "1 Byte";
	if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
	const step = Math.min(sizes.length - 1, sizes.findIndex((_, index) => bytes < base ** (index + 2)) >>> 0);
	const unit = base ** (step + 2);
	const letter = ["k", "M", "G", "T", "P", "E", "Z", "Y"][step] as string;
	return `${((base * bytes) / unit).toFixed(1)} ${base === 1024 ? `${letter.toUpperCase()}i` : letter}B`;
});

const urlize: Filter = (value, given, rendering) => {
	const [limit, nofollow, target, rel, schemes] = bind(
		"it",
		[
			["trim_url_limit", null],
			["nofollow", false],
			["target", null],
			["rel", null],
			["extra_schemes", null],
		],
		given,
	) as [Value, Value, Value, Value, Value];
	const words = new Set(rel === null ? [] : str(rel).split(/\s+/).filter(Boolean));
	if (truthy(nofollow)) words.add("nofollow");
	words.add("noopener");
	const made = linkUrls(value instanceof Markup ? value.text : escapeHtml(str(value)), {
		limit: limit === null ? undefined : needInt(limit, "trim_url_limit"),
		rel: [...words].sort().join(" "),
		target: target === null ? undefined : str(target),
		schemes: schemes === null ? [] : iterate(schemes).map((scheme) => needText(scheme, "a scheme")),
	});
	rendering.needText(made.length);
	return rendering.autoescape ? new Markup(made) : made;
};

export const textFilters: Record<string, Filter> = {
	upper: text((value) => value.toUpperCase()),
	lower: text((value) => value.toLowerCase()),
	capitalize: text(capitalize),
	title: text((value) =>
		value
			.split(/([-\s({[<]+)/u)
			.filter((part) => part !== "")
			.map(capitalize)
			.join(""),
	),
	trim: filter([["chars", null]], (value, [chars]) =>
		strip(str(value), chars === null ? undefined : needText(chars as Value, "the characters")),
	),
	string: filter([], (value) => (isText(value) ? value : str(value))),
	center: filter([["width", 80]], (value, [width], rendering) =>
		center(str(value), needInt(width as Value, "the width"), rendering),
	),
	replace: filter(["old", "new", ["count", null]], (value, [old, replacement, count], rendering) =>
		replaceText(
			str(value),
			str(old as Value),
			str(replacement as Value),
			count === null ? -1 : needInt(count as Value, "count"),
			rendering,
		),
	),
	format,
	indent,
	truncate,
	wordcount: filter([], (value) => str(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
	wordwrap: filter(
		[
			["width", 79],
			["break_long_words", true],
			["wrapstring", null],
			["break_on_hyphens", true],
		],
		(value, [width, breakWords, between, breakHyphens], rendering) => {
			const columns = needInt(width as Value, "the width");
			const options = {
				width: columns,
				breakWords: truthy(breakWords as Value),
				breakHyphens: truthy(breakHyphens as Value),
			};
			const separator = between === null ? "\n" : needText(between as Value, "wrapstring");
			const made = splitLines(needText(value, "what is wrapped")).map((line) =>
				wrapWords(line, options, rendering).join(separator),
			);
			return made.join(separator);
		},
	),
	striptags: filter([], (value) => stripTags(str(value))),
	urlencode,
	urlize,
	xmlattr,
	escape: filter([], markup),
	e: filter([], markup),
	forceescape: filter([], (value) => new Markup(escapeHtml(str(value)))),
	safe: filter([], (value) => (value instanceof Markup ? value : new Markup(str(value)))),
	filesizeformat,
	pprint: filter([], (value) => prettyPrint(value)),
};
