import { expect, test } from "vitest";
import { beginsWords, verbOf } from "./match.ts";

test.each([
	["Back up all devices", "back", true],
	["Back up all devices", "dev back", true],
	["Back up all devices", "ack", false],
	["Sign out", "", true],
	["API tokens", "TOK", true],
	["Runs", "runs devices", false],
])("%s is found by “%s”: %s", (text, wanted, found) => {
	expect(beginsWords(text, wanted)).toBe(found);
});

test.each([
	["test core-1", "test", "core-1"],
	["Back up core-1", "back_up", "core-1"],
	["backup core 1", "back_up", "core 1"],
	["test", "open", "test"],
	["test ", "open", "test "],
	["tester-1", "open", "tester-1"],
	["backups", "open", "backups"],
])("“%s” means to %s %s", (wanted, verb, rest) => {
	expect(verbOf(wanted)).toEqual({ verb, rest });
});
