import { expect, test } from "vitest";
import { oneTimePassword } from "./one-time-password.ts";

test("one-time passwords differ, read well, and are as long as the rules ask", () => {
	const made = Array.from({ length: 500 }, () => oneTimePassword());
	expect(new Set(made).size).toBe(made.length);
	for (const password of made) expect(password).toMatch(/^[a-km-zA-HJ-NP-Z2-9]{4}(-[a-km-zA-HJ-NP-Z2-9]{4}){4}$/);
	for (const least of [12, 24, 25, 26, 64]) expect(oneTimePassword(least).length).toBeGreaterThanOrEqual(least);
});
