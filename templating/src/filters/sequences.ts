import { attributeOf } from "../access.ts";
import { follow, readPath } from "../attribute-path.ts";
import { badValue } from "../fault.ts";
import { applyFilter, applyTest, bind, filter } from "../library.ts";
import { updateDict } from "../methods.ts";
import { calculate } from "../operators.ts";
import { markup, needInt, needText, str } from "../print.ts";
import type { Filter, Given, Rendering } from "../rendering.ts";
import { ignoreCase, sortValues } from "../sorting.ts";
import {
	compare,
	Dict,
	equal,
	hashOf,
	isText,
	iterate,
	lengthOf,
	Markup,
	NamedTuple,
	orElse,
	textOf,
	truthy,
	tupleFrom,
	Undefined,
	type Value,
} from "../values.ts";

const groupNames = ["grouper", "list"];

function keyBy(attribute: Value, case_sensitive: Value, fallback: Value = null): (item: Value) => Value {
	const path = readPath(attribute);
	const exact = truthy(case_sensitive);
	return (item) => {
		const key = follow(item, path, fallback);
		return exact ? key : ignoreCase(key);
	};
}

function extreme(sign: 1 | -1): Filter {
	return filter(
		[
			["case_sensitive", false],
			["attribute", null],
		],
		(value, [exact, attribute], rendering) => {
			const key = keyBy(attribute as Value, exact as Value);
			let best: { item: Value; key: Value } | undefined;
			for (const item of iterate(value)) {
				rendering.step();
				const given = { item, key: key(item) };
				if (best === undefined || compare(given.key, best.key) * sign > 0) best = given;
			}
			return orElse(
				best?.item,
				() => new Undefined(sign > 0 ? "max" : "min", "there is nothing to choose from: the list is empty"),
			);
		},
	);
}

/** `select`, `reject` and their siblings for attributes. */
function choose(keep: boolean, byAttribute: boolean): Filter {
	return (value, { args, named }, rendering) => {
		// What counts as false has nothing to choose from, whatever it is.
		if (!truthy(value)) return [];
		const rest = [...args];
		const attribute = byAttribute ? rest.shift() : null;
		if (attribute === undefined) throw badValue("it needs the name of an attribute");
		const path = readPath(attribute);
		const test = rest.shift();
		const name = test === undefined ? undefined : needText(test, "the name of a test");
		return iterate(value).filter((item) => {
			rendering.step();
			const given = follow(item, path);
			return (name === undefined ? truthy(given) : applyTest(name, given, { args: rest, named }, rendering)) === keep;
		});
	};
}

const map: Filter = (value, { args, named }, rendering) => {
	if (!truthy(value)) return [];
	if (args.length === 0 && named.has("attribute")) {
		const { attribute, fallback } = attributeArguments(named);
		const path = readPath(attribute);
		return iterate(value).map((item) => {
			rendering.step();
			return follow(item, path, fallback);
		});
	}
	const [name, ...rest] = args;
	if (name === undefined) throw badValue("it needs the name of a filter, or an attribute");
	const given: Given = { args: rest, named };
	return iterate(value).map((item) => {
		rendering.step();
		return applyFilter(needText(name, "the name of a filter"), item, given, rendering);
	});
};

function attributeArguments(named: Given["named"]): { attribute: Value; fallback: Value } {
	const [attribute, fallback] = bind("it", ["attribute", ["default", null]], { args: [], named });
	return { attribute: attribute as Value, fallback: fallback as Value };
}

const join = filter(
	[
		["d", ""],
		["attribute", null],
	],
	(value, [separator, attribute], rendering) => {
		const path = readPath(attribute as Value);
		const items = iterate(value).map((item) => follow(item, path));
		if (!rendering.autoescape) {
			const between = str(separator as Value);
			const texts = items.map(str);
			rendering.needText(texts.reduce((sum, text) => sum + text.length + between.length, 0));
			return texts.join(between);
		}
		const escapes = separator instanceof Markup || items.some((item) => item instanceof Markup);
		if (!escapes) return items.map(str).join(str(separator as Value));
		return new Markup(items.map((item) => markup(item).text).join(markup(separator as Value).text));
	},
);

