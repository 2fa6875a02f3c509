import { expect, test } from "vitest";
import { changesOf } from "./changes.ts";

test("of two states exactly the fields that differ are named, nested ones with their path", () => {
	expect(
		changesOf(
			{ name: "a", site: "Bern", deep: { port: 22, same: true }, gone: 1 },
			{ name: "a", site: null, deep: { port: 2222, same: true }, came: [] },
		),
	).toEqual([
		{ path: "site", kind: "changed", before: "Bern", after: null },
		{ path: "deep.port", kind: "changed", before: 22, after: 2222 },
		{ path: "gone", kind: "removed", before: 1 },
		{ path: "came", kind: "added", after: [] },
	]);
});

test("of a list of values those that came and went are named, of a list of objects the place", () => {
	expect(changesOf({ tags: ["core", "old"] }, { tags: ["new", "core"] })).toEqual([
		{ path: "tags", kind: "removed", before: "old" },
		{ path: "tags", kind: "added", after: "new" },
	]);
	expect(changesOf({ tags: ["a", "b"] }, { tags: ["b", "a"] })).toEqual([
		{ path: "tags", kind: "changed", before: ["a", "b"], after: ["b", "a"] },
	]);
	expect(changesOf({ facts: [{ command: "a" }] }, { facts: [{ command: "b" }, { command: "c" }] })).toEqual([
		{ path: "facts.0.command", kind: "changed", before: "a", after: "b" },
		{ path: "facts.1.command", kind: "added", after: "c" },
	]);
});

test("what was made or deleted shows every field as added or removed", () => {
	expect(changesOf(undefined, { name: "a", tags: ["x"] })).toEqual([
		{ path: "name", kind: "added", after: "a" },
		{ path: "tags", kind: "added", after: "x" },
	]);
	expect(changesOf({ name: "a" }, undefined)).toEqual([{ path: "name", kind: "removed", before: "a" }]);
	expect(changesOf(undefined, undefined)).toEqual([]);
});

test("what is the same is no change, whatever the order of its fields; null is not nothing", () => {
	expect(changesOf({ a: 1, b: { c: [1, { d: null }] } }, { b: { c: [1, { d: null }] }, a: 1 })).toEqual([]);
	expect(changesOf({ a: null }, { a: {} })).toEqual([{ path: "a", kind: "changed", before: null, after: {} }]);
	expect(changesOf({ a: null }, { a: [] })).toEqual([{ path: "a", kind: "changed", before: null, after: [] }]);
	expect(changesOf({ a: {} }, {})).toEqual([{ path: "a", kind: "removed", before: {} }]);
	expect(changesOf("x", ["x"])).toEqual([{ path: "", kind: "changed", before: "x", after: ["x"] }]);
});
