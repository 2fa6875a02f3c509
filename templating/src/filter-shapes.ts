// What a filter or method tells of the value it is used on.
import type { TypeHint } from "./usage.ts";

const named = (...names: string[]) => new Set(names);

/** Filters that answer a list like the one they are given. */
export const listToSame = named(
	"list",
	"sort",
	"unique",
	"reverse",
	"select",
	"reject",
	"selectattr",
	"rejectattr",
	"flatten",
	"union",
	"intersect",
	"difference",
	"symmetric_difference",
);
/** Filters that answer one element of the list they are given. */
export const listToItem = named("first", "last", "random", "min", "max");
/** Filters that work on lists, and answer something else. */
export const listToOther = named(
	"join",
	"sum",
	"batch",
	"slice",
	"zip",
	"zip_longest",
	"product",
	"map",
	"groupby",
	"cidr_merge",
	"vlan_parser",
	"items2dict",
);
/** Filters that answer the pairs of the mapping they are given. */
export const mappingToPairs = named("items", "dictsort");
/** Filters that leave the kind of their value open. */
export const anyToOther = named(
	"length",
	"count",
	"tojson",
	"to_json",
	"to_nice_json",
	"to_yaml",
	"to_nice_yaml",
	"pprint",
	"string",
	"ternary",
	"bool",
	"hash",
	"attr",
	"random",
);

const numberFilters = named("int", "float", "round", "abs", "filesizeformat");
const addressFilters = named(
	"ipaddr",
	"ipv4",
	"ipv6",
	"ipwrap",
	"ipsubnet",
	"ipmath",
	"nthhost",
	"next_nth_usable",
	"previous_nth_usable",
	"network_in_network",
	"network_in_usable",
	"reduce_on_network",
	"slaac",
	"ip4_hex",
);
const textFilters = named(
	"upper",
	"lower",
	"capitalize",
	"title",
	"trim",
	"replace",
	"truncate",
	"indent",
	"center",
	"wordwrap",
	"wordcount",
	"striptags",
	"regex_replace",
	"regex_search",
	"regex_findall",
	"regex_escape",
	"hwaddr",
	"macaddr",
	"vlan_expand",
	"vlan_range",
	"from_json",
	"from_yaml",
	"b64encode",
	"b64decode",
	"urlencode",
	"escape",
	"e",
	"safe",
	"format",
);

export function hintOfFilter(name: string): TypeHint | undefined {
	if (numberFilters.has(name)) return "number";
	if (addressFilters.has(name)) return "ip";
	return textFilters.has(name) ? "string" : undefined;
}

export const mappingMethods = named("items", "keys", "values", "get", "update", "setdefault", "pop", "popitem");
export const listMethods = named("append", "extend", "insert", "remove", "sort", "reverse");
export const stringMethods = named(
	"upper",
	"lower",
	"title",
	"capitalize",
	"swapcase",
	"casefold",
	"strip",
	"lstrip",
	"rstrip",
	"split",
	"rsplit",
	"splitlines",
	"partition",
	"rpartition",
	"join",
	"replace",
	"startswith",
	"endswith",
	"removeprefix",
	"removesuffix",
	"find",
	"rfind",
	"center",
	"ljust",
	"rjust",
	"zfill",
	"expandtabs",
	"format",
	"isdigit",
	"isalpha",
	"isalnum",
	"isupper",
	"islower",
	"isspace",
	"isnumeric",
	"isdecimal",
);
