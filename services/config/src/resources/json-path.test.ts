import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJsonPath } from "./json-path.ts";

const store = {
	items: [
		{ name: "r1", site: "ams", port: 22, tags: ["core", "edge"], facts: { model: "x'1" } },
		{ name: "r2", site: "fra", port: 2222, tags: [], facts: { model: null } },
		{ name: "r3", site: "ams", port: 22, tags: ["edge"] },
	],
	"odd name": { a: [0, 1, 2, 3, 4] },
	wanted: "ams",
};

test.each([
	["$", [store]],
	["$.wanted", ["ams"]],
	["$.none", []],
	["$.items[1].name", ["r2"]],
	["$.items[-1].name", ["r3"]],
	["$.items[9]", []],
	["$.items[*].name", ["r1", "r2", "r3"]],
	["$.items.*.name", ["r1", "r2", "r3"]],
	["$['odd name'].a[1:3]", [1, 2]],
	['$["odd name"]["a"][::2]', [0, 2, 4]],
	["$['odd name'].a[::-1]", [4, 3, 2, 1, 0]],
	["$['odd name'].a[-2:]", [3, 4]],
	["$['odd name'].a[3:0:-2]", [3, 1]],
	["$['odd name'].a[::0]", []],
	["$['odd name'].a[0, 2, -1]", [0, 2, 4]],
	["$.items[0]['name','site']", ["r1", "ams"]],
	["$.items[?(@.site=='ams')].name", ["r1", "r3"]],
	["$.items[?@.site == $.wanted].name", ["r1", "r3"]],
	["$.items[? @.port > 22 ].name", ["r2"]],
	['$.items[?@.port >= 22 && @.site != "ams"].name', ["r2"]],
	["$.items[?(@.site=='fra' || @.name=='r3')].name", ["r2", "r3"]],
	["$.items[?!@.facts].name", ["r3"]],
	["$.items[?!(@.site=='ams')].name", ["r2"]],
	["$.items[?@.facts.model==null].name", ["r2"]],
	["$.items[?@.facts.model=='x\\'1'].name", ["r1"]],
	["$.items[?@.tags[*]].name", ["r1", "r3"]],
	["$.items[?@.tags[?@=='core']].name", ["r1"]],
	["$.items[?length(@.tags) < 2].name", ["r2", "r3"]],
	["$.items[?match(@.name, 'r[12]')].name", ["r1", "r2"]],
	["$.items[?search(@.site, 'r')].name", ["r2"]],
	["$.items[?@.none == @.other].name", ["r1", "r2", "r3"]],
	["$.items[?@.name < 'r2'].port", [22]],
	["$.items[?@.tags == $.items[0].tags].name", ["r1"]],
])("%s leads to %j", (path, found) => {
	expect(parseJsonPath(path).find(store).found).toEqual(found);
});

test.each([
	["", "begins with $"],
	["items", "begins with $"],
	["$..name", "`..` is not known"],
	["$.items[", "was expected"],
	["$.items[?]", "was expected"],
	["$.items[?@.a==]", "was expected"],
	["$.items[?1==1", "`]` was expected"],
	["$.items[?@.tags[*]=='core']", "must be one value"],
	["$.items[?match(@.name, '(')]", "The pattern is not valid"],
	["$.items[?!@.a=='b']", "in parentheses"],
	["$.items['a]", "closing '"],
	["$.items['\\q']", "backslash"],
	["$.items[0].name x", "goes on with"],
	[`$${"[?@".repeat(30)}`, "nested too deeply"],
	[`$[?${"!(".repeat(30)}`, "nested too deeply"],
	[`$${".a".repeat(600)}`, "at most 1000"],
])("%s is refused and says where", (path, message) => {
	expect(() => parseJsonPath(path)).toThrow(
		expect.objectContaining({ code: "resources.bad_path", message: expect.stringContaining(message) }),
	);
});

test("names of what every object has by nature lead nowhere", () => {
	for (const name of ["__proto__", "constructor", "toString", "length"]) {
		expect(parseJsonPath(`$.${name}`).find({}).found).toEqual([]);
		expect(parseJsonPath(`$.items.${name}`).find(store).found).toEqual([]);
	}
});

test("a path that would look at everything again for each value ends with an error, not with the process", () => {
	const many = { items: Array.from({ length: 5_000 }, (_, at) => ({ at })) };
	expect(() => parseJsonPath("$.items[?$.items[?@.at == -1]]").find(many)).toThrow(
		expect.objectContaining({ code: "resources.too_much" }),
	);
	const wide = { items: Array.from({ length: 10_001 }, () => 1) };
	expect(() => parseJsonPath("$.items[*]").find(wide)).toThrow(expect.objectContaining({ code: "resources.too_much" }));
});

test("whatever is typed is read or refused, and a name in quotes always leads to what has it", () => {
	fc.assert(
		fc.property(fc.string({ maxLength: 60 }), (text) => {
			try {
				parseJsonPath(`$${text}`).find(store);
			} catch (error) {
				expect(error).toMatchObject({ code: expect.stringMatching(/^resources\./) });
			}
		}),
	);
	fc.assert(
		fc.property(fc.string({ maxLength: 20 }), fc.integer(), (name, value) => {
			const quoted = JSON.stringify(name);
			// As an own field, also where the name is `__proto__`.
			expect(parseJsonPath(`$[${quoted}]`).find(Object.fromEntries([[name, value]])).found).toEqual([value]);
		}),
	);
});

test("only names and indexes lead to one value", () => {
	expect(["$", "$.a[0]['b']"].map((path) => parseJsonPath(path).single)).toEqual([true, true]);
	expect(["$.a[*]", "$[0,1]", "$[0:1]", "$[?@.a]"].map((path) => parseJsonPath(path).single)).toEqual(
		Array(4).fill(false),
	);
});
