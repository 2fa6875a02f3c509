import { expect, test } from "vitest";
import { rowsOfValues, valuesOfRows } from "./variable-rows.ts";

test("every kind of value is the same after it was shown and read", () => {
	const values = {
		asn: 65001,
		name: "edge 1",
		on: true,
		digits: "00123",
		looks_like_a_number: "65001",
		bracket: "{master}",
		nothing: null,
		word: "null",
		empty: "",
		list: [1, "two", { three: 3 }],
		mapping: { a: { b: [] } },
	};
	expect(valuesOfRows(rowsOfValues(values))).toEqual({ values, faults: new Map() });
});

test("a broken list, a name twice and a value without a name are told at their row", () => {
	const { values, faults } = valuesOfRows([
		{ name: "a", text: "[1," },
		{ name: "b", text: "1" },
		{ name: "b", text: "2" },
		{ name: "", text: "3" },
		{ name: "", text: " " },
	]);
	expect(values).toEqual({ b: 1 });
	expect([...faults.keys()]).toEqual([0, 2, 3]);
});
