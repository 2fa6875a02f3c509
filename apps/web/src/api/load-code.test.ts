import { expect, test, vi } from "vitest";
import { isCodeMissing, untilLoaded } from "./load-code.ts";

test.each([
	"Failed to fetch dynamically imported module: http://127.0.0.1/assets/page-1.js",
	"error loading dynamically imported module: http://127.0.0.1/assets/page-1.js",
	"Importing a module script failed.",
])("a browser that says “%s” lacks a part of the app", (message) => {
	expect(isCodeMissing(new TypeError(message))).toBe(true);
});

test("another mistake is none of the line's", () => {
	expect(isCodeMissing(new TypeError("x is not a function"))).toBe(false);
	expect(isCodeMissing(new Error("Importing a module script failed."))).toBe(false);
});

test("a part is asked for until it comes, and what fails in it is told at once", async () => {
	vi.useFakeTimers();
	let asked = 0;
	const loaded = untilLoaded(async () => {
		asked += 1;
		if (asked < 4) throw new TypeError("Failed to fetch dynamically imported module: x");
		return "the part";
	})();
	await vi.runAllTimersAsync();
	expect([await loaded, asked]).toEqual(["the part", 4]);
	vi.useRealTimers();
	await expect(untilLoaded(() => Promise.reject(new TypeError("x is not a function")))()).rejects.toThrow("x is not");
});
