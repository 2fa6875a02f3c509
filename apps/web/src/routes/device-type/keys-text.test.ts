import { expect, test } from "vitest";
import { keysToText, textToKeys } from "./keys-text.ts";

test("keys come back as they were, and invisible ones can be seen", () => {
	for (const keys of ["\r", " ", "q", "yes\n", "\u001b[A", 'a "quoted" word', "\\", " two words ", ""]) {
		expect(textToKeys(keysToText(keys))).toBe(keys);
	}
	expect(keysToText("\r")).toBe("\\r");
	expect(keysToText(" ")).toBe("\\s");
});

test("half a key is none", () => {
	expect(textToKeys("\\")).toBeUndefined();
	expect(textToKeys("\\u00")).toBeUndefined();
	expect(textToKeys("\\q")).toBeUndefined();
});