const groupby = filter(
	["attribute", ["default", null], ["case_sensitive", false]],
	(value, [attribute, fallback, exact], rendering) => {
		const key = keyBy(attribute as Value, exact as Value, fallback);
		const groups: { key: Value; items: Value[] }[] = [];
		for (const item of sortValues(iterate(value), key, false, rendering)) {
			const given = key(item);
			const last = groups.at(-1);
			if (last !== undefined && equal(last.key, given)) last.items.push(item);
			else groups.push({ key: given, items: [item] });
		}
		const path = readPath(attribute as Value);
		return groups.map(({ key: group, items }) =>
			NamedTuple.of_names(groupNames, [
				truthy(exact as Value) ? group : follow(items[0] as Value, path, fallback),
				items,
			]),
		);
	},
);

const sort = filter(
	[
		["reverse", false],
		["case_sensitive", false],
		["attribute", null],
	],
	(value, [reverse, exact, attribute], rendering) => {
		const paths = (isText(attribute as Value) ? textOf(attribute as string).split(",") : [attribute as Value]).map(
			readPath,
		);
		const key = (item: Value) =>
			paths.map((path) => {
				const given = follow(item, path);
				return truthy(exact as Value) ? given : ignoreCase(given);
			});
		return sortValues(iterate(value), key, truthy(reverse as Value), rendering);
	},
);

const unique = filter(
	[
		["case_sensitive", false],
		["attribute", null],
	],
	(value, [exact, attribute]) => {
		const key = keyBy(attribute as Value, exact as Value);
		const seen = new Set<unknown>();
		return iterate(value).filter((item) => {
			const hash = hashOf(key(item));
			if (seen.has(hash)) return false;
			seen.add(hash);
			return true;
		});
	},
);

const batch = filter(["linecount", ["fill_with", null]], (value, [count, fill], rendering) => {
	const size = needInt(count as Value, "the size of a batch");
	const batches: Value[][] = [];
	for (const item of iterate(value)) {
		const last = batches.at(-1);
		if (last === undefined || last.length === size) batches.push([item]);
		else last.push(item);
	}
	const last = batches.at(-1);
	if (last !== undefined && fill !== null && last.length < size) {
		rendering.needElements(size);
		while (last.length < size) last.push(fill as Value);
	}
	return batches;
});

const slice = filter(["slices", ["fill_with", null]], (value, [given, fill], rendering) => {
	const count = needInt(given as Value, "the number of slices");
	const items = iterate(value);
	if (count === 0) throw badValue("division by zero");
	rendering.needElements(count);
	const size = Math.floor(items.length / count);
	const longer = items.length % count;
	return Array.from({ length: Math.max(0, count) }, (_, index) => {
		const start = index * size + Math.min(index, longer);
		const part = items.slice(start, start + size + (index < longer ? 1 : 0));
		if (fill !== null && index >= longer) part.push(fill as Value);
		return part;
	});
});

const dictsort = filter(
	[
		["case_sensitive", false],
		["by", "key"],
		["reverse", false],
	],
	(value, [exact, by, reverse], rendering) => {
		if (!(value instanceof Dict)) throw badValue("it sorts mappings only");
		if (by !== "key" && by !== "value") throw badValue('it sorts by "key" or "value"');
		const key = ([name, item]: Value[]) => {
			const given = (by === "key" ? name : item) as Value;
			return truthy(exact as Value) ? given : ignoreCase(given);
		};
		return sortValues(
			value.entries().map(tupleFrom),
			(pair) => key(pair as Value[]),
			truthy(reverse as Value),
			rendering,
		);
	},
);

const sum = filter(
	[
		["attribute", null],
		["start", 0],
	],
	(value, [attribute, start], rendering) => {
		const path = readPath(attribute as Value);
		let total = start as Value;
		if (isText(total)) throw badValue("strings are joined with `join`");
		for (const item of iterate(value)) {
			rendering.step();
			total = calculate("+", total, follow(item, path), rendering);
		}
		return total;
	},
);

// Of Ansible (ansible.builtin filters)

/** Elements once each, in the order of their first occurrence. */
function distinct(items: Value[]): Value[] {
	const seen: { hashes: Set<unknown>; others: Value[] } = { hashes: new Set(), others: [] };
	return items.filter((item) => !remember(seen, item));
}

/** Whether it was there already. */
function remember(seen: { hashes: Set<unknown>; others: Value[] }, item: Value): boolean {
	if (Array.isArray(item) || item instanceof Dict) {
		if (seen.others.some((other) => equal(other, item))) return true;
		seen.others.push(item);
		return false;
	}
	const hash = hashOf(item);
	if (seen.hashes.has(hash)) return true;
	seen.hashes.add(hash);
	return false;
}

function memberOf(items: Value[]): (item: Value) => boolean {
	const hashes = new Set<unknown>();
	const others: Value[] = [];
	for (const item of items) {
		if (Array.isArray(item) || item instanceof Dict) others.push(item);
		else hashes.add(hashOf(item));
	}
	return (item) =>
		Array.isArray(item) || item instanceof Dict ? others.some((other) => equal(other, item)) : hashes.has(hashOf(item));
}

const setFilter = (combine: (left: Value[], right: Value[]) => Value[]) =>
	filter(["other"], (value, [other]) => distinct(combine(iterate(value), iterate(other as Value))));

function flatten(items: Value[], levels: number | undefined, skipNulls: boolean, rendering: Rendering): Value[] {
	return rendering.deeper(() =>
		items.flatMap((item): Value[] => {
			rendering.step();
			if (skipNulls && (item === null || item === "None" || item === "null")) return [];
			if (!Array.isArray(item)) return [item];
			if (levels === undefined) return flatten(item, undefined, skipNulls, rendering);
			return levels >= 1 ? flatten(item, levels - 1, skipNulls, rendering) : [item];
		}),
	);
}

/** Every combination of an element of each list. */
const product: Filter = (value, { args, named }, rendering) => {
	const [repeat] = bind("it", [["repeat", 1]], { args: [], named });
	const lists = [value, ...args].map((one) => iterate(one));
	const times = needInt(repeat as Value, "repeat");
	if (times < 0 || times > 20) throw badValue("`repeat` must be from 0 to 20");
	const pools = Array.from({ length: times }, () => lists).flat();
	rendering.needElements(pools.reduce((count, pool) => count * pool.length, 1) * Math.max(1, pools.length));
	let rows: Value[][] = [[]];
	for (const pool of pools) rows = rows.flatMap((row) => pool.map((item) => [...row, item]));
	return rows.map(tupleFrom);
};

const zip: Filter = (value, { args }) => {
	const lists = [value, ...args].map((one) => iterate(one));
	const length = Math.min(...lists.map((list) => list.length));
	return Array.from({ length }, (_, index) => tupleFrom(lists.map((list) => list[index] as Value)));
};

const zipLongest: Filter = (value, { args, named }) => {
	const [fill] = bind("it", [["fillvalue", null]], { args: [], named });
	const lists = [value, ...args].map((one) => iterate(one));
	const length = Math.max(...lists.map((list) => list.length));
	return Array.from({ length }, (_, index) => tupleFrom(lists.map((list) => orElse(list[index], () => fill as Value))));
};

/** Later mappings win; `recursive` goes into mappings, `list_merge` says what becomes of lists. */
const combine: Filter = (value, { args, named }, rendering) => {
	const [recursive, lists] = bind(
		"it",
		[
			["recursive", false],
			["list_merge", "replace"],
		],
		{ args: [], named },
	);
	const modes = ["replace", "keep", "append", "prepend", "append_rp", "prepend_rp"];
	const mode = needText(lists as Value, "list_merge");
	if (!modes.includes(mode)) throw badValue(`\`list_merge\` is one of ${modes.join(", ")}`);
	const given = (Array.isArray(value) ? [...value, ...args] : [value, ...args]).flatMap((one) =>
		Array.isArray(one) ? one : [one],
	);
	let made = new Dict();
	for (const one of given) {
		if (one instanceof Undefined) throw one.fault();
		if (!(one instanceof Dict)) throw badValue("it combines mappings only");
		made = merge(made, one, truthy(recursive as Value), mode, rendering);
	}
	return made;
};

function merge(left: Dict, right: Dict, recursive: boolean, mode: string, rendering: Rendering): Dict {
	return rendering.deeper(() => {
		const made = Dict.from(left.entries());
		for (const [key, item] of right.entries()) {
			rendering.step();
			const before = made.get(key);
			if (recursive && before instanceof Dict && item instanceof Dict)
				made.set(key, merge(before, item, true, mode, rendering));
			else if (Array.isArray(before) && Array.isArray(item)) made.set(key, mergeLists(before, item, mode));
			else made.set(key, item);
		}
		rendering.needElements(made.size);
		return made;
	});
}

function mergeLists(left: Value[], right: Value[], mode: string): Value[] {
	switch (mode) {
		case "keep":
			return left;
		case "append":
			return [...left, ...right];
		case "prepend":
			return [...right, ...left];
		case "append_rp": {
			const inRight = memberOf(right);
			return [...left.filter((item) => !inRight(item)), ...right];
		}
		case "prepend_rp": {
			const inRight = memberOf(right);
			return [...right, ...left.filter((item) => !inRight(item))];
		}
		default:
			return right;
	}
}

const dict2items = filter(
	[
		["key_name", "key"],
		["value_name", "value"],
	],
	(value, [key_name, value_name]) => {
		if (value instanceof Undefined) throw value.fault();
		if (!(value instanceof Dict)) throw badValue("it needs a mapping");
		return value.entries().map(([key, item]) =>
			Dict.from([
				[key_name as Value, key],
				[value_name as Value, item],
			]),
		);
	},
);

const items2dict = filter(
	[
		["key_name", "key"],
		["value_name", "value"],
	],
	(value, [key_name, value_name]) => {
		const made = new Dict();
		for (const item of iterate(value)) {
			if (!(item instanceof Dict)) throw badValue("it needs a list of mappings");
			const [key, content] = [item.get(key_name as Value), item.get(value_name as Value)];
			if (key === undefined || content === undefined)
				throw badValue(`each mapping needs \`${str(key_name as Value)}\` and \`${str(value_name as Value)}\``);
			made.set(key, content);
		}
		return made;
	},
);

export const sequenceFilters: Record<string, Filter> = {
	first: filter([], (value) =>
		orElse(iterate(value)[0], () => new Undefined("first", "there is no first item: the list is empty")),
	),
	last: filter([], (value) =>
		orElse(iterate(value).at(-1), () => new Undefined("last", "there is no last item: the list is empty")),
	),
	random: filter([], (value) => {
		const items = iterate(value);
		return orElse(
			items[Math.floor(Math.random() * items.length)],
			() => new Undefined("random", "there is no random item: the list is empty"),
		);
	}),
	length: filter([], lengthOf),
	count: filter([], lengthOf),
	list: filter([], (value, _, rendering) => {
		const items = [...iterate(value)];
		rendering.needElements(items.length);
		return items;
	}),
	reverse: filter([], (value) => {
		if (isText(value)) return [...textOf(value)].reverse().join("");
		return [...iterate(value)].reverse();
	}),
	items: filter([], (value) => {
		if (value instanceof Undefined) return [];
		if (!(value instanceof Dict)) throw badValue("only a mapping has items");
		return value.entries().map(tupleFrom);
	}),
	attr: filter(["name"], (value, [name]) => {
		const attribute = needText(name as Value, "the name of an attribute");
		// Keys of mappings are no attributes (Jinja2, `attr`).
		const found =
			value instanceof Dict && !(attributeOf(new Dict(), attribute) !== undefined)
				? undefined
				: attributeOf(value, attribute);
		return orElse(found, () => new Undefined(attribute));
	}),
	map,
	select: choose(true, false),
	reject: choose(false, false),
	selectattr: choose(true, true),
	rejectattr: choose(false, true),
	join,
	groupby,
	sort,
	unique,
	min: extreme(-1),
	max: extreme(1),
	batch,
	slice,
	dictsort,
	sum,
	union: setFilter((left, right) => [...left, ...right]),
	intersect: setFilter((left, right) => left.filter(memberOf(right))),
	difference: setFilter((left, right) => {
		const inRight = memberOf(right);
		return left.filter((item) => !inRight(item));
	}),
	symmetric_difference: setFilter((left, right) => {
		const [inLeft, inRight] = [memberOf(left), memberOf(right)];
		return [...left.filter((item) => !inRight(item)), ...right.filter((item) => !inLeft(item))];
	}),
	flatten: filter(
		[
			["levels", null],
			["skip_nulls", true],
		],
		(value, [levels, skip], rendering) =>
			flatten(
				iterate(value),
				levels === null ? undefined : needInt(levels as Value, "levels"),
				truthy(skip as Value),
				rendering,
			),
	),
	product,
	zip,
	zip_longest: zipLongest,
	combine,
	dict2items,
	items2dict,
};

export function dictOf(given: Given, rendering: Rendering): Dict {
	const made = new Dict();
	updateDict(made, given.args.length > 0 ? given : { args: [], named: given.named }, rendering);
	return made;
}
